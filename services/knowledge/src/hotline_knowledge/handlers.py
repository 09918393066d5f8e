"""What knowledge does, one function per use case: load, ask the domain, save, publish."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from hotline.knowledge.events.v1.entry_events_pb2 import EntryPublished, EntryWithdrawn
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_knowledge.domain import Content, Entry


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def add(self, entry: Entry) -> None: ...
    def save(self, entry: Entry) -> None: ...
    def save_served(self, entry: Entry) -> None: ...
    def entry_to_change(self, entry_id: UUID) -> Entry | None: ...
    def count_answer(self, entry_id: UUID) -> None: ...


def create_entry(*, content: Content, tx: Store, now: datetime) -> Entry:
    """Writes an entry, which is served after its review (Art. 18)."""
    _must_be_own(content, tx.actor)
    entry = Entry.written(content, entry_id=uuid7(), now=now)
    tx.add(entry)
    tx.record(action="knowledge.entries.create", resource=entry.name, time=now)
    return entry


def update_entry(*, entry_id: UUID, changes: Mapping[str, Any], etag: str, tx: Store, now: datetime) -> Entry:
    """Changes an entry, which is served as it was until the change is reviewed (Art. 18)."""
    entry = _entry(entry_id, etag, tx)
    _must_be_own(entry.content, tx.actor)
    changed = entry.changed(changes, now=now)
    _must_be_own(changed.content, tx.actor)
    tx.save(changed)
    tx.record(action="knowledge.entries.update", resource=changed.name, time=now)
    return changed


def publish_entry(*, entry_id: UUID, etag: str, tx: Store, now: datetime) -> Entry:
    """Ends the review of an entry: it is served from now on (Art. 18)."""
    entry = _entry(entry_id, etag, tx).published(now=now)
    tx.save_served(entry)
    tx.record(action="knowledge.entries.publish", resource=entry.name, time=now)
    event = EntryPublished(entry=entry.name, version=entry.version, publish_time=_timestamp(now))
    tx.publish(event, aggregate=entry.name, time=now)
    return entry


def withdraw_entry(*, entry_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Entry:
    """Takes an entry back: it is not served from now on."""
    entry = _entry(entry_id, etag, tx).withdrawn(now=now)
    tx.save_served(entry)
    tx.record(action="knowledge.entries.withdraw", resource=entry.name, time=now, purpose=reason)
    event = EntryWithdrawn(entry=entry.name, withdraw_time=_timestamp(now))
    tx.publish(event, aggregate=entry.name, time=now)
    return entry


def count_answer(event: AppealAnswered, *, tx: Store, **_: object) -> None:
    """An appeal was answered with an entry; what names none of ours counts nothing."""
    if not event.entry:
        return
    try:
        entry_id = uuid_of(event.entry, field="entry")
    except FieldInvalid:
        return
    tx.count_answer(entry_id)


def _entry(entry_id: UUID, etag: str, tx: Store) -> Entry:
    entry = tx.entry_to_change(entry_id)
    if entry is None:
        raise ResourceNotFound(resource=f"entries/{entry_id}")
    if etag and etag != str(entry.version):
        raise EtagMismatch(resource=entry.name)
    return entry


def _must_be_own(content: Content, actor: Principal) -> None:
    if "editor" not in actor.roles:
        content.must_belong_to(actor.unit)


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


ON_EVENT: Mapping[type[Message], Callable[..., None]] = {AppealAnswered: count_answer}
