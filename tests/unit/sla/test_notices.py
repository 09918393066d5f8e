"""Notices: periods, lines that add up, and documents that are the same bytes each time (Art. 8, 32, 35)."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from hotline.sla.v1 import notice_pb2
from hotline_kernel.errors import FieldInvalid
from hotline_sla.adapters import pdf, xlsx
from hotline_sla.domain.assessment import COUNT_NAMES, Counts
from hotline_sla.domain.letter import statistics_letter, statistics_values, work_letter
from hotline_sla.domain.meeting import figures
from hotline_sla.domain.notice import (
    CallFigures,
    NoticeCorrectedAlready,
    Period,
    PeriodKind,
    PeriodNotOver,
    StatisticsNotice,
    Tally,
    WorkNotice,
    WorkPeriodNotOver,
    total_line,
    trade_lines,
    unit_lines,
)
from hotline_sla.domain.weights import FIRST
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

NOW = datetime(2026, 10, 8, 1, 30, tzinfo=UTC)
HEATING, OTHER = "城乡建设/供热/室温不够", "综合/其他"
counts = st.builds(Counts, **{name: st.integers(0, 50) for name in COUNT_NAMES})
tallies = st.lists(
    st.builds(
        Tally,
        unit=st.sampled_from(["units/a", "units/b", "units/c"]),
        category=st.sampled_from([HEATING, "城乡建设/供水", OTHER]),
        counts=counts,
    )
)


def period(kind: PeriodKind = PeriodKind.QUARTER, start: date = date(2026, 7, 1)) -> Period:
    return Period(kind=kind, start_date=start)


def notice(found: list[Tally]) -> StatisticsNotice:
    return StatisticsNotice(
        id=UUID(int=1),
        number="统〔2026〕000001",
        period=period(),
        remark="请各单位及时签收",
        total=total_line(found, weights=FIRST),
        units=unit_lines(found, names={"units/a": "某市供热管理办公室"}, weights=FIRST),
        trades=trade_lines(found, weights=FIRST),
        weights_version=FIRST.version,
        issue_time=NOW,
    )


FOUND = [
    Tally(
        unit="units/a",
        category=HEATING,
        counts=Counts(
            received=5, contacted_in_time=5, handled_in_time=3, handled_late=1, running=1, asked=4, satisfied=3
        ),
    ),
    Tally(unit="units/b", category=OTHER, counts=Counts(received=2, overdue=2, supervised=1)),
]


class TestAPeriod:
    @pytest.mark.parametrize(
        ("kind", "start", "end", "title"),
        [
            (PeriodKind.MONTH, date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
            (PeriodKind.MONTH, date(2025, 12, 1), date(2025, 12, 31), "2025年12月"),
            (PeriodKind.QUARTER, date(2025, 10, 1), date(2025, 12, 31), "2025年第四季度"),
            (PeriodKind.QUARTER, date(2026, 1, 1), date(2026, 3, 31), "2026年第一季度"),
            (PeriodKind.HALF_YEAR, date(2026, 1, 1), date(2026, 6, 30), "2026年上半年"),
            (PeriodKind.HALF_YEAR, date(2025, 7, 1), date(2025, 12, 31), "2025年下半年"),
            (PeriodKind.YEAR, date(2025, 1, 1), date(2025, 12, 31), "2025年度"),
        ],
    )
    def test_ends_and_is_called(self, kind: PeriodKind, start: date, end: date, title: str) -> None:
        found = period(kind, start)
        found.check(now=NOW)
        assert (found.end_date, found.title) == (end, title)

    @pytest.mark.parametrize(
        ("kind", "start"),
        [
            (PeriodKind.MONTH, date(2026, 3, 2)),
            (PeriodKind.QUARTER, date(2026, 2, 1)),
            (PeriodKind.HALF_YEAR, date(2026, 4, 1)),
            (PeriodKind.YEAR, date(2025, 7, 1)),
            (PeriodKind.YEAR, date(9999, 1, 1)),
        ],
    )
    def test_begins_where_its_kind_does(self, kind: PeriodKind, start: date) -> None:
        with pytest.raises(FieldInvalid, match="start_date"):
            period(kind, start).check(now=NOW)

    def test_is_reported_when_its_last_day_is_over_in_the_city(self) -> None:
        midnight = datetime(2026, 9, 30, 16, tzinfo=UTC)
        period().check(now=midnight)
        with pytest.raises(PeriodNotOver, match="2026-09-30"):
            period().check(now=midnight - timedelta(seconds=1))


class TestLines:
    @given(tallies)
    def test_of_units_add_up_to_the_total_and_those_of_trades_to_no_more(self, found: list[Tally]) -> None:
        total, units = total_line(found, weights=FIRST), unit_lines(found, names={}, weights=FIRST)
        assert sum((line.counts for line in units), Counts()) == total.counts
        trades = trade_lines(found, weights=FIRST)
        of_trades = sum((tally.counts for tally in found if FIRST.trade_of(tally.category)), Counts())
        assert sum((line.counts for line in trades), Counts()) == of_trades
        assert len({line.name for line in (*units, *trades)}) == len(units) + len(trades)

    @given(tallies)
    def test_stand_with_the_best_score_first_whatever_the_order_they_came_in(self, found: list[Tally]) -> None:
        units = unit_lines(found, names={}, weights=FIRST)
        scores = [line.score or 0 for line in units]
        assert scores == sorted(scores, reverse=True)
        assert unit_lines(found[::-1], names={}, weights=FIRST) == units

    def test_are_named_as_the_units_and_trades_are_called(self) -> None:
        made = notice(FOUND)
        assert [line.display_name for line in made.units] == ["某市供热管理办公室", ""]
        assert [(line.name, line.display_name) for line in made.trades] == [("trades/heating", "供热")]

    def test_say_nothing_about_shares_of_nothing(self) -> None:
        assert statistics_values(Counts(), None)[-3:] == (None, None, None)
        assert statistics_values(FOUND[0].counts, 90.0)[-3:] == (0.75, 0.75, 90.0)


class TestACorrection:
    def test_names_the_old_notice_which_may_not_be_corrected_again(self) -> None:
        old = notice(FOUND)
        new = notice(FOUND).correcting(old, reason="漏计备案")
        assert (new.corrects, new.edition) == (old.name, 2)
        assert any("统〔2026〕000001" in text and "漏计备案" in text for text in statistics_letter(new).paragraphs)
        old.require_standing()
        corrected = StatisticsNotice(**{**vars(old), "corrected_by": new.name})
        with pytest.raises(NoticeCorrectedAlready):
            corrected.require_standing()


class TestDocuments:
    def test_are_the_same_bytes_each_time(self) -> None:
        letter = statistics_letter(notice(FOUND))
        assert pdf.render(letter, issuer="办") == pdf.render(statistics_letter(notice(FOUND)), issuer="办")
        assert xlsx.render(notice(FOUND), issuer="办") == xlsx.render(notice(FOUND), issuer="办")

    def test_show_number_sender_date_seal_box_and_every_line(self) -> None:
        printed = pdf.render(statistics_letter(notice(FOUND)), issuer="某市热线办公室")
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(printed)).pages).replace("\n", "")
        words = (
            "统〔2026〕000001",
            "市政府",
            "第三季度",
            "某市热线办公室",
            "2026年10月8日",
            "盖章处",
            "合计",
            "units/b",
            "供热",
        )
        assert [word for word in words if word not in text] == []

    def test_as_workbook_hold_numbers_and_no_formula(self) -> None:
        book = ZipFile(BytesIO(xlsx.render(notice(FOUND), issuer="=1+1")))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<v>0.5</v>" in sheet  # three of six that were due
        assert "<f>" not in "".join(book.read(name).decode() for name in book.namelist() if name.endswith("xml"))
        assert all(entry.date_time[0] == 1980 for entry in book.infolist())

    @given(tallies)
    def test_have_rows_as_wide_as_their_header(self, found: list[Tally]) -> None:
        for table in statistics_letter(notice(found)).tables:
            assert {len(row) for row in table.rows} <= {len(table.header)} == {len(table.widths)}


class TestAWorkNotice:
    def work_notice(self, end: date = date(2026, 10, 7), calls: CallFigures | None = None) -> WorkNotice:
        by_unit = [(tally.unit, tally.counts) for tally in FOUND]
        found = figures(start=date(2026, 10, 1), end=end, by_unit=by_unit, weights=FIRST, names={"units/b": "某局"})
        return WorkNotice(
            id=UUID(int=2), number="情〔2026〕000001", figures=found, calls=calls, text="请检查", issue_time=NOW
        )

    def test_is_about_days_that_are_over(self) -> None:
        self.work_notice().check()
        with pytest.raises(WorkPeriodNotOver):
            self.work_notice(date(2026, 10, 8)).check()

    @pytest.mark.parametrize(
        "calls",
        [
            CallFigures(offered=9, answered=8, answered_in_time=1, abandoned=2),
            CallFigures(offered=9, answered=8, answered_in_time=9, abandoned=0),
        ],
    )
    def test_takes_no_part_that_is_more_than_the_whole(self, calls: CallFigures) -> None:
        with pytest.raises(FieldInvalid, match="calls"):
            self.work_notice(calls=calls).check()

    def test_tells_calls_orders_and_the_units_behind(self) -> None:
        calls = CallFigures(offered=10, answered=9, answered_in_time=8, abandoned=1)
        letter = work_letter(self.work_notice(calls=calls))
        assert "90.0%" in "".join(letter.paragraphs)
        assert [row[0] for row in letter.tables[0].rows] == ["某局", "units/a"]
        assert "话务" not in "".join(work_letter(self.work_notice()).paragraphs)


def test_every_count_is_a_figure_that_can_be_asked_for() -> None:
    """Every number on a report opens the list of orders behind it (Art. 35)."""
    figures = {name.removeprefix("FIGURE_").lower() for name in notice_pb2.Figure.keys()[1:]}
    assert figures == set(COUNT_NAMES)
