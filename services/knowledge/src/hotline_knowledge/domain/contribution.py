"""Contributions: answers that the public writes for the knowledge base (Art. 19)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import FieldInvalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_knowledge.domain import screening
from hotline_knowledge.domain.screening import Ground


class ContributionState(Code):
    """Where a contribution stands (Art. 19)."""

    WAITING = "WAITING", "待审核"
    HELD = "HELD", "暂缓"
    ACCEPTED = "ACCEPTED", "已采纳"
    REFUSED = "REFUSED", "未采纳"


class ContributionHeld(Refused):
    """{resource} holds {grounds}: take it out before it is accepted."""

    reason = "CONTRIBUTION_HELD"
    article = "Art. 19"
    zh = "该投稿含有个人信息或广告内容（{grounds}），请先删改再采纳。"


class ContributionStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 19"
    zh = "该投稿当前状态为 {state}，不能进行此操作。"


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """An answer that somebody of the public wrote (Art. 19)."""

    id: UUID
    receipt: UUID
    """With it the contributor, whoever it is, reads what became of it."""
    title: str
    text: str
    credit: str
    """The name under which they want to be thanked; empty: none."""
    original_title: str
    original_text: str
    """As it came, without the personal data that can be told by its form once it is decided on."""
    state: ContributionState
    grounds: tuple[Ground, ...]
    create_time: datetime
    update_time: datetime
    version: int = 1
    reason: str = ""
    """Why it was refused."""
    entry: str = ""
    """What it became, `entries/{uuid}`."""

    @property
    def name(self) -> str:
        """`contributions/{uuid}`."""
        return f"contributions/{self.id}"

    @classmethod
    def submitted(
        cls, *, contribution_id: UUID, receipt: UUID, title: str, text: str, credit: str, now: datetime
    ) -> "Contribution":
        """One that came in: it waits for the office, or is held back. Raises `FieldInvalid`."""
        _check(title=title, text=text)
        grounds = screening.grounds(f"{title}\n{text}\n{credit or '无'}")
        return cls(
            id=contribution_id,
            receipt=receipt,
            title=title,
            text=text,
            credit=credit,
            original_title=title,
            original_text=text,
            state=ContributionState.HELD if grounds else ContributionState.WAITING,
            grounds=grounds,
            create_time=now,
            update_time=now,
        )

    def edited(self, *, title: str, text: str, credit: str, now: datetime) -> "Contribution":
        """The office put it in order (归纳整理); it is looked through again. Raises `ContributionStateNotAllowed`."""
        self._must_be_open()
        _check(title=title, text=text)
        grounds = screening.grounds(f"{title}\n{text}\n{credit or '无'}")
        return replace(
            self._after(now),
            title=title,
            text=text,
            credit=credit,
            grounds=grounds,
            state=ContributionState.HELD if grounds else ContributionState.WAITING,
        )

    def accepted(self, *, entry: str, now: datetime) -> "Contribution":
        """The office takes it over. Raises `ContributionStateNotAllowed`, `ContributionHeld` while it is held back."""
        self._must_be_open()
        if self.grounds:
            raise ContributionHeld(resource=self.name, grounds=tuple(self.grounds))
        return replace(self._decided(now), state=ContributionState.ACCEPTED, entry=entry)

    def refused(self, *, reason: str, now: datetime) -> "Contribution":
        """The office does not take it over. Raises `ContributionStateNotAllowed`."""
        self._must_be_open()
        return replace(self._decided(now), state=ContributionState.REFUSED, reason=reason)

    def _decided(self, now: datetime) -> "Contribution":
        return replace(
            self._after(now),
            title=screening.masked(self.title),
            text=screening.masked(self.text),
            credit=screening.masked(self.credit),
            original_title=screening.masked(self.original_title),
            original_text=screening.masked(self.original_text),
        )

    def _after(self, now: datetime) -> "Contribution":
        return replace(self, version=self.version + 1, update_time=now)

    def _must_be_open(self) -> None:
        if self.state not in (ContributionState.WAITING, ContributionState.HELD):
            raise ContributionStateNotAllowed(resource=self.name, state=self.state)


def _check(*, title: str, text: str) -> None:
    violations = [(field, "is required") for field, value in (("title", title), ("text", text)) if not value.strip()]
    if violations:
        raise FieldInvalid(violations=violations)
