"""Circulars: the office names a unit that still does not act after supervision (Art. 29)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import NotOwnUnit
from hotline_sla.domain.circular import Circular, Undone, circulable, circular_number, named
from hotline_sla.domain.deadline import Law
from hotline_sla.domain.weights import in_effect
from hotline_sla.handlers.books import Books


def undone_orders(*, unit: str, tx: Books, now: datetime, law: Law) -> list[Undone]:
    """What a circular about a unit could name now (Art. 29)."""
    return circulable(tx.left_undone(unit), now=now, calendar=law.calendar)


def publish_circular(
    *,
    unit: str,
    work_orders: Collection[str],
    text: str,
    grave: bool,
    tx: Books,
    now: datetime,
    law: Law,
) -> Circular:
    """Name a unit for orders that it left undone; they cost it the points of the month it received them.

    work_orders -- none: all that can be named.

    Raises NothingToCirculate, OrderNotCirculable.
    """
    asked = named(undone_orders(unit=unit, tx=tx, now=now, law=law), asked=work_orders, unit=unit)
    for order in asked:  # locked first, as everywhere; who reported meanwhile is not named
        tx.deadlines(order.work_order)
    orders = named(
        undone_orders(unit=unit, tx=tx, now=now, law=law), asked=[order.work_order for order in asked], unit=unit
    )
    before = tx.orders(sorted(order.work_order for order in orders))
    published = tx.published_weights()
    points = [in_effect(published, order.received_date.replace(day=1)).circular_points for order in before.values()]
    circular = Circular(
        id=uuid7(),
        number=circular_number(serial=tx.next_circular_serial(), publish_time=now),
        unit=unit,
        text=text,
        points=sum(points),
        grave=grave,
        publish_time=now,
        orders=orders,
    )
    tx.add_circular(circular)
    tx.save_orders([(order, replace(order, circulated=True)) for order in before.values()])
    announced = sla_events.CircularPublished(
        circular=circular.name,
        number=circular.number,
        unit=unit,
        work_orders=[order.work_order for order in orders],
        grave=grave,
        publish_time=timestamp(now),
    )
    tx.publish(announced, aggregate=circular.name, time=now)
    return circular


def get_circular(*, name: str, visible_to: str | None, tx: Books) -> Circular:
    """One circular. visible_to -- the one unit that may see its own; None for the office.

    Raises ResourceNotFound, NotOwnUnit.
    """
    circular = tx.circular(uuid_of(name))
    if circular is None:
        raise ResourceNotFound(resource=name)
    if visible_to is not None and circular.unit != visible_to:
        raise NotOwnUnit
    return circular
