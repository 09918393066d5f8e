"""Due moments and the steps of supervision that they bring (Art. 28)."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import NotOwnUnit, Order
from hotline_sla.domain.deadline import UNIT_KINDS, Action, Deadline, Kind, Law
from hotline_sla.domain.supervision import ON_PAPER, Step, Supervision, notice_number, notice_text
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.clocks import announce_missed, announce_moved, save

_STEP = {
    Action.ADVANCE_REMINDER: Step.ADVANCE_REMINDER,
    Action.KEY_CHECK: Step.KEY_CHECK,
    Action.MISS: Step.REMINDER,
    Action.WRITTEN: Step.WRITTEN,
}
_STEP_OF_PART = {Action.MISS: Step.PART_REMINDER, Action.WRITTEN: Step.PART_WRITTEN}


class Steps:
    """Steps of supervision issued in one transaction: none that its unit was issued before in its round."""

    def __init__(self, tx: Books, work_orders: Sequence[str]) -> None:
        self._tx = tx
        self._work_orders = work_orders
        self._new: list[Supervision] = []

    @cached_property
    def _issued(self) -> set[tuple[str, int, Step, str]]:
        return self._tx.issued_steps(self._work_orders)

    def issue(self, step: Step, *, order: Order, deadline: Deadline, time: datetime) -> Order:
        """Issue a step to who holds the clock; the order as it is after that."""
        key = (order.work_order, deadline.round, step, deadline.unit)
        if key in self._issued:
            return order
        self._issued.add(key)
        notice = notice_number(serial=self._tx.next_notice_serial(), issue_time=time) if step in ON_PAPER else ""
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
            issue_time=timestamp(time),
        )
        self._tx.publish(issued, aggregate=order.work_order, time=time)
        return order.supervised_by(step)

    def save(self) -> None:
        """Store what was issued."""
        self._tx.save_supervisions(self._new)


def act_on_due_moments(*, tx: Books, now: datetime, law: Law, limit: int) -> int:
    """Do what is due, at most `limit` moments; tell how many were acted on.

    A missed clock is announced; a missed handling is reminded of at once, and in writing a working day later, or at
    once under key supervision. So is a supporting unit of its part, and the lead is not: it answers for the whole by
    its own clock.
    """
    claimed = tx.claim_moments(now=now, limit=limit)
    subjects = sorted({deadline.subject for _, deadline in claimed if deadline.kind in (*UNIT_KINDS, Kind.PART)})
    orders = tx.orders(subjects)
    after = dict(orders)
    steps = Steps(tx, subjects)
    missed: list[Deadline] = []
    for moment, claimed_deadline in claimed:
        deadline = claimed_deadline
        if moment.action is Action.MISS:
            deadline = deadline.miss(time=now)
            missed.append(deadline)
            announce_missed(tx, deadline, time=now)
        if deadline.subject in after:
            order = after[deadline.subject].reflecting(deadline)
            if deadline.kind is Kind.HANDLING and deadline.unit:
                order = steps.issue(_STEP[moment.action], order=order, deadline=deadline, time=now)
            elif deadline.kind is Kind.PART:
                order = steps.issue(_STEP_OF_PART[moment.action], order=order, deadline=deadline, time=now)
            after[deadline.subject] = order
    tx.drop_moments([moment for moment, _ in claimed])
    save(tx, law, missed, after=now)
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
    save(tx, law, clocks, after=now)
    tx.save_orders([(orders[name], order) for name, order in after.items()])
    announce_moved(tx, law, clocks, time=now)
    return len(found)


def acknowledge_notice(*, name: str, note: str, by: Principal, tx: Books, now: datetime) -> Supervision:
    """The unit signs for a written notice to it (Art. 28).

    Raises ResourceNotFound, NotOwnUnit, NoticeNotWritten, NoticeAcknowledged.
    """
    supervision = tx.supervision(uuid_of(name), for_update=True)
    if supervision is None:
        raise ResourceNotFound(resource=name)
    if supervision.unit != by.unit:
        raise NotOwnUnit
    acknowledged = supervision.acknowledge(by=by.subject, note=note, time=now)
    tx.save_acknowledgement(acknowledged)
    return acknowledged
