"""Key supervision: orders watched closely from the start, overdue or not (Art. 28)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_sla.domain.deadline import OFFICE, Deadline, Kind, Law
from hotline_sla.domain.supervision import Ground, HandlingEnded, KeySupervisedAlready, KeySupervision, Step
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.clocks import save, time_of
from hotline_sla.handlers.supervision import Steps

_DISSATISFIED = "群众不满意，经评估确认存在办理问题"
_DIRECTED = "市领导批示事项"


def note_directive(*, event: dispatch_events.WorkOrderHeld, tx: Books, law: Law) -> None:  # noqa: ARG001
    """An order that goes out with a directive is under key supervision from its receipt (Art. 23, 28(1))."""
    kind = appeal_pb2.DirectiveKind.Name(event.directive_kind).removeprefix("DIRECTIVE_KIND_")
    _add(tx, event.work_order, Ground.DIRECTIVE, reason=f"{_DIRECTED}（{kind}）", time=time_of(event.hold_time))


def grounds_at_dispatch(event: dispatch_events.WorkOrderDispatched, tx: Books) -> set[Ground]:
    """On which grounds an order that a unit receives is watched; what dispatch says itself is put down here."""
    grounds = tx.key_grounds(event.work_order)
    if event.key_supervision:
        ground, reason = (Ground.DISSATISFIED, _DISSATISFIED) if event.round > 1 else (Ground.DIRECTIVE, _DIRECTED)
        if ground not in grounds:
            _add(tx, event.work_order, ground, reason=reason, time=time_of(event.dispatch_time))
            grounds.add(ground)
    return grounds


def announce_key_supervision(tx: Books, deadline: Deadline, grounds: Iterable[Ground], *, time: datetime) -> None:
    """Tell that an order is watched, on which grounds."""
    for ground in sorted(grounds):
        started = sla_events.KeySupervisionStarted(
            work_order=deadline.subject,
            ground=deadline_pb2.KeySupervisionGround.Value(f"KEY_SUPERVISION_GROUND_{ground}"),
            unit=deadline.unit,
            round=deadline.round,
            start_time=timestamp(time),
        )
        tx.publish(started, aggregate=deadline.subject, time=time)


def start_key_supervision(
    *, work_order: str, ground: Ground, reason: str, tx: Books, now: datetime, law: Law
) -> KeySupervision:
    """The office puts an order that is being handled under key supervision (Art. 28(1), (2)).

    Raises ResourceNotFound, HandlingEnded if it is not handled any more, KeySupervisedAlready.
    """
    clocks = [deadline for deadline in tx.deadlines(work_order) if deadline.kind is Kind.HANDLING]
    before = tx.orders([work_order]).get(work_order)
    if before is None or not clocks:
        raise ResourceNotFound(resource=work_order)
    handling = clocks[-1]
    if not handling.is_open:
        raise HandlingEnded(resource=work_order, state=handling.state)
    if ground in tx.key_grounds(work_order):
        raise KeySupervisedAlready(work_order=work_order)
    key = _add(tx, work_order, ground, reason=reason, time=now)
    watched = replace(handling, watched=True).changed(
        time=now, change="watched", reason="列入重点督办（第二十八条） / put under key supervision (Art. 28)", by=OFFICE
    )
    save(tx, law, [watched], after=now)
    after = replace(before, key_supervision=True)
    if watched.unit:
        steps = Steps(tx, [work_order])
        after = steps.issue(Step.KEY_NOTICE, order=after, deadline=watched, time=now)
        steps.save()
    tx.save_orders([(before, after)])
    announce_key_supervision(tx, watched, [ground], time=now)
    return key


def _add(tx: Books, work_order: str, ground: Ground, *, reason: str, time: datetime) -> KeySupervision:
    key = KeySupervision(id=uuid7(), work_order=work_order, ground=ground, reason=reason, start_time=time)
    tx.add_key_supervision(key)
    return key
