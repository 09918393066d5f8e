"""Orders: first contact and handling of Art. 24, extension of Art. 26."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import Order
from hotline_sla.domain.deadline import OFFICE, UNIT_KINDS, CountedDays, Deadline, Kind, Law, State, StatutoryTerm
from hotline_sla.domain.supervision import Step
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.clocks import (
    announce_moved,
    announce_opened,
    hotline_clock,
    order_of,
    save,
    save_with_order,
    time_of,
)
from hotline_sla.handlers.key_supervision import announce_key_supervision, grounds_at_dispatch
from hotline_sla.handlers.supervision import Steps


def start_order_clocks(*, event: dispatch_events.WorkOrderDispatched, tx: Books, law: Law) -> None:
    """The lead unit received the order: first contact and handling run (Art. 24).

    An order that was handed over in the same round keeps the handling clock as it is; the first contact, which the
    unit before did not make, starts for the new one.
    """
    time, unit = time_of(event.dispatch_time), event.lead_unit
    request_type = appeal_pb2.RequestType.Name(event.request_type).removeprefix("REQUEST_TYPE_")
    earlier = tx.deadlines(event.work_order)
    known = {deadline.kind: deadline for deadline in earlier if deadline.round == event.round}
    parts = [
        deadline
        for deadline in earlier
        if deadline.round == event.round and deadline.kind is Kind.PART and deadline.is_open
    ]
    before = tx.orders([event.work_order]).get(event.work_order)
    grounds = grounds_at_dispatch(event, tx)
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
                start_time=time_of(event.received_time) if event.HasField("received_time") else time,
                request_type=request_type,
                statutory_term=_statutory_term(event),
            )
        elif deadline.state is State.CANCELLED or (
            kind is Kind.FIRST_CONTACT and deadline.is_open and deadline.unit != unit
        ):
            deadline = law.restart(deadline, unit=unit, start_time=time)
        else:
            deadline = deadline.hand_over(unit=unit, time=time)
        clocks.append(replace(deadline, watched=bool(grounds) and kind is Kind.HANDLING))
    left = _left_by_hand_over(before, earlier, unit=unit, time=time)
    known_order = before if before is not None and before.unit == unit else tx.left_order(event.work_order, unit)
    if known_order is not None and known_order.has_left:
        order = known_order.taken_back(of_round=event.round, key_supervision=bool(grounds))
    elif known_order is not None:
        order = known_order.dispatched_again(of_round=event.round, key_supervision=bool(grounds))
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
            key_supervision=bool(grounds),
        )
    steps = Steps(tx, [event.work_order])
    for deadline in clocks:
        order = order.reflecting(deadline)
        if deadline.watched:
            order = steps.issue(Step.KEY_NOTICE, order=order, deadline=deadline, time=time)
            announce_key_supervision(tx, deadline, grounds, time=time)
        if deadline.kind is Kind.HANDLING and deadline.state is State.OVERDUE:
            order = steps.issue(Step.REMINDER, order=order, deadline=deadline, time=time)
    lapsed = [
        deadline.cancel(time=time, reason="不再由该单位协办 / the unit does not support the order any more", by=OFFICE)
        for deadline in parts
        if deadline.unit not in event.supporting_units
    ]
    save(tx, law, [*clocks, *lapsed], after=time)
    steps.save()
    tx.save_orders([*left, (known_order, order)])
    if event.lead_unit_display_name:
        tx.keep_unit_name(unit, event.lead_unit_display_name)
    announce_opened(tx, law, clocks, time=time)


def _left_by_hand_over(
    before: Order | None, clocks: Sequence[Deadline], *, unit: str, time: datetime
) -> list[tuple[Order, Order]]:
    """The order as the unit leaves it that held it until now, if the office gave it to another (Art. 22)."""
    if before is None or before.unit in ("", unit):
        return []
    return [(before, before.left(handling=_handling_of(before, clocks), time=time, sent_back=False))]


def _handling_of(order: Order, clocks: Sequence[Deadline]) -> Deadline:
    [handling] = [each for each in clocks if each.kind is Kind.HANDLING and each.round == order.round]
    return handling


def _statutory_term(event: dispatch_events.WorkOrderDispatched) -> StatutoryTerm | None:
    if not event.HasField("statutory_term"):
        return None
    term = event.statutory_term
    counted = CountedDays(appeal_pb2.CountedDays.Name(term.counted).removeprefix("COUNTED_DAYS_"))
    return StatutoryTerm(days=term.days, counted=counted, law=term.law, article=term.article)


def start_part(*, event: dispatch_events.PartAssigned, tx: Books, law: Law) -> None:
    """A supporting unit has its part, or another day for it (Art. 7, 22)."""
    time = time_of(event.assign_time)
    due_date = date(event.due_date.year, event.due_date.month, event.due_date.day)
    running = [
        deadline
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.PART and deadline.is_open and deadline.unit == event.unit
    ]
    clocks = [law.move_part(deadline, due_date=due_date, time=time) for deadline in running] or [
        law.open_part(
            deadline=uuid7(),
            subject=event.work_order,
            unit=event.unit,
            of_round=event.round,
            start_time=time,
            due_date=due_date,
        )
    ]
    save(tx, law, clocks, after=time)
    (announce_moved if running else announce_opened)(tx, law, clocks, time=time)


def end_part(*, event: dispatch_events.PartLapsed, tx: Books, law: Law) -> None:
    """The supporting unit was closed (Art. 10)."""
    time = time_of(event.lapse_time)
    clocks = [
        deadline.cancel(time=time, reason="该单位已撤销 / the unit was closed", by=OFFICE)
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.PART and deadline.is_open and deadline.unit == event.unit
    ]
    save(tx, law, clocks, after=time)


def settle_part(*, event: dispatch_events.PartReported, tx: Books, law: Law) -> None:
    """The supporting unit did its part (Art. 7, 22)."""
    time = time_of(event.report_time)
    clocks = [
        deadline.settle(time=time, deed="已反馈协办部分 / reported its part")
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.PART and deadline.is_open and deadline.unit == event.unit
    ]
    save(tx, law, clocks, after=time)


def return_to_office(*, event: dispatch_events.WorkOrderSentBack, tx: Books, law: Law) -> None:
    """The unit gave the order back: its first contact is void, handling goes on while the office holds it (Art. 22)."""
    time = time_of(event.send_back_time)
    known = tx.deadlines(event.work_order)
    order = order_of(tx, event.work_order)
    clocks = [
        deadline.hand_over(unit="", time=time)
        if deadline.kind is Kind.HANDLING
        else deadline.cancel(time=time, reason="承办单位退回工单 / the unit sent the order back", by=event.unit)
        for deadline in known
        if deadline.is_open
    ]
    save(tx, law, clocks, after=time)
    left = order.left(handling=_handling_of(order, known), time=time, sent_back=True)
    tx.save_orders([(order, left), (None, replace(order, unit="", sent_back=False))])


def take_back(*, event: dispatch_events.WorkOrderAwaitingLead, tx: Books, law: Law) -> None:
    """The office holds the order: as a new one, or taken from a unit that may not have it (Art. 22, 36(4))."""
    _hold_by_office(event.work_order, time=time_of(event.await_time), tx=tx, law=law)


def hold_joined(*, event: dispatch_events.WorkOrderJoined, tx: Books, law: Law) -> None:
    """Another order works for it; its own day runs on, in the office's hand (Art. 23(3))."""
    _hold_by_office(event.work_order, time=time_of(event.join_time), tx=tx, law=law)


def end_withdrawn(*, event: dispatch_events.WorkOrderWithdrawn, tx: Books, law: Law) -> None:
    """An order that was split from another by mistake owes nothing any more."""
    time = time_of(event.withdraw_time)
    _hold_by_office(event.work_order, time=time, tx=tx, law=law)
    clocks = [
        deadline.cancel(time=time, reason="拆分的工单已撤回 / the split was taken back", by=OFFICE)
        for deadline in tx.deadlines(event.work_order)
        if deadline.is_open
    ]
    save_with_order(tx, law, event.work_order, clocks, after=time)


def _hold_by_office(work_order: str, *, time: datetime, tx: Books, law: Law) -> None:
    known = tx.deadlines(work_order)
    clocks = [
        deadline.taken_back(time=time)
        if deadline.kind is Kind.HANDLING
        else deadline.cancel(time=time, reason="热线工作机构收回工单 / the office took the order back", by=OFFICE)
        for deadline in known
        if deadline.is_open and deadline.unit
    ]
    if clocks:
        order = order_of(tx, work_order)
        save(tx, law, clocks, after=time)
        left = order.left(handling=_handling_of(order, known), time=time, sent_back=False)
        tx.save_orders([(order, left), (None, replace(order, unit="", sent_back=False))])


def settle_first_contact(*, event: dispatch_events.FirstContactRecorded, tx: Books, law: Law) -> None:
    """The citizen was contacted (Art. 24(1))."""
    time = time_of(event.contact_time)
    clocks = [
        deadline.settle(time=time, deed="已联系诉求人 / first contact")
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.FIRST_CONTACT and deadline.is_open
    ]
    save_with_order(tx, law, event.work_order, clocks, after=time)


def extend_handling(*, event: dispatch_events.ExtensionGranted, tx: Books, law: Law) -> None:
    """The office granted more working days (Art. 26)."""
    time = time_of(event.grant_time)
    clocks = [
        law.extend(deadline, working_days=event.working_days, time=time)
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.HANDLING and deadline.is_open
    ]
    save_with_order(tx, law, event.work_order, clocks, after=time, extended=bool(clocks))
    announce_moved(tx, law, clocks, time=time)


def settle_handling(*, event: dispatch_events.ResultReported, tx: Books, law: Law, calls_back: bool = True) -> None:
    """Handled: in time only if both the reply and the report are (Art. 24(2)). The 24 hours of Art. 30 start.

    calls_back -- False in a county: the city calls back.
    """
    reply_time, report_time = time_of(event.reply_time), time_of(event.report_time)
    clocks = []
    for deadline in tx.deadlines(event.work_order):
        if deadline.round != event.round or not deadline.is_open:
            continue
        if deadline.kind is Kind.HANDLING:
            done = max(reply_time, report_time)
            clocks.append(deadline.settle(time=done, deed="已答复诉求人并反馈结果 / replied and reported"))
        elif deadline.kind is Kind.FIRST_CONTACT:
            clocks.append(deadline.settle(time=reply_time, deed="以答复作为首次联系 / the reply was the first contact"))
        elif deadline.kind is Kind.PART:
            reason = "主要负责部门已反馈全部结果 / the lead reported the whole"
            clocks.append(deadline.cancel(time=report_time, reason=reason, by=event.unit))
    filed = event.outcome == work_order_pb2.OUTCOME_FILED
    if calls_back:
        callback = hotline_clock(law, event.work_order, Kind.CALLBACK, start_time=report_time, number=event.round)
        clocks.append(callback)
    save_with_order(tx, law, event.work_order, clocks, after=report_time, filed=filed)
    if calls_back:
        announce_opened(tx, law, [callback], time=report_time)


def end_order_clocks(*, event: dispatch_events.WorkOrderClosed, tx: Books, law: Law) -> None:
    """A closed order owes nothing any more; its callback is settled by feedback's own word."""
    time = time_of(event.close_time)
    clocks = [
        deadline.cancel(time=time, reason="工单已办结 / the order was closed", by=OFFICE)
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is not Kind.CALLBACK and deadline.is_open
    ]
    save_with_order(tx, law, event.work_order, clocks, after=time)
