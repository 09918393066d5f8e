"""What is done with contributions of the public (Art. 19)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.knowledge.events.v1.contribution_events_pb2 import ContributionAccepted, ContributionRefused
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid4, uuid7

from hotline_knowledge.domain.contribution import Contribution
from hotline_knowledge.domain.entry import Action, Content, Entry, EntryKind, Origin


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def add(self, entry: Entry) -> None: ...
    def keep_version(self, entry: Entry, *, action: Action) -> None: ...
    def add_contribution(self, contribution: Contribution) -> None: ...
    def save_contribution(self, contribution: Contribution) -> None: ...
    def contribution_to_change(self, contribution_id: UUID) -> Contribution | None: ...


def submit_contribution(*, title: str, text: str, credit: str, tx: Store, now: datetime) -> Contribution:
    """Somebody of the public writes an answer; it waits for the office, or is held back (Art. 19)."""
    contribution = Contribution.submitted(
        contribution_id=uuid7(), receipt=uuid4(), title=title, text=text, credit=credit, now=now
    )
    tx.add_contribution(contribution)
    tx.record(action="knowledge.contributions.submit", resource=contribution.name, time=now)
    return contribution


def edit_contribution(
    *, contribution_id: UUID, title: str, text: str, credit: str, etag: str, tx: Store, now: datetime
) -> Contribution:
    """The office puts it in order; the original is kept (Art. 19)."""
    edited = _contribution(contribution_id, etag, tx).edited(title=title, text=text, credit=credit, now=now)
    tx.save_contribution(edited)
    tx.record(action="knowledge.contributions.edit", resource=edited.name, time=now)
    return edited


def accept_contribution(
    *, contribution_id: UUID, kind: EntryKind | None, unit: str, region: str, etag: str, tx: Store, now: datetime
) -> Contribution:
    """It becomes an entry with credit, which somebody else reviews before it is served (Art. 18, 19)."""
    contribution = _contribution(contribution_id, etag, tx)
    content = Content(
        title=contribution.title,
        text=contribution.text,
        kind=kind,
        unit=unit,
        region=region,
        origin=Origin.SOCIAL,
        credit=contribution.credit,
        sources=(contribution.name,),
    )
    entry = Entry.written(content, entry_id=uuid7(), writer=tx.actor.subject, now=now)
    accepted = contribution.accepted(entry=entry.name, now=now)
    tx.add(entry)
    tx.keep_version(entry, action=Action.WRITTEN)
    tx.save_contribution(accepted)
    tx.record(action="knowledge.contributions.accept", resource=accepted.name, time=now)
    event = ContributionAccepted(contribution=accepted.name, entry=entry.name, accept_time=timestamp(now))
    tx.publish(event, aggregate=accepted.name, time=now)
    return accepted


def refuse_contribution(*, contribution_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Contribution:
    """It is not taken over, and its contributor can read why (Art. 19)."""
    refused = _contribution(contribution_id, etag, tx).refused(reason=reason, now=now)
    tx.save_contribution(refused)
    tx.record(action="knowledge.contributions.refuse", resource=refused.name, time=now, purpose=reason)
    event = ContributionRefused(contribution=refused.name, refuse_time=timestamp(now))
    tx.publish(event, aggregate=refused.name, time=now)
    return refused


def _contribution(contribution_id: UUID, etag: str, tx: Store) -> Contribution:
    contribution = tx.contribution_to_change(contribution_id)
    if contribution is None:
        raise ResourceNotFound(resource=f"contributions/{contribution_id}")
    if etag and etag != str(contribution.version):
        raise EtagMismatch(resource=contribution.name)
    return contribution
