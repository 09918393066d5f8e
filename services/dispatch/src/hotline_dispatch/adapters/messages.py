"""Orders and units as they travel, both ways. Pure functions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.errors import FieldInvalid
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.holding import Holding
from hotline_dispatch.domain.part import Part
from hotline_dispatch.domain.record import (
    Directive,
    DirectiveKind,
    Extension,
    Filing,
    FirstContact,
    Outcome,
    PastRound,
    ReplyMeans,
    Result,
    SendBack,
    State,
    Study,
    StudyGround,
    SupervisionNote,
)
from hotline_dispatch.domain.suggestion import Suggestion
from hotline_dispatch.domain.unit import Handler, Unit, UnitKind
from hotline_dispatch.domain.unit_version import UnitVersion
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import duty_value, term_message
from hotline_dispatch.handlers.units import UPDATABLE

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
        statutory_term=term_message(order.statutory_term),
        directive=_directive(order.directive) if order.directive else None,
        first_contact=_first_contact(order.first_contact),
        result=_result(order.result),
        extension=_extension(order.extension),
        study_grounds=[work_order_pb2.StudyGround.Value(f"STUDY_GROUND_{ground}") for ground in order.study_grounds],
        study=_study(order.study),
        filing=_filing(order.filing),
        parts=[_part(part) for part in order.parts],
        holdings=[_holding(holding) for holding in order.holdings],
        chases=order.chases,
        chase_time=timestamp(order.chase_time),
        office_duty=duty_value(order.owed_by_office),
        office_asks=order.office_asks,
        office_ask_time=timestamp(order.office_ask_time),
        send_backs=[_send_back(given_back) for given_back in order.send_backs],
        past_rounds=[_past_round(past) for past in order.past_rounds],
        round=order.round,
        confidential=order.confidential,
        key_supervision=order.key_supervision,
        supervisions=[_supervision(note) for note in order.supervisions],
        create_time=timestamp(order.create_time),
        dispatch_time=timestamp(order.dispatch_time),
        close_time=timestamp(order.close_time),
        overdue=order.overdue,
        about_unit=order.about_unit,
        redacted=order.redacted,
        split_from=order.split_from,
        joined_into=order.joined_into,
        etag=str(order.version),
    )
    if order.due:
        message.due_date.CopyFrom(_day(order.due.due_date))
        message.due_time.CopyFrom(timestamp(order.due.due_time))
        message.due_provisional = order.due.provisional
        message.extension_cutoff_time.CopyFrom(timestamp(order.due.extension_cutoff_time))
    return message


def _supervision(note: SupervisionNote) -> work_order_pb2.SupervisionNote:
    return work_order_pb2.SupervisionNote(
        supervision=note.supervision,
        step=deadline_pb2.SupervisionStep.Value(f"SUPERVISION_STEP_{note.step}"),
        unit=note.unit,
        issue_time=timestamp(note.issue_time),
    )


def unit(known: Unit) -> work_order_pb2.Unit:
    """A unit for its readers."""
    return work_order_pb2.Unit(
        name=known.name,
        display_name=known.display_name,
        region=known.region,
        kind=work_order_pb2.UnitKind.Value(f"UNIT_KIND_{known.kind}"),
        principal=known.principal,
        competences=known.competences,
        superior=known.superior,
        handling_body=known.handling_body,
        handlers=[
            work_order_pb2.Handler(name=handler.name, duty=handler.duty, telephone=handler.telephone)
            for handler in known.handlers
        ],
        working_hours=known.working_hours,
        office_telephone=known.office_telephone,
        office_address=known.office_address,
        close_date=_day(known.close_date) if known.close_date else None,
        successor=known.successor,
        etag=str(known.version),
    )


def unit_version(version: UnitVersion) -> work_order_pb2.UnitVersion:
    """A change of a unit for its readers."""
    return work_order_pb2.UnitVersion(
        name=version.name,
        effective_date=_day(version.effective_date),
        change_time=timestamp(version.change_time),
        actor=version.actor,
        reason=version.reason,
        changed_fields=version.changed_fields,
        state=work_order_pb2.UnitVersionState.Value(f"UNIT_VERSION_STATE_{version.state}"),
        unit=unit(version.unit),
    )


def suggestion(suggested: Suggestion) -> service_pb2.LeadSuggestion:
    """A unit that may lead, for who decides."""
    return service_pb2.LeadSuggestion(
        unit=suggested.unit.name,
        display_name=suggested.unit.display_name,
        confidence=suggested.confidence,
        reasons=suggested.reasons,
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
        superior=message.superior,
        handling_body=message.handling_body,
        handlers=_handlers(message),
        working_hours=message.working_hours,
        office_telephone=message.office_telephone,
        office_address=message.office_address,
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
        case "handlers":
            return _handlers(message)
        case _:
            return getattr(message, path, None)


def _handlers(message: work_order_pb2.Unit) -> tuple[Handler, ...]:
    return tuple(Handler(handler.name, handler.duty, handler.telephone) for handler in message.handlers)


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


def directive_kind(value: appeal_pb2.DirectiveKind.ValueType) -> DirectiveKind:
    """Which of the four kinds; the contract lets no unset one pass."""
    return DirectiveKind(appeal_pb2.DirectiveKind.Name(value).removeprefix("DIRECTIVE_KIND_"))


def study_ground(value: work_order_pb2.StudyGround.ValueType) -> StudyGround:
    """Why a principal must study; the contract lets no unset one pass."""
    return StudyGround(work_order_pb2.StudyGround.Name(value).removeprefix("STUDY_GROUND_"))


def filing(request: service_pb2.ReportResultRequest, *, look_date: date) -> Filing | None:
    """What a result says for the file, None if nothing (Art. 27).  look_date -- if the request names none."""
    named = optional_date(request, "look_date")
    if request.outcome != work_order_pb2.OUTCOME_FILED and not request.obstacle:
        return None
    return Filing(request.obstacle, request.understood, named or look_date)


def optional_time(request: Message, field: str) -> datetime | None:
    """A time in a request; None if unset. Raises `FieldInvalid` if it is beyond what a calendar knows."""
    if not request.HasField(field):
        return None
    timestamp: Timestamp = getattr(request, field)
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(field, "must be a time between year 1 and 9999")]) from error


def optional_date(request: Message, field: str) -> date | None:
    """A day in a request; None if unset. Raises `FieldInvalid` if there is no such day."""
    if not request.HasField(field):
        return None
    day: Date = getattr(request, field)
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(field, "must be a day of the calendar")]) from error


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _directive(directive: Directive) -> work_order_pb2.Directive:
    return work_order_pb2.Directive(
        kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{directive.kind}"),
        text=directive.text,
        authority=directive.authority,
        directive_time=timestamp(directive.directive_time),
    )


def _first_contact(contact: FirstContact | None) -> work_order_pb2.FirstContact | None:
    if contact is None:
        return None
    return work_order_pb2.FirstContact(
        contact_time=timestamp(contact.contact_time), note=contact.note, relayed=contact.relayed, actor=contact.actor
    )


def _result(result: Result | None) -> work_order_pb2.Result | None:
    if result is None:
        return None
    return work_order_pb2.Result(
        outcome=work_order_pb2.Outcome.Value(f"OUTCOME_{result.outcome}"),
        text=result.text,
        reply_time=timestamp(result.reply_time),
        reply_means=work_order_pb2.ReplyMeans.Value(f"REPLY_MEANS_{result.reply_means}"),
        reply_text=result.reply_text,
        report_time=timestamp(result.report_time),
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
        request_time=timestamp(extension.request_time),
        decision_note=extension.decision_note,
        decide_time=timestamp(extension.decide_time),
    )


def _send_back(given_back: SendBack) -> work_order_pb2.SendBack:
    return work_order_pb2.SendBack(
        unit=given_back.unit, reason=given_back.reason, send_back_time=timestamp(given_back.send_back_time)
    )


def _past_round(past: PastRound) -> work_order_pb2.PastRound:
    return work_order_pb2.PastRound(
        round=past.round,
        lead_unit=past.lead_unit,
        dispatch_time=timestamp(past.dispatch_time),
        first_contact=_first_contact(past.first_contact),
        result=_result(past.result),
        extension=_extension(past.extension),
        study=_study(past.study),
        filing=_filing(past.filing),
        parts=[_part(part) for part in past.parts],
    )


def _study(study: Study | None) -> work_order_pb2.Study | None:
    if study is None:
        return None
    return work_order_pb2.Study(
        principal=study.principal, study_time=timestamp(study.study_time), decision=study.decision, actor=study.actor
    )


def _filing(filed: Filing | None) -> work_order_pb2.Filing | None:
    if filed is None:
        return None
    return work_order_pb2.Filing(
        obstacle=filed.obstacle,
        understood=filed.understood,
        look_date=_day(filed.look_date) if filed.look_date else None,
        looks=[
            work_order_pb2.Look(look_time=timestamp(look.look_time), note=look.note, actor=look.actor)
            for look in filed.looks
        ],
    )


def _part(part: Part) -> work_order_pb2.Part:
    return work_order_pb2.Part(
        unit=part.unit,
        text=part.text,
        due_date=_day(part.due_date),
        state=work_order_pb2.PartState.Value(f"PART_STATE_{part.state}"),
        assign_time=timestamp(part.assign_time),
        report_text=part.report_text,
        report_time=timestamp(part.report_time),
        is_late=part.is_late,
        actor=part.actor,
    )


def _holding(holding: Holding) -> work_order_pb2.Holding:
    return work_order_pb2.Holding(
        unit=holding.unit,
        start_time=timestamp(holding.start_time),
        end_time=timestamp(holding.end_time),
        reason=holding.reason,
        overdue_since=timestamp(holding.overdue_since),
    )
