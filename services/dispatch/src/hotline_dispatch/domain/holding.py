"""Who held an order and for how long: a hand-over keeps the time already spent (Art. 7, 22)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Holding:
    """An order in one hand.

    unit -- empty: the office;  end_time -- None while it is held;  reason -- why it came into this hand, if it was
    handed over;  overdue_since -- from when on the passed deadline counts to this holder, None if never.
    """

    unit: str
    start_time: datetime
    reason: str = ""
    end_time: datetime | None = None
    overdue_since: datetime | None = None


def hand_over(
    holdings: Sequence[Holding], *, to: str, reason: str, is_overdue: bool, now: datetime
) -> tuple[Holding, ...]:
    """The order goes into another hand; whoever takes it overdue has that to answer for from then on."""
    overdue_since = now if is_overdue else None
    return (*put_down(holdings, now=now), Holding(to, now, reason, overdue_since=overdue_since))


def put_down(holdings: Sequence[Holding], *, now: datetime) -> tuple[Holding, ...]:
    """Nobody has to act on it any more."""
    if not holdings or holdings[-1].end_time is not None:
        return tuple(holdings)
    return (*holdings[:-1], replace(holdings[-1], end_time=now))


def overdue(holdings: Sequence[Holding], *, since: datetime | None) -> tuple[Holding, ...]:
    """The deadline passed in the hand that holds it, or, with None, moved away again."""
    if not holdings or holdings[-1].end_time is not None:
        return tuple(holdings)
    held = holdings[-1]
    return (*holdings[:-1], replace(held, overdue_since=since and max(since, held.start_time)))
