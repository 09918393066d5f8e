"""What the office reports and circulates: statistics (Art. 35), and how the hotline runs (Art. 8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import FieldInvalid, Refused

from hotline_sla.domain.assessment import Counts, score
from hotline_sla.domain.meeting import Figures
from hotline_sla.domain.weights import Weights


class PeriodNotOver(Refused):
    """The period ends with {end_date}: it is reported when it is over."""

    reason = "PERIOD_NOT_OVER"
    article = "Art. 35"
    zh = "统计时段至 {end_date} 为止，结束后才能通报（第三十五条）。"


class NoticeIssuedAlready(Refused):
    """{period} has its notice, {notice}: what is wrong with it is corrected by another that names it."""

    reason = "NOTICE_ISSUED_ALREADY"
    article = "Art. 35"
    zh = "{period}的统计通报 {notice} 已发布；如有错误，请另发更正通报（第三十五条）。"


class NoticeCorrectedAlready(Refused):
    """{resource} was corrected by {notice}, which is what may be corrected."""

    reason = "NOTICE_CORRECTED_ALREADY"
    article = "Art. 35"
    zh = "该通报已由 {notice} 更正，请更正最新的通报（第三十五条）。"


class PeriodKind(StrEnum):
    """The periods of Art. 35."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 12}
_LAST_YEAR = 9998
_QUARTERS = "一二三四"


@dataclass(frozen=True, kw_only=True)
class Period:
    """A month, quarter, half-year or year."""

    kind: PeriodKind
    start_date: date

    def check(self, *, now: datetime) -> None:
        """Raises FieldInvalid if it begins on no first day of its kind, PeriodNotOver."""
        start, months = self.start_date, _MONTHS[self.kind]
        if start.day != 1 or (start.month - 1) % months or start.year > _LAST_YEAR:
            raise FieldInvalid(violations=[("start_date", "must be the first day of a period of this kind")])
        if self.end_date >= now.astimezone(ZONE).date():
            raise PeriodNotOver(end_date=self.end_date.isoformat())

    @property
    def end_date(self) -> date:
        """Its last day."""
        months = self.start_date.month - 1 + _MONTHS[self.kind]
        return date(self.start_date.year + months // 12, months % 12 + 1, 1) - timedelta(days=1)

    @property
    def title(self) -> str:
        """As a document names it: 2026年第三季度."""
        year, month = f"{self.start_date.year}年", self.start_date.month
        match self.kind:
            case PeriodKind.MONTH:
                return f"{year}{month}月"
            case PeriodKind.QUARTER:
                return f"{year}第{_QUARTERS[month // 3]}季度"
            case PeriodKind.HALF_YEAR:
                return f"{year}{'上' if month == 1 else '下'}半年"
            case PeriodKind.YEAR:
                return f"{year}度"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Orders of one unit about one category."""

    unit: str
    category: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Line:
    """The figures of a unit, a trade, or of all together (name empty); score -- None if nothing was received."""

    name: str
    display_name: str
    counts: Counts
    score: float | None


def total_line(tallies: Iterable[Tally], *, weights: Weights) -> Line:
    """All together."""
    return _line("", "", sum((tally.counts for tally in tallies), Counts()), weights)


def unit_lines(tallies: Sequence[Tally], *, names: dict[str, str], weights: Weights) -> tuple[Line, ...]:
    """A line for each unit, the best score first. names -- how units are called, as far as it is known."""
    found = _added_up((tally.unit, tally.counts) for tally in tallies)
    return _sorted(_line(unit, names.get(unit, ""), counts, weights) for unit, counts in found.items())


def trade_lines(tallies: Sequence[Tally], *, weights: Weights) -> tuple[Line, ...]:
    """A line for each trade that orders were about, the best score first (Art. 32)."""
    trades = [(weights.trade_of(tally.category), tally.counts) for tally in tallies]
    found = _added_up((trade.name, counts) for trade, counts in trades if trade is not None)
    called = {trade.name: trade.display_name for trade in weights.trades}
    return _sorted(_line(name, called[name], counts, weights) for name, counts in found.items())


def _added_up(parts: Iterable[tuple[str, Counts]]) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for name, counts in parts:
        found[name] = found.get(name, Counts()) + counts
    return found


def _line(name: str, display_name: str, counts: Counts, weights: Weights) -> Line:
    return Line(name=name, display_name=display_name, counts=counts, score=score(counts, weights=weights))


def _sorted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-(line.score or 0), line.name)))


@dataclass(frozen=True, kw_only=True)
class StatisticsNotice:
    """A statistics notice (统计通报): the figures of a period as the books stood when it was issued; it never changes.

    edition -- 1, and one more for each correction;  corrects, reason -- the notice before, and what was wrong with it;
    corrected_by -- the notice after, or empty.
    """

    id: UUID
    number: str
    period: Period
    remark: str
    total: Line
    units: tuple[Line, ...]
    trades: tuple[Line, ...]
    weights_version: str
    issue_time: datetime
    edition: int = 1
    corrects: str = ""
    corrects_number: str = ""
    reason: str = ""
    corrected_by: str = ""

    @property
    def name(self) -> str:
        """`statisticsNotices/{uuid}`."""
        return f"statisticsNotices/{self.id}"

    def require_standing(self) -> None:
        """Raises NoticeCorrectedAlready."""
        if self.corrected_by:
            raise NoticeCorrectedAlready(resource=self.name, notice=self.corrected_by)

    def correcting(self, old: "StatisticsNotice", *, reason: str) -> "StatisticsNotice":
        """This one in the place of an old one."""
        return replace(self, edition=old.edition + 1, corrects=old.name, corrects_number=old.number, reason=reason)


@dataclass(frozen=True, kw_only=True)
class CallFigures:
    """Calls of some days, as intake counts them (Art. 16)."""

    offered: int
    answered: int
    answered_in_time: int
    abandoned: int

    def check(self) -> None:
        """Raises FieldInvalid: a part is not more than the whole."""
        if self.answered + self.abandoned > self.offered:
            raise FieldInvalid(violations=[("calls.offered", "must not be less than answered and abandoned together")])
        if self.answered_in_time > self.answered:
            raise FieldInvalid(violations=[("calls.answered_in_time", "must not be more than answered")])

    @property
    def answer_rate(self) -> float | None:
        """接通率, 0 to 1; None without calls."""
        return self.answered / self.offered if self.offered else None


class WorkPeriodNotOver(PeriodNotOver):
    """The days end with {end_date}: how the hotline ran is told when they are over."""

    article = "Art. 8"
    zh = "所通报的时段至 {end_date} 为止，结束后才能通报（第八条）。"


@dataclass(frozen=True, kw_only=True)
class WorkNotice:
    """The office's periodic notice of how the hotline runs (热线工作情况通报)."""

    id: UUID
    number: str
    figures: Figures
    calls: CallFigures | None
    text: str
    issue_time: datetime

    @property
    def name(self) -> str:
        """`workNotices/{uuid}`."""
        return f"workNotices/{self.id}"

    def check(self) -> None:
        """Raises WorkPeriodNotOver, FieldInvalid."""
        if self.figures.end_date >= self.issue_time.astimezone(ZONE).date():
            raise WorkPeriodNotOver(end_date=self.figures.end_date.isoformat())
        if self.calls is not None:
            self.calls.check()


def statistics_number(*, serial: int, issue_time: datetime) -> str:
    """The number of a statistics notice, with the year in which it is issued."""
    return f"统〔{issue_time.astimezone(ZONE).year}〕{serial:06d}"


def work_number(*, serial: int, issue_time: datetime) -> str:
    """The number of a notice of how the hotline runs."""
    return f"情〔{issue_time.astimezone(ZONE).year}〕{serial:06d}"


@dataclass(frozen=True, kw_only=True)
class NoticeOrder:
    """An order behind a statistics notice, and what it counted to when that was issued."""

    work_order: str
    number: str
    unit: str
    category: str
    counts: Counts
