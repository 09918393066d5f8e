"""Bulletins as messages, and what requests say of them as the domain's values."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from hotline.knowledge.v1 import bulletin_pb2
from hotline_kernel.errors import FieldInvalid
from hotline_kernel.timestamps import timestamp

from hotline_knowledge.domain.bulletin import Bulletin, BulletinContent, BulletinState, Change, Topic


def bulletin_message(bulletin: Bulletin, changes: Sequence[Change] = ()) -> bulletin_pb2.Bulletin:
    """A bulletin as it goes out; without its changes with the latest alone."""
    content = bulletin.content
    return bulletin_pb2.Bulletin(
        name=bulletin.name,
        content=bulletin_pb2.BulletinContent(
            topic=bulletin_pb2.BulletinTopic.Value(f"BULLETIN_TOPIC_{content.topic.name}"),
            title=content.title,
            text=content.text,
            region=content.region,
            unit=content.unit,
            start_time=timestamp(content.start),
            end_time=timestamp(content.end),
        ),
        state=bulletin_pb2.BulletinState.Value(f"BULLETIN_STATE_{bulletin.state}"),
        version=bulletin.version,
        changes=[_change_message(change) for change in changes or (bulletin.latest,)],
        answer_count=bulletin.answer_count,
        create_time=timestamp(bulletin.create_time),
        update_time=timestamp(bulletin.latest.time),
        etag=str(bulletin.version),
    )


def content_of(content: bulletin_pb2.BulletinContent) -> BulletinContent:
    """What a bulletin in a request says. Raises `FieldInvalid` for a time beyond the calendar."""
    return BulletinContent(
        topic=Topic[bulletin_pb2.BulletinTopic.Name(content.topic).removeprefix("BULLETIN_TOPIC_")],
        title=content.title,
        text=content.text,
        region=content.region,
        unit=content.unit,
        start=_time_of(content, "start_time"),
        end=_time_of(content, "end_time"),
    )


def topic_of(value: bulletin_pb2.BulletinTopic.ValueType) -> Topic | None:
    """A topic; None if it is not set."""
    return Topic[bulletin_pb2.BulletinTopic.Name(value).removeprefix("BULLETIN_TOPIC_")] if value else None


def state_of(value: bulletin_pb2.BulletinState.ValueType) -> BulletinState | None:
    """A state; None if it is not set."""
    return BulletinState(bulletin_pb2.BulletinState.Name(value).removeprefix("BULLETIN_STATE_")) if value else None


def _change_message(change: Change) -> bulletin_pb2.BulletinChange:
    return bulletin_pb2.BulletinChange(
        version=change.version,
        action=bulletin_pb2.BulletinAction.Value(f"BULLETIN_ACTION_{change.action}"),
        note=change.note,
        time=timestamp(change.time),
    )


def _time_of(content: bulletin_pb2.BulletinContent, field: str) -> datetime | None:
    if not content.HasField(field):  # type: ignore[arg-type]
        return None
    timestamp: Timestamp = getattr(content, field)
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(violations=[(f"content.{field}", "must be a time between year 1 and 9999")]) from error
