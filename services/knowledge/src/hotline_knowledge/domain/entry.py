"""Entries of the knowledge base: who writes and who reviews them, which are served, and until when (Art. 17, 18)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Denied, FieldInvalid, Invalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code


class EntryKind(StrEnum):
    """What kind an entry is (Art. 9(2), 9(4), 17)."""

    QUESTION = "QUESTION"
    GUIDE = "GUIDE"
    LAW = "LAW"
    POLICY = "POLICY"
    NORM = "NORM"
    """Of the hotline office itself: its norms, standards and procedures, for its seats (Art. 9(2))."""


class Origin(StrEnum):
    """Whose resource an entry is (Art. 17)."""

    GOVERNMENT = "GOVERNMENT"
    PUBLIC = "PUBLIC"
    SOCIAL = "SOCIAL"


class EntryState(Code):
    """Where an entry stands (Art. 18)."""

    DRAFT = "DRAFT", "草稿"
    PUBLISHED = "PUBLISHED", "已发布"
    WITHDRAWN = "WITHDRAWN", "已撤下"


class Action(StrEnum):
    """What makes a version of an entry (Art. 18)."""

    WRITTEN = "WRITTEN"
    CHANGED = "CHANGED"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"
    CONFIRMED = "CONFIRMED"
    SYNCHRONISED = "SYNCHRONISED"


class UpkeepGround(StrEnum):
    """Why an entry must be looked after (Art. 10(4), 18)."""

    REVIEW = "REVIEW"
    EXPIRY = "EXPIRY"


class EntryNotValid(Refused):
    """{resource} is expired or not yet valid today, {today}: it cannot be published or confirmed."""

    reason = "ENTRY_NOT_VALID"
    article = "Art. 18"
    zh = "该知识条目今天（{today}）不在有效期内，不能发布或确认。"


class ReviewedByWriter(Refused):
    """{resource} was written by you: somebody else reviews it before it is published."""

    reason = "REVIEWED_BY_WRITER"
    article = "Art. 18"
    zh = "该知识条目由您本人编写，须由他人审核后发布。"


class EntryStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 18"
    zh = "该知识条目当前状态为 {state}，不能进行此操作。"


class EntryOfBase(Refused):
    """{resource} comes from its unit's own base, {base}: it is changed there."""

    reason = "ENTRY_OF_BASE"
    article = "Art. 10(4)"
    zh = "该知识条目来自本单位自有知识库 {base}，请在该库中修改（第十条第四项）。"


class FieldNotUpdatable(Invalid):
    """The update mask names {path}, which cannot be changed."""

    reason = "FIELD_NOT_UPDATABLE"
    article = "Art. 18"
    zh = "字段 {path} 不能修改（第十八条）。"


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
    origin: Origin = Origin.GOVERNMENT
    review_date: date | None = None
    """The day on which its owner looks whether it still holds; None: set when it is published."""
    sources: tuple[str, ...] = ()
    """What it rests on: titles and numbers of documents, or addresses."""
    credit: str = ""
    """Whom of the public the office thanks for it (Art. 19)."""
    base: str = ""
    """The unit's own base it comes from, `bases/{id}` (Art. 10(4)); it is changed there."""
    attachments: tuple[str, ...] = ()
    """Names of its files, `attachments/{uuid}`."""

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
        if self.kind is EntryKind.NORM and self.unit:
            violations.append(("entry.unit", "must be empty: a norm is the office's own (Art. 9(2))"))
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
class Upkeep:
    """What is due on an entry that is served (Art. 10(4), 18)."""

    ground: UpkeepGround
    due: date


@dataclass(frozen=True, kw_only=True)
class Told:
    """When the owner was last told of what is due, and how often in all."""

    day: date
    count: int


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
    writers: tuple[str, ...] = ()
    """Subjects who wrote what waits for its review."""
    told: Told | None = None
    """Since it was last published or confirmed."""
    answer_count: int = 0

    @property
    def name(self) -> str:
        """`entries/{uuid}`."""
        return f"entries/{self.id}"

    @property
    def upkeep(self) -> Upkeep | None:
        """What its owner has to do next, and when; None for what is not served, or looked after in its own base."""
        if self.served is None or self.content.base:
            return None
        content = self.served.content
        grounds = {UpkeepGround.EXPIRY: content.valid_until, UpkeepGround.REVIEW: content.review_date}
        dues = [Upkeep(ground=ground, due=due) for ground, due in grounds.items() if due is not None]
        return min(dues, key=lambda upkeep: upkeep.due, default=None)

    @classmethod
    def written(cls, content: Content, *, entry_id: UUID, writer: str, now: datetime) -> "Entry":
        """A new entry, which waits for its review. Raises `FieldInvalid`."""
        content.check()
        return cls(id=entry_id, content=content, writers=(writer,), create_time=now, update_time=now)

    def changed(self, changes: Mapping[str, Any], *, writer: str, now: datetime) -> "Entry":
        """Says something else, from its next review on.

        changes -- fields of `Content` with their new values. Raises `FieldInvalid`, `EntryOfBase`.
        """
        self._must_be_kept_here()
        content = replace(self.content, **changes)
        content.check()
        return replace(
            self,
            content=content,
            state=EntryState.DRAFT,
            version=self.version + 1,
            writers=tuple(sorted({*self.writers, writer})),
            update_time=now,
        )

    def published(self, *, reviewer: str, review_after: timedelta, now: datetime) -> "Entry":
        """Reviewed, and served from now on.

        review_after -- until its owner looks at it again, where its writer named no day to come. Raises
        `EntryStateNotAllowed`, `ReviewedByWriter` or, out of its validity, `EntryNotValid`.
        """
        if self.state is not EntryState.DRAFT:
            raise EntryStateNotAllowed(resource=self.name, state=self.state)
        if reviewer in self.writers:
            raise ReviewedByWriter(resource=self.name)
        content = self._to_review_next(self.content.review_date, review_after=review_after, now=now)
        version = self.version + 1
        return replace(
            self,
            content=content,
            state=EntryState.PUBLISHED,
            version=version,
            served=Served(content=content, version=version),
            writers=(),
            told=None,
            update_time=now,
        )

    def confirmed(self, *, review_date: date | None, review_after: timedelta, now: datetime) -> "Entry":
        """Its owner looked at it: it holds until the next review date (Art. 10(4)).

        review_date -- the next one, after today. Raises `EntryStateNotAllowed` unless it is published and no change of
        it waits, `EntryNotValid`, `FieldInvalid`, `EntryOfBase`.
        """
        self._must_be_kept_here()
        if self.state is not EntryState.PUBLISHED:
            raise EntryStateNotAllowed(resource=self.name, state=self.state)
        if review_date is not None and review_date <= legal_day(now):
            raise FieldInvalid(violations=[("review_date", "must be after today")])
        content = self._to_review_next(review_date, review_after=review_after, now=now)
        version = self.version + 1
        return replace(
            self,
            content=content,
            version=version,
            served=Served(content=content, version=version),
            told=None,
            update_time=now,
        )

    def _must_be_kept_here(self) -> None:
        if self.content.base:
            raise EntryOfBase(resource=self.name, base=self.content.base)

    def _to_review_next(self, day: date | None, *, review_after: timedelta, now: datetime) -> Content:
        today = legal_day(now)
        if not self.content.is_valid(on=today):
            raise EntryNotValid(resource=self.name, today=today.isoformat())
        return replace(self.content, review_date=day if day and day > today else today + review_after)

    def withdrawn(self, *, now: datetime) -> "Entry":
        """Taken back, and not served from now on. Raises `EntryStateNotAllowed` if it was already."""
        if self.state is EntryState.WITHDRAWN:
            raise EntryStateNotAllowed(resource=self.name, state=self.state)
        return replace(
            self, state=EntryState.WITHDRAWN, version=self.version + 1, served=None, told=None, update_time=now
        )

    def chased(self, *, on: date) -> "Entry":
        """Its owner was told that day what is due."""
        return replace(self, told=Told(day=on, count=self.told.count + 1 if self.told else 1))

    def as_served(self, *, on: date) -> "Entry | None":
        """The entry as readers get it on that day; None if it is not served (Art. 18)."""
        if self.served is None or not self.served.content.is_valid(on=on):
            return None
        return replace(self, content=self.served.content, version=self.served.version, state=EntryState.PUBLISHED)


def places_around(region: str) -> tuple[str, ...]:
    """The place and those it lies in, by their division codes: what holds for a city or the province holds for it.

    region -- six digits: two of the province, two of the city, two of the county; `139900` is a city.
    """
    return tuple(dict.fromkeys((region, f"{region[:4]}00", f"{region[:2]}0000")))


def legal_day(moment: datetime) -> date:
    """The civil date in the city at that moment."""
    return moment.astimezone(ZONE).date()
