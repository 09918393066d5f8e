"""An exercise: who calls, and what somebody's work with them is worth (Art. 37)."""

from datetime import UTC, datetime, timedelta

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline_cli.local import city
from hotline_cli.practice import exercise
from hotline_cli.practice.exercise import Caller, Way, callers
from hotline_cli.practice.marking import Marks, mark, points_of
from hotline_kernel.timestamps import timestamp

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ME = "operator-1"


def caller_of(way: Way) -> Caller:
    return next(each for each in callers(seed=5, number=9) if each.key.way is way)


def worked_on(
    caller: Caller, *, after: float = 5, actor: str = ME, text: str = "请核实情况，依法处理并答复。"
) -> appeal_pb2.Appeal:
    """All of it right, unless told otherwise."""
    key, then = caller.key, timestamp(NOW + timedelta(minutes=after))
    appeal = appeal_pb2.Appeal(
        kind=key.kind, request_type=key.request_type, category=key.category, create_time=timestamp(NOW)
    )
    match key.way:
        case Way.DECLINED:
            text = text + "如遇紧急情况请拨打119。"
            done = appeal_pb2.Decline(ground=key.ground, actor=actor, decline_time=then, referral=text)
            appeal.decline.CopyFrom(done)
        case Way.ANSWERED:
            appeal.answer.CopyFrom(appeal_pb2.Answer(actor=actor, answer_time=then, text=text))
        case Way.DRAFTED:
            content = appeal_pb2.DraftContent(text=text, lead_unit=key.leads[0])
            appeal.draft.CopyFrom(appeal_pb2.Draft(proposed=content, operator=actor, draft_time=then))
    return appeal


class TestCallers:
    def test_are_the_same_for_a_seed_and_others_for_another(self) -> None:
        assert callers(seed=1, number=6) == callers(seed=1, number=6)
        numbers = [{caller.phone for caller in callers(seed=seed, number=50)} for seed in (1, 2, 999_999)]
        assert [len(each) for each in numbers] == [50, 50, 50]
        assert not numbers[0] & numbers[1]

    @pytest.mark.parametrize("number", [exercise.LEAST, 20])
    def test_need_every_way_out(self, number: int) -> None:
        for seed in range(20):
            assert {caller.key.way for caller in callers(seed=seed, number=number)} == set(Way)

    def test_have_a_unit_whose_duty_it_is(self) -> None:
        named = {f"units/{unit['id']}" for unit in city.load().units}
        for key in exercise._KEYS.values():
            if key.way is Way.DRAFTED:
                assert key.leads
                assert set(key.leads) <= named


class TestMarks:
    @pytest.mark.parametrize("way", Way)
    def test_are_full_for_what_is_right(self, way: Way) -> None:
        caller = caller_of(way)
        marks = mark(caller=caller, appeal=worked_on(caller), person=ME)
        assert (marks.points, list(marks.remarks)) == (100, [])

    @pytest.mark.parametrize("way", Way)
    def test_count_the_hour_from_the_registration_unless_sla_has_said(self, way: Way) -> None:
        caller = caller_of(way)
        late = worked_on(caller, after=60.5)
        assert mark(caller=caller, appeal=late, person=ME).in_time == 0
        late.answer_due_time.CopyFrom(timestamp(NOW + timedelta(minutes=61)))
        assert mark(caller=caller, appeal=late, person=ME).in_time == 20

    def test_are_lost_for_each_word_of_the_classification(self) -> None:
        caller = caller_of(Way.DRAFTED)
        appeal = worked_on(caller)
        appeal.kind, appeal.category = appeal_pb2.APPEAL_KIND_BUSINESS, "综合/其他"
        assert mark(caller=caller, appeal=appeal, person=ME).classification == 10

    def test_are_lost_for_the_wrong_way_and_half_for_the_wrong_lead(self) -> None:
        drafted, answered = caller_of(Way.DRAFTED), caller_of(Way.ANSWERED)
        assert mark(caller=drafted, appeal=worked_on(answered), person=ME).decision == 0
        appeal = worked_on(drafted)
        appeal.draft.proposed.lead_unit = "units/archives"
        assert mark(caller=drafted, appeal=appeal, person=ME).decision == 15

    @pytest.mark.parametrize("named", ["name", "phone", "address"])
    def test_are_lost_for_words_that_name_the_caller(self, named: str) -> None:
        caller = caller_of(Way.DRAFTED)
        appeal = worked_on(caller, text=f"请联系{getattr(caller, named)}处理。")
        assert mark(caller=caller, appeal=appeal, person=ME).words == 10

    def test_are_lost_for_an_emergency_without_the_number_to_call(self) -> None:
        caller = next(
            each
            for seed in range(50)
            for each in callers(seed=seed, number=3)
            if each.key.ground == appeal_pb2.DECLINE_GROUND_EMERGENCY
        )
        appeal = worked_on(caller)
        assert mark(caller=caller, appeal=appeal, person=ME).points == 100
        appeal.decline.referral = "请向有关部门反映您的情况。"
        assert mark(caller=caller, appeal=appeal, person=ME).words == 10

    def test_are_nothing_beyond_the_classification_for_somebody_elses_decision(self) -> None:
        caller = caller_of(Way.ANSWERED)
        assert mark(caller=caller, appeal=worked_on(caller, actor="operator-2"), person=ME).points == 30
        assert mark(caller=caller, appeal=None, person=ME).points == 0

    def test_of_an_exercise_are_the_mean_rounded_down(self) -> None:
        first, second, third = callers(seed=1, number=3)
        marks = {first: Marks(classification=30, decision=30, in_time=20, words=20), second: Marks(), third: Marks()}
        assert points_of(marks) == 33
