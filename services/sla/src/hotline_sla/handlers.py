"""What happens when: the events that start, move and settle clocks, and the due moments.

Every handler reads the clocks of its subject first, which locks them; the tick does the same but skips what is
locked. So neither waits for the other while holding what the other wants.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1 import callback_events_pb2 as feedback_events
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1 import appeal_events_pb2 as intake_events
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.errors import NotYet
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import Order, Verdict
from hotline_sla.domain.deadline import UNIT_KINDS, Action, Deadline, Kind, Law, Moment, State
from hotline_sla.domain.supervision import Step, Supervision, notice_number, notice_text


class Books(Protocol):
    """What the handlers need of a transaction."""

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None:
        """Announce a fact."""

    def deadlines(self, subject: str) -> list[Deadline]:
        """Every clock of a subject, locked, by round and kind."""

    def claim_moments(self, *, now: datetime, limit: int) -> list[tuple[Moment, Deadline]]:
        """Due moments with their clocks, the earliest first, locked; what others have locked is left to them."""

    def claim_provisional(self, *, known_until: date, limit: int) -> list[Deadline]:
        """Open clocks that end on a day that was not known and now is, locked."""

    def save_deadlines(self, deadlines: Sequence[tuple[Deadline, Sequence[Moment]]]) -> None:
        """Store clocks with their changes; the moments given replace all that were planned for them."""

    def drop_moments(self, moments: Sequence[Moment]) -> None:
        """They were acted on."""

    def orders(self, work_orders: Sequence[str]) -> dict[str, Order]:
        """Orders by name, locked; unknown ones are left out."""

    def save_orders(self, changed: Sequence[tuple[Order | None, Order]]) -> None:
        """Store orders, before and after, and what changes in the counts of their units."""

    def issued_steps(self, work_orders: Sequence[str]) -> set[tuple[str, int, Step]]:
        """Which steps of supervision were issued: order, round, step."""

    def save_supervisions(self, supervisions: Sequence[Supervision]) -> None:
        """Store steps of supervision."""

    def next_notice_serial(self) -> int:
        """The next number of a written notice."""


# --- appeals: the hour of Art. 21 ---


def start_answer_clock(*, event: intake_events.AppealRegistered, tx: Books, law: Law) -> None:
    """Start the hour in which an appeal is answered or referred (Art. 21)."""
    _open_answer(tx, law, event.appeal, start_time=_time(event.register_time), number=1)


def start_answer_clock_again(*, event: intake_events.AppealReinstated, tx: Books, law: Law) -> None:
    """A declined appeal was taken up again: a new hour begins."""
    rounds = [deadline.round for deadline in tx.deadlines(event.appeal)]
    _open_answer(tx, law, event.appeal, start_time=_time(event.reinstate_time), number=max(rounds, default=0) + 1)


def settle_declined(*, event: intake_events.AppealDeclined, tx: Books, law: Law) -> None:
    """Declining with a referral settles the hour (Art. 6, 21)."""
    _settle_answer(tx, law, event.appeal, _time(event.decline_time), "不予受理并已告知 / declined")


def settle_answered(*, event: intake_events.AppealAnswered, tx: Books, law: Law) -> None:
    """A direct answer settles the hour (Art. 21)."""
    _settle_answer(tx, law, event.appeal, _time(event.answer_time), "已直接答复 / answered")


def settle_referred(*, event: intake_events.AppealReferred, tx: Books, law: Law) -> None:
    """Referring settles the hour (Art. 21)."""
    _settle_answer(tx, law, event.appeal, _time(event.refer_time), "已转派 / referred")


def _settle_answer(tx: Books, law: Law, appeal: str, time: datetime, deed: str) -> None:
    settled = [deadline.settle(time=time, deed=deed) for deadline in tx.deadlines(appeal) if deadline.is_open]
    _save(tx, law, settled, after=time)


# --- orders: first contact and handling of Art. 24, extension of Art. 26 ---


def start_order_clocks(*, event: dispatch_events.WorkOrderDispatched, tx: Books, law: Law) -> None:
    """The lead unit received the order: first contact and handling run (Art. 24).

    An order that was handed over in the same round keeps the handling clock as it is; the first contact, which the
    unit before did not make, starts for the new one.
    """
    time, unit = _time(event.dispatch_time), event.lead_unit
    request_type = appeal_pb2.RequestType.Name(event.request_type).removeprefix("REQUEST_TYPE_")
    known = {deadline.kind: deadline for deadline in tx.deadlines(event.work_order) if deadline.round == event.round}
    before = tx.orders([event.work_order]).get(event.work_order)
    clocks: list[Deadline] = []
    for kind in UNIT_KINDS:
        deadline = known.get(kind)
        if deadline is None:
            deadline = law.open(
                deadline=uuid7(),
                subject=event.work_order,
                kind=kind,
                unit=unit,
                of_round=event.round,
                start_time=time,
                request_type=request_type,
            )
        elif deadline.state is State.CANCELLED or (
            kind is Kind.FIRST_CONTACT and deadline.is_open and deadline.unit != unit
        ):
            deadline = law.restart(deadline, unit=unit, start_time=time)
        else:
            deadline = deadline.hand_over(unit=unit, time=time)
        clocks.append(deadline)
    if before is not None and before.unit == unit:
        order = before.dispatched_again(of_round=event.round, key_supervision=event.key_supervision)
    else:
        order = Order(
            work_order=event.work_order,
            number=event.number,
            unit=unit,
            request_type=request_type,
            category=event.category,
            region=event.region,
            round=event.round,
            received_time=time,
            key_supervision=event.key_supervision,
        )
    steps = _Steps(tx, [event.work_order])
    for deadline in clocks:
        order = order.reflecting(deadline)
        if deadline.kind is Kind.HANDLING and deadline.state is State.OVERDUE:
            order = steps.issue(Step.REMINDER, order=order, deadline=deadline, time=time)
    _save(tx, law, clocks, after=time)
    steps.save()
    tx.save_orders([(before, order)])
    _announce_opened(tx, law, clocks, time=time)


def return_to_office(*, event: dispatch_events.WorkOrderSentBack, tx: Books, law: Law) -> None:
    """The unit gave the order back: its first contact is void, handling goes on while the office holds it (Art. 22)."""
    time = _time(event.send_back_time)
    order = _order(tx, event.work_order)
    clocks = [
        deadline.hand_over(unit="", time=time)
        if deadline.kind is Kind.HANDLING
        else deadline.cancel(time=time, reason="承办单位退回工单 / the unit sent the order back")
        for deadline in tx.deadlines(event.work_order)
        if deadline.is_open
    ]
    _save(tx, law, clocks, after=time)
    tx.save_orders([(order, replace(order, unit=""))])


def settle_first_contact(*, event: dispatch_events.FirstContactRecorded, tx: Books, law: Law) -> None:
    """The citizen was contacted (Art. 24(1))."""
    time = _time(event.contact_time)
    clocks = [
        deadline.settle(time=time, deed="已联系诉求人 / first contact")
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.FIRST_CONTACT and deadline.is_open
    ]
    _save_with_order(tx, law, event.work_order, clocks, after=time)


def extend_handling(*, event: dispatch_events.ExtensionGranted, tx: Books, law: Law) -> None:
    """The office granted more working days (Art. 26)."""
    time = _time(event.grant_time)
    clocks = [
        law.extend(deadline, working_days=event.working_days, time=time)
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.HANDLING and deadline.is_open
    ]
    _save_with_order(tx, law, event.work_order, clocks, after=time, extended=bool(clocks))
    _announce_moved(tx, law, clocks, time=time)


def settle_handling(*, event: dispatch_events.ResultReported, tx: Books, law: Law) -> None:
    """Handled: in time only if both the reply and the report are (Art. 24(2)). The 24 hours of Art. 30 start."""
    reply_time, report_time = _time(event.reply_time), _time(event.report_time)
    clocks = []
    for deadline in tx.deadlines(event.work_order):
        if deadline.round != event.round or not deadline.is_open:
            continue
        if deadline.kind is Kind.HANDLING:
            done = max(reply_time, report_time)
            clocks.append(deadline.settle(time=done, deed="已答复诉求人并反馈结果 / replied and reported"))
        elif deadline.kind is Kind.FIRST_CONTACT:
            clocks.append(deadline.settle(time=reply_time, deed="以答复作为首次联系 / the reply was the first contact"))
    callback = _hotline_clock(law, event.work_order, Kind.CALLBACK, start_time=report_time, number=event.round)
    filed = event.outcome == work_order_pb2.OUTCOME_FILED
    _save_with_order(tx, law, event.work_order, [*clocks, callback], after=report_time, filed=filed)
    _announce_opened(tx, law, [callback], time=report_time)


def end_order_clocks(*, event: dispatch_events.WorkOrderClosed, tx: Books, law: Law) -> None:
    """A closed order owes nothing any more; its callback is settled by feedback's own word."""
    time = _time(event.close_time)
    clocks = [
        deadline.cancel(time=time, reason="工单已办结 / the order was closed")
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is not Kind.CALLBACK and deadline.is_open
    ]
    _save_with_order(tx, law, event.work_order, clocks, after=time)


# --- callbacks and reviews: Art. 30 ---


def settle_callback(*, event: feedback_events.CallbackCompleted, tx: Books, law: Law) -> None:
    """The citizen was called back, or could not be reached (Art. 30).

    Raises NotYet if the result itself, which dispatch announces, is not known here yet.
    """
    time = _time(event.complete_time)
    of_round = [
        deadline
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.CALLBACK and deadline.round == event.round
    ]
    if not of_round:
        raise NotYet(event.work_order)
    verdict = callback_pb2.Verdict.Name(event.verdict).removeprefix("VERDICT_")
    deed = "已回访 / called back" if event.verdict else "多次回访未接通 / not reached"
    _save(tx, law, [deadline.settle(time=time, deed=deed) for deadline in of_round], after=time)
    before = _order(tx, event.work_order)
    after = before.judged(verdict=Verdict(verdict if event.verdict else ""), of_round=event.round)
    tx.save_orders([(before, after)])


def excuse_unit(*, event: feedback_events.ReviewConcluded, tx: Books, law: Law) -> None:  # noqa: ARG001
    """The review found who answers for a dissatisfaction (Art. 30); a direct answer has no unit."""
    if not event.work_order:
        return
    tx.deadlines(event.work_order)  # locked first, as everywhere
    before = _order(tx, event.work_order)
    excused = event.responsibility in (
        callback_pb2.RESPONSIBILITY_OPERATOR,
        callback_pb2.RESPONSIBILITY_NONE,
    )
    tx.save_orders([(before, replace(before, excused=excused))])


# --- due moments: supervision of Art. 28 ---


def act_on_due_moments(*, tx: Books, now: datetime, law: Law, limit: int) -> int:
    """Do what is due, at most `limit` moments; tell how many were acted on.

    A missed clock is announced; a missed handling is reminded of at once, and in writing a working day later.
    """
    claimed = tx.claim_moments(now=now, limit=limit)
    subjects = sorted({deadline.subject for _, deadline in claimed if deadline.kind in UNIT_KINDS})
    orders = tx.orders(subjects)
    after = dict(orders)
    steps = _Steps(tx, subjects)
    missed: list[Deadline] = []
    for moment, claimed_deadline in claimed:
        deadline = claimed_deadline
        if moment.action is Action.MISS:
            deadline = deadline.miss(time=now)
            missed.append(deadline)
            _announce_missed(tx, deadline, time=now)
        if deadline.subject in after:
            order = after[deadline.subject].reflecting(deadline)
            if deadline.kind is Kind.HANDLING and deadline.unit:
                order = steps.issue(_STEP[moment.action], order=order, deadline=deadline, time=now)
            after[deadline.subject] = order
    tx.drop_moments([moment for moment, _ in claimed])
    _save(tx, law, missed, after=now)
    steps.save()
    tx.save_orders([(orders[name], order) for name, order in after.items()])
    return len(claimed)


def recompute_provisional(*, tx: Books, now: datetime, law: Law, limit: int) -> int:
    """Derive clocks again that ended in a year not published then; tell how many were looked at (Art. 24)."""
    found = tx.claim_provisional(known_until=law.calendar.known_until(), limit=limit)
    clocks = [law.recompute(deadline, time=now) for deadline in found]
    orders = tx.orders(sorted({deadline.subject for deadline in clocks}))
    after = dict(orders)
    for deadline in clocks:
        after[deadline.subject] = after[deadline.subject].reflecting(deadline)
    _save(tx, law, clocks, after=now)
    tx.save_orders([(orders[name], order) for name, order in after.items()])
    _announce_moved(tx, law, clocks, time=now)
    return len(found)


_STEP = {
    Action.ADVANCE_REMINDER: Step.ADVANCE_REMINDER,
    Action.MISS: Step.REMINDER,
    Action.WRITTEN: Step.WRITTEN,
}


class _Steps:
    """Steps of supervision issued in one transaction: none that was issued before in its round."""

    def __init__(self, tx: Books, work_orders: Sequence[str]) -> None:
        self._tx = tx
        self._work_orders = work_orders
        self._new: list[Supervision] = []

    @cached_property
    def _issued(self) -> set[tuple[str, int, Step]]:
        return self._tx.issued_steps(self._work_orders)

    def issue(self, step: Step, *, order: Order, deadline: Deadline, time: datetime) -> Order:
        key = (order.work_order, deadline.round, step)
        if key in self._issued:
            return order
        self._issued.add(key)
        notice = notice_number(serial=self._tx.next_notice_serial(), issue_time=time) if step is Step.WRITTEN else ""
        supervision = Supervision(
            id=uuid7(),
            work_order=order.work_order,
            unit=deadline.unit,
            step=step,
            notice=notice,
            text=notice_text(step=step, order_number=order.number, due_time=deadline.due_time, notice=notice),
            issue_time=time,
            round=deadline.round,
        )
        self._new.append(supervision)
        issued = sla_events.SupervisionIssued(
            work_order=order.work_order,
            supervision=f"supervisions/{supervision.id}",
            step=deadline_pb2.SupervisionStep.Value(f"SUPERVISION_STEP_{step}"),
            unit=deadline.unit,
            issue_time=_timestamp(time),
        )
        self._tx.publish(issued, aggregate=order.work_order, time=time)
        return order.supervised_by(step)

    def save(self) -> None:
        self._tx.save_supervisions(self._new)


# --- shared steps ---


def _open_answer(tx: Books, law: Law, appeal: str, *, start_time: datetime, number: int) -> None:
    deadline = _hotline_clock(law, appeal, Kind.ANSWER, start_time=start_time, number=number)
    _save(tx, law, [deadline], after=start_time)
    _announce_opened(tx, law, [deadline], time=start_time)


def _hotline_clock(law: Law, subject: str, kind: Kind, *, start_time: datetime, number: int) -> Deadline:
    return law.open(
        deadline=uuid7(), subject=subject, kind=kind, unit="", of_round=number, start_time=start_time, request_type=""
    )


def _save(tx: Books, law: Law, deadlines: Sequence[Deadline], *, after: datetime) -> None:
    tx.save_deadlines([(deadline, law.moments(deadline, after=after)) for deadline in deadlines])


def _save_with_order(
    tx: Books,
    law: Law,
    work_order: str,
    clocks: Sequence[Deadline],
    *,
    after: datetime,
    extended: bool = False,
    filed: bool = False,
) -> None:
    if not clocks:
        return
    before = _order(tx, work_order)
    _save(tx, law, clocks, after=after)
    order = replace(before, extended=before.extended or extended, filed=before.filed or filed)
    for deadline in clocks:
        order = order.reflecting(deadline)
    tx.save_orders([(before, order)])


def _order(tx: Books, work_order: str) -> Order:
    order = tx.orders([work_order]).get(work_order)
    if order is None:
        raise NotYet(work_order)
    return order


def _announce_opened(tx: Books, law: Law, deadlines: Sequence[Deadline], *, time: datetime) -> None:
    subject = deadlines[0].subject
    sets = [_deadline_set(law, deadline) for deadline in deadlines]
    opened = sla_events.DeadlinesOpened(subject=subject, deadlines=sets, round=deadlines[0].round)
    tx.publish(opened, aggregate=subject, time=time)


def _announce_moved(tx: Books, law: Law, deadlines: Sequence[Deadline], *, time: datetime) -> None:
    for deadline in deadlines:
        if deadline.changes:
            moved = sla_events.DeadlineMoved(
                subject=deadline.subject, deadline=_deadline_set(law, deadline), round=deadline.round
            )
            tx.publish(moved, aggregate=deadline.subject, time=time)


def _announce_missed(tx: Books, deadline: Deadline, *, time: datetime) -> None:
    missed = sla_events.DeadlineMissed(
        subject=deadline.subject,
        deadline=f"deadlines/{deadline.id}",
        kind=_kind(deadline.kind),
        unit=deadline.unit,
        due_time=_timestamp(deadline.due_time),
        round=deadline.round,
    )
    tx.publish(missed, aggregate=deadline.subject, time=time)


def _deadline_set(law: Law, deadline: Deadline) -> sla_events.DeadlineSet:
    due, cutoff = deadline.due_date, law.extension_cutoff_time(deadline)
    return sla_events.DeadlineSet(
        deadline=f"deadlines/{deadline.id}",
        kind=_kind(deadline.kind),
        due_time=_timestamp(deadline.due_time),
        due_date=Date(year=due.year, month=due.month, day=due.day),
        provisional=deadline.provisional,
        extension_cutoff_time=None if cutoff is None else _timestamp(cutoff),
    )


def _kind(kind: Kind) -> "deadline_pb2.DeadlineKind.ValueType":
    return deadline_pb2.DeadlineKind.Value(f"DEADLINE_KIND_{kind}")


def _time(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def _timestamp(time: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


ON_EVENT: dict[type[Message], Callable[..., Any]] = {
    intake_events.AppealRegistered: start_answer_clock,
    intake_events.AppealReinstated: start_answer_clock_again,
    intake_events.AppealDeclined: settle_declined,
    intake_events.AppealAnswered: settle_answered,
    intake_events.AppealReferred: settle_referred,
    dispatch_events.WorkOrderDispatched: start_order_clocks,
    dispatch_events.WorkOrderSentBack: return_to_office,
    dispatch_events.FirstContactRecorded: settle_first_contact,
    dispatch_events.ExtensionGranted: extend_handling,
    dispatch_events.ResultReported: settle_handling,
    dispatch_events.WorkOrderClosed: end_order_clocks,
    feedback_events.CallbackCompleted: settle_callback,
    feedback_events.ReviewConcluded: excuse_unit,
}
