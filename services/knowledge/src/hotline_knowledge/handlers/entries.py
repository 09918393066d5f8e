"""What is done with entries, one function per use case: load, ask the domain, save, publish (Art. 9, 10(4), 17, 18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from hotline.knowledge.events.v1.entry_events_pb2 import EntryPublished, EntryUpkeepDue, EntryWithdrawn
from hotline.knowledge.v1 import entry_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.difference import Difference, differences
from hotline_knowledge.domain.entry import Action, Content, Entry, NotOwnUnit, legal_day


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def add(self, entry: Entry) -> None: ...
    def save(self, entry: Entry) -> None: ...
    def save_served(self, entry: Entry) -> None: ...
    def save_told(self, entry: Entry) -> None: ...
    def keep_version(self, entry: Entry, *, action: Action) -> None: ...
    def entry_to_change(self, entry_id: UUID) -> Entry | None: ...
    def entries_to_chase(self, *, due_until: date, told_until: date, limit: int) -> Sequence[Entry]: ...
    def content_of_version(self, entry_id: UUID, version: int) -> Content | None: ...
    def attachment_names(self, entry_id: UUID) -> set[str]: ...
    def count_answer(self, entry_id: UUID) -> None: ...
    def count_bulletin_answer(self, bulletin_id: UUID) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How entries are looked after (Art. 10(4), 18; the numbers are ours)."""

    review_after: timedelta
    """From a publication or confirmation to the next review date, where nobody names one."""
    notice: timedelta
    """So long before a review date or last day the owner is told."""
    chase: timedelta
    """So long after having been told the owner is told again."""


def create_entry(*, content: Content, tx: Store, now: datetime) -> Entry:
    """Writes an entry, which is served after its review (Art. 18)."""
    _must_be_own(content, tx.actor)
    _must_have_files(content, set())
    entry = Entry.written(content, entry_id=uuid7(), writer=tx.actor.subject, now=now)
    tx.add(entry)
    tx.keep_version(entry, action=Action.WRITTEN)
    tx.record(action="knowledge.entries.create", resource=entry.name, time=now)
    return entry


def update_entry(*, entry_id: UUID, changes: Mapping[str, Any], etag: str, tx: Store, now: datetime) -> Entry:
    """Changes an entry, which is served as it was until the change is reviewed (Art. 18)."""
    entry = _entry(entry_id, etag, tx)
    _must_be_own(entry.content, tx.actor)
    changed = entry.changed(changes, writer=tx.actor.subject, now=now)
    _must_be_own(changed.content, tx.actor)
    if "attachments" in changes:
        _must_have_files(changed.content, tx.attachment_names(entry_id))
    tx.save(changed)
    tx.keep_version(changed, action=Action.CHANGED)
    tx.record(action="knowledge.entries.update", resource=changed.name, time=now)
    return changed


def publish_entry(*, entry_id: UUID, etag: str, rhythm: Rhythm, tx: Store, now: datetime) -> Entry:
    """Ends the review of an entry: it is served from now on (Art. 18)."""
    entry = _entry(entry_id, etag, tx).published(reviewer=tx.actor.subject, review_after=rhythm.review_after, now=now)
    tx.save_served(entry)
    tx.keep_version(entry, action=Action.PUBLISHED)
    tx.record(action="knowledge.entries.publish", resource=entry.name, time=now)
    event = EntryPublished(entry=entry.name, version=entry.version, publish_time=timestamp(now))
    tx.publish(event, aggregate=entry.name, time=now)
    return entry


def withdraw_entry(*, entry_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Entry:
    """Takes an entry back: it is not served from now on."""
    entry = _entry(entry_id, etag, tx).withdrawn(now=now)
    tx.save_served(entry)
    tx.keep_version(entry, action=Action.WITHDRAWN)
    tx.record(action="knowledge.entries.withdraw", resource=entry.name, time=now, purpose=reason)
    event = EntryWithdrawn(entry=entry.name, withdraw_time=timestamp(now))
    tx.publish(event, aggregate=entry.name, time=now)
    return entry


def confirm_entry(
    *, entry_id: UUID, review_date: date | None, etag: str, rhythm: Rhythm, tx: Store, now: datetime
) -> Entry:
    """The owner found that an entry still holds (Art. 10(4))."""
    entry = _entry(entry_id, etag, tx)
    _must_be_own(entry.content, tx.actor)
    confirmed = entry.confirmed(review_date=review_date, review_after=rhythm.review_after, now=now)
    tx.save_served(confirmed)
    tx.keep_version(confirmed, action=Action.CONFIRMED)
    tx.record(action="knowledge.entries.confirm", resource=confirmed.name, time=now)
    return confirmed


def diff_versions(*, entry_id: UUID, old: int, new: int, tx: Store) -> list[Difference]:
    """What two versions of an entry have different (Art. 18)."""
    contents = []
    for version in (old, new):
        content = tx.content_of_version(entry_id, version)
        if content is None:
            raise ResourceNotFound(resource=f"entries/{entry_id} version {version}")
        contents.append(content)
    return differences(*contents)


def chase_upkeep(*, tx: Store, now: datetime, rhythm: Rhythm, limit: int) -> int:
    """Tells owners what is due soon or overdue, and tells them again until they act (Art. 10(4), 18).

    Returns how many were told.
    """
    today = legal_day(now)
    entries = tx.entries_to_chase(due_until=today + rhythm.notice, told_until=today - rhythm.chase, limit=limit)
    for entry in entries:
        chased = entry.chased(on=today)
        tx.save_told(chased)
        if chased.upkeep and chased.told:
            due = chased.upkeep.due
            event = EntryUpkeepDue(
                entry=chased.name,
                unit=chased.content.unit,
                ground=entry_pb2.UpkeepGround.Value(f"UPKEEP_GROUND_{chased.upkeep.ground}"),
                due_date=Date(year=due.year, month=due.month, day=due.day),
                told_count=chased.told.count,
            )
            tx.publish(event, aggregate=chased.name, time=now)
    return len(entries)


def count_answer(event: AppealAnswered, *, tx: Store, **_: object) -> None:
    """An appeal was answered with an entry or a bulletin; what names none of ours counts nothing."""
    if not event.entry:
        return
    try:
        entry_id = uuid_of(event.entry, field="entry")
    except FieldInvalid:
        return
    if event.entry.startswith("bulletins/"):
        tx.count_bulletin_answer(entry_id)
    else:
        tx.count_answer(entry_id)


def unit_to_look_after(unit: str, *, actor: Principal) -> str:
    """The unit whose upkeep is shown: a unit sees its own alone. Raises `NotOwnUnit`."""
    if actor.roles & {"editor", "office", "auditor"}:
        return unit
    if not actor.unit or unit not in ("", actor.unit):
        raise NotOwnUnit
    return actor.unit


def is_staff(actor: Principal) -> bool:
    """They hold a role of the office or of a unit; a channel speaks for citizens, who do not."""
    return bool(actor.roles - {"channel"})


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


def _must_have_files(content: Content, names: set[str]) -> None:
    if not names.issuperset(content.attachments):
        raise FieldInvalid(violations=[("entry.attachments", "must be files that were added to this entry")])
