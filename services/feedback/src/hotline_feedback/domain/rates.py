"""Satisfaction and solved rates, with how sure they are (Art. 30, 34).

A share of few answers says little, so each comes with its Wilson interval, and a place is given only where the numbers
allow it: docs/explanation/satisfaction.md says how, and why. Both rules are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

from hotline_kernel.errors import Invalid


class PeriodInvalid(Invalid):
    """The period ends before it starts: {start_date} to {end_date}."""

    reason = "PERIOD_INVALID"
    article = "Art. 34"
    zh = "统计时段的结束日期早于开始日期：{start_date} 至 {end_date}。"


class Grouping(StrEnum):
    """By what the asked are told apart."""

    UNIT = "UNIT"
    CATEGORY = "CATEGORY"
    REGION = "REGION"


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole civil days, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        """Raises `PeriodInvalid`."""
        if self.end < self.start:
            raise PeriodInvalid(
                violations=[("end_date", "must not be before start_date")],
                start_date=self.start.isoformat(),
                end_date=self.end.isoformat(),
            )


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How the callbacks of a group ended; unreachable counts those who declined too."""

    group: str
    satisfied: int = 0
    neutral: int = 0
    dissatisfied: int = 0
    solved: int = 0
    unreachable: int = 0
    declined: int = 0

    @property
    def asked(self) -> int:
        """Who answered: the unreached have no part in any share."""
        return self.satisfied + self.neutral + self.dissatisfied


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of the asked, from 0 to 1, and between which values it lies with the confidence of the rules."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class RankRules:
    """least_asked -- a group of fewer has no place;  confidence -- of the intervals, between 0 and 1."""

    least_asked: int
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The shares of a group, None where nobody was asked; place -- 1 is the best, None where too few were asked."""

    tally: Tally
    satisfied: Share | None
    solved: Share | None
    place: int | None


def wilson(part: int, whole: int, *, confidence: float) -> Share | None:
    """The share with its interval after Wilson (1927), which holds for few answers and for shares of 0 and 1."""
    if whole == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    value = part / whole
    scale = 1 + z * z / whole
    middle = (value + z * z / (2 * whole)) / scale
    reach = z / scale * sqrt(value * (1 - value) / whole + z * z / (4 * whole * whole))
    # What is 0 or 1 in theory must not be beside it by a rounding.
    return Share(value=value, low=max(min(middle - reach, value), 0), high=min(max(middle + reach, value), 1))


def rated(tallies: Sequence[Tally], *, rules: RankRules) -> list[Rate]:
    """The rates of every group, in the order given.

    A group is placed behind those alone that are better beyond doubt: whose interval lies wholly above its own. So
    groups that cannot be told apart share a place, and a small one never passes a large one by luck.
    """
    shares = [wilson(tally.satisfied, tally.asked, confidence=rules.confidence) for tally in tallies]
    placed = [
        share if share is not None and tally.asked >= rules.least_asked else None
        for tally, share in zip(tallies, shares, strict=True)
    ]
    lows = [share.low for share in placed if share is not None]
    return [
        Rate(
            tally=tally,
            satisfied=share,
            solved=wilson(tally.solved, tally.asked, confidence=rules.confidence),
            place=None if own is None else 1 + sum(low > own.high for low in lows),
        )
        for tally, share, own in zip(tallies, shares, placed, strict=True)
    ]
