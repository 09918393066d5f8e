"""Callbacks, evaluations and quality reviews on a real PostgreSQL (Art. 30)."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hotline.dispatch.events.v1.work_order_events_pb2 import ResultReported, WorkOrderClosed
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2 as pb
from hotline.feedback.v1 import feedback_service_pb2 as service_pb2
from hotline.feedback.v1 import scorecard_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from hotline.sla.events.v1.deadline_events_pb2 import DeadlineMissed, DeadlineSet, DeadlinesOpened
from hotline.sla.v1 import deadline_pb2
from hotline_feedback.adapters.postgres.callbacks import callbacks_statement
from hotline_feedback.adapters.postgres.evaluations import evaluations_statement
from hotline_feedback.adapters.postgres.reviews import reviews_statement
from hotline_feedback.domain.callback import AttemptTooSoon, CallbackState, Verdict
from hotline_feedback.domain.evaluation import EvaluationNotOpen
from hotline_feedback.domain.review import NoOrderToReopen, ReviewEnded
from hotline_feedback.entrypoints.grpc_server import FeedbackServicer
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.errors import EtagMismatch, FieldInvalid, PageTokenInvalid, ResourceNotFound, StateNotAllowed
from hotline_kernel.process import Application
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid4, uuid7

REPORTED = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
DUE = REPORTED + timedelta(hours=24)
Hears = Callable[..., None]
SEAT = Call(Principal("seat-1", frozenset({"callback", "quality"}), "", ""), "/test", "test", "0" * 32)


def result(order: str, *, round_: int = 1, unit: str = "units/water") -> ResultReported:
    return ResultReported(
        work_order=order,
        appeal=f"appeals/{uuid7()}",
        number="130100-20260508-000001",
        unit=unit,
        report_time=timestamp(REPORTED),
        round=round_,
    )


def clock_opened(order: str, *, round_: int = 1) -> DeadlinesOpened:
    callback = DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_CALLBACK, due_time=timestamp(DUE))
    return DeadlinesOpened(subject=order, deadlines=[callback], round=round_)


def clock_missed(order: str, *, round_: int = 1) -> DeadlineMissed:
    return DeadlineMissed(
        subject=order, kind=deadline_pb2.DEADLINE_KIND_CALLBACK, due_time=timestamp(DUE), round=round_
    )


def new_order() -> str:
    return f"workOrders/{uuid7()}"


def request_id() -> str:
    return str(uuid4())


def callbacks(rpc: FeedbackServicer, **filters: Any) -> Sequence[pb.Callback]:
    return list(rpc.ListCallbacks(service_pb2.ListCallbacksRequest(**filters), SEAT).callbacks)


def the_callback(rpc: FeedbackServicer, order: str) -> pb.Callback:
    [callback] = callbacks(rpc, work_order=order)
    return callback


def attempt(rpc: FeedbackServicer, callback: pb.Callback, outcome: pb.AttemptOutcome.ValueType) -> pb.Callback:
    request = service_pb2.RecordAttemptRequest(name=callback.name, outcome=outcome, request_id=request_id())
    return rpc.RecordAttempt(request, SEAT)


def complete(rpc: FeedbackServicer, callback: pb.Callback, verdict: pb.Verdict.ValueType) -> pb.Callback:
    request = service_pb2.CompleteCallbackRequest(
        name=callback.name, verdict=verdict, solved=True, note="已修好", request_id=request_id()
    )
    return rpc.CompleteCallback(request, SEAT)


def marks(rpc: FeedbackServicer, review: pb.QualityReview) -> list[scorecard_pb2.Mark]:
    """Everything met."""
    scope = scorecard_pb2.CRITERIA_SCOPE_UNIT if review.work_order else scorecard_pb2.CRITERIA_SCOPE_OPERATOR
    [in_force] = rpc.ListCriteria(service_pb2.ListCriteriaRequest(scope=scope, page_size=1), SEAT).criteria
    return [scorecard_pb2.Mark(criterion=each.key, grade=scorecard_pb2.GRADE_MET) for each in in_force.criteria]


def conclude(rpc: FeedbackServicer, review: pb.QualityReview, outcome: pb.ReviewOutcome.ValueType) -> pb.QualityReview:
    request = service_pb2.ConcludeReviewRequest(
        name=review.name,
        outcome=outcome,
        cause="未按时上门",
        responsibility=pb.RESPONSIBILITY_UNIT if review.unit else pb.RESPONSIBILITY_OPERATOR,
        remedy="重新办理",
        marks=marks(rpc, review),
        request_id=request_id(),
    )
    return rpc.ConcludeReview(request, SEAT)


def announced(feedback: Application[Any], type_: type[Message]) -> list[Any]:
    with feedback.database.transaction() as tx:
        rows = tx.all(
            "SELECT payload, aggregate FROM outbox WHERE type = %(type)s ORDER BY position",
            {"type": type_.DESCRIPTOR.full_name},
        )
    return [json_format.Parse(row["payload"], type_()) for row in rows]


class TestReportedResult:
    @pytest.mark.parametrize("order_of_arrival", list(itertools.permutations(range(3))))
    def test_has_one_callback_with_its_clock_in_whatever_order_the_facts_arrive(
        self, rpc: FeedbackServicer, hears: Hears, order_of_arrival: tuple[int, ...]
    ) -> None:
        order = new_order()
        events = [result(order), clock_opened(order), clock_missed(order)]
        for index in order_of_arrival:
            hears(events[index], copies=2)
        callback = the_callback(rpc, order)
        assert callback.due_time.ToDatetime(UTC) == DUE
        assert callback.overdue
        assert callback.state == pb.CALLBACK_STATE_WAITING
        assert callback.create_time.ToDatetime(UTC) == REPORTED

    def test_keeps_the_rounds_of_an_order_apart(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(clock_opened(order, round_=2), result(order), result(order, round_=2), clock_missed(order, round_=2))
        first, second = callbacks(rpc, work_order=order)
        assert [(c.round, c.HasField("due_time"), c.overdue) for c in (first, second)] == [
            (1, False, False),
            (2, True, True),
        ]

    def test_leaves_no_early_clock_behind(self, feedback: Application[Any], hears: Hears) -> None:
        order = new_order()
        hears(clock_opened(order), result(order))
        with feedback.database.transaction() as tx:
            assert tx.all("SELECT work_order FROM early_clock") == []

    def test_ignores_other_clocks_and_other_facts(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        handling = DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_HANDLING, due_time=timestamp(DUE))
        missed = DeadlineMissed(subject=order, kind=deadline_pb2.DEADLINE_KIND_HANDLING, due_time=timestamp(DUE))
        hears(DeadlinesOpened(subject=order, deadlines=[handling], round=1), missed, result(order))
        hears(WorkOrderClosed(work_order=order))
        callback = the_callback(rpc, order)
        assert (callback.overdue, callback.HasField("due_time")) == (False, False)

    def test_meets_its_clock_when_both_arrive_at_once(self, feedback: Application[Any], rpc: FeedbackServicer) -> None:
        orders = [new_order() for _ in range(30)]
        barrier_events = [(result(order), clock_opened(order)) for order in orders]

        def handle(event: Message) -> None:
            with feedback.database.transaction() as tx:
                feedback.subscriptions[type(event)](event, tx=tx, now=REPORTED, envelope=None)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(handle, [event for pair in barrier_events for event in pair]))
        assert all(the_callback(rpc, order).HasField("due_time") for order in orders)


class TestCallback:
    def test_ends_as_unreachable_after_three_tries_and_says_so_once(
        self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears, clock: VirtualClock
    ) -> None:
        order = new_order()
        hears(result(order))
        callback = the_callback(rpc, order)
        for number in range(3):
            clock.set(REPORTED + timedelta(hours=number))
            callback = attempt(rpc, callback, pb.ATTEMPT_OUTCOME_NO_ANSWER)
        assert callback.state == pb.CALLBACK_STATE_UNREACHABLE
        assert (callback.verdict, callback.HasField("solved")) == (pb.VERDICT_UNSPECIFIED, False)
        assert [a.actor for a in callback.attempts] == ["seat-1"] * 3
        with pytest.raises(StateNotAllowed) as refusal:
            complete(rpc, callback, pb.VERDICT_SATISFIED)
        assert refusal.value.article == "Art. 30"
        [event] = announced(feedback, CallbackCompleted)
        assert (event.callback, event.verdict, event.HasField("solved")) == (callback.name, 0, False)
        assert callback == rpc.GetCallback(service_pb2.GetCallbackRequest(name=callback.name), SEAT)

    def test_ends_when_the_citizen_refuses(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        ended = attempt(rpc, the_callback(rpc, order), pb.ATTEMPT_OUTCOME_REFUSED)
        assert ended.state == pb.CALLBACK_STATE_UNREACHABLE

    def test_is_not_tried_again_at_once(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        callback = attempt(rpc, the_callback(rpc, order), pb.ATTEMPT_OUTCOME_BUSY)
        with pytest.raises(AttemptTooSoon):
            attempt(rpc, callback, pb.ATTEMPT_OUTCOME_BUSY)
        assert callback.next_call_time.ToDatetime(UTC) == REPORTED + timedelta(minutes=30)

    def test_is_by_message_once_the_citizen_declined(self, rpc: FeedbackServicer, hears: Hears) -> None:
        first, second = new_order(), new_order()
        reported = result(first)
        hears(reported)
        assert attempt(rpc, the_callback(rpc, first), pb.ATTEMPT_OUTCOME_REFUSED).declined
        other = result(second)
        other.appeal = reported.appeal
        hears(other)
        callback = the_callback(rpc, second)
        assert (callback.do_not_call, callback.HasField("next_call_time")) == (True, False)

    def test_announces_what_the_citizen_said(
        self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears
    ) -> None:
        order = new_order()
        hears(result(order))
        callback = complete(rpc, the_callback(rpc, order), pb.VERDICT_SATISFIED)
        [event] = announced(feedback, CallbackCompleted)
        assert event == CallbackCompleted(
            callback=callback.name,
            work_order=order,
            appeal=callback.appeal,
            unit="units/water",
            verdict=pb.VERDICT_SATISFIED,
            solved=True,
            round=1,
            complete_time=timestamp(REPORTED),
        )
        assert not rpc.ListReviews(service_pb2.ListReviewsRequest(), SEAT).reviews

    def test_is_completed_by_one_of_many_seats(
        self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears
    ) -> None:
        order = new_order()
        hears(result(order))
        callback = the_callback(rpc, order)

        def try_it(_: int) -> bool:
            try:
                complete(rpc, callback, pb.VERDICT_DISSATISFIED)
            except StateNotAllowed:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(try_it, range(6))) == 1
        assert len(announced(feedback, CallbackCompleted)) == 1
        assert len(rpc.ListReviews(service_pb2.ListReviewsRequest(), SEAT).reviews) == 1

    def test_repeats_the_answer_to_a_repeated_request(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        request = service_pb2.RecordAttemptRequest(
            name=the_callback(rpc, order).name, outcome=pb.ATTEMPT_OUTCOME_BUSY, request_id=request_id()
        )
        assert rpc.RecordAttempt(request, SEAT) == rpc.RecordAttempt(request, SEAT)
        assert len(the_callback(rpc, order).attempts) == 1

    def test_is_not_changed_by_who_saw_it_before(self, rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        seen = the_callback(rpc, order)
        attempt(rpc, seen, pb.ATTEMPT_OUTCOME_BUSY)
        request = service_pb2.RecordAttemptRequest(
            name=seen.name, outcome=pb.ATTEMPT_OUTCOME_BUSY, etag=seen.etag, request_id=request_id()
        )
        with pytest.raises(EtagMismatch):
            rpc.RecordAttempt(request, SEAT)

    def test_is_on_record(self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        callback = attempt(rpc, the_callback(rpc, order), pb.ATTEMPT_OUTCOME_BUSY)
        complete(rpc, callback, pb.VERDICT_NEUTRAL)
        with feedback.database.transaction() as tx:
            rows = tx.all("SELECT actor, action, resource FROM audit_entry ORDER BY position")
        assert [(row["actor"], row["action"], row["resource"]) for row in rows] == [
            ("seat-1", "feedback.attempts.record", callback.name),
            ("seat-1", "feedback.callbacks.complete", callback.name),
        ]

    @pytest.mark.parametrize("name", [f"callbacks/{'-' * 36}", f"callbacks/{'0' * 36}"])
    def test_is_asked_for_by_a_name(self, rpc: FeedbackServicer, name: str) -> None:
        with pytest.raises(FieldInvalid):
            rpc.GetCallback(service_pb2.GetCallbackRequest(name=name), SEAT)

    def test_that_there_is_not_is_not_found(self, rpc: FeedbackServicer) -> None:
        with pytest.raises(ResourceNotFound):
            rpc.GetCallback(service_pb2.GetCallbackRequest(name=f"callbacks/{uuid7()}"), SEAT)
        with pytest.raises(ResourceNotFound):
            complete(rpc, pb.Callback(name=f"callbacks/{uuid7()}"), pb.VERDICT_NEUTRAL)


class TestEvaluation:
    def answered(self, hears: Hears) -> str:
        appeal = f"appeals/{uuid7()}"
        hears(AppealAnswered(appeal=appeal, operator="operator-7", answer_time=timestamp(REPORTED)), copies=2)
        return appeal

    def evaluate(self, rpc: FeedbackServicer, appeal: str, verdict: pb.Verdict.ValueType) -> pb.Evaluation:
        request = service_pb2.EvaluateAnswerRequest(appeal=appeal, verdict=verdict, request_id=request_id())
        return rpc.EvaluateAnswer(request, SEAT)

    def test_is_said_once(self, rpc: FeedbackServicer, hears: Hears) -> None:
        appeal = self.answered(hears)
        evaluation = self.evaluate(rpc, appeal, pb.VERDICT_SATISFIED)
        assert (evaluation.operator, evaluation.verdict) == ("operator-7", pb.VERDICT_SATISFIED)
        with pytest.raises(EvaluationNotOpen):
            self.evaluate(rpc, appeal, pb.VERDICT_NEUTRAL)
        listed = rpc.ListEvaluations(service_pb2.ListEvaluationsRequest(appeal=appeal), SEAT).evaluations
        assert list(listed) == [evaluation]
        assert not rpc.ListReviews(service_pb2.ListReviewsRequest(), SEAT).reviews

    def test_is_not_open_for_an_appeal_without_a_direct_answer(self, rpc: FeedbackServicer) -> None:
        with pytest.raises(EvaluationNotOpen):
            self.evaluate(rpc, f"appeals/{uuid7()}", pb.VERDICT_NEUTRAL)

    def test_opens_a_review_that_cannot_reopen(
        self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears
    ) -> None:
        appeal = self.answered(hears)
        self.evaluate(rpc, appeal, pb.VERDICT_DISSATISFIED)
        [review] = rpc.ListReviews(service_pb2.ListReviewsRequest(open=True), SEAT).reviews
        assert (review.appeal, review.work_order, review.unit) == (appeal, "", "")
        with pytest.raises(NoOrderToReopen):
            conclude(rpc, review, pb.REVIEW_OUTCOME_REOPENED)
        assert announced(feedback, ReviewConcluded) == []
        conclude(rpc, review, pb.REVIEW_OUTCOME_EXPLAINED)
        [event] = announced(feedback, ReviewConcluded)
        assert (event.review, event.work_order) == (review.name, "")


class TestQualityReview:
    def test_reopens_the_order_once(self, feedback: Application[Any], rpc: FeedbackServicer, hears: Hears) -> None:
        order = new_order()
        hears(result(order))
        complete(rpc, the_callback(rpc, order), pb.VERDICT_DISSATISFIED)
        [review] = rpc.ListReviews(service_pb2.ListReviewsRequest(open=True, unit="units/water"), SEAT).reviews
        concluded = conclude(rpc, review, pb.REVIEW_OUTCOME_REOPENED)
        with pytest.raises(ReviewEnded):
            conclude(rpc, review, pb.REVIEW_OUTCOME_UPHELD)
        [event] = announced(feedback, ReviewConcluded)
        assert event == ReviewConcluded(
            review=review.name,
            work_order=order,
            unit="units/water",
            outcome=pb.REVIEW_OUTCOME_REOPENED,
            responsibility=pb.RESPONSIBILITY_UNIT,
            conclude_time=timestamp(REPORTED),
        )
        assert rpc.GetReview(service_pb2.GetReviewRequest(name=review.name), SEAT) == concluded
        assert not rpc.ListReviews(service_pb2.ListReviewsRequest(open=True), SEAT).reviews


class TestLists:
    def test_give_every_callback_once_the_earliest_result_first(self, rpc: FeedbackServicer, hears: Hears) -> None:
        orders = [new_order() for _ in range(5)]
        for order in orders:
            hears(result(order))
        found: list[str] = []
        token = ""
        while True:
            request = service_pb2.ListCallbacksRequest(page_size=2, page_token=token, unit="units/water")
            page = rpc.ListCallbacks(request, SEAT)
            found += [callback.work_order for callback in page.callbacks]
            token = page.next_page_token
            if not token:
                break
        assert found == orders

    def test_filter(self, rpc: FeedbackServicer, hears: Hears) -> None:
        late, done = new_order(), new_order()
        hears(result(late), clock_missed(late), result(done, unit="units/heat"))
        complete(rpc, the_callback(rpc, done), pb.VERDICT_SATISFIED)
        filters: list[tuple[dict[str, Any], list[str]]] = [
            ({}, [late, done]),
            ({"overdue": True}, [late]),
            ({"state": pb.CALLBACK_STATE_COMPLETED}, [done]),
            ({"unit": "units/heat"}, [done]),
            ({"unit": "units/heat", "overdue": True}, []),
            ({"state": pb.CALLBACK_STATE_WAITING, "unit": "units/water", "overdue": True}, [late]),
        ]
        for wanted, expected in filters:
            assert [callback.work_order for callback in callbacks(rpc, **wanted)] == expected

    def test_refuse_a_token_of_other_filters(self, rpc: FeedbackServicer, hears: Hears) -> None:
        hears(result(new_order()), result(new_order()))
        token = rpc.ListCallbacks(service_pb2.ListCallbacksRequest(page_size=1), SEAT).next_page_token
        with pytest.raises(PageTokenInvalid):
            callbacks(rpc, overdue=True, page_token=token)

    def test_never_sort_nor_read_what_they_do_not_show(self, feedback: Application[Any]) -> None:
        unit = "units/u1"
        params: dict[str, object] = {"unit": unit, "after": UUID(int=2**127), "limit": 51}
        params |= {"state": CallbackState.WAITING, "verdict": Verdict.NEUTRAL}
        statements = [
            *(
                callbacks_statement(state=state, unit=unit_, work_order=None, overdue=overdue)
                for state in (None, CallbackState.WAITING)
                for unit_ in ("", unit)
                for overdue in (False, True)
            ),
            evaluations_statement(appeal=None, verdict=None, is_open=False),
            evaluations_statement(appeal=None, verdict=Verdict.NEUTRAL, is_open=False),
            evaluations_statement(appeal=None, verdict=None, is_open=True),
            *(
                reviews_statement(is_open=is_open, second_wanted=second_wanted, unit=unit_)
                for is_open, second_wanted in ((False, False), (True, False), (False, True))
                for unit_ in ("", unit)
            ),
        ]
        with feedback.database.transaction() as tx:
            tx.run(
                """INSERT INTO callback (id, work_order, round, appeal, number, unit, state, create_time, overdue,
                     attempts, verdict, solved, note, complete_time, version)
                   SELECT gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'n', 'units/u' || n % 40,
                     CASE WHEN n % 50 = 0 THEN 'WAITING' ELSE 'COMPLETED' END, now(), n % 97 = 0, '[]',
                     CASE WHEN n % 50 = 0 THEN NULL ELSE 'NEUTRAL' END,
                     CASE WHEN n % 50 = 0 THEN NULL ELSE true END, '',
                     CASE WHEN n % 50 = 0 THEN NULL ELSE now() END, 1
                   FROM generate_series(1, 20000) AS n"""
            )
            tx.run(
                """INSERT INTO evaluation (id, appeal, operator, create_time, verdict, evaluate_time)
                   SELECT gen_random_uuid(), gen_random_uuid(), 'o', now(),
                     (ARRAY[NULL, 'SATISFIED', 'NEUTRAL', 'DISSATISFIED'])[n % 4 + 1],
                     CASE WHEN n % 4 > 0 THEN now() END
                   FROM generate_series(1, 20000) AS n"""
            )
            tx.run(
                """INSERT INTO review (id, origin, work_order, appeal, unit, create_time, outcome, cause,
                     responsibility, remedy, conclude_time, version)
                   SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                     'units/u' || n % 40, now(), CASE WHEN n % 50 > 0 THEN 'UPHELD' END, '',
                     CASE WHEN n % 50 > 0 THEN 'NONE' END, '', CASE WHEN n % 50 > 0 THEN now() END, 1
                   FROM generate_series(1, 20000) AS n"""
            )
            tx.run("ANALYZE")
            # With few rows to sort PostgreSQL would rather sort; what is asked here is whether it must.
            tx.run("SET LOCAL enable_sort = off")
            tx.run("SET LOCAL enable_bitmapscan = off")
            for statement in statements:
                plan = "\n".join(row["QUERY PLAN"] for row in tx.all(f"EXPLAIN {statement}", params))
                assert "Seq Scan" not in plan, plan
                assert "Sort" not in plan, plan
                assert "Filter" not in plan, plan
            one = UUID(int=1)  # an order has a few callbacks, an appeal one evaluation: no keyset needed
            of_order = callbacks_statement(state=None, unit="", work_order=one, overdue=False)
            of_appeal = evaluations_statement(appeal=one, verdict=None, is_open=False)
            params |= {"work_order": one, "appeal": one}
            for statement, index in ((of_order, "callback_work_order_round_key"), (of_appeal, "evaluation_appeal_key")):
                tx.run("SET LOCAL enable_sort = on")
                plan = "\n".join(row["QUERY PLAN"] for row in tx.all(f"EXPLAIN {statement}", params))
                assert index in plan, plan
