"""Retention and erasures as they travel. Pure functions."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.intake.v1 import retention_service_pb2 as service_pb2
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import FieldInvalid, PageTokenInvalid
from hotline_kernel.timestamps import timestamp

from hotline_intake.handlers.ports import Erased, Forgotten


def due_message(each: Forgotten) -> service_pb2.RetentionDue:
    """Whom it is about, when, and whether a hold stands."""
    day = each.forget_date
    return service_pb2.RetentionDue(
        citizen=f"citizens/{each.citizen_id}",
        forget_date=Date(year=day.year, month=day.month, day=day.day),
        held=each.held,
    )


def erasure_message(each: Erased) -> service_pb2.Erasure:
    """Whom and when."""
    return service_pb2.Erasure(citizen=f"citizens/{each.citizen_id}", erase_time=timestamp(each.erase_time))


def optional_date(request: Message, field: str) -> date | None:
    """A day in a request; None if unset. Raises `FieldInvalid` if there is no such day."""
    if not request.HasField(field):
        return None
    day: Any = getattr(request, field)
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(field, "must be a day of the calendar")]) from error


def start_of(day: date | None) -> datetime | None:
    """Its first moment, in the hotline's own zone."""
    return None if day is None else datetime.combine(day, time(), ZONE)


def time_position(after: list[str] | None) -> tuple[datetime, UUID] | None:
    """Where a page of erasures starts. Raises `PageTokenInvalid`."""
    if after is None:
        return None
    try:
        moment, last = after
        return datetime.fromisoformat(moment), UUID(last)
    except ValueError as error:
        raise PageTokenInvalid(violations=[("page_token", "must be taken from the answer before")]) from error
