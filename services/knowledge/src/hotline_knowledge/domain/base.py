"""Units' own knowledge bases: whose they are, how far they are synchronised, what is served of them (Art. 10(4))."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.errors import FieldInvalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_knowledge.domain import screening
from hotline_knowledge.domain.entry import Content, Entry, EntryState, NotOwnUnit, Served

WITHDRAWN_BY_THE_OFFICE = "WITHDRAWN_BY_THE_OFFICE"
NO_SNAPSHOT = UUID(int=0)
TAKEN_BACK = "-"
"""Instead of the digest of an item that is gone, whose entry the office had taken back before."""
_SAID = ("title", "text", "kind", "unit", "region", "keywords", "valid_from", "valid_until", "sources")
"""Fields of an entry that an item says."""


class BaseState(Code):
    """Where a base stands."""

    PROPOSED = "PROPOSED", "待审核"
    APPROVED = "APPROVED", "已通过"
    WITHDRAWN = "WITHDRAWN", "已停用"


class SyncKind(Code):
    """What a synchronisation brings."""

    SNAPSHOT = "SNAPSHOT", "全量"
    CHANGES = "CHANGES", "增量"


class BaseStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 10(4)"
    zh = "该自有知识库当前状态为“{state}”，不能进行此操作（第十条第四项）。"


class SyncOutOfOrder(Refused):
    """{resource} has taken {taken} items of this synchronisation: go on from there."""

    reason = "SYNC_OUT_OF_ORDER"
    article = "Art. 10(4)"
    zh = "本次同步已接收 {taken} 条，请从该处继续（第十条第四项）。"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One synchronisation, from its first batch to its last; a cut does not end it."""

    id: UUID
    kind: SyncKind
    taken: int = 0
    is_complete: bool = False
    written: int = 0
    unchanged: int = 0
    gone: int = 0
    held: int = 0


@dataclass(frozen=True, kw_only=True)
class Base:
    """A knowledge base that a unit keeps itself (本单位知识库)."""

    name: str
    title: str
    unit: str
    address: str
    create_time: datetime
    update_time: datetime
    state: BaseState = BaseState.PROPOSED
    reason: str = ""
    version: int = 1
    run: Run | None = None
    snapshot: UUID = NO_SNAPSHOT
    """The last complete snapshot; what carries neither its mark nor that of the run that goes on is taken out."""
    is_swept: bool = True
    """Nothing is left to be taken out."""
    sync_time: datetime | None = None

    def approved(self, *, now: datetime) -> "Base":
        """The office looked at it. Raises `BaseStateNotAllowed`; one that was withdrawn is synchronised anew."""
        if self.state is BaseState.APPROVED or not self.is_swept:
            raise BaseStateNotAllowed(resource=self.name, state=self.state)
        return self._after(now, state=BaseState.APPROVED, reason="", run=None)

    def withdrawn(self, *, reason: str, now: datetime) -> "Base":
        """Nothing of it is served from now on. Raises `BaseStateNotAllowed`."""
        if self.state is BaseState.WITHDRAWN:
            raise BaseStateNotAllowed(resource=self.name, state=self.state)
        return self._after(now, state=BaseState.WITHDRAWN, reason=reason, is_swept=False)

    def must_be_of(self, unit: str) -> None:
        """Raises `NotOwnUnit` if another unit keeps it."""
        if not unit or self.unit != unit:
            raise NotOwnUnit

    def going_on(self, *, run: UUID, kind: SyncKind, offset: int, size: int) -> "Run | None":
        """The run that takes a batch; None if the batch was taken before.

        offset -- items before it;  size -- items in it. Raises `BaseStateNotAllowed`, or `SyncOutOfOrder` for a batch
        that leaves a hole, or of which a part was taken.
        """
        if self.state is not BaseState.APPROVED:
            raise BaseStateNotAllowed(resource=self.name, state=self.state)
        going = self.run if self.run and (self.run.id, self.run.kind) == (run, kind) else Run(id=run, kind=kind)
        if offset + size <= going.taken and (going.is_complete or size):
            return None
        if offset != going.taken or going.is_complete:
            raise SyncOutOfOrder(resource=self.name, taken=str(going.taken))
        return going

    def mark_of(self, run: Run) -> UUID:
        """What items carry so that they are not taken out: a snapshot's own mark, or that of the last one."""
        return run.id if run.kind is SyncKind.SNAPSHOT else self.snapshot

    def after_batch(self, run: Run, *, is_last: bool, now: datetime) -> "Base":
        """A batch was taken; after the last one of a snapshot what it had not is taken out.

        Raises `FieldInvalid` for a snapshot of nothing: it would take out everything by a mistake.
        """
        if not is_last:
            return replace(self, run=run)
        if run.kind is SyncKind.SNAPSHOT and not run.taken:
            raise FieldInvalid(violations=[("items", "must not be empty: withdraw a base that has nothing")])
        done = replace(self, run=replace(run, is_complete=True), sync_time=now)
        return replace(done, snapshot=run.id, is_swept=False) if run.kind is SyncKind.SNAPSHOT else done

    def after_sweep(self, count: int, *, is_last: bool) -> "Base":
        """So many were taken out."""
        run = self.run
        if run and run.id == self.snapshot:
            run = replace(run, gone=run.gone + count)
        return replace(self, run=run, is_swept=is_last)

    def _after(self, now: datetime, **changes: Any) -> "Base":
        return replace(self, version=self.version + 1, update_time=now, **changes)


@dataclass(frozen=True, kw_only=True)
class Item:
    """What a base says under one key."""

    key: str
    content: Content

    @property
    def digest(self) -> str:
        """The same for what says the same, from release to release."""
        said = {name: value for name in _SAID if (value := getattr(self.content, name))}
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Known:
    """An item that came before, and the entry it became."""

    digest: str
    """Of what came last; empty or `TAKEN_BACK` once it was gone."""
    entry: Entry

    @property
    def is_there(self) -> bool:
        """The unit's base had it when it was synchronised last."""
        return self.digest not in ("", TAKEN_BACK)

    @property
    def digest_when_gone(self) -> str:
        """Remembers what the office had taken back, so that it does not come again unseen."""
        return TAKEN_BACK if self.digest and self.entry.state is EntryState.WITHDRAWN else ""


def check_batch(items: Sequence[Item], gone_keys: Sequence[str]) -> None:
    """Raises `FieldInvalid` for an item that makes no entry, and for a key that stands twice."""
    violations: list[tuple[str, str]] = []
    seen = set(gone_keys)
    for number, item in enumerate(items):
        if item.key in seen:
            violations.append((f"items[{number}].key", "stands twice in the batch"))
        seen.add(item.key)
        try:
            item.content.check()
        except FieldInvalid as error:
            violations += [(path.replace("entry", f"items[{number}]", 1), rule) for path, rule in error.violations]
    if violations:
        raise FieldInvalid(violations=violations)


def grounds_to_hold(item: Item, known: Known | None) -> tuple[str, ...]:
    """Why the office looks at an item before it is served (Art. 18, 19); empty: it is served at once."""
    grounds: tuple[str, ...] = screening.grounds_of_unit("\n".join((item.content.title, item.content.text)))
    if known and known.digest and known.entry.state is EntryState.WITHDRAWN:
        grounds += (WITHDRAWN_BY_THE_OFFICE,)
    return grounds


def entry_of(item: Item, known: Known | None, *, entry_id: UUID, is_held: bool, writer: str, now: datetime) -> Entry:
    """What an item becomes: served, within its validity; or, held, a draft beside what was served before."""
    before = known.entry if known else Entry(id=entry_id, content=item.content, create_time=now, update_time=now)
    version = before.version + 1 if known else 1
    after = replace(before, content=item.content, version=version, update_time=now)
    if is_held:
        return replace(after, state=EntryState.DRAFT, writers=(writer,))
    served = Served(content=item.content, version=version)
    return replace(after, state=EntryState.PUBLISHED, served=served, writers=())
