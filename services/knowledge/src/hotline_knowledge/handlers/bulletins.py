"""What is done with bulletins (Art. 9(5), 31)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.knowledge.events.v1.bulletin_events_pb2 import BulletinCorrected, BulletinIssued, BulletinWithdrawn
from hotline.knowledge.v1 import bulletin_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, PermissionDenied, ResourceNotFound
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.bulletin import Bulletin, BulletinContent, BulletinState

_OFFICE = frozenset({"editor", "office"})


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def add_bulletin(self, bulletin: Bulletin) -> None: ...
    def save_bulletin(self, bulletin: Bulletin) -> None: ...
    def bulletin_to_change(self, bulletin_id: UUID) -> Bulletin | None: ...


def create_bulletin(*, content: BulletinContent, tx: Store, now: datetime) -> Bulletin:
    """The office issues a bulletin, a unit proposes its own (Art. 9(5))."""
    by_office = bool(tx.actor.roles & _OFFICE)
    if not by_office:
        content.must_belong_to(tx.actor.unit)
    bulletin = Bulletin.written(content, bulletin_id=uuid7(), by_office=by_office, now=now)
    tx.add_bulletin(bulletin)
    tx.record(action="knowledge.bulletins.create", resource=bulletin.name, time=now)
    if by_office:
        _announce_issue(bulletin, tx, now)
    return bulletin


def issue_bulletin(*, bulletin_id: UUID, etag: str, tx: Store, now: datetime) -> Bulletin:
    """The office issues what a unit proposed (Art. 31)."""
    bulletin = _bulletin(bulletin_id, etag, tx).issued(now=now)
    tx.save_bulletin(bulletin)
    tx.record(action="knowledge.bulletins.issue", resource=bulletin.name, time=now)
    _announce_issue(bulletin, tx, now)
    return bulletin


def correct_bulletin(
    *, bulletin_id: UUID, content: BulletinContent, note: str, etag: str, tx: Store, now: datetime
) -> Bulletin:
    """A bulletin says something else from this moment on (Art. 31)."""
    bulletin = _bulletin(bulletin_id, etag, tx)
    _must_be_own(bulletin.content, tx.actor)
    _must_be_own(content, tx.actor)
    corrected = bulletin.corrected(content, note=note, now=now)
    tx.save_bulletin(corrected)
    tx.record(action="knowledge.bulletins.correct", resource=corrected.name, time=now, purpose=note)
    if corrected.state is BulletinState.ISSUED:
        event = BulletinCorrected(bulletin=corrected.name, version=corrected.version, correct_time=timestamp(now))
        tx.publish(event, aggregate=corrected.name, time=now)
    return corrected


def withdraw_bulletin(*, bulletin_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Bulletin:
    """A bulletin is taken back from this moment on (Art. 31)."""
    bulletin = _bulletin(bulletin_id, etag, tx)
    _must_be_own(bulletin.content, tx.actor)
    withdrawn = bulletin.withdrawn(reason=reason, now=now)
    tx.save_bulletin(withdrawn)
    tx.record(action="knowledge.bulletins.withdraw", resource=withdrawn.name, time=now, purpose=reason)
    event = BulletinWithdrawn(bulletin=withdrawn.name, withdraw_time=timestamp(now))
    tx.publish(event, aggregate=withdrawn.name, time=now)
    return withdrawn


def must_be_staff(actor: Principal, *, permission: str) -> None:
    """What is not in the feed is for staff alone. Raises `PermissionDenied`."""
    if not actor.roles - {"channel"}:
        raise PermissionDenied(permission=permission)


def _announce_issue(bulletin: Bulletin, tx: Store, now: datetime) -> None:
    event = BulletinIssued(
        bulletin=bulletin.name,
        topic=bulletin_pb2.BulletinTopic.Value(f"BULLETIN_TOPIC_{bulletin.content.topic.name}"),
        version=bulletin.version,
        issue_time=timestamp(now),
    )
    tx.publish(event, aggregate=bulletin.name, time=now)


def _bulletin(bulletin_id: UUID, etag: str, tx: Store) -> Bulletin:
    bulletin = tx.bulletin_to_change(bulletin_id)
    if bulletin is None:
        raise ResourceNotFound(resource=f"bulletins/{bulletin_id}")
    if etag and etag != str(bulletin.version):
        raise EtagMismatch(resource=bulletin.name)
    return bulletin


def _must_be_own(content: BulletinContent, actor: Principal) -> None:
    if not actor.roles & _OFFICE:
        content.must_belong_to(actor.unit)
