"""An order in other hands: another lead, and supporting units with parts of their own (Art. 7, 22)."""

from collections.abc import Collection
from datetime import date, datetime

from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import known_assignment, load_for_change, saved_and_announced
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


def assign_part(
    *, name: str, etag: str, unit: str, text: str, due_date: date | None, tx: Store, now: datetime
) -> WorkOrder:
    """A supporting unit learns its part (Art. 7, 22). Raises what `WorkOrder.assign_part` raises."""
    order = load_for_change(tx, name, etag)
    by = None if "office" in tx.actor.roles else tx.actor.unit
    order.assign_part(by=by, unit=unit, text=text, due_date=due_date, now=now)
    tx.save_order(order)
    return order


def report_part(*, name: str, etag: str, text: str, tx: Store, now: datetime) -> WorkOrder:
    """A supporting unit did its part (Art. 7, 22). Raises what `WorkOrder.report_part` raises."""
    order = load_for_change(tx, name, etag)
    order.report_part(by=tx.actor.unit, actor=tx.actor.subject, text=text, now=now)
    tx.save_order(order)
    return order
