"""Entries of the knowledge base: who writes them, which are served, and until when (Art. 17, 18)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Denied, FieldInvalid, Invalid, Refused, StateNotAllowed


class EntryKind(StrEnum):
    """What kind an entry is (Art. 9(4))."""

    QUESTION = "QUESTION"
    GUIDE = "GUIDE"
    LAW = "LAW"
    POLICY = "POLICY"


class EntryState(StrEnum):
    """Where an entry stands (Art. 18)."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class EntryNotValid(Refused):
    """{resource} is expired or not yet valid today, {today}: it cannot be published."""

    reason = "ENTRY_NOT_VALID"
    article = "Art. 18"
    zh = "该知识条目今天（{today}）不在有效期内，不能发布。"


class EntryStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 18"
    zh = "该知识条目当前状态为 {state}，不能进行此操作。"


class FieldNotUpdatable(Invalid):
    """The update mask names {path}, which cannot be changed."""

    reason = "FIELD_NOT_UPDATABLE"
    zh = "字段 {path} 不能修改。"


class NotOwnUnit(Denied):
    """The entry is not of your unit: a unit writes its own alone."""

    reason = "NOT_OWN_UNIT"
    article = "Art. 18"
    zh = "只能维护本单位的知识条目。"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an entry says: all that its writers can change."""

    title: str
    text: str
    kind: EntryKind | None
    unit: str = ""
    """The unit that answers for it; empty: the office."""
    region: str = ""
    """Division code it holds for; empty: the whole city."""
    keywords: tuple[str, ...] = ()
    valid_from: date | None = None
    """First day it holds; None: always."""
    valid_until: date | None = None
    """Last day it holds; None: until withdrawn."""

    def is_valid(self, *, on: date) -> bool:
        """It holds on that day (Art. 18)."""
        return (self.valid_from or date.min) <= on <= (self.valid_until or date.max)

    def check(self) -> None:
        """Raises `FieldInvalid` for what makes it no entry."""
        violations = [
            (f"entry.{field}", "is required")
            for field, is_there in (
                ("title", bool(self.title.strip())),
                ("text", bool(self.text.strip())),
                ("kind", self.kind is not None),
            )
            if not is_there
        ]
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            violations.append(("entry.valid_until", "must not be before valid_from"))
        if violations:
            raise FieldInvalid(violations=violations)

    def must_belong_to(self, unit: str) -> None:
        """Raises `NotOwnUnit` if another unit, or the office, answers for it."""
        if not unit or self.unit != unit:
            raise NotOwnUnit


@dataclass(frozen=True, kw_only=True)
class Served:
    """What readers get of an entry: its content as it was last published."""

    content: Content
    version: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the knowledge base (知识库)."""

    id: UUID
    content: Content
    create_time: datetime
    update_time: datetime
    state: EntryState = EntryState.DRAFT
    version: int = 1
    served: Served | None = None
    """Stays while a change waits for its review."""
    answer_count: int = 0

    @property
    def name(self) -> str:
        """`entries/{uuid}`."""
        return f"entries/{self.id}"

    @classmethod
    def written(cls, content: Content, *, entry_id: UUID, now: datetime) -> "Entry":
        """A new entry, which waits for its review. Raises `FieldInvalid`."""
        content.check()
        return cls(id=entry_id, content=content, create_time=now, update_time=now)

    def changed(self, changes: Mapping[str, Any], *, now: datetime) -> "Entry":
        """Says something else, from its next review on.

        changes -- fields of `Content` with their new values. Raises `FieldInvalid`.
        """
        content = replace(self.content, **changes)
        content.check()
        return replace(self, content=content, state=EntryState.DRAFT, version=self.version + 1, update_time=now)

    def published(self, *, now: datetime) -> "Entry":
        """Reviewed, and served from now on. Raises `EntryStateNotAllowed` or, out of its validity, `EntryNotValid`."""
        if self.state is not EntryState.DRAFT:
            raise EntryStateNotAllowed(resource=self.name, state=self.state)
        if not self.content.is_valid(on=legal_day(now)):
            raise EntryNotValid(resource=self.name, today=legal_day(now).isoformat())
        version = self.version + 1
        return replace(
            self,
            state=EntryState.PUBLISHED,
            version=version,
            served=Served(content=self.content, version=version),
            update_time=now,
        )

    def withdrawn(self, *, now: datetime) -> "Entry":
        """Taken back, and not served from now on. Raises `EntryStateNotAllowed` if it was already."""
        if self.state is EntryState.WITHDRAWN:
            raise EntryStateNotAllowed(resource=self.name, state=self.state)
        return replace(self, state=EntryState.WITHDRAWN, version=self.version + 1, served=None, update_time=now)

    def as_served(self, *, on: date) -> "Entry | None":
        """The entry as readers get it on that day; None if it is not served (Art. 18)."""
        if self.served is None or not self.served.content.is_valid(on=on):
            return None
        return replace(self, content=self.served.content, version=self.served.version, state=EntryState.PUBLISHED)


def legal_day(moment: datetime) -> date:
    """The civil date in the city at that moment."""
    return moment.astimezone(ZONE).date()
