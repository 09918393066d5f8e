"""sla's resources as messages, and what its requests ask for as the domain's values."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.intake.v1 import appeal_pb2
from hotline.sla.v1 import circular_pb2, deadline_pb2, document_pb2
from hotline.sla.v1 import sla_service_pb2 as service_pb2
from hotline_kernel.errors import FieldInvalid, PageTokenInvalid
from hotline_kernel.timestamps import timestamp

from hotline_sla.adapters.postgres import DeadlineFilter, KeyFilter, KeySupervised
from hotline_sla.domain import explanation
from hotline_sla.domain.assessment import Counts, PeriodInvalid
from hotline_sla.domain.circular import Circular, Undone
from hotline_sla.domain.deadline import Deadline, Kind, Law, State, StatutoryTerm
from hotline_sla.domain.letter import Letter
from hotline_sla.domain.supervision import Ground, Step, Supervision


def deadline_message(deadline: Deadline, *, law: Law) -> deadline_pb2.Deadline:
    """A clock as it goes out, with the changes it was loaded with."""
    return deadline_pb2.Deadline(
        name=f"deadlines/{deadline.id}",
        subject=deadline.subject,
        kind=deadline_pb2.DeadlineKind.Value(f"DEADLINE_KIND_{deadline.kind}"),
        unit=deadline.unit,
        state=deadline_pb2.DeadlineState.Value(f"DEADLINE_STATE_{deadline.state}"),
        round=deadline.round,
        start_time=timestamp(deadline.start_time),
        due_time=timestamp(deadline.due_time),
        due_date=Date(year=deadline.due_date.year, month=deadline.due_date.month, day=deadline.due_date.day),
        provisional=deadline.provisional,
        settle_time=timestamp(deadline.settle_time),
        history=[
            deadline_pb2.DeadlineChange(
                change_time=timestamp(change.time),
                change=change.change,
                reason=change.reason,
                due_time=timestamp(change.due_time),
                by=change.by,
            )
            for change in deadline.changes
        ],
        explanation=explanation.explain(deadline, law=law),
        account=explanation.tell(deadline),
        statutory_term=_term_message(deadline.statutory_term),
    )


def _term_message(term: StatutoryTerm | None) -> appeal_pb2.StatutoryTerm | None:
    if term is None:
        return None
    counted = appeal_pb2.CountedDays.Value(f"COUNTED_DAYS_{term.counted}")
    return appeal_pb2.StatutoryTerm(days=term.days, counted=counted, law=term.law, article=term.article)


def supervision_message(supervision: Supervision) -> deadline_pb2.Supervision:
    """A step of supervision as it goes out."""
    return deadline_pb2.Supervision(
        name=f"supervisions/{supervision.id}",
        work_order=supervision.work_order,
        unit=supervision.unit,
        step=deadline_pb2.SupervisionStep.Value(f"SUPERVISION_STEP_{supervision.step}"),
        number=supervision.notice,
        text=supervision.text,
        issue_time=timestamp(supervision.issue_time),
        round=supervision.round,
        acknowledge_time=timestamp(supervision.acknowledge_time),
        acknowledged_by=supervision.acknowledged_by,
        acknowledge_note=supervision.acknowledge_note,
    )


def key_supervision_message(found: KeySupervised) -> deadline_pb2.KeySupervision:
    """An order under key supervision as it goes out."""
    return deadline_pb2.KeySupervision(
        name=f"keySupervisions/{found.key.id}",
        work_order=found.key.work_order,
        ground=deadline_pb2.KeySupervisionGround.Value(f"KEY_SUPERVISION_GROUND_{found.key.ground}"),
        reason=found.key.reason,
        start_time=timestamp(found.key.start_time),
        number=found.number,
        unit=found.unit,
        handling=deadline_pb2.DeadlineState.Value(f"DEADLINE_STATE_{found.handling}"),
    )


def key_filter(request: service_pb2.ListKeySupervisionsRequest, *, unit: str | None) -> KeyFilter:
    """Which orders under key supervision are asked for; unit -- as in `deadline_filter`."""
    return KeyFilter(
        work_order=request.work_order or None,
        unit=unit,
        ground=ground_of(request.ground),
        open=request.open,
        overdue=request.overdue,
    )


def ground_of(value: "deadline_pb2.KeySupervisionGround.ValueType") -> Ground | None:
    """The ground, None if none is named."""
    name = deadline_pb2.KeySupervisionGround.Name(value).removeprefix("KEY_SUPERVISION_GROUND_")
    return Ground(name) if value else None


def undone_message(order: Undone) -> circular_pb2.UndoneOrder:
    """An order left undone as it goes out."""
    return circular_pb2.UndoneOrder(
        work_order=order.work_order,
        number=order.number,
        round=order.round,
        due_time=timestamp(order.due_time),
        supervision=order.supervision,
        notice=order.notice,
        notice_time=timestamp(order.notice_time),
        acknowledge_time=timestamp(order.acknowledge_time),
    )


def circular_message(circular: Circular) -> circular_pb2.Circular:
    """A circular as it goes out, with the orders it was loaded with."""
    return circular_pb2.Circular(
        name=circular.name,
        number=circular.number,
        unit=circular.unit,
        text=circular.text,
        orders=[undone_message(order) for order in circular.orders],
        points=circular.points,
        grave=circular.grave,
        publish_time=timestamp(circular.publish_time),
    )


XLSX = document_pb2.DOCUMENT_FORMAT_XLSX
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def document_message(name: str, letter: Letter, *, suffix: str, content: bytes) -> document_pb2.Document:
    """A letter, or the workbook of the same notice, as it goes out. suffix -- pdf or xlsx."""
    return document_pb2.Document(
        name=name,
        file_name=f"{letter.title}-{letter.number}.{suffix}",
        media_type=_MEDIA_TYPES[suffix],
        content=content,
    )


def score_message(unit: str, counts: Counts, *, score: float | None, version: str) -> deadline_pb2.UnitScore:
    """The counts of a unit and what they are worth. version -- of the weights."""
    return deadline_pb2.UnitScore(unit=unit, score=score, weights_version=version, **asdict(counts))


def deadline_filter(request: service_pb2.ListDeadlinesRequest, *, unit: str | None) -> DeadlineFilter:
    """Which clocks are asked for; unit -- the one filtered by, after the caller's own was looked at."""
    return DeadlineFilter(
        subject=request.subject or None,
        unit=unit,
        kind=_kind(request.kind),
        state=_state(request.state),
        due_before=_moment(request.due_before, field="due_before") if request.HasField("due_before") else None,
    )


def _kind(value: "deadline_pb2.DeadlineKind.ValueType") -> Kind | None:
    return Kind(deadline_pb2.DeadlineKind.Name(value).removeprefix("DEADLINE_KIND_")) if value else None


def _state(value: "deadline_pb2.DeadlineState.ValueType") -> State | None:
    return State(deadline_pb2.DeadlineState.Name(value).removeprefix("DEADLINE_STATE_")) if value else None


def step_of(value: "deadline_pb2.SupervisionStep.ValueType") -> Step | None:
    """The step filtered by, None if none is."""
    return Step(deadline_pb2.SupervisionStep.Name(value).removeprefix("SUPERVISION_STEP_")) if value else None


class _OfDays(Protocol):
    """A request about some days."""

    @property
    def start_date(self) -> Date:
        """The first."""

    @property
    def end_date(self) -> Date:
        """The last."""


def period_of(request: _OfDays) -> tuple[date, date]:
    """First and last day. Raises FieldInvalid for what is no day, PeriodInvalid if it ends before it starts."""
    start, end = day_of(request.start_date, field="start_date"), day_of(request.end_date, field="end_date")
    if end < start:
        raise PeriodInvalid(
            violations=[("end_date", "must not be before start_date")],
            start_date=start.isoformat(),
            end_date=end.isoformat(),
        )
    return start, end


def due_position(after: list[str] | None) -> tuple[datetime, UUID] | None:
    """Where a page of clocks starts. Raises PageTokenInvalid."""
    if after is None:
        return None
    try:
        due_time, last = after
        return datetime.fromisoformat(due_time), UUID(last)
    except ValueError as error:
        raise PageTokenInvalid(violations=[("page_token", "must be taken from the answer before")]) from error


def day_of(message: Date, *, field: str) -> date:
    """A day of the calendar. Raises FieldInvalid."""
    try:
        return date(message.year, message.month, message.day)
    except ValueError as error:
        raise FieldInvalid(violations=[(field, "must be a day of the calendar")]) from error


def _moment(message: Timestamp, *, field: str) -> datetime:
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(field, "must be a moment between the years 1 and 9999")]) from error
