"""How the lines did: answer rate, abandon rate and waiting times of a window (Art. 16)."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from hotline_kernel.errors import Invalid

from hotline_intake.domain.staffing import AnswerNorm

BANDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
"""Upper ends of the bands of waiting times, in seconds."""
LONGEST_WINDOW = timedelta(days=366)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class WindowInvalid(Invalid):
    """The window ends before it begins, or is longer than 366 days."""

    reason = "WINDOW_INVALID"
    article = "Art. 16"
    zh = "统计时段的结束早于开始，或超过366天（第十六条）。"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Calls of a window. answered_after, abandoned_after -- how many waited so many whole seconds, rounded up."""

    offered: int
    queued: int
    transferred: int
    ended: int
    answered_after: Mapping[int, int]
    abandoned_after: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class Offers:
    """Calls offered from one whole hour to the next, how many were answered, and how many within the norm's seconds."""

    hour: datetime
    offered: int
    answered: int
    in_time: int


@dataclass(frozen=True, kw_only=True)
class Band:
    """Calls by how long they waited. up_to_seconds -- None for the last."""

    up_to_seconds: int | None
    answered: int
    abandoned: int


@dataclass(frozen=True, kw_only=True)
class CallDay:
    """24 hours of calls."""

    start_time: datetime
    offered: int
    answered: int
    in_time: int

    @property
    def answer_rate(self) -> float:
        """Answered of offered."""
        return self.answered / self.offered

    @property
    def in_time_rate(self) -> float:
        """Answered within the norm's seconds, of offered."""
        return self.in_time / self.offered


@dataclass(frozen=True, kw_only=True)
class CallStatistics:
    """What the calls of a window came to."""

    tally: Tally
    worst_day: CallDay | None
    norm: AnswerNorm

    @property
    def answered(self) -> int:
        """Calls that an operator took."""
        return sum(self.tally.answered_after.values())

    @property
    def abandoned(self) -> int:
        """Calls that the caller gave up."""
        return sum(self.tally.abandoned_after.values())

    @property
    def waiting(self) -> int:
        """Calls that are neither yet."""
        return self.tally.offered - self.answered - self.abandoned

    @property
    def answer_rate(self) -> float | None:
        """接通率, 0 to 1; None without calls."""
        return self.answered / self.tally.offered if self.tally.offered else None

    @property
    def abandon_rate(self) -> float | None:
        """呼损率, 0 to 1; None without calls."""
        return self.abandoned / self.tally.offered if self.tally.offered else None

    @property
    def answered_in_time(self) -> int:
        """Answered within the norm's seconds."""
        return sum(count for wait, count in self.tally.answered_after.items() if wait <= self.norm.answer_seconds)

    @property
    def in_time_rate(self) -> float | None:
        """Answered within the norm's seconds, of offered; None without calls."""
        return self.answered_in_time / self.tally.offered if self.tally.offered else None

    @property
    def mean_wait_seconds(self) -> float | None:
        """Of those answered, each wait rounded up to whole seconds; None without answers."""
        total = sum(wait * count for wait, count in self.tally.answered_after.items())
        return total / self.answered if self.answered else None

    @property
    def keeps_norm(self) -> bool:
        """In any 24 hours as many calls as the norm asks for are answered within its seconds (GB/T 33358).

        Of a window shorter than that, in the window itself. Whoever still waits was not answered.
        """
        rate = self.worst_day.in_time_rate if self.worst_day else self.in_time_rate
        return rate is None or rate >= self.norm.answer_rate

    def wait_of(self, share: float) -> int | None:
        """Seconds within which this share of those answered was answered; None without answers. share -- above 0."""
        left = ceil(share * self.answered)
        for wait, count in sorted(self.tally.answered_after.items()):
            left -= count
            if left <= 0:
                return wait
        return None

    def bands(self) -> list[Band]:
        """Calls by how long they waited, from the shortest."""
        answered, abandoned = (_banded(waits) for waits in (self.tally.answered_after, self.tally.abandoned_after))
        return [
            Band(up_to_seconds=up_to, answered=taken, abandoned=lost)
            for up_to, taken, lost in zip((*BANDS, None), answered, abandoned, strict=True)
        ]


def _banded(waits: Mapping[int, int]) -> list[int]:
    counts = [0] * (len(BANDS) + 1)
    for wait, count in waits.items():
        counts[bisect_left(BANDS, wait)] += count
    return counts


def check_window(*, start: datetime, end: datetime) -> None:
    """Raises `WindowInvalid`."""
    if not start < end <= start + LONGEST_WINDOW:
        raise WindowInvalid(violations=[("end_time", "must be after start_time, by 366 days at most")])


def worst_day(*, hours: Sequence[Offers], start: datetime, end: datetime) -> CallDay | None:
    """The 24 hours with the fewest answers in time that lie whole in the window, looked at from each whole hour (ours).

    hours -- whole hours of the window that had calls, in their order. None if the window holds no 24 hours with calls.
    """
    first = start.replace(minute=0, second=0, microsecond=0)
    first = first if first == start else first + _HOUR
    worst: CallDay | None = None
    offered = answered = in_time = behind = ahead = 0
    for number in range(max(0, (end - first - _DAY) // _HOUR + 1)):
        begin = first + number * _HOUR
        while ahead < len(hours) and hours[ahead].hour < begin + _DAY:
            offered, answered = offered + hours[ahead].offered, answered + hours[ahead].answered
            in_time += hours[ahead].in_time
            ahead += 1
        while behind < ahead and hours[behind].hour < begin:
            offered, answered = offered - hours[behind].offered, answered - hours[behind].answered
            in_time -= hours[behind].in_time
            behind += 1
        if offered and (worst is None or in_time / offered < worst.in_time_rate):
            worst = CallDay(start_time=begin, offered=offered, answered=answered, in_time=in_time)
    return worst
