"""What is done with units' own knowledge bases (Art. 10(4))."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import AlreadyExists, EtagMismatch, ResourceNotFound
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.base import Base, Item, Known, SyncKind, check_batch, entry_of, grounds_to_hold
from hotline_knowledge.domain.entry import Action, Entry, EntryState


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None: ...

    def add_base(self, base: Base) -> bool: ...
    def save_base(self, base: Base) -> None: ...
    def base_to_change(self, name: str) -> Base | None: ...
    def base_to_sweep(self) -> Base | None: ...
    def known_items(self, base: str, keys: Sequence[str]) -> dict[str, Known]: ...
    def mark_items(self, base: str, marks: Iterable[tuple[str, UUID, str]], *, mark: UUID) -> None: ...
    def items_to_sweep(self, base: Base, *, limit: int) -> dict[str, Known]: ...
    def save_many(self, changes: Sequence[tuple[Entry, Action]]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A part of a synchronisation."""

    run: UUID
    kind: SyncKind
    offset: int
    """Items, gone ones included, before it."""
    items: Sequence[Item]
    gone_keys: Sequence[str]
    is_last: bool


def register_base(*, name: str, title: str, address: str, tx: Store, now: datetime) -> Base:
    """A unit registers its own base. Raises `NotOwnUnit`, `AlreadyExists`."""
    unit = tx.actor.unit
    base = Base(name=name, title=title, unit=unit, address=address, create_time=now, update_time=now)
    base.must_be_of(unit)
    if not tx.add_base(base):
        raise AlreadyExists(resource=name)
    tx.record(action="knowledge.bases.register", resource=name, time=now)
    return base


def approve_base(*, name: str, etag: str, tx: Store, now: datetime) -> Base:
    """The office looked at it; its entries are served from now on as they come (Art. 18)."""
    base = _base(name, etag, tx).approved(now=now)
    tx.save_base(base)
    tx.record(action="knowledge.bases.approve", resource=name, time=now)
    return base


def withdraw_base(*, name: str, reason: str, etag: str, tx: Store, now: datetime) -> Base:
    """None of its entries is served from now on; they are taken out of the index by and by."""
    base = _base(name, etag, tx).withdrawn(reason=reason, now=now)
    tx.save_base(base)
    tx.record(action="knowledge.bases.withdraw", resource=name, time=now, purpose=reason)
    return base


def sync_base(*, name: str, batch: Batch, tx: Store, now: datetime) -> Base:
    """Takes a batch; what was taken before is not taken twice (Art. 10(4)).

    Raises `NotOwnUnit`, `BaseStateNotAllowed`, `SyncOutOfOrder`, `FieldInvalid`.
    """
    check_batch(batch.items, batch.gone_keys)
    base = _base(name, "", tx)
    base.must_be_of(tx.actor.unit)
    size = len(batch.items) + len(batch.gone_keys)
    run = base.going_on(run=batch.run, kind=batch.kind, offset=batch.offset, size=size)
    if run is None:
        return base
    known = tx.known_items(name, [*(item.key for item in batch.items), *batch.gone_keys])
    changes: list[tuple[Entry, Action]] = []
    marks: list[tuple[str, UUID, str]] = []
    did: Counter[str] = Counter()
    for item in batch.items:
        before = known.get(item.key)
        content = replace(item.content, unit=base.unit, base=name)
        item = replace(item, content=content)  # noqa: PLW2901  (as it is kept)
        entry_id = before.entry.id if before else uuid7()
        marks.append((item.key, entry_id, item.digest))
        if before and before.digest == item.digest:
            did["unchanged"] += 1
            continue
        is_held = bool(grounds_to_hold(item, before))
        entry = entry_of(item, before, entry_id=entry_id, is_held=is_held, writer=tx.actor.subject, now=now)
        changes.append((entry, Action.SYNCHRONISED))
        did["held" if is_held else "written"] += 1
    for key in batch.gone_keys:
        gone = known.get(key)
        if gone is None or not gone.is_there:
            continue
        marks.append((key, gone.entry.id, gone.digest_when_gone))
        did["gone"] += 1
        if gone.entry.state is not EntryState.WITHDRAWN:
            changes.append((gone.entry.withdrawn(now=now), Action.WITHDRAWN))
    tx.save_many(changes)
    tx.mark_items(name, marks, mark=base.mark_of(run))
    run = replace(
        run,
        taken=run.taken + size,
        written=run.written + did["written"],
        unchanged=run.unchanged + did["unchanged"],
        gone=run.gone + did["gone"],
        held=run.held + did["held"],
    )
    base = base.after_batch(run, is_last=batch.is_last, now=now)
    tx.save_base(base)
    details = {"run": str(run.id), "offset": str(batch.offset), "size": str(size)}
    tx.record(action="knowledge.bases.sync", resource=name, time=now, details=details)
    return base


def sweep_base(*, tx: Store, now: datetime, limit: int) -> bool:
    """Takes out what a complete snapshot did not have, or all of a base that was withdrawn.

    Returns whether there may be more to do at once.
    """
    base = tx.base_to_sweep()
    if base is None:
        return False
    found = tx.items_to_sweep(base, limit=limit)
    gone = [(key, item.entry.id, item.digest_when_gone) for key, item in found.items()]
    tx.mark_items(base.name, gone, mark=base.snapshot)
    entries = [item.entry for item in found.values() if item.entry.state is not EntryState.WITHDRAWN]
    tx.save_many([(entry.withdrawn(now=now), Action.WITHDRAWN) for entry in entries])
    tx.save_base(base.after_sweep(len(found), is_last=len(found) < limit))
    return True


def _base(name: str, etag: str, tx: Store) -> Base:
    base = tx.base_to_change(name)
    if base is None:
        raise ResourceNotFound(resource=name)
    if etag and etag != str(base.version):
        raise EtagMismatch(resource=name)
    return base
