"""Circulars: naming a unit that still does not act after supervision (Art. 29)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.errors import Refused

GRACE_WORKING_DAYS = 1
"""After a written supervision before its order can be in a circular (Art. 29; the length is ours)."""


class NothingToCirculate(Refused):
    """{unit} has no overdue order that was supervised in writing without result: there is nothing to name it for."""

    reason = "NOTHING_TO_CIRCULATE"
    article = "Art. 29"
    zh = "{unit} 没有经书面督办仍未办结的工单，不能通报（第二十九条）。"


class OrderNotCirculable(Refused):
    """{work_order} is not one that {unit} left undone after written supervision, or it was in a circular already."""

    reason = "ORDER_NOT_CIRCULABLE"
    article = "Art. 29"
    zh = "{work_order} 不是 {unit} 经书面督办仍未办结的工单，或已通报过（第二十九条）。"


@dataclass(frozen=True, kw_only=True)
class Undone:
    """An order that a unit left undone after written supervision, with the evidence.

    supervision, notice, notice_time -- the written one;  acknowledge_time -- None if the unit did not sign for it.
    """

    work_order: str
    number: str
    round: int
    due_time: datetime
    supervision: str
    notice: str
    notice_time: datetime
    acknowledge_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class Circular:
    """One unit named for the orders it left undone.

    points -- what they cost it in its score;  grave -- those who answer for it are to be held to account.
    """

    id: UUID
    number: str
    unit: str
    text: str
    points: float
    grave: bool
    publish_time: datetime
    orders: tuple[Undone, ...] = ()

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"circulars/{self.id}"


def circulable(undone: Sequence[Undone], *, now: datetime, calendar: Calendar) -> list[Undone]:
    """Those for which the unit had its time after the written supervision (Art. 29)."""
    return [order for order in undone if _end_of_grace(order, calendar) < now]


def named(undone: Sequence[Undone], *, asked: Collection[str], unit: str) -> tuple[Undone, ...]:
    """What is asked, or everything that can be named. Raises OrderNotCirculable, NothingToCirculate."""
    known = {order.work_order: order for order in undone}
    for work_order in asked:
        if work_order not in known:
            raise OrderNotCirculable(work_order=work_order, unit=unit)
    found = tuple(order for order in undone if not asked or order.work_order in asked)
    if not found:
        raise NothingToCirculate(unit=unit)
    return found


def circular_number(*, serial: int, publish_time: datetime) -> str:
    """The number of a circular, with the year in which it is published."""
    return f"通〔{publish_time.astimezone(ZONE).year}〕{serial:06d}"


def _end_of_grace(order: Undone, calendar: Calendar) -> datetime:
    written = order.notice_time.astimezone(ZONE).date()
    return calendar.close_of_office(calendar.nth_working_day_after(written, GRACE_WORKING_DAYS))
