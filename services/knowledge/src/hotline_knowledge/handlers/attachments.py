"""What is done with the files of entries (Art. 18)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, FieldInvalid, ResourceNotFound
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.attachment import MOST_OF_AN_ENTRY, Attachment
from hotline_knowledge.domain.entry import Action, Entry, EntryKind, legal_day
from hotline_knowledge.handlers.entries import is_staff


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def save(self, entry: Entry) -> None: ...
    def keep_version(self, entry: Entry, *, action: Action) -> None: ...
    def entry(self, entry_id: UUID) -> Entry | None: ...
    def entry_to_change(self, entry_id: UUID) -> Entry | None: ...
    def add_attachment(self, attachment: Attachment, content: bytes) -> None: ...


def add_attachment(
    *, entry_id: UUID, file_name: str, content: bytes, etag: str, tx: Store, now: datetime
) -> Attachment:
    """Adds a file to an entry, which is served as it was until the change is reviewed (Art. 18).

    Raises `ResourceNotFound`, `EtagMismatch`, `NotOwnUnit`, `EntryOfBase`, `FieldInvalid`.
    """
    entry = tx.entry_to_change(entry_id)
    if entry is None:
        raise ResourceNotFound(resource=f"entries/{entry_id}")
    if etag and etag != str(entry.version):
        raise EtagMismatch(resource=entry.name)
    if "editor" not in tx.actor.roles:
        entry.content.must_belong_to(tx.actor.unit)
    attachment = Attachment.added(
        attachment_id=uuid7(), entry_id=entry_id, file_name=file_name, content=content, now=now
    )
    attachments = (*entry.content.attachments, attachment.name)
    if len(attachments) > MOST_OF_AN_ENTRY:
        raise FieldInvalid(violations=[("parent", f"must not have more than {MOST_OF_AN_ENTRY} files")])
    changed = entry.changed({"attachments": attachments}, writer=tx.actor.subject, now=now)
    tx.add_attachment(attachment, content)
    tx.save(changed)
    tx.keep_version(changed, action=Action.CHANGED)
    tx.record(action="knowledge.attachments.add", resource=attachment.name, time=now)
    return attachment


def readable(entry_id: UUID, *, tx: Store, now: datetime) -> tuple[str, ...] | None:
    """Names of the files of an entry that the caller may read; None: all of them.

    Readers get what is served today, and nothing of the office's own norms (Art. 9(2)).
    """
    if is_staff(tx.actor):
        return None
    entry = tx.entry(entry_id)
    served = entry.as_served(on=legal_day(now)) if entry else None
    if served is None or served.content.kind is EntryKind.NORM:
        return ()
    return served.content.attachments
