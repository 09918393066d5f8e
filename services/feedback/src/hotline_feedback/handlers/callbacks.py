"""Callbacks: every reported result is asked about, within 24 hours (Art. 30)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.dispatch.events.v1.work_order_events_pb2 import ResultReported
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted
from hotline.feedback.v1 import callback_pb2
from hotline.sla.events.v1.deadline_events_pb2 import DeadlineMissed, DeadlinesOpened
from hotline.sla.v1.deadline_pb2 import DEADLINE_KIND_CALLBACK
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_feedback.domain.callback import AttemptOutcome, Callback, CallbackState, CallRules, Means, Verdict
from hotline_feedback.domain.hand import Hand
from hotline_feedback.domain.review import QualityReview


class Store(Protocol):
    """What is needed of a transaction. What is found through it is locked until its end."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, details: dict[str, str]) -> None: ...

    def lock_order(self, work_order: str) -> None: ...
    def keep_clock(self, *, work_order: str, round_: int, due_time: datetime, missed: bool) -> None: ...
    def take_clock(self, *, work_order: str, round_: int) -> tuple[datetime, bool] | None: ...

    def add_callback(self, callback: Callback) -> bool: ...
    def save_callback(self, callback: Callback) -> None: ...
    def callback_to_change(self, callback_id: UUID) -> Callback | None: ...
    def callback_in_hand(self, *, person: str, now: datetime) -> Callback | None: ...
    def next_callback(self, *, may_call: bool, rested: datetime, now: datetime) -> Callback | None: ...
    def callback_of(self, *, work_order: str, round_: int) -> Callback | None: ...
    def subject_of(self, work_order: str) -> tuple[str, str]: ...
    def has_declined(self, appeal: str) -> bool: ...

    def add_review(self, review: QualityReview) -> bool: ...


def take_next_callback(*, rules: CallRules, hold: timedelta, tx: Store, now: datetime) -> Callback | None:
    """The next citizen whom the caller asks and nobody else does until `hold` is over, or the same again (Art. 15)."""
    person = tx.actor.subject
    found = tx.callback_in_hand(person=person, now=now) or tx.next_callback(
        may_call=rules.may_call(now), rested=now - rules.gap, now=now
    )
    if found is None:
        return None
    taken = replace(found, hand=Hand(person=person, until_time=now + hold))
    tx.save_callback(taken)
    tx.record(action="feedback.callbacks.take", resource=taken.name, time=now, details={})
    return taken


def record_attempt(
    *,
    callback_id: UUID,
    outcome: AttemptOutcome,
    means: Means,
    etag: str,
    rules: CallRules,
    tx: Store,
    now: datetime,
) -> Callback:
    """Puts a try without an answer on record; the last allowed one ends the callback as unreachable (Art. 30)."""
    callback = _callback(callback_id, etag, tx)
    tried = callback.tried(outcome=outcome, means=means, actor=tx.actor.subject, now=now, rules=rules)
    tx.save_callback(tried)
    tx.record(
        action="feedback.attempts.record",
        resource=tried.name,
        time=now,
        details={"outcome": outcome, "means": means, "state": tried.state},
    )
    if tried.state is CallbackState.UNREACHABLE:
        _announce_end(tried, tx, now)
    return tried


def complete_callback(
    *,
    callback_id: UUID,
    verdict: Verdict,
    solved: bool,
    note: str,
    means: Means,
    etag: str,
    rules: CallRules,
    tx: Store,
    now: datetime,
) -> Callback:
    """Keeps what the citizen said; dissatisfaction opens a quality review (Art. 30)."""
    completed = _callback(callback_id, etag, tx).completed(
        verdict=verdict, solved=solved, note=note, means=means, actor=tx.actor.subject, now=now, rules=rules
    )
    tx.save_callback(completed)
    tx.record(
        action="feedback.callbacks.complete",
        resource=completed.name,
        time=now,
        details={"verdict": verdict, "means": means},
    )
    if verdict is Verdict.DISSATISFIED:
        tx.add_review(QualityReview.after_callback(completed, review_id=uuid7(), now=now))
    _announce_end(completed, tx, now)
    return completed


def open_callback(event: ResultReported, *, tx: Store, **_: object) -> None:
    """A unit reported: the citizen will be asked, once for each round, whatever the result (Art. 30)."""
    tx.lock_order(event.work_order)
    category, region = tx.subject_of(event.work_order)
    callback = Callback(
        id=uuid7(),
        work_order=event.work_order,
        appeal=event.appeal,
        number=event.number,
        unit=event.unit,
        round=event.round,
        create_time=event.report_time.ToDatetime(UTC),
        category=category,
        region=region,
        do_not_call=tx.has_declined(event.appeal),
    )
    if clock := tx.take_clock(work_order=event.work_order, round_=event.round):
        due_time, missed = clock
        callback = callback.clocked(due_time=due_time, missed=missed)
    tx.add_callback(callback)


def carry_due_time(event: DeadlinesOpened, *, tx: Store, **_: object) -> None:
    """sla started the 24 hours of a callback."""
    for deadline in event.deadlines:
        if deadline.kind == DEADLINE_KIND_CALLBACK:
            _carry(event.subject, event.round, deadline.due_time.ToDatetime(UTC), missed=False, tx=tx)


def mark_overdue(event: DeadlineMissed, *, tx: Store, **_: object) -> None:
    """sla saw the 24 hours end without a completed callback."""
    if event.kind == DEADLINE_KIND_CALLBACK:
        _carry(event.subject, event.round, event.due_time.ToDatetime(UTC), missed=True, tx=tx)


def _carry(work_order: str, round_: int, due_time: datetime, *, missed: bool, tx: Store) -> None:
    # dispatch's and sla's events are not ordered between each other: what comes before its callback is kept for it.
    tx.lock_order(work_order)
    callback = tx.callback_of(work_order=work_order, round_=round_)
    if callback is None:
        tx.keep_clock(work_order=work_order, round_=round_, due_time=due_time, missed=missed)
    else:
        tx.save_callback(callback.clocked(due_time=due_time, missed=missed))


def _callback(callback_id: UUID, etag: str, tx: Store) -> Callback:
    callback = tx.callback_to_change(callback_id)
    if callback is None:
        raise ResourceNotFound(resource=f"callbacks/{callback_id}")
    if etag and etag != str(callback.version):
        raise EtagMismatch(resource=callback.name)
    return callback


def _announce_end(callback: Callback, tx: Store, now: datetime) -> None:
    event = CallbackCompleted(
        callback=callback.name,
        work_order=callback.work_order,
        appeal=callback.appeal,
        unit=callback.unit,
        solved=callback.solved,
        round=callback.round,
        complete_time=timestamp(now),
    )
    if callback.verdict is not None:
        event.verdict = callback_pb2.Verdict.Value(f"VERDICT_{callback.verdict}")
    tx.publish(event, aggregate=callback.name, time=now)
