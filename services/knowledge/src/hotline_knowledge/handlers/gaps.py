"""What is done about gaps of the knowledge base (ours, Art. 9(4))."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.entry import Entry, NotOwnUnit, legal_day
from hotline_knowledge.domain.gap import Gap


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def entry(self, entry_id: UUID) -> Entry | None: ...
    def add_or_count_gap(self, gap: Gap) -> Gap: ...
    def save_gap(self, gap: Gap) -> None: ...
    def gap_to_change(self, gap_id: UUID) -> Gap | None: ...


def report_gap(*, query: str, tx: Store, now: datetime) -> Gap:
    """Something was looked for and not found; the same question is counted while it is open. Raises `FieldInvalid`."""
    gap = tx.add_or_count_gap(Gap.told(query, gap_id=uuid7(), now=now))
    tx.record(action="knowledge.gaps.report", resource=gap.name, time=now)
    return gap


def count_missed(*, query: str, tx: Store, now: datetime) -> None:
    """A search of staff found nothing; nobody has to tell it, and nobody's deed is on record (Art. 9(4))."""
    tx.add_or_count_gap(Gap.told(query, gap_id=uuid7(), now=now))


def assign_gap(*, gap_id: UUID, unit: str, etag: str, tx: Store, now: datetime) -> Gap:
    """The unit that should know writes about it."""
    gap = _gap(gap_id, etag, tx).assigned(unit=unit, now=now)
    tx.save_gap(gap)
    tx.record(action="knowledge.gaps.assign", resource=gap.name, time=now)
    return gap


def fill_gap(*, gap_id: UUID, entry: str, etag: str, tx: Store, now: datetime) -> Gap:
    """An entry that is served answers it. Raises `NotOwnUnit` if a unit fills what is not its own."""
    gap = _gap(gap_id, etag, tx)
    if not tx.actor.roles & {"office", "editor"} and (not tx.actor.unit or gap.unit != tx.actor.unit):
        raise NotOwnUnit
    found = tx.entry(uuid_of(entry, field="entry"))
    if found is None:
        raise ResourceNotFound(resource=entry)
    gap = gap.filled(entry=entry, is_served=found.as_served(on=legal_day(now)) is not None, now=now)
    tx.save_gap(gap)
    tx.record(action="knowledge.gaps.fill", resource=gap.name, time=now)
    return gap


def dismiss_gap(*, gap_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Gap:
    """Nothing is written about it."""
    gap = _gap(gap_id, etag, tx).dismissed(reason=reason, now=now)
    tx.save_gap(gap)
    tx.record(action="knowledge.gaps.dismiss", resource=gap.name, time=now, purpose=reason)
    return gap


def visible_unit(*, asked: str, actor: Principal) -> str:
    """Whose gaps are listed; empty: everybody's. A unit sees its own alone. Raises `NotOwnUnit`."""
    if actor.roles & {"operator", "reviewer", "callback", "office", "editor", "auditor"}:
        return asked
    if not actor.unit or asked not in ("", actor.unit):
        raise NotOwnUnit
    return actor.unit


def _gap(gap_id: UUID, etag: str, tx: Store) -> Gap:
    gap = tx.gap_to_change(gap_id)
    if gap is None:
        raise ResourceNotFound(resource=f"gaps/{gap_id}")
    if etag and etag != str(gap.version):
        raise EtagMismatch(resource=gap.name)
    return gap
