"""What people do with an order, from its way out to its result (Art. 7, 22-26)."""

from collections.abc import Collection
from datetime import datetime

from hotline.dispatch.events.v1.work_order_events_pb2 import (
    ExtensionGranted,
    FirstContactRecorded,
    WorkOrderSentBack,
)
from hotline_kernel.auth import Principal
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.record import ExtensionState, Filing, Outcome, ReplyMeans, StudyGround
from hotline_dispatch.domain.refusals import DecidedByCity
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import (
    announce_result,
    known_assignment,
    load,
    load_for_change,
    saved_and_announced,
)
from hotline_dispatch.handlers.joining import share_result
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Store


def get_work_order(*, name: str, tx: Store) -> WorkOrder:
    """One order. Raises `ResourceNotFound`, `NotOwnUnit`."""
    order = load(tx, name)
    if (unit := restricted_to(tx.actor)) is not None:
        order.require_visible(to_unit=unit)
    return as_seen(order, tx)


def as_seen(order: WorkOrder, tx: Store) -> WorkOrder:
    """What the caller may know of an order: a complaint about a unit is not for that unit (Art. 36(4))."""
    unit = restricted_to(tx.actor)
    if unit is None or not order.about_unit:
        return order
    return order.seen_by(unit=unit, line=tx.line_of(unit))


def restricted_to(principal: Principal) -> str | None:
    """The unit whose orders alone the caller may see; None for the office and its seats."""
    return principal.unit if "unit" in principal.roles and "office" not in principal.roles else None


def dispatch_work_order(
    *,
    name: str,
    etag: str,
    lead_unit: str,
    supporting_units: Collection[str],
    study_grounds: Collection[StudyGround],
    tx: Store,
    now: datetime,
) -> WorkOrder:
    """The office names the units (Art. 7, 22); its decision stands, a lead without a principal raises an alarm.

    Raises `LeadAlsoSupporting`, `UnitUnknown`, and what `WorkOrder.dispatch` raises.
    """
    order = load_for_change(tx, name, etag)
    assignment = known_assignment(tx, order, lead_unit, supporting_units)
    order.dispatch(assignment=assignment, now=now)
    order.mark_for_study(*study_grounds)
    return saved_and_announced(tx, order, now)


def send_back_work_order(
    *, name: str, etag: str, reason: str, limit: int, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """The lead unit gives the order back to the office (Art. 22). Raises what `WorkOrder.send_back` raises."""
    order = load_for_change(tx, name, etag)
    unit = tx.actor.unit
    order.send_back(by=unit, reason=reason, limit=limit, now=now)
    order.watch_office(patience=patience, now=now)
    tx.save_order(order)
    tx.count_lead(category=order.category, region=order.region, unit=unit, sent_back=True)
    event = WorkOrderSentBack(work_order=order.name, unit=unit, send_back_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def record_first_contact(
    *, name: str, etag: str, note: str, contact_time: datetime | None, tx: Store, now: datetime
) -> WorkOrder:
    """The unit, or the office for it, reached the citizen (Art. 24(1)). Raises what the order raises."""
    order = load_for_change(tx, name, etag)
    by = None if "office" in tx.actor.roles else tx.actor.unit
    contact = order.record_first_contact(by=by, actor=tx.actor.subject, note=note, contact_time=contact_time, now=now)
    tx.save_order(order)
    event = FirstContactRecorded(work_order=order.name, contact_time=timestamp(contact.contact_time))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def report_result(
    *,
    name: str,
    etag: str,
    outcome: Outcome,
    text: str,
    reply_time: datetime | None,
    reply_means: ReplyMeans | None,
    reply_text: str,
    filing: Filing | None,
    tx: Store,
    now: datetime,
) -> WorkOrder:
    """The lead unit replied to the citizen and reports (Art. 24(2), 27). Raises what `WorkOrder.report` raises."""
    order = load_for_change(tx, name, etag)
    result = order.report(
        by=tx.actor.unit,
        actor=tx.actor.subject,
        outcome=outcome,
        text=text,
        reply_time=reply_time,
        reply_means=reply_means,
        reply_text=reply_text,
        filing=filing,
        now=now,
    )
    tx.save_order(order)
    tx.count_lead(category=order.category, region=order.region, unit=result.unit)
    announce_result(tx, order, now)
    share_result(order, tx=tx, now=now)
    return order


def request_extension(
    *, name: str, etag: str, working_days: int, reason: str, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """The lead unit asks for a later deadline (Art. 26). Raises what `WorkOrder.request_extension` raises."""
    order = load_for_change(tx, name, etag)
    order.request_extension(by=tx.actor.unit, working_days=working_days, reason=reason, now=now)
    order.watch_office(patience=patience, now=now)
    tx.save_order(order)
    return order


def decide_extension(*, name: str, etag: str, granted: bool, note: str, tx: Store, now: datetime) -> WorkOrder:
    """The office decides; sla moves the deadline when it hears of a grant (Art. 26).

    Raises what the order raises; in a county `DecidedByCity`, for an order that the city gave.
    """
    order = load_for_change(tx, name, etag)
    if order.received_time is not None:
        raise DecidedByCity(resource=order.name)
    extension = order.decide_extension(granted=granted, note=note, now=now)
    tx.save_order(order)
    if extension.state is ExtensionState.GRANTED:
        event = ExtensionGranted(
            work_order=order.name,
            appeal=order.appeal,
            working_days=extension.working_days,
            reason=note,
            grant_time=timestamp(now),
        )
        tx.publish(event, aggregate=order.name, time=now)
    return order
