"""What several handlers do: find an order, say where it went, see whether a unit can lead it."""

from collections.abc import Collection
from datetime import UTC, date, datetime

import structlog
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.dispatch.county.v1.county_messages_pb2 import OrderRequested
from hotline.dispatch.events.v1.work_order_events_pb2 import (
    ContactRelayChanged,
    PartAssigned,
    PartLapsed,
    ResultReported,
    WorkOrderAwaitingLead,
    WorkOrderDispatched,
    WorkOrderHeld,
)
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import appeal_pb2
from hotline_kernel import telemetry
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.record import CountedDays, OfficeDuty, State, StatutoryTerm
from hotline_dispatch.domain.refusals import LeadConcerned, LedByCounty, UnitUnknown
from hotline_dispatch.domain.unit import Assignment, Unit
from hotline_dispatch.domain.unit_version import closed
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.ports import Store

_log = structlog.get_logger()


def moment(timestamp: Timestamp) -> datetime:
    """A time as it came."""
    return timestamp.ToDatetime(UTC)


def duty_value(duty: OfficeDuty | None) -> "work_order_pb2.OfficeDuty.ValueType":
    """What the office owes, as it travels."""
    return work_order_pb2.OfficeDuty.Value(f"OFFICE_DUTY_{duty or 'UNSPECIFIED'}")


def term_message(term: StatutoryTerm | None) -> appeal_pb2.StatutoryTerm | None:
    """A law's own term as it travels, if there is one (Art. 24(2))."""
    if term is None:
        return None
    counted = appeal_pb2.CountedDays.Value(f"COUNTED_DAYS_{term.counted}")
    return appeal_pb2.StatutoryTerm(days=term.days, counted=counted, law=term.law, article=term.article)


def term_of(event: AppealReferred | OrderRequested) -> StatutoryTerm | None:
    """The same as it came."""
    if not event.HasField("statutory_term"):
        return None
    term = event.statutory_term
    counted = CountedDays(appeal_pb2.CountedDays.Name(term.counted).removeprefix("COUNTED_DAYS_"))
    return StatutoryTerm(term.days, counted, term.law, term.article)


def load(tx: Store, name: str, *, for_update: bool = False) -> WorkOrder:
    """An order by name. Raises `ResourceNotFound`."""
    # An event about an order that is not here is tried again: its source heard of the order from us.
    order = tx.find_order(uuid_of(name), for_update=for_update)
    if order is None:
        raise ResourceNotFound(resource=name)
    return order


def load_for_change(tx: Store, name: str, etag: str) -> WorkOrder:
    """An order, locked, if it still is as the caller saw it.

    A unit does not act here on what it leads if it is a county with a dispatch of its own: an order has one writer.
    Raises `ResourceNotFound`, `EtagMismatch`, `LedByCounty`.
    """
    order = load(tx, name, for_update=True)
    if etag and etag != str(order.version):
        raise EtagMismatch(resource=name)
    roles = tx.actor.roles
    if "unit" in roles and "office" not in roles and tx.actor.unit == order.lead and tx.county_of(order.lead):
        raise LedByCounty(unit=order.lead)
    return order


def ready(tx: Store, order: WorkOrder, proposed: Assignment | None) -> Assignment | None:
    """The proposed units, or who took their place, if the lead can lead.

    None sends the order to the office, never nowhere (Art. 10(1)).
    """
    if proposed is None:
        return None
    known = tx.find_units(proposed.units)
    lead = heir_of(tx, known.get(proposed.lead))
    if lead is None:
        _log.warning("proposed_lead_unknown", work_order=order.name, unit=proposed.lead)
        return None
    if not can_lead(tx, order, lead):
        return None
    heirs = (heir_of(tx, known.get(unit)) for unit in proposed.supporting)
    supporting = dict.fromkeys(unit.name for unit in heirs if unit is not None and unit.name != lead.name)
    return Assignment(lead.name, tuple(supporting))


def can_lead(tx: Store, order: WorkOrder, unit: Unit) -> bool:
    """Somebody answers for the unit, else there is an alarm (Art. 10(1)); and the complaint is not about it."""
    if not unit.principal:
        alarm_no_principal(unit.name, order)
        return False
    if is_concerned(tx, unit.name, about_unit=order.about_unit):
        _log.warning("proposed_lead_concerned", work_order=order.name)
        return False
    return True


def heir_of(tx: Store, unit: Unit | None) -> Unit | None:
    """Who stands in a unit's place: itself, or who took it when it was closed; None if there is nobody."""
    seen = set()
    while unit is not None and unit.is_closed:
        seen.add(unit.name)
        unit = None if unit.successor in seen else tx.find_unit(unit.successor)
    return unit


def known_assignment(tx: Store, order: WorkOrder, lead: str, supporting: Collection[str]) -> Assignment:
    """The units that the office names; a lead without a principal raises an alarm (Art. 10(1)).

    Raises `LeadAlsoSupporting`, `UnitUnknown`, `UnitClosed`, `LeadConcerned`.
    """
    assignment = Assignment(lead, tuple(supporting))
    known = tx.find_units(assignment.units)
    for unit in assignment.units:
        if unit not in known:
            raise UnitUnknown(unit=unit)
        if known[unit].is_closed:
            raise closed(known[unit])
    if is_concerned(tx, lead, about_unit=order.about_unit):
        raise LeadConcerned(unit=lead)
    if not known[lead].principal:
        alarm_no_principal(lead, order)
    return assignment


def is_concerned(tx: Store, unit: str, *, about_unit: str) -> bool:
    """The complaint is about that unit, or about one above it: it cannot lead (Art. 36(4); that one above, ours).

    Who took the place of the unit complained about is concerned as that was (ours).
    """
    if not about_unit:
        return False
    heir = heir_of(tx, tx.find_unit(about_unit))
    concerned = {about_unit} if heir is None else {about_unit, heir.name}
    return not concerned.isdisjoint((unit, *tx.superiors_of(unit)))


def announce_relay(tx: Store, order: WorkOrder, now: datetime) -> None:
    """Says whether the office relays the contact because of the unit that the complaint is about, and not which."""
    event = ContactRelayChanged(
        work_order=order.name, appeal=order.appeal, relayed=order.about_unit != "", change_time=timestamp(now)
    )
    tx.publish(event, aggregate=order.name, time=now)


def announce_part(tx: Store, order: WorkOrder, unit: str, due_date: date, now: datetime) -> None:
    """Says until when a supporting unit has its part (Art. 7, 22)."""
    day = Date(year=due_date.year, month=due_date.month, day=due_date.day)
    event = PartAssigned(work_order=order.name, unit=unit, due_date=day, round=order.round, assign_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)


def announce_lapsed_part(tx: Store, order: WorkOrder, unit: str, now: datetime) -> None:
    """Says that a unit that was closed has its part no more (Art. 10)."""
    event = PartLapsed(work_order=order.name, unit=unit, round=order.round, lapse_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)


def announce_result(tx: Store, order: WorkOrder, now: datetime) -> None:
    """Says that an order has its result (Art. 24(2)); its callback follows (Art. 30)."""
    result = order.result
    if result is None:
        return
    event = ResultReported(
        work_order=order.name,
        appeal=order.appeal,
        number=order.number,
        unit=result.unit,
        outcome=work_order_pb2.Outcome.Value(f"OUTCOME_{result.outcome}"),
        reply_time=timestamp(result.reply_time),
        report_time=timestamp(result.report_time),
        round=order.round,
    )
    tx.publish(event, aggregate=order.name, time=now)


def alarm_no_principal(unit: str, order: WorkOrder) -> None:
    """Says that an order has to do with a unit that nobody answers for (Art. 10(1))."""
    _log.warning("unit_without_principal", work_order=order.name, unit=unit)
    telemetry.ORDERS_WITHOUT_PRINCIPAL.labels("dispatch").inc()


def saved_and_announced(tx: Store, order: WorkOrder, now: datetime) -> WorkOrder:
    """Keeps an order that went somewhere, and says where."""
    tx.save_order(order)
    announce(tx, order, now)
    return order


def announce(tx: Store, order: WorkOrder, now: datetime) -> None:
    """Says where the order went: held, to the office, or out."""
    event: Message
    if order.state is State.HELD and order.directive is not None:
        event = WorkOrderHeld(
            work_order=order.name,
            appeal=order.appeal,
            directive_kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{order.directive.kind}"),
            hold_time=timestamp(now),
        )
    elif order.assignment is None:
        event = WorkOrderAwaitingLead(work_order=order.name, appeal=order.appeal, await_time=timestamp(now))
    else:
        lead = tx.find_unit(order.assignment.lead)
        event = WorkOrderDispatched(
            work_order=order.name,
            appeal=order.appeal,
            number=order.number,
            lead_unit=order.assignment.lead,
            supporting_units=order.assignment.supporting,
            request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{order.request_type}"),
            category=order.category,
            region=order.region,
            round=order.round,
            key_supervision=order.key_supervision,
            dispatch_time=timestamp(now),
            statutory_term=term_message(order.statutory_term),
            lead_unit_display_name=lead.display_name if lead else "",
            received_time=timestamp(order.received_time),
        )
    tx.publish(event, aggregate=order.name, time=now)
