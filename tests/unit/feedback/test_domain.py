"""Callbacks, evaluations and quality reviews decide as Art. 30 says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hotline_feedback.domain.callback import (
    AttemptOutcome,
    AttemptTooSoon,
    Callback,
    CallbackEnded,
    CallbackState,
    CallOutsideWindow,
    CallRules,
    CallsDeclined,
    Means,
    Verdict,
)
from hotline_feedback.domain.evaluation import Evaluation, EvaluationMeans, EvaluationNotOpen
from hotline_feedback.domain.review import (
    NoOrderToReopen,
    QualityReview,
    Responsibility,
    ResponsibleNotNamed,
    ReviewEnded,
    ReviewOutcome,
)
from hotline_feedback.domain.scorecard import Criteria, Criterion, Grade, Scope
from hotline_kernel.calendar import ZONE
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

REPORTED = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)  # 9 in the morning here
DUE = REPORTED + timedelta(hours=24)
ID = UUID("01970000-0000-7000-8000-000000000001")
REVIEW_ID = UUID("01970000-0000-7000-8000-000000000002")


def rules(*, limit: int = 3, gap: timedelta = timedelta(0)) -> CallRules:
    return CallRules(start=time(8), end=time(21), spell=timedelta(minutes=30), gap=gap, attempt_limit=limit)


def local(hour: int, minute: int = 0, *, day: int = 8) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=ZONE)


def tried(
    callback: Callback, outcome: AttemptOutcome = AttemptOutcome.NO_ANSWER, *, now: datetime, **changes: Any
) -> Callback:
    wanted: dict[str, Any] = {"means": Means.PHONE, "rules": rules()} | changes
    return callback.tried(outcome=outcome, actor="seat", now=now, **wanted)


def waiting_callback() -> Callback:
    return Callback(
        id=ID,
        work_order="workOrders/01970000-0000-7000-8000-00000000000a",
        appeal="appeals/01970000-0000-7000-8000-00000000000b",
        number="130100-20260508-000001",
        unit="units/water",
        round=1,
        create_time=REPORTED,
    )


# By what a review is marked, and who reads.
JUDGED: dict[str, Any] = {
    "marks": {"solution": Grade.PARTLY},
    "criteria": Criteria(
        scope=Scope.UNIT,
        version=1,
        criteria=(Criterion(key="solution", title="解决", weight=1),),
        note="",
        publisher="office-501",
        publish_time=REPORTED,
    ),
    "share": 0,
    "reviewer": "quality-1",
}


def answered(verdict: Verdict, *, now: datetime = REPORTED) -> Callback:
    return waiting_callback().completed(
        verdict=verdict, solved=True, note="", means=Means.MESSAGE, actor="seat-1", now=now, rules=rules()
    )


class TestCallback:
    def test_ends_as_unreachable_with_the_last_allowed_try(self) -> None:
        callback = waiting_callback()
        for number in range(1, 4):
            callback = tried(callback, now=REPORTED)
            assert (callback.state is CallbackState.UNREACHABLE) == (number == 3)
        assert callback.verdict is None
        assert callback.solved is None
        assert callback.complete_time == REPORTED

    def test_ends_at_once_when_the_citizen_does_not_want_to_be_asked(self) -> None:
        callback = tried(waiting_callback(), AttemptOutcome.REFUSED, now=REPORTED)
        assert callback.state is CallbackState.UNREACHABLE
        assert callback.declined
        assert callback.verdict is None

    def test_keeps_who_tried_when_and_what_happened(self) -> None:
        callback = tried(waiting_callback(), AttemptOutcome.BUSY, now=DUE)
        [attempt] = callback.attempts
        assert (attempt.time, attempt.outcome) == (DUE, AttemptOutcome.BUSY)
        assert (attempt.actor, attempt.means) == ("seat", Means.PHONE)

    @pytest.mark.parametrize("night", [local(7, 59), local(21, 30), local(0), local(3)])
    def test_is_not_made_at_night(self, night: datetime) -> None:
        with pytest.raises(CallOutsideWindow) as refusal:
            tried(waiting_callback(), now=night)
        assert refusal.value.facts["next_call_time"].endswith("08:00")
        with pytest.raises(CallOutsideWindow):
            waiting_callback().completed(
                verdict=Verdict.SATISFIED,
                solved=True,
                note="",
                means=Means.PHONE,
                actor="seat-1",
                now=night,
                rules=rules(),
            )
        assert tried(waiting_callback(), means=Means.MESSAGE, now=night).attempts

    @pytest.mark.parametrize("hour", [local(8), local(20, 59), local(21, 29)])
    def test_is_recorded_when_its_call_began_by_day(self, hour: datetime) -> None:
        assert tried(waiting_callback(), now=hour).attempts

    def test_is_not_tried_again_at_once(self) -> None:
        spaced = rules(gap=timedelta(minutes=30))
        once = tried(waiting_callback(), now=local(9), rules=spaced)
        with pytest.raises(AttemptTooSoon):
            tried(once, now=local(9, 29), rules=spaced)
        assert len(tried(once, now=local(9, 30), rules=spaced).attempts) == 2
        assert tried(once, AttemptOutcome.REFUSED, now=local(9, 1), rules=spaced).declined

    def test_says_when_the_next_call_may_be_made(self) -> None:
        spaced = rules(gap=timedelta(minutes=30))
        late = tried(waiting_callback(), now=local(20, 45), rules=spaced)
        assert late.next_call_time(now=local(20, 46), rules=spaced) == local(8, day=9)
        assert waiting_callback().next_call_time(now=local(12), rules=spaced) == local(12)
        assert waiting_callback().next_call_time(now=local(3), rules=spaced) == local(8)
        assert answered(Verdict.NEUTRAL).next_call_time(now=DUE, rules=spaced) is None

    def test_is_by_message_alone_for_who_declined_to_be_called(self) -> None:
        declined = replace(waiting_callback(), do_not_call=True)
        with pytest.raises(CallsDeclined):
            tried(declined, now=REPORTED)
        assert declined.next_call_time(now=REPORTED, rules=rules()) is None
        assert tried(declined, means=Means.MESSAGE, now=REPORTED).attempts

    def test_is_not_completed_twice(self) -> None:
        with pytest.raises(CallbackEnded) as refusal:
            answered(Verdict.SATISFIED).completed(
                verdict=Verdict.NEUTRAL,
                solved=False,
                note="",
                means=Means.MESSAGE,
                actor="seat-1",
                now=DUE,
                rules=rules(),
            )
        assert refusal.value.facts == {"resource": f"callbacks/{ID}", "state": "COMPLETED"}
        assert refusal.value.article == "Art. 30"
        assert "已完成" in refusal.value.sentence_zh()

    def test_is_late_when_it_ends_after_its_24_hours(self) -> None:
        clocked = waiting_callback().clocked(due_time=DUE, missed=False)
        late, in_time = (
            clocked.completed(
                verdict=Verdict.SATISFIED,
                solved=True,
                note="",
                means=Means.PHONE,
                actor="seat-1",
                now=moment,
                rules=rules(),
            )
            for moment in (DUE + timedelta(seconds=1), DUE)
        )
        assert (late.overdue, in_time.overdue) == (True, False)

    @pytest.mark.parametrize(("ended", "overdue"), [(DUE, False), (DUE + timedelta(seconds=1), True)])
    def test_is_judged_by_its_end_when_the_clock_is_heard_of_later(self, ended: datetime, overdue: bool) -> None:
        callback = answered(Verdict.SATISFIED, now=ended)
        assert callback.clocked(due_time=DUE, missed=False).overdue == overdue
        assert callback.clocked(due_time=DUE, missed=True).overdue == overdue

    def test_is_overdue_when_sla_says_so(self) -> None:
        assert waiting_callback().clocked(due_time=DUE, missed=True).overdue


class TestEvaluation:
    def test_is_said_once(self) -> None:
        evaluation = Evaluation(id=ID, appeal="appeals/x", operator="op", create_time=REPORTED)
        said = evaluation.evaluated(verdict=Verdict.NEUTRAL, means=EvaluationMeans.SMS, now=DUE)
        assert (said.verdict, said.evaluate_time) == (Verdict.NEUTRAL, DUE)
        with pytest.raises(EvaluationNotOpen):
            said.evaluated(verdict=Verdict.SATISFIED, means=EvaluationMeans.SMS, now=DUE)


class TestQualityReview:
    def conclude(
        self,
        review: QualityReview,
        outcome: ReviewOutcome,
        responsibility: Responsibility = Responsibility.NONE,
        *,
        operator: str = "",
    ) -> QualityReview:
        return review.concluded(
            outcome=outcome,
            cause="拖延",
            responsibility=responsibility,
            operator=operator,
            remedy="重办",
            **JUDGED,
            now=DUE,
        )

    def test_names_order_and_unit_after_a_callback(self) -> None:
        callback = answered(Verdict.DISSATISFIED)
        review = QualityReview.after_callback(callback, review_id=REVIEW_ID, now=DUE)
        assert review.origin == callback.id
        assert (review.work_order, review.unit, review.appeal) == (callback.work_order, callback.unit, callback.appeal)
        assert self.conclude(review, ReviewOutcome.REOPENED).outcome is ReviewOutcome.REOPENED

    def test_cannot_reopen_a_direct_answer(self) -> None:
        evaluation = Evaluation(id=ID, appeal="appeals/x", operator="op", create_time=REPORTED)
        review = QualityReview.after_evaluation(evaluation, review_id=REVIEW_ID, now=DUE)
        with pytest.raises(NoOrderToReopen):
            self.conclude(review, ReviewOutcome.REOPENED)
        assert self.conclude(review, ReviewOutcome.EXPLAINED).conclude_time == DUE

    def test_names_who_answers(self) -> None:
        evaluation = Evaluation(id=ID, appeal="appeals/x", operator="seat-7", create_time=REPORTED)
        direct = QualityReview.after_evaluation(evaluation, review_id=REVIEW_ID, now=DUE)
        of_order = QualityReview.after_callback(answered(Verdict.DISSATISFIED), review_id=REVIEW_ID, now=DUE)
        upheld = ReviewOutcome.UPHELD
        assert self.conclude(direct, upheld, Responsibility.OPERATOR).operator == "seat-7"
        with pytest.raises(ResponsibleNotNamed):
            self.conclude(direct, upheld, Responsibility.UNIT)
        with pytest.raises(ResponsibleNotNamed):
            self.conclude(of_order, upheld, Responsibility.OPERATOR)
        assert self.conclude(of_order, upheld, Responsibility.OPERATOR, operator="seat-3").operator == "seat-3"
        assert self.conclude(of_order, upheld, Responsibility.UNIT).unit == "units/water"

    @pytest.mark.parametrize("again", ReviewOutcome)
    def test_is_concluded_once(self, again: ReviewOutcome) -> None:
        review = QualityReview.after_callback(answered(Verdict.DISSATISFIED), review_id=REVIEW_ID, now=DUE)
        with pytest.raises(ReviewEnded):
            self.conclude(self.conclude(review, ReviewOutcome.UPHELD), again)


class CallbackLife(RuleBasedStateMachine):
    """Whatever seats and sla do, in whatever order: a callback ends once, one way, and stays as it ended."""

    call_rules: CallRules
    callback: Callback
    now: datetime
    end: tuple[object, ...] | None

    @initialize(limit=st.integers(1, 4))
    def reported(self, limit: int) -> None:
        self.call_rules = rules(limit=limit)
        self.callback = waiting_callback()
        self.now = REPORTED
        self.end = None

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(outcome=st.sampled_from(AttemptOutcome), means=st.sampled_from(Means))
    def tried(self, outcome: AttemptOutcome, means: Means) -> None:
        self.ask(lambda: tried(self.callback, outcome, means=means, now=self.now, rules=self.call_rules), means)

    @rule(verdict=st.sampled_from(Verdict), solved=st.booleans(), means=st.sampled_from(Means))
    def completed(self, verdict: Verdict, solved: bool, means: Means) -> None:
        said: dict[str, Any] = {"verdict": verdict, "solved": solved, "note": "", "means": means}
        self.ask(lambda: self.callback.completed(**said, actor="seat-1", now=self.now, rules=self.call_rules), means)

    def ask(self, asking: Callable[[], Callback], means: Means) -> None:
        hour = self.now.astimezone(ZONE).hour
        if self.end:
            with pytest.raises(CallbackEnded):
                asking()
        elif means is Means.PHONE and not 8 <= hour <= 21:
            with pytest.raises(CallOutsideWindow):
                asking()
        else:
            self.callback = asking()
            if self.callback.state is not CallbackState.WAITING:
                self.end = self.essence()

    @rule(missed=st.booleans())
    def clocked(self, missed: bool) -> None:
        self.callback = self.callback.clocked(due_time=DUE, missed=missed and self.now > DUE)

    def essence(self) -> tuple[object, ...]:
        callback = self.callback
        return callback.state, callback.verdict, callback.solved, callback.complete_time, callback.attempts

    @invariant()
    def an_end_stays(self) -> None:
        assert self.end is None or self.end == self.essence()

    @invariant()
    def the_unreached_are_never_satisfied(self) -> None:
        callback = self.callback
        assert (callback.verdict is not None) == (callback.state is CallbackState.COMPLETED)
        assert (callback.complete_time is None) == (callback.state is CallbackState.WAITING)

    @invariant()
    def tries_stay_within_the_limit(self) -> None:
        assert len(self.callback.attempts) <= self.call_rules.attempt_limit
        if self.callback.state is CallbackState.WAITING:
            assert len(self.callback.attempts) < self.call_rules.attempt_limit

    @invariant()
    def an_end_in_time_is_not_overdue(self) -> None:
        end = self.callback.complete_time
        if self.callback.due_time is not None and end is not None:
            assert self.callback.overdue == (end > DUE)


TestCallbackLife = CallbackLife.TestCase


class ReviewLife(RuleBasedStateMachine):
    """Whoever concludes a review, however often: it ends once, and reopens an order only where there is one."""

    review: QualityReview
    end: QualityReview | None

    @initialize(of_order=st.booleans())
    def opened(self, of_order: bool) -> None:
        evaluation = Evaluation(id=ID, appeal="appeals/x", operator="op", create_time=REPORTED)
        self.end = None
        self.review = (
            QualityReview.after_callback(answered(Verdict.DISSATISFIED), review_id=REVIEW_ID, now=DUE)
            if of_order
            else QualityReview.after_evaluation(evaluation, review_id=REVIEW_ID, now=DUE)
        )

    @rule(outcome=st.sampled_from(ReviewOutcome), responsibility=st.sampled_from(Responsibility))
    def concluded(self, outcome: ReviewOutcome, responsibility: Responsibility) -> None:
        try:
            self.review = self.review.concluded(
                outcome=outcome, cause="因", responsibility=responsibility, operator="", remedy="改", **JUDGED, now=DUE
            )
        except ReviewEnded:
            assert self.end is not None
        except NoOrderToReopen:
            assert self.end is None
            assert not self.review.work_order
        except ResponsibleNotNamed:
            assert self.end is None
            assert (responsibility is Responsibility.UNIT) != bool(self.review.unit)
        else:
            assert self.end is None
            self.end = self.review

    @invariant()
    def an_end_stays(self) -> None:
        assert self.end is None or self.review == self.end
        assert self.review.work_order or self.review.outcome is not ReviewOutcome.REOPENED
        assert self.review.responsibility is not Responsibility.UNIT or self.review.unit
        assert self.review.responsibility is not Responsibility.OPERATOR or self.review.operator


TestReviewLife = ReviewLife.TestCase
