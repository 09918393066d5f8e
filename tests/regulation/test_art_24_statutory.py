"""第二十四条第二项末句: where a law sets a term of its own, that term runs, cited in the draft and explained."""

from datetime import timedelta

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id

from tests.regulation.city import FIRST_CONTACT, HANDLING, City, day, moment, refused

DUTIES = ("dispatch:24(2),10(3)", "sla:21,24,26,30")

WORKING, CALENDAR = appeal_pb2.COUNTED_DAYS_WORKING, appeal_pb2.COUNTED_DAYS_CALENDAR


def term(days: int, counted: appeal_pb2.CountedDays.ValueType) -> appeal_pb2.StatutoryTerm:
    """A term with its citation."""
    return appeal_pb2.StatutoryTerm(days=days, counted=counted, law="信访工作条例", article="第三十四条")


class TestALawsOwnTerm:
    """法律、法规或有关部门对办理期限有明确规定的,从其规定 (Art. 24(2))."""

    @pytest.mark.parametrize("request_type", [appeal_pb2.REQUEST_TYPE_HELP, appeal_pb2.REQUEST_TYPE_COMPLAINT])
    def test_wins_over_two_and_seven_working_days(
        self, city: City, request_type: appeal_pb2.RequestType.ValueType
    ) -> None:
        """Longer or shorter; dispatch, the citizen's receipt and the clock name one day, and the law is cited."""
        city.next_morning()
        drafts = [city.draft(term=term(days, WORKING)) for days in (15, 1)]
        appeals = [city.release(city.register(draft=draft, request_type=request_type).name) for draft in drafts]
        city.settle()
        for appeal, days in zip(appeals, (15, 1), strict=True):
            order = city.order_of(appeal.name)
            clock = city.clock(order.name, HANDLING)
            expected = city.working_day(days)
            assert [day(each.due_date) for each in (clock, order, city.appeal(appeal.name))] == [expected] * 3
            assert clock.statutory_term == order.statutory_term == term(days, WORKING)
            assert f"《信访工作条例》第三十四条规定的 {days} 个工作日" in clock.explanation
            assert "从其规定" in clock.history[0].reason
            assert not city.clock(order.name, FIRST_CONTACT).HasField("statutory_term")

    def test_may_count_every_day(self, city: City) -> None:
        """Said so by whoever cites it; a last day on which offices are closed moves to the next working day (ours)."""
        city.next_morning()
        days = next(n for n in range(30, 60) if not city.calendar.is_working_day(city.now.date() + timedelta(days=n)))
        appeal = city.release(city.register(draft=city.draft(term=term(days, CALENDAR))).name)
        city.settle()
        clock = city.clock(city.order_of(appeal.name).name, HANDLING)
        last = city.now.date() + timedelta(days=days)
        assert day(clock.due_date) == city.calendar.nth_working_day_after(last, 1)
        assert f"规定的 {days} 日" in clock.explanation

    def test_keeps_the_last_moment_for_an_extension(self, city: City) -> None:
        """到期前1个工作日 is counted back from the law's own day (Art. 26)."""
        city.next_morning()
        received = city.now.date()
        appeal = city.release(city.register(draft=city.draft(term=term(4, WORKING))).name)
        city.settle()
        order = city.order_of(appeal.name)
        assert moment(order.extension_cutoff_time) == city.close_of_office(city.working_day(3))
        city.move_to(moment(order.extension_cutoff_time))
        city.ask_extension(order.name, days=2)
        city.decide_extension(order.name, granted=True)
        city.settle()
        assert day(city.clock(order.name, HANDLING).due_date) == city.calendar.nth_working_day_after(received, 6)

    def test_is_set_by_the_review_seat_too(self, city: City) -> None:
        """What the operator did not know, the reviewer adds before the order goes out (Art. 21)."""
        city.next_morning()
        appeal = city.register(draft=city.draft())
        city.release(appeal.name, city.draft(term=term(20, WORKING)))
        city.settle()
        order = city.order_of(appeal.name)
        assert day(order.due_date) == city.working_day(20)
        draft = city.appeal(appeal.name).draft
        assert (draft.proposed.HasField("statutory_term"), draft.released.statutory_term) == (False, term(20, WORKING))

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (appeal_pb2.StatutoryTerm(days=10, counted=WORKING, article="第三十四条"), "law"),
            (appeal_pb2.StatutoryTerm(days=10, counted=WORKING, law="信访工作条例", article="34"), "article"),
            (appeal_pb2.StatutoryTerm(days=10, law="信访工作条例", article="第三十四条"), "counted"),
            (appeal_pb2.StatutoryTerm(counted=WORKING, law="信访工作条例", article="第三十四条"), "days"),
        ],
    )
    def test_is_cited_and_says_which_days_count(self, city: City, wrong: appeal_pb2.StatutoryTerm, field: str) -> None:
        """有明确规定: without law, article, length and what is counted it is none (Art. 24(2))."""
        name = city.register(draft=city.draft()).name
        city.settle()  # its one-hour clock is known
        before = city.appeal(name)
        with refused("FIELD_INVALID", field=f"content.statutory_term.{field}"):
            city.release(name, city.draft(term=wrong))
        assert city.appeal(name) == before

    def test_names_no_citizen(self, city: City) -> None:
        """What units read, and events carry, holds no name (Art. 36(4))."""
        appeal = city.register()
        draft = city.draft(term=appeal_pb2.StatutoryTerm(days=9, counted=WORKING, law="甄好听条例", article="第一条"))
        with refused("FIELD_INVALID", field="draft.statutory_term.law"):
            city.operator.DraftWorkOrder(
                intake.DraftWorkOrderRequest(name=appeal.name, draft=draft, request_id=new_request_id())
            )
