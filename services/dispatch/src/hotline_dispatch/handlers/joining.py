"""Several orders of one appeal, and one order that works for many appeals (Art. 7, 22, 23(3); ADR 0028)."""

from collections.abc import Collection
from datetime import datetime

from hotline.dispatch.events.v1.work_order_events_pb2 import WorkOrderJoined, WorkOrderSplit, WorkOrderWithdrawn
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.refusals import LeadConcerned, OrdersJoinedEnough
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import (
    announce,
    announce_relay,
    announce_result,
    is_concerned,
    known_assignment,
    load,
    load_for_change,
)
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Store


def split_work_order(
    *,
    name: str,
    etag: str,
    title: str,
    text: str,
    lead_unit: str,
    supporting_units: Collection[str],
    tx: Store,
    now: datetime,
) -> WorkOrder:
    """A further order of the same appeal, out to units of its own (Art. 7, 22).

    Raises `LeadAlsoSupporting`, `UnitUnknown`, `UnitClosed`, and what `WorkOrder.split` raises.
    """
    order = load_for_change(tx, name, etag)
    assignment = known_assignment(tx, order, lead_unit, supporting_units)
    number = tx.count_split(order.name) + 2
    further = order.split(order_id=uuid7(), number=number, title=title, text=text, assignment=assignment, now=now)
    tx.save_order(order)  # its version grows, so that two splits at once are numbered one after the other
    tx.add_order(further)
    event = WorkOrderSplit(
        work_order=further.name, appeal=further.appeal, split_from=order.name, split_time=timestamp(now)
    )
    tx.publish(event, aggregate=further.name, time=now)
    if further.about_unit:
        announce_relay(tx, further, now)
    announce(tx, further, now)
    return further


def withdraw_work_order(*, name: str, etag: str, tx: Store, now: datetime) -> WorkOrder:
    """What was split off is taken back. Raises what `WorkOrder.withdraw` raises."""
    order = load_for_change(tx, name, etag)
    order.withdraw(has_joined=tx.count_joined(order.name) > 0, now=now)
    order.watch_office(patience={}, now=now)
    tx.save_order(order)
    event = WorkOrderWithdrawn(work_order=order.name, appeal=order.appeal, withdraw_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def join_work_order(*, name: str, into: str, etag: str, reason: str, limit: int, tx: Store, now: datetime) -> WorkOrder:
    """Another order works for this one too (Art. 23(3)).

    Raises `LeadConcerned`, `OrdersJoinedEnough`, and what `WorkOrder.join` raises.
    """
    # The one that works is locked first, as it is when it brings its result, so that neither waits for the other.
    other = load(tx, into, for_update=True)
    order = other if name == into else load_for_change(tx, name, etag)
    joined = tx.count_joined(other.name)
    if joined >= limit:
        raise OrdersJoinedEnough(into=other.name, limit=str(limit))
    order.join(into=other, has_joined=tx.count_joined(order.name) > 0, reason=reason, now=now)
    if is_concerned(tx, other.lead, about_unit=order.about_unit):
        raise LeadConcerned(unit=other.lead)
    order.watch_office(patience={}, now=now)
    tx.save_order(other)
    tx.save_order(order)
    event = WorkOrderJoined(work_order=order.name, appeal=order.appeal, into=other.name, join_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def separate_work_order(
    *, name: str, etag: str, reason: str, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """It is worked on by itself again. Raises what `WorkOrder.separate` raises."""
    seen = load(tx, name)
    if seen.joined_into:
        load(tx, seen.joined_into, for_update=True)  # first, as above
    order = load_for_change(tx, name, etag)
    order.separate(reason=reason, now=now)
    order.watch_office(patience=patience, now=now)
    tx.save_order(order)
    announce(tx, order, now)
    return order


def share_result(order: WorkOrder, *, tx: Store, now: datetime) -> None:
    """The result of an order is that of all that it works for; each citizen is called back (Art. 30)."""
    for joined in tx.joined_orders(order.name):
        joined.share_result(of=order, now=now)
        tx.save_order(joined)
        announce_result(tx, joined, now)
