"""Statistics notices and notices of how the hotline runs, one function per use case (Art. 8, 35)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import Counts
from hotline_sla.domain.meeting import figures
from hotline_sla.domain.notice import (
    CallFigures,
    NoticeIssuedAlready,
    NoticeOrder,
    Period,
    StatisticsNotice,
    Tally,
    WorkNotice,
    statistics_number,
    total_line,
    trade_lines,
    unit_lines,
    work_number,
)
from hotline_sla.handlers.assessment import Scales, weights_of
from hotline_sla.handlers.meetings import MOST_UNITS


class Archive(Scales, Protocol):
    """What the use cases need of a transaction."""

    def counts_by_unit(
        self, *, start: date, end: date, unit: str | None, after: str, limit: int
    ) -> list[tuple[str, Counts]]:
        """What became of the orders received in a period, by unit."""

    def unit_names(self) -> dict[str, str]:
        """How units are called that ever received an order."""

    def take_orders(self, notice: UUID, *, start: date, end: date) -> list[Tally]:
        """Put the orders of a period behind a notice, as they stand, and tell what became of them."""

    def list_notice_orders(
        self, notice: UUID, *, unit: str | None, counting: Callable[[str, Counts], bool], after: str, limit: int
    ) -> list[NoticeOrder]:
        """Orders behind a notice, by name. counting -- by category and counts, which of them are wanted."""

    def next_statistics_serial(self) -> int:
        """The next number of a statistics notice."""

    def add_statistics_notice(self, notice: StatisticsNotice) -> None:
        """Keep a new notice."""

    def statistics_notice(self, notice: UUID) -> StatisticsNotice | None:
        """One notice with its lines."""

    def statistics_notice_of(self, period: Period) -> StatisticsNotice | None:
        """The notice of a period that stands."""

    def mark_corrected(self, notice: UUID, *, by: str) -> None:
        """Say which notice corrects it."""

    def next_work_notice_serial(self) -> int:
        """The next number of a notice of how the hotline runs."""

    def add_work_notice(self, notice: WorkNotice) -> None:
        """Keep a new notice."""

    def work_notice(self, notice: UUID) -> WorkNotice | None:
        """One notice."""


def issue_statistics_notice(*, period: Period, remark: str, tx: Archive, now: datetime) -> StatisticsNotice:
    """Report a period that is over, once (Art. 35). Raises FieldInvalid, PeriodNotOver, NoticeIssuedAlready."""
    period.check(now=now)
    standing = tx.statistics_notice_of(period)
    if standing is not None:
        raise NoticeIssuedAlready(period=period.title, notice=standing.name)
    notice = _compiled(period=period, remark=remark, tx=tx, now=now)
    tx.add_statistics_notice(notice)
    tx.record(action="sla.statisticsNotices.issue", resource=notice.name, time=now, details={"number": notice.number})
    return notice


def correct_statistics_notice(*, name: str, reason: str, remark: str, tx: Archive, now: datetime) -> StatisticsNotice:
    """Report a period again, as the books stand now, and name the notice before (Art. 35).

    Raises ResourceNotFound, NoticeCorrectedAlready.
    """
    old = get_statistics_notice(name=name, tx=tx)
    old.require_standing()
    notice = _compiled(period=old.period, remark=remark, tx=tx, now=now).correcting(old, reason=reason)
    tx.add_statistics_notice(notice)
    tx.mark_corrected(old.id, by=notice.name)
    tx.record(
        action="sla.statisticsNotices.correct",
        resource=notice.name,
        time=now,
        details={"number": notice.number, "corrects": old.number},
    )
    return notice


def get_statistics_notice(*, name: str, tx: Archive) -> StatisticsNotice:
    """One notice with its lines. Raises ResourceNotFound."""
    notice = tx.statistics_notice(uuid_of(name))
    if notice is None:
        raise ResourceNotFound(resource=name)
    return notice


def orders_behind(
    *, notice: str, unit: str | None, trade: str, figure: str, after: str, limit: int, tx: Archive
) -> list[NoticeOrder]:
    """The orders behind a figure of a notice, by name (Art. 35). trade, figure -- empty: any.

    Raises ResourceNotFound.
    """
    found = get_statistics_notice(name=notice, tx=tx)
    weights = next(each for each in tx.published_weights() if each.version == found.weights_version)

    def counting(category: str, counts: Counts) -> bool:
        covering = weights.trade_of(category)
        in_trade = not trade or (covering is not None and covering.name == trade)
        return in_trade and (not figure or figure in counts.figures)

    return tx.list_notice_orders(found.id, unit=unit, counting=counting, after=after, limit=limit)


def issue_work_notice(
    *, start: date, end: date, calls: CallFigures | None, text: str, tx: Archive, now: datetime
) -> WorkNotice:
    """Tell how the hotline ran (Art. 8). Raises WorkPeriodNotOver, FieldInvalid."""
    by_unit = tx.counts_by_unit(start=start, end=end, unit=None, after="", limit=MOST_UNITS)
    weights = weights_of(start=start, tx=tx)
    notice = WorkNotice(
        id=uuid7(),
        number=work_number(serial=tx.next_work_notice_serial(), issue_time=now),
        figures=figures(start=start, end=end, by_unit=by_unit, weights=weights, names=tx.unit_names()),
        calls=calls,
        text=text,
        issue_time=now,
    )
    notice.check()
    tx.add_work_notice(notice)
    tx.record(action="sla.workNotices.issue", resource=notice.name, time=now, details={"number": notice.number})
    return notice


def get_work_notice(*, name: str, tx: Archive) -> WorkNotice:
    """One notice of how the hotline ran. Raises ResourceNotFound."""
    notice = tx.work_notice(uuid_of(name))
    if notice is None:
        raise ResourceNotFound(resource=name)
    return notice


def _compiled(*, period: Period, remark: str, tx: Archive, now: datetime) -> StatisticsNotice:
    """The figures are the sums of the orders put behind the notice, so that they agree whatever comes later."""
    id_ = uuid7()
    weights = weights_of(start=period.start_date, tx=tx)
    tallies = tx.take_orders(id_, start=period.start_date, end=period.end_date)
    return StatisticsNotice(
        id=id_,
        number=statistics_number(serial=tx.next_statistics_serial(), issue_time=now),
        period=period,
        remark=remark,
        total=total_line(tallies, weights=weights),
        units=unit_lines(tallies, names=tx.unit_names(), weights=weights),
        trades=trade_lines(tallies, weights=weights),
        weights_version=weights.version,
        issue_time=now,
    )
