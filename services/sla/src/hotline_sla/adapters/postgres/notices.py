"""Statistics notices with the orders behind them, and notices of how the hotline runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hotline_kernel.calendar import ZONE
from psycopg.types.json import Jsonb

from hotline_sla.adapters.postgres.meetings import figures_of, kept_figures
from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.assessment import Counts, Order, Verdict
from hotline_sla.domain.deadline import State
from hotline_sla.domain.notice import (
    CallFigures,
    Line,
    NoticeOrder,
    Period,
    PeriodKind,
    StatisticsNotice,
    Tally,
    WorkNotice,
)

# What an order counts to follows from these alone: orders that stand alike are counted by the database, and what they
# count to is asked of the domain once.
_STANDING = (
    "contact, handling, contacted_late, handled_late, extended, reopened, reminded, supervised, verdict, excused,"
    " filed, circulated"
)
_STANDING_COLUMNS = _STANDING.split(", ")
_RECEIVED = "received_time >= %(start)s AND received_time < %(end)s AND unit <> ''"
_TAKE_ORDERS = f"""
INSERT INTO notice_order (notice, work_order, number, unit, category, {_STANDING})
SELECT %(notice)s, work_order, number, unit, category, {_STANDING} FROM work_order WHERE {_RECEIVED}"""  # noqa: S608
_TYPES = ("text", "text", "text", *["boolean"] * 6, "text", *["boolean"] * 3)  # of category and of _STANDING
_ALIKE = f"""
 AND (category, {_STANDING}) IN (SELECT * FROM unnest({
    ", ".join(f"%({name})s::{type_}[]" for name, type_ in zip(("category", *_STANDING_COLUMNS), _TYPES, strict=True))
}))"""  # noqa: S608
_STATISTICS = (
    "id, number, kind, start_date, edition, remark, total, units, trades, weights_version, issue_time, corrects,"
    " corrects_number, reason, corrected_by"
)
_WORK = "id, number, figures, calls, text, issue_time"
_LAST = UUID(int=2**128 - 1)
_ANY = Order(
    work_order="",
    number="",
    unit="",
    request_type="",
    category="",
    region="",
    round=1,
    received_time=datetime(2017, 1, 1, tzinfo=UTC),
    key_supervision=False,
)


class Notices(Tables):
    """Reads and writes notices."""

    def tally_received(self, *, start: date, end: date) -> list[Tally]:
        """What became of the orders received in a period, by unit and category; both days count."""
        return self._tally("work_order", _RECEIVED, _between(start, end))

    def take_orders(self, notice: UUID, *, start: date, end: date) -> list[Tally]:
        """Put the orders of a period behind a notice, as they stand, and tell what became of them."""
        self.run(_TAKE_ORDERS, {"notice": notice} | _between(start, end))
        return self._tally("notice_order", "notice = %(notice)s", {"notice": notice})

    def list_notice_orders(
        self,
        notice: UUID,
        *,
        unit: str | None,
        counting: Callable[[str, Counts], bool],
        after: str,
        limit: int,
    ) -> list[NoticeOrder]:
        """Orders behind a notice, by name. counting -- by category and counts, which of them are wanted."""
        of = "notice = %(notice)s" + ("" if unit is None else " AND unit = %(unit)s")
        params = {"notice": notice, "unit": unit}
        groups = self.all(f"SELECT DISTINCT category, {_STANDING} FROM notice_order WHERE {of}", params)  # noqa: S608
        wanted = [group for group in groups if counting(group["category"], _counts(group))]
        rows = self.all(
            f"SELECT work_order, number, unit, category, {_STANDING} FROM notice_order WHERE {of}"  # noqa: S608
            f" AND work_order > %(after)s {_ALIKE} ORDER BY work_order LIMIT %(limit)s",
            params
            | {name: [group[name] for group in wanted] for name in ("category", *_STANDING_COLUMNS)}
            | {"after": after, "limit": limit},
        )
        return [
            NoticeOrder(
                work_order=row["work_order"],
                number=row["number"],
                unit=row["unit"],
                category=row["category"],
                counts=_counts(row),
            )
            for row in rows
        ]

    def next_statistics_serial(self) -> int:
        """The next number of a statistics notice."""
        row = self.one("SELECT nextval('statistics_notice_serial') AS serial")
        return int(row["serial"]) if row else 0

    def add_statistics_notice(self, notice: StatisticsNotice) -> None:
        """Keep a new notice; the table refuses a second of the same period and edition."""
        values = {name: getattr(notice, name) for name in _STATISTICS.split(", ") if hasattr(notice, name)}
        lines = {name: Jsonb([asdict(line) for line in getattr(notice, name)]) for name in ("units", "trades")}
        self.run(
            f"INSERT INTO statistics_notice ({_STATISTICS})"  # noqa: S608
            f" VALUES ({', '.join(f'%({name})s' for name in _STATISTICS.split(', '))})",
            values | asdict(notice.period) | lines | {"total": Jsonb(asdict(notice.total))},
        )

    def statistics_notice(self, notice: UUID) -> StatisticsNotice | None:
        """One notice with its lines."""
        row = self.one(f"SELECT {_STATISTICS} FROM statistics_notice WHERE id = %(id)s", {"id": notice})  # noqa: S608
        return _statistics_notice(row) if row else None

    def statistics_notice_of(self, period: Period) -> StatisticsNotice | None:
        """The notice of a period that stands."""
        row = self.one(
            f"SELECT {_STATISTICS} FROM statistics_notice WHERE kind = %(kind)s AND start_date = %(start_date)s"  # noqa: S608
            " ORDER BY edition DESC LIMIT 1",
            asdict(period),
        )
        return _statistics_notice(row) if row else None

    def mark_corrected(self, notice: UUID, *, by: str) -> None:
        """Say which notice corrects it."""
        self.run("UPDATE statistics_notice SET corrected_by = %(by)s WHERE id = %(id)s", {"id": notice, "by": by})

    def list_statistics_notices(
        self, *, kind: PeriodKind | None, after: UUID | None, limit: int
    ) -> list[StatisticsNotice]:
        """Newest first."""
        wanted = "kind = %(kind)s AND " if kind else ""
        rows = self.all(
            f"SELECT {_STATISTICS} FROM statistics_notice WHERE {wanted}id < %(after)s"  # noqa: S608
            " ORDER BY id DESC LIMIT %(limit)s",
            {"kind": kind, "after": after or _LAST, "limit": limit},
        )
        return [_statistics_notice(row) for row in rows]

    def next_work_notice_serial(self) -> int:
        """The next number of a notice of how the hotline runs."""
        row = self.one("SELECT nextval('work_notice_serial') AS serial")
        return int(row["serial"]) if row else 0

    def add_work_notice(self, notice: WorkNotice) -> None:
        """Keep a new notice."""
        calls = None if notice.calls is None else Jsonb(asdict(notice.calls))
        self.run(
            f"INSERT INTO work_notice ({_WORK})"  # noqa: S608
            f" VALUES ({', '.join(f'%({name})s' for name in _WORK.split(', '))})",
            vars(notice) | {"figures": kept_figures(notice.figures), "calls": calls},
        )

    def work_notice(self, notice: UUID) -> WorkNotice | None:
        """One notice."""
        row = self.one(f"SELECT {_WORK} FROM work_notice WHERE id = %(id)s", {"id": notice})  # noqa: S608
        return _work_notice(row) if row else None

    def list_work_notices(self, *, after: UUID | None, limit: int) -> list[WorkNotice]:
        """Newest first."""
        rows = self.all(
            f"SELECT {_WORK} FROM work_notice WHERE id < %(after)s ORDER BY id DESC LIMIT %(limit)s",  # noqa: S608
            {"after": after or _LAST, "limit": limit},
        )
        return [_work_notice(row) for row in rows]

    def _tally(self, table: str, wanted: str, params: Mapping[str, Any]) -> list[Tally]:
        rows = self.all(
            f"SELECT unit, category, {_STANDING}, count(*)::int AS orders FROM {table} WHERE {wanted}"  # noqa: S608
            f" GROUP BY unit, category, {_STANDING}",
            params,
        )
        return _added_up(rows)


def _added_up(rows: Iterable[Mapping[str, Any]]) -> list[Tally]:
    found: dict[tuple[str, str], Counts] = {}
    for row in rows:
        key = (row["unit"], row["category"])
        found[key] = found.get(key, Counts()) + _counts(row).times(row["orders"])
    return [Tally(unit=unit, category=category, counts=counts) for (unit, category), counts in sorted(found.items())]


def _counts(row: Mapping[str, Any]) -> Counts:
    standing = {name: row[name] for name in _STANDING_COLUMNS}
    enums = {
        "contact": State(row["contact"]),
        "handling": State(row["handling"]),
        "verdict": Verdict(row["verdict"]),
    }
    return replace(_ANY, **standing | enums).counts()


def _between(start: date, end: date) -> dict[str, datetime]:
    return {
        "start": datetime.combine(start, time(), ZONE),
        "end": datetime.combine(end, time(), ZONE) + timedelta(days=1),
    }


def _statistics_notice(row: Mapping[str, Any]) -> StatisticsNotice:
    plain = {name: row[name] for name in row if name not in ("kind", "start_date")}
    lines = {name: tuple(_line(kept) for kept in row[name]) for name in ("units", "trades")}
    period = Period(kind=PeriodKind(row["kind"]), start_date=row["start_date"])
    return StatisticsNotice(**plain | lines | {"total": _line(row["total"])}, period=period)


def _line(kept: Mapping[str, Any]) -> Line:
    return Line(**{**kept, "counts": Counts(**kept["counts"])})


def _work_notice(row: Mapping[str, Any]) -> WorkNotice:
    calls = None if row["calls"] is None else CallFigures(**row["calls"])
    return WorkNotice(**{**row, "figures": figures_of(row["figures"]), "calls": calls})
