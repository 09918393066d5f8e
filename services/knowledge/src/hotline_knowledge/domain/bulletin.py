"""Bulletins: timely public information with place and time, corrected and withdrawn in the moment (Art. 9(5), 31)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import FieldInvalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_knowledge.domain.entry import NotOwnUnit, legal_day

LINE_LENGTH = 70
"""Characters of one short message in Chinese."""


class Topic(StrEnum):
    """What a bulletin is about (Art. 9(5), 31); the value is what it is called in print."""

    TRAFFIC = "交通出行"
    TOURISM = "旅游景点"
    WEATHER = "天气预报"
    OUTAGE = "停水停电"
    HOLIDAY = "节日提示"
    PRICE = "政府定价"
    OPENING_HOURS = "开放时间"
    ENTERPRISE_POLICY = "惠企政策"
    INDUSTRY = "产业发展"


class BulletinState(Code):
    """Where a bulletin stands."""

    PROPOSED = "PROPOSED", "待审核"
    ISSUED = "ISSUED", "已发布"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class BulletinAction(StrEnum):
    """What changes a bulletin."""

    PROPOSED = "PROPOSED"
    ISSUED = "ISSUED"
    CORRECTED = "CORRECTED"
    WITHDRAWN = "WITHDRAWN"


class BulletinOver(Refused):
    """{resource} was for the time until {end_time}, which is over: correct its end first, or write another."""

    reason = "BULLETIN_OVER"
    article = "Art. 31"
    zh = "该民生信息的有效时间已于 {end_time} 结束，请先更正结束时间，或另行发布。"


class BulletinStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 31"
    zh = "该民生信息当前状态为 {state}，不能进行此操作。"


@dataclass(frozen=True, kw_only=True)
class BulletinContent:
    """What a bulletin says."""

    topic: Topic
    title: str
    text: str
    region: str = ""
    """Division code it holds for; empty: the whole city."""
    unit: str = ""
    """The unit it comes from; empty: the office."""
    start: datetime | None = None
    """From when it holds; None: from its issue."""
    end: datetime | None = None
    """Until when it holds and is shown; None: until it is withdrawn."""

    def check(self) -> None:
        """Raises `FieldInvalid` for what makes it no bulletin."""
        violations = [
            (f"content.{field}", "is required") for field in ("title", "text") if not getattr(self, field).strip()
        ]
        if self.start and self.end and self.start >= self.end:
            violations.append(("content.end_time", "must be after start_time"))
        if violations:
            raise FieldInvalid(violations=violations)

    def must_belong_to(self, unit: str) -> None:
        """Raises `NotOwnUnit` if it comes from another unit, or the office."""
        if not unit or self.unit != unit:
            raise NotOwnUnit

    @property
    def last_day(self) -> date | None:
        """The last civil day on which it is shown; None: until it is withdrawn."""
        return legal_day(self.end) if self.end else None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a bulletin."""

    version: int
    action: BulletinAction
    note: str
    time: datetime


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A bulletin for print and for screens."""

    headline: str
    copy: str
    line: str


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """A piece of timely public information (民生信息)."""

    id: UUID
    content: BulletinContent
    state: BulletinState
    latest: Change
    create_time: datetime
    answer_count: int = 0

    @property
    def name(self) -> str:
        """`bulletins/{uuid}`."""
        return f"bulletins/{self.id}"

    @property
    def version(self) -> int:
        """1, and one more with each change."""
        return self.latest.version

    @classmethod
    def written(cls, content: BulletinContent, *, bulletin_id: UUID, by_office: bool, now: datetime) -> "Bulletin":
        """A new one: the office's own is issued, a unit's waits for the office.

        Raises `FieldInvalid`, `BulletinOver`.
        """
        content.check()
        action = BulletinAction.ISSUED if by_office else BulletinAction.PROPOSED
        written = cls(
            id=bulletin_id,
            content=content,
            state=BulletinState.ISSUED if by_office else BulletinState.PROPOSED,
            latest=Change(version=1, action=action, note="", time=now),
            create_time=now,
        )
        written._must_not_be_over(now)
        return written

    def issued(self, *, now: datetime) -> "Bulletin":
        """Shown from now on. Raises `BulletinStateNotAllowed` unless it was proposed, `BulletinOver`."""
        if self.state is not BulletinState.PROPOSED:
            raise BulletinStateNotAllowed(resource=self.name, state=self.state)
        self._must_not_be_over(now)
        return replace(self._after(BulletinAction.ISSUED, "", now), state=BulletinState.ISSUED)

    def corrected(self, content: BulletinContent, *, note: str, now: datetime) -> "Bulletin":
        """Says something else from now on. Raises `BulletinStateNotAllowed`, `FieldInvalid`, `BulletinOver`."""
        self._must_not_be_withdrawn()
        content.check()
        corrected = replace(self._after(BulletinAction.CORRECTED, note, now), content=content)
        corrected._must_not_be_over(now)
        return corrected

    def withdrawn(self, *, reason: str, now: datetime) -> "Bulletin":
        """Not shown from now on. Raises `BulletinStateNotAllowed` if it was already."""
        self._must_not_be_withdrawn()
        return replace(self._after(BulletinAction.WITHDRAWN, reason, now), state=BulletinState.WITHDRAWN)

    def is_shown(self, *, at: datetime) -> bool:
        """It is issued and not over (Art. 31)."""
        return self.state is BulletinState.ISSUED and (self.content.end is None or at < self.content.end)

    def copy(self) -> Copy:
        """Copy for the press and television (Art. 31). Raises `BulletinStateNotAllowed` unless it is issued."""
        if self.state is not BulletinState.ISSUED:
            raise BulletinStateNotAllowed(resource=self.name, state=self.state)
        content = self.content
        period = _period(content.start, content.end)
        corrects = self.latest.action is BulletinAction.CORRECTED
        headline = f"【{content.topic}】{content.title}{'（更正）' if corrects else ''}"
        paragraphs = [
            headline,
            content.text,
            f"时间：{period}" if period else "",
            f"更正说明：{self.latest.note}" if corrects else "",
            f"961890群众服务热线 {_moment(self.latest.time)}发布",
        ]
        line = f"{headline}{'，' + period if period else ''}。详询961890"
        short = line if len(line) <= LINE_LENGTH else f"{headline[: LINE_LENGTH - 10]}…。详询961890"
        return Copy(headline=headline, copy="\n".join(part for part in paragraphs if part), line=short)

    def _after(self, action: BulletinAction, note: str, now: datetime) -> "Bulletin":
        return replace(self, latest=Change(version=self.version + 1, action=action, note=note, time=now))

    def _must_not_be_withdrawn(self) -> None:
        if self.state is BulletinState.WITHDRAWN:
            raise BulletinStateNotAllowed(resource=self.name, state=self.state)

    def _must_not_be_over(self, now: datetime) -> None:
        if self.content.end is not None and self.content.end <= now:
            raise BulletinOver(resource=self.name, end_time=self.content.end.astimezone(ZONE).isoformat())


def _period(start: datetime | None, end: datetime | None) -> str:
    if start and end:
        return f"{_moment(start)}至{_moment(end)}"
    if start:
        return f"{_moment(start)}起"
    return f"至{_moment(end)}" if end else ""


def _moment(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{f'{local.minute}分' if local.minute else ''}"
