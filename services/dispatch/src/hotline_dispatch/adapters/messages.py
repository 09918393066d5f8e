"""Orders and units as they travel, both ways. Pure functions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_kernel.errors import FieldInvalid

from hotline_dispatch.domain.unit import Unit, UnitKind
from hotline_dispatch.domain.work_order import (
    Directive,
    Extension,
    FirstContact,
    Outcome,
    PastRound,
    ReplyMeans,
    Result,
    SendBack,
    State,
    WorkOrder,
)
from hotline_dispatch.handlers import UPDATABLE, stamp

_EVERY_UNIT_HAS = ("display_name", "region", "kind")


def work_order(order: WorkOrder) -> work_order_pb2.WorkOrder:
    """An order for its readers."""
    message = work_order_pb2.WorkOrder(
        name=order.name,
        number=order.number,
        appeal=order.appeal,
        title=order.title,
        text=order.text,
        state=work_order_pb2.WorkOrderState.Value(f"WORK_ORDER_STATE_{order.state}"),
        lead_unit=order.lead,
        supporting_units=order.assignment.supporting if order.assignment else (),
        request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{order.request_type}"),
        category=order.category,
        region=order.region,
        directive=_directive(order.directive) if order.directive else None,
        first_contact=_first_contact(order.first_contact),
        result=_result(order.result),
        extension=_extension(order.extension),
        send_backs=[_send_back(given_back) for given_back in order.send_backs],
        past_rounds=[_past_round(past) for past in order.past_rounds],
        round=order.round,
        confidential=order.confidential,
        key_supervision=order.key_supervision,
        create_time=stamp(order.create_time),
        dispatch_time=_optional_stamp(order.dispatch_time),
        close_time=_optional_stamp(order.close_time),
        overdue=order.overdue,
        etag=str(order.version),
    )
    if order.due:
        day = order.due.due_date
        message.due_date.year, message.due_date.month, message.due_date.day = day.year, day.month, day.day
        message.due_time.CopyFrom(stamp(order.due.due_time))
        message.due_provisional = order.due.provisional
        message.extension_cutoff_time.CopyFrom(stamp(order.due.extension_cutoff_time))
    return message


def unit(known: Unit) -> work_order_pb2.Unit:
    """A unit for its readers."""
    return work_order_pb2.Unit(
        name=known.name,
        display_name=known.display_name,
        region=known.region,
        kind=work_order_pb2.UnitKind.Value(f"UNIT_KIND_{known.kind}"),
        principal=known.principal,
        competences=known.competences,
        etag=str(known.version),
    )


def new_unit(message: work_order_pb2.Unit) -> Unit:
    """A unit to be entered in the registry. Raises `FieldInvalid` if something is missing that every unit has."""
    _require(message, _EVERY_UNIT_HAS)
    return Unit(
        name=message.name,
        display_name=message.display_name,
        region=message.region,
        kind=_unit_kind(message.kind),
        principal=message.principal,
        competences=list(message.competences),
    )


def unit_changes(request: service_pb2.UpdateUnitRequest) -> Mapping[str, Any]:
    """The fields to change with their new values; without a mask, every populated field that may change (AIP-134).

    Raises `FieldInvalid` if that would empty something that every unit has.
    """
    asked = request.unit
    if request.update_mask.paths:
        paths = list(request.update_mask.paths)
    else:
        paths = [descriptor.name for descriptor, _ in asked.ListFields() if descriptor.name in UPDATABLE]
    _require(asked, [path for path in paths if path in _EVERY_UNIT_HAS])
    return {path: _unit_value(asked, path) for path in paths}


def _require(message: work_order_pb2.Unit, paths: Sequence[str]) -> None:
    missing = [(f"unit.{path}", "is required") for path in paths if not getattr(message, path)]
    if missing:
        raise FieldInvalid(violations=missing)


def _unit_value(message: work_order_pb2.Unit, path: str) -> object:
    match path:
        case "kind":
            return _unit_kind(message.kind)
        case "competences":
            return list(message.competences)
        case _:
            return getattr(message, path, None)


def _unit_kind(value: work_order_pb2.UnitKind.ValueType) -> UnitKind:
    return UnitKind(work_order_pb2.UnitKind.Name(value).removeprefix("UNIT_KIND_"))


def state(value: work_order_pb2.WorkOrderState.ValueType) -> State | None:
    """A state to filter by; None if unset."""
    if not value:
        return None
    return State(work_order_pb2.WorkOrderState.Name(value).removeprefix("WORK_ORDER_STATE_"))


def outcome(value: work_order_pb2.Outcome.ValueType) -> Outcome:
    """How a matter ended; the contract lets no unset one pass."""
    return Outcome(work_order_pb2.Outcome.Name(value).removeprefix("OUTCOME_"))


def reply_means(value: work_order_pb2.ReplyMeans.ValueType) -> ReplyMeans | None:
    """How the citizen was told; None if unset, which the law refuses and not the form (Art. 24(2))."""
    if not value:
        return None
    return ReplyMeans(work_order_pb2.ReplyMeans.Name(value).removeprefix("REPLY_MEANS_"))


def optional_time(
    message: service_pb2.RecordFirstContactRequest | service_pb2.ReportResultRequest, field: str
) -> datetime | None:
    """A time in a request; None if unset. Raises `FieldInvalid` if it is beyond what a calendar knows."""
    if not message.HasField(field):  # type: ignore[arg-type]
        return None
    timestamp: Timestamp = getattr(message, field)
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(field, "must be a time between year 1 and 9999")]) from error


def optional_date(message: service_pb2.ListWorkOrdersRequest) -> date | None:
    """The day to filter by; None if unset. Raises `FieldInvalid` if there is no such day."""
    if not message.HasField("due_by"):
        return None
    try:
        return date(message.due_by.year, message.due_by.month, message.due_by.day)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[("due_by", "must be a day of the calendar")]) from error


def _optional_stamp(time: datetime | None) -> Timestamp | None:
    return stamp(time) if time else None


def _directive(directive: Directive) -> work_order_pb2.Directive:
    return work_order_pb2.Directive(
        kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{directive.kind}"),
        text=directive.text,
        authority=directive.authority,
        directive_time=_optional_stamp(directive.directive_time),
    )


def _first_contact(contact: FirstContact | None) -> work_order_pb2.FirstContact | None:
    if contact is None:
        return None
    return work_order_pb2.FirstContact(
        contact_time=stamp(contact.contact_time), note=contact.note, relayed=contact.relayed, actor=contact.actor
    )


def _result(result: Result | None) -> work_order_pb2.Result | None:
    if result is None:
        return None
    return work_order_pb2.Result(
        outcome=work_order_pb2.Outcome.Value(f"OUTCOME_{result.outcome}"),
        text=result.text,
        reply_time=stamp(result.reply_time),
        reply_means=work_order_pb2.ReplyMeans.Value(f"REPLY_MEANS_{result.reply_means}"),
        reply_text=result.reply_text,
        report_time=stamp(result.report_time),
        unit=result.unit,
        actor=result.actor,
    )


def _extension(extension: Extension | None) -> work_order_pb2.Extension | None:
    if extension is None:
        return None
    return work_order_pb2.Extension(
        state=work_order_pb2.ExtensionState.Value(f"EXTENSION_STATE_{extension.state}"),
        working_days=extension.working_days,
        reason=extension.reason,
        request_time=stamp(extension.request_time),
        decision_note=extension.decision_note,
        decide_time=_optional_stamp(extension.decide_time),
    )


def _send_back(given_back: SendBack) -> work_order_pb2.SendBack:
    return work_order_pb2.SendBack(
        unit=given_back.unit, reason=given_back.reason, send_back_time=stamp(given_back.send_back_time)
    )


def _past_round(past: PastRound) -> work_order_pb2.PastRound:
    return work_order_pb2.PastRound(
        round=past.round,
        lead_unit=past.lead_unit,
        dispatch_time=stamp(past.dispatch_time),
        first_contact=_first_contact(past.first_contact),
        result=_result(past.result),
        extension=_extension(past.extension),
    )
