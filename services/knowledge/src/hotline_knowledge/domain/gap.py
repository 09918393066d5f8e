"""Gaps: what operators looked for in the knowledge base and did not find (ours, Art. 9(4))."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.errors import FieldInvalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_knowledge.domain import screening

LONGEST_COUNTED = 40
"""A longer query is the text of a case more likely than a question, and is not counted by itself (ours)."""
_BETWEEN = re.compile(r"[\W_]+")


class GapState(Code):
    """Where a gap stands."""

    OPEN = "OPEN", "待指派"
    ASSIGNED = "ASSIGNED", "已指派"
    FILLED = "FILLED", "已补充"
    DISMISSED = "DISMISSED", "不予补充"


class GapStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 9(4)"
    zh = "该知识缺口当前状态为 {state}，不能进行此操作（第九条第四项）。"


class EntryNotServed(Refused):
    """{entry} is not served today, so it answers nobody."""

    reason = "ENTRY_NOT_SERVED"
    article = "Art. 9(4)"
    zh = "{entry} 今天未对外提供，不能用于补充知识缺口（第九条第四项）。"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A question that nothing in the knowledge base answered."""

    id: UUID
    query: str
    """As it was asked first, masked."""
    key: str
    """By which the same question is known again."""
    create_time: datetime
    update_time: datetime
    ask_count: int = 1
    state: GapState = GapState.OPEN
    unit: str = ""
    entry: str = ""
    reason: str = ""
    version: int = 1

    @property
    def name(self) -> str:
        """`gaps/{uuid}`."""
        return f"gaps/{self.id}"

    @classmethod
    def told(cls, query: str, *, gap_id: UUID, now: datetime) -> "Gap":
        """One that was told for the first time. Raises `FieldInvalid` for what has no word in it."""
        masked = screening.masked(query).strip()
        key = key_of(masked)
        if not key:
            raise FieldInvalid(violations=[("query", "must have a word in it")])
        return cls(id=gap_id, query=masked, key=key, create_time=now, update_time=now)

    def assigned(self, *, unit: str, now: datetime) -> "Gap":
        """It is the unit's to write about; another one's, if it was assigned. Raises `GapStateNotAllowed`."""
        return self._after(now, state=GapState.ASSIGNED, unit=unit)

    def filled(self, *, entry: str, is_served: bool, now: datetime) -> "Gap":
        """An entry answers it. Raises `GapStateNotAllowed`, `EntryNotServed`."""
        filled = self._after(now, state=GapState.FILLED, entry=entry)
        if not is_served:
            raise EntryNotServed(entry=entry)
        return filled

    def dismissed(self, *, reason: str, now: datetime) -> "Gap":
        """Nothing is written about it. Raises `GapStateNotAllowed`."""
        return self._after(now, state=GapState.DISMISSED, reason=reason)

    def _after(self, now: datetime, **changes: Any) -> "Gap":
        if self.state not in (GapState.OPEN, GapState.ASSIGNED):
            raise GapStateNotAllowed(resource=self.name, state=self.state)
        return replace(self, version=self.version + 1, update_time=now, **changes)


def counts_by_itself(query: str) -> bool:
    """A search for it that found nothing is counted without anybody telling it.

    What may be of a citizen is not: personal data by its form, or as long a text as cases have (Art. 36(4)).
    """
    return 2 <= len(key_of(query)) <= LONGEST_COUNTED and screening.masked(query) == unicodedata.normalize(
        "NFKC", query
    )


def key_of(query: str) -> str:
    """The same for questions that differ in case, width, spaces and signs alone."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", query).lower())
