"""knowledge's resource as a message, and what requests say as the domain's values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline_kernel.errors import FieldInvalid
from hotline_kernel.timestamps import timestamp

from hotline_knowledge.adapters.rows import Version
from hotline_knowledge.domain.difference import Difference
from hotline_knowledge.domain.entry import Content, Entry, EntryKind, EntryState, FieldNotUpdatable, Origin

UPDATABLE = (
    "title",
    "text",
    "kind",
    "unit",
    "region",
    "keywords",
    "valid_from",
    "valid_until",
    "origin",
    "review_date",
    "sources",
    "attachments",
)


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
        create_time=timestamp(entry.create_time),
        update_time=timestamp(entry.update_time),
        etag=str(entry.version),
        origin=entry_pb2.EntryOrigin.Value(f"ENTRY_ORIGIN_{content.origin}"),
        review_date=_date_message(content.review_date),
        sources=content.sources,
        credit=content.credit,
        base=content.base,
        attachments=content.attachments,
    )


def version_message(entry: Entry, version: Version) -> entry_pb2.EntryVersion:
    """A version of an entry as it goes out."""
    left = replace(
        entry,
        content=version.content,
        state=version.state,
        version=version.version,
        update_time=version.time,
    )
    return entry_pb2.EntryVersion(
        version=version.version,
        action=entry_pb2.EntryAction.Value(f"ENTRY_ACTION_{version.action}"),
        actor=version.actor,
        time=timestamp(version.time),
        entry=entry_message(left),
    )


def difference_message(difference: Difference) -> entry_pb2.FieldDifference:
    """A field that differs, as it goes out."""
    return entry_pb2.FieldDifference(
        field=difference.field, old=difference.old, new=difference.new, lines=difference.lines
    )


def upkeep_message(entry: Entry) -> entry_pb2.Upkeep:
    """What is due on an entry, as it goes out."""
    upkeep = entry.upkeep
    return entry_pb2.Upkeep(
        entry=entry_message(entry),
        ground=entry_pb2.UpkeepGround.Value(f"UPKEEP_GROUND_{upkeep.ground if upkeep else 'UNSPECIFIED'}"),
        due_date=_date_message(upkeep.due if upkeep else None),
        told_date=_date_message(entry.told.day if entry.told else None),
        told_count=entry.told.count if entry.told else 0,
    )


def count_message(kind: EntryKind, origin: Origin, state: EntryState, count: int) -> entry_pb2.EntryCount:
    """How many there are, as it goes out."""
    return entry_pb2.EntryCount(
        kind=entry_pb2.EntryKind.Value(f"ENTRY_KIND_{kind}"),
        origin=entry_pb2.EntryOrigin.Value(f"ENTRY_ORIGIN_{origin}"),
        state=entry_pb2.EntryState.Value(f"ENTRY_STATE_{state}"),
        count=count,
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
        valid_from=date_of(entry, "valid_from", prefix="entry."),
        valid_until=date_of(entry, "valid_until", prefix="entry."),
        origin=origin_of(entry.origin) or Origin.GOVERNMENT,
        review_date=date_of(entry, "review_date", prefix="entry."),
        sources=tuple(entry.sources),
        attachments=tuple(entry.attachments),
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


def origin_of(value: entry_pb2.EntryOrigin.ValueType) -> Origin | None:
    """An origin; None if it is not set."""
    return Origin(entry_pb2.EntryOrigin.Name(value).removeprefix("ENTRY_ORIGIN_")) if value else None


def date_of(message: Message, field: str, *, prefix: str = "") -> date | None:
    """A day in a request; None if it is not set. Raises `FieldInvalid` for a date that is none."""
    if not message.HasField(field):
        return None
    day: Date = getattr(message, field)
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(f"{prefix}{field}", "must be a day of the calendar")]) from error


def _date_message(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None
