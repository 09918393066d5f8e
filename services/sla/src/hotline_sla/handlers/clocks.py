"""What every handler does with clocks: start the hotline's own, store them, announce them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.errors import NotYet
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import Order
from hotline_sla.domain.deadline import Deadline, Kind, Law
from hotline_sla.handlers.books import Books


def hotline_clock(law: Law, subject: str, kind: Kind, *, start_time: datetime, number: int) -> Deadline:
    """A clock of the hotline itself, started."""
    return law.open(
        deadline=uuid7(), subject=subject, kind=kind, unit="", of_round=number, start_time=start_time, request_type=""
    )


def save(tx: Books, law: Law, deadlines: Sequence[Deadline], *, after: datetime) -> None:
    """Store clocks with what is to be done about them."""
    tx.save_deadlines([(deadline, law.moments(deadline, after=after)) for deadline in deadlines])


def save_with_order(
    tx: Books,
    law: Law,
    work_order: str,
    clocks: Sequence[Deadline],
    *,
    after: datetime,
    extended: bool = False,
    filed: bool = False,
) -> None:
    """Store clocks and what they tell of their order."""
    if not clocks:
        return
    before = order_of(tx, work_order)
    save(tx, law, clocks, after=after)
    order = replace(before, extended=before.extended or extended, filed=before.filed or filed)
    for deadline in clocks:
        order = order.reflecting(deadline)
    tx.save_orders([(before, order)])


def order_of(tx: Books, work_order: str) -> Order:
    """The order, locked. Raises NotYet if dispatch has not announced it here."""
    order = tx.orders([work_order]).get(work_order)
    if order is None:
        raise NotYet(work_order)
    return order


def announce_opened(tx: Books, law: Law, deadlines: Sequence[Deadline], *, time: datetime) -> None:
    """Tell that clocks of one subject started."""
    subject = deadlines[0].subject
    sets = [_deadline_set(law, deadline) for deadline in deadlines]
    opened = sla_events.DeadlinesOpened(subject=subject, deadlines=sets, round=deadlines[0].round)
    kinds = {deadline.kind for deadline in deadlines}
    topic = Kind.HANDLING if Kind.HANDLING in kinds else deadlines[0].kind  # the first contact's comes with it
    tx.publish(opened, aggregate=subject, time=time, topic=topic)


def announce_moved(tx: Books, law: Law, deadlines: Sequence[Deadline], *, time: datetime) -> None:
    """Tell which clocks end at another moment."""
    for deadline in deadlines:
        if deadline.changes:
            moved = sla_events.DeadlineMoved(
                subject=deadline.subject, deadline=_deadline_set(law, deadline), round=deadline.round
            )
            tx.publish(moved, aggregate=deadline.subject, time=time, topic=deadline.kind)


def announce_missed(tx: Books, deadline: Deadline, *, time: datetime) -> None:
    """Tell that a clock ended without the deed."""
    missed = sla_events.DeadlineMissed(
        subject=deadline.subject,
        deadline=f"deadlines/{deadline.id}",
        kind=kind_value(deadline.kind),
        unit=deadline.unit,
        due_time=timestamp(deadline.due_time),
        round=deadline.round,
    )
    tx.publish(missed, aggregate=deadline.subject, time=time, topic=deadline.kind)


def _deadline_set(law: Law, deadline: Deadline) -> sla_events.DeadlineSet:
    due, cutoff = deadline.due_date, law.extension_cutoff_time(deadline)
    return sla_events.DeadlineSet(
        deadline=f"deadlines/{deadline.id}",
        kind=kind_value(deadline.kind),
        due_time=timestamp(deadline.due_time),
        due_date=Date(year=due.year, month=due.month, day=due.day),
        provisional=deadline.provisional,
        extension_cutoff_time=None if cutoff is None else timestamp(cutoff),
    )


def kind_value(kind: Kind) -> "deadline_pb2.DeadlineKind.ValueType":
    """A clock's kind for an event."""
    return deadline_pb2.DeadlineKind.Value(f"DEADLINE_KIND_{kind}")


def time_of(timestamp: Timestamp) -> datetime:
    """A moment of an event."""
    return timestamp.ToDatetime(tzinfo=UTC)
