"""Work is handed out, so that two never ask the same citizen or read the same review (Art. 15, 30)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hotline.dispatch.events.v1.work_order_events_pb2 import ResultReported
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as service_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from hotline_feedback.domain.hand import TakenByAnother
from hotline_feedback.entrypoints.grpc_server import FeedbackServicer
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

Hears = Callable[..., None]
MORNING = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
BUSY = callback_pb2.ATTEMPT_OUTCOME_BUSY


def somebody(subject: str) -> Call:
    return Call(Principal(subject, frozenset({"callback", "quality"}), "", ""), "/test", "test", "0" * 32)


ONE, OTHER = somebody("seat-1"), somebody("seat-2")


def result() -> ResultReported:
    return ResultReported(
        work_order=f"workOrders/{uuid7()}",
        appeal=f"appeals/{uuid7()}",
        number="130100-20260508-000001",
        unit="units/water",
        report_time=timestamp(MORNING),
        round=1,
    )


def take(rpc: FeedbackServicer, who: Call) -> str:
    """The name of what they have to ask about; empty if there is nobody."""
    request = service_pb2.TakeNextCallbackRequest(request_id=str(uuid4()))
    return rpc.TakeNextCallback(request, who).callback.name


def take_review(rpc: FeedbackServicer, who: Call) -> str:
    return rpc.TakeNextReview(service_pb2.TakeNextReviewRequest(request_id=str(uuid4())), who).review.name


def attempt(rpc: FeedbackServicer, name: str, who: Call, **changes: object) -> callback_pb2.Callback:
    request = service_pb2.RecordAttemptRequest(name=name, outcome=BUSY, request_id=str(uuid4()))
    request.MergeFrom(service_pb2.RecordAttemptRequest(**changes))  # type: ignore[arg-type]
    return rpc.RecordAttempt(request, who)


class TestACallback:
    def test_goes_to_one_of_many_who_ask_at_once(self, rpc: FeedbackServicer, hears: Hears) -> None:
        hears(*(result() for _ in range(6)))
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda n: take(rpc, somebody(f"seat-{n}")), range(8)))
        assert len({name for name in taken if name}) == 6
        assert taken.count("") == 2

    def test_is_given_again_to_who_has_it_and_the_longest_reported_first(
        self, rpc: FeedbackServicer, hears: Hears
    ) -> None:
        first, second = result(), result()
        hears(first, second)
        assert take(rpc, ONE) == take(rpc, ONE)
        [older, _] = rpc.ListCallbacks(service_pb2.ListCallbacksRequest(), ONE).callbacks
        assert (older.name, older.taken_by, older.work_order) == (take(rpc, ONE), "seat-1", first.work_order)

    def test_is_nobody_elses_until_its_time_is_over(
        self, rpc: FeedbackServicer, hears: Hears, clock: VirtualClock
    ) -> None:
        hears(result())
        name = take(rpc, ONE)
        with pytest.raises(TakenByAnother):
            attempt(rpc, name, OTHER)
        said = service_pb2.CompleteCallbackRequest(
            name=name, verdict=callback_pb2.VERDICT_SATISFIED, request_id=str(uuid4())
        )
        with pytest.raises(TakenByAnother):
            rpc.CompleteCallback(said, OTHER)
        assert take(rpc, OTHER) == ""
        clock.set(MORNING + timedelta(minutes=20))
        assert rpc.GetCallback(service_pb2.GetCallbackRequest(name=name), ONE).taken_by == ""
        assert take(rpc, OTHER) == name
        with pytest.raises(TakenByAnother):
            attempt(rpc, name, ONE)
        assert rpc.CompleteCallback(said, OTHER).verdict == callback_pb2.VERDICT_SATISFIED

    def test_that_was_tried_is_free_again_after_a_while(
        self, rpc: FeedbackServicer, hears: Hears, clock: VirtualClock
    ) -> None:
        hears(result())
        name = take(rpc, ONE)
        assert attempt(rpc, name, ONE).taken_by == ""
        assert take(rpc, ONE) == take(rpc, OTHER) == ""
        clock.set(MORNING + timedelta(minutes=30))
        assert take(rpc, OTHER) == name

    def test_is_handed_out_at_night_only_where_a_message_asks(
        self, rpc: FeedbackServicer, hears: Hears, clock: VirtualClock
    ) -> None:
        declined, by_message, plain = result(), result(), result()
        hears(declined)
        attempt(rpc, take(rpc, ONE), ONE, outcome=callback_pb2.ATTEMPT_OUTCOME_REFUSED)
        by_message.appeal = declined.appeal
        hears(plain, by_message)
        clock.set(MORNING + timedelta(hours=13))  # 22:00
        name = take(rpc, ONE)
        found = rpc.GetCallback(service_pb2.GetCallbackRequest(name=name), ONE)
        assert (found.work_order, found.do_not_call) == (by_message.work_order, True)
        assert take(rpc, OTHER) == ""


class TestAReview:
    @pytest.fixture
    def open_review(self, rpc: FeedbackServicer, hears: Hears) -> Callable[[str], None]:
        """A dissatisfied citizen of somebody's direct answer."""

        def evaluate(operator: str) -> None:
            appeal = f"appeals/{uuid7()}"
            hears(AppealAnswered(appeal=appeal, operator=operator))
            rpc.EvaluateAnswer(
                service_pb2.EvaluateAnswerRequest(
                    appeal=appeal, verdict=callback_pb2.VERDICT_DISSATISFIED, request_id=str(uuid4())
                ),
                ONE,
            )

        return evaluate

    def conclude(self, rpc: FeedbackServicer, name: str, who: Call) -> callback_pb2.QualityReview:
        [in_force] = rpc.ListCriteria(service_pb2.ListCriteriaRequest(page_size=1), who).criteria
        request = service_pb2.ConcludeReviewRequest(
            name=name,
            outcome=callback_pb2.REVIEW_OUTCOME_UPHELD,
            responsibility=callback_pb2.RESPONSIBILITY_OPERATOR,
            cause="答复不完整",
            remedy="补充答复",
            marks=[scorecard_pb2.Mark(criterion=c.key, grade=scorecard_pb2.GRADE_MET) for c in in_force.criteria],
            request_id=str(uuid4()),
        )
        return rpc.ConcludeReview(request, who)

    def test_goes_to_one_and_never_to_whose_work_it_is_about(
        self, rpc: FeedbackServicer, open_review: Callable[[str], None]
    ) -> None:
        open_review("seat-1")
        assert take_review(rpc, ONE) == ""
        name = take_review(rpc, OTHER)
        assert name
        with pytest.raises(TakenByAnother):
            self.conclude(rpc, name, somebody("seat-3"))
        assert self.conclude(rpc, name, OTHER).taken_by == ""

    def test_that_waits_for_a_second_reading_goes_to_another_reader(
        self, rpc: FeedbackServicer, open_review: Callable[[str], None]
    ) -> None:
        for _ in range(60):  # a tenth is drawn by a hash: that none of sixty is, happens once in 500
            open_review("seat-9")
        drawn: set[str] = set()
        while name := take_review(rpc, ONE):
            ended = self.conclude(rpc, name, ONE)
            drawn |= {ended.name} if ended.second_wanted else set()
        assert drawn
        waiting = rpc.ListReviews(service_pb2.ListReviewsRequest(second_wanted=True, page_size=1000), ONE).reviews
        assert {review.name for review in waiting} == drawn
        assert take_review(rpc, OTHER) in drawn
