"""Units change on their day, and no order stays in the hands of a unit that was closed (Art. 10, 22)."""

from datetime import datetime

import structlog
from hotline_kernel.calendar import ZONE

from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import (
    announce,
    announce_lapsed_part,
    announce_part,
    can_lead,
    heir_of,
)
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Store
from hotline_dispatch.handlers.units import take_effect

_log = structlog.get_logger()


def change_units(*, tx: Store, now: datetime, limit: int) -> int:
    """What is planned until today takes effect; tells for how many units."""
    units = tx.claim_changing_units(until=now.astimezone(ZONE).date(), limit=limit)
    for unit in units:
        if take_effect(unit, tx=tx, now=now):
            tx.save_unit(unit)
            tx.record(action="dispatch.units.take_effect", resource=unit.name, time=now)
            _log.info("unit_changed", unit=unit.name, closed=unit.is_closed)
    return len(units)


def hand_orders_over(*, tx: Store, patience: Patience, now: datetime, limit: int) -> int:
    """Open orders of closed units go to their successors, or to the office; tells how many."""
    orders = tx.claim_orders_of_closed(limit=limit)
    for order in orders:
        former, parts = order.lead, order.open_parts
        for unit, heir in leave_closed(order, tx=tx, now=now):
            details = {"from": unit, "to": heir}
            tx.record(action="dispatch.orders.succeed", resource=order.name, time=now, details=details)
        if order.lead != former:
            order.watch_office(patience=patience, now=now)
        tx.save_order(order)
        if order.lead != former:
            announce(tx, order, now)
        for unit in parts.keys() - order.open_parts.keys():
            announce_lapsed_part(tx, order, unit, now)
        for unit in order.open_parts.keys() - parts.keys():
            announce_part(tx, order, unit, order.open_parts[unit], now)
    return len(orders)


def leave_closed(order: WorkOrder, *, tx: Store, now: datetime) -> list[tuple[str, str]]:
    """An order that is out leaves the hands of closed units; from whom to whom, empty being the office."""
    handed: list[tuple[str, str]] = []
    known = tx.find_units(order.assignment.units) if order.assignment else {}
    for unit in known.values():
        if unit.is_closed and order.assignment is not None:
            heir = heir_of(tx, unit)
            if heir is not None and unit.name == order.lead and not can_lead(tx, order, heir):
                heir = None
            order.succeed(unit=unit.name, heir=heir.name if heir else None, reason=_reason(unit, heir), now=now)
            handed.append((unit.name, heir.name if heir else ""))
    return handed


def _reason(unit: Unit, heir: Unit | None) -> str:
    if heir is None:
        return f"{unit.display_name}已撤销，由热线工作机构重新确定主要负责部门"
    return f"{unit.display_name}已撤销，由{heir.display_name}承接"
