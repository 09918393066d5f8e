"""An order in other hands: another lead, supporting units' parts (Art. 7, 22), a unit complained about (Art. 36(4))."""

from collections.abc import Collection
from datetime import date, datetime

from hotline.dispatch.events.v1.work_order_events_pb2 import PartReported
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.record import State
from hotline_dispatch.domain.refusals import UnitUnknown
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import (
    announce,
    announce_part,
    announce_relay,
    is_concerned,
    known_assignment,
    load_for_change,
    saved_and_announced,
)
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Store


def reassign_work_order(
    *, name: str, etag: str, lead_unit: str, supporting_units: Collection[str], reason: str, tx: Store, now: datetime
) -> WorkOrder:
    """The office gives it to another lead (Art. 7, 22); sla hands the clocks over and moves none.

    Raises `LeadAlsoSupporting`, `UnitUnknown`, and what `WorkOrder.reassign` raises.
    """
    order = load_for_change(tx, name, etag)
    order.reassign(assignment=known_assignment(tx, order, lead_unit, supporting_units), reason=reason, now=now)
    return saved_and_announced(tx, order, now)


def mark_about_unit(
    *, name: str, etag: str, about_unit: str, reason: str, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """The complaint is about a unit, or about none (Art. 36(4)); if that unit has it, the office takes it back.

    Raises `UnitUnknown`.
    """
    order = load_for_change(tx, name, etag)
    if about_unit and tx.find_unit(about_unit) is None:
        raise UnitUnknown(unit=about_unit)
    before, was_about = order.state, order.about_unit
    concerned = (about_unit, *tx.superiors_of(about_unit)) if about_unit else ()
    leads = order.lead != "" and is_concerned(tx, order.lead, about_unit=about_unit)
    order.mark_about(concerned=concerned, leads=leads, reason=reason, now=now)
    taken = before is State.DISPATCHED and order.state is State.AWAITING_LEAD
    if taken:
        order.watch_office(patience=patience, now=now)
    tx.save_order(order)
    if bool(was_about) != bool(about_unit):
        announce_relay(tx, order, now)
    if taken:
        announce(tx, order, now)
    return order


def assign_part(
    *, name: str, etag: str, unit: str, text: str, due_date: date | None, tx: Store, now: datetime
) -> WorkOrder:
    """A supporting unit learns its part (Art. 7, 22). Raises what `WorkOrder.assign_part` raises."""
    order = load_for_change(tx, name, etag)
    by = None if "office" in tx.actor.roles else tx.actor.unit
    part = order.assign_part(by=by, unit=unit, text=text, due_date=due_date, now=now)
    tx.save_order(order)
    announce_part(tx, order, part.unit, part.due_date, now)
    return order


def report_part(*, name: str, etag: str, text: str, tx: Store, now: datetime) -> WorkOrder:
    """A supporting unit did its part (Art. 7, 22). Raises what `WorkOrder.report_part` raises."""
    order = load_for_change(tx, name, etag)
    unit = tx.actor.unit
    order.report_part(by=unit, actor=tx.actor.subject, text=text, now=now)
    tx.save_order(order)
    event = PartReported(work_order=order.name, unit=unit, round=order.round, report_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)
    return order
