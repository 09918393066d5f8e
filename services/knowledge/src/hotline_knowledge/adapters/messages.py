"""knowledge's resource as a message, and what requests say as the domain's values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline_kernel.errors import FieldInvalid

from hotline_knowledge.domain import Content, Entry, EntryKind, EntryState, FieldNotUpdatable

UPDATABLE = ("title", "text", "kind", "unit", "region", "keywords", "valid_from", "valid_until")


def entry_message(entry: Entry) -> entry_pb2.Entry:
    """An entry as it goes out."""
    content = entry.content
    return entry_pb2.Entry(
        name=entry.name,
        title=content.title,
        text=content.text,
        kind=entry_pb2.EntryKind.Value(f"ENTRY_KIND_{content.kind}"),
        unit=content.unit,
        region=content.region,
        keywords=content.keywords,
        valid_from=_date_message(content.valid_from),
        valid_until=_date_message(content.valid_until),
        state=entry_pb2.EntryState.Value(f"ENTRY_STATE_{entry.state}"),
        version=entry.version,
        answer_count=entry.answer_count,
        create_time=_timestamp(entry.create_time),
        update_time=_timestamp(entry.update_time),
        etag=str(entry.version),
    )


def content_of(entry: entry_pb2.Entry) -> Content:
    """What an entry in a request says. Raises `FieldInvalid` for a date that is none."""
    return Content(
        title=entry.title,
        text=entry.text,
        kind=kind_of(entry.kind),
        unit=entry.unit,
        region=entry.region,
        keywords=tuple(entry.keywords),
        valid_from=_date_of(entry.valid_from, "valid_from") if entry.HasField("valid_from") else None,
        valid_until=_date_of(entry.valid_until, "valid_until") if entry.HasField("valid_until") else None,
    )


def changes_of(request: knowledge_service_pb2.UpdateEntryRequest) -> Mapping[str, Any]:
    """The fields to change with their new values (AIP-134): those of the mask, without one those that are set.

    Raises `FieldNotUpdatable` for a path that is no field of ours to change.
    """
    content = content_of(request.entry)
    paths = list(request.update_mask.paths)
    if not paths:
        paths = [field.name for field, _ in request.entry.ListFields() if field.name in UPDATABLE]
    elif paths == ["*"]:
        paths = list(UPDATABLE)
    for path in paths:
        if path not in UPDATABLE:
            raise FieldNotUpdatable(violations=[("update_mask", f"{path} cannot be changed")], path=path)
    return {path: getattr(content, path) for path in paths}


def state_of(value: entry_pb2.EntryState.ValueType) -> EntryState | None:
    """The state a list is asked for; None for any."""
    return EntryState(entry_pb2.EntryState.Name(value).removeprefix("ENTRY_STATE_")) if value else None


def kind_of(value: entry_pb2.EntryKind.ValueType) -> EntryKind | None:
    """A kind; None if it is not set."""
    return EntryKind(entry_pb2.EntryKind.Name(value).removeprefix("ENTRY_KIND_")) if value else None


def _date_of(message: Date, field: str) -> date:
    try:
        return date(message.year, message.month, message.day)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(f"entry.{field}", "must be a day of the calendar")]) from error


def _date_message(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
