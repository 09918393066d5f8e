"""Statistics notices as workbooks to reckon on (Art. 35). Equal notices, equal bytes."""

from collections.abc import Sequence
from io import BytesIO

from hotline_kernel.calendar import ZONE
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hotline_sla.domain.letter import STATISTICS_HEADER, called, statistics_letter, statistics_values
from hotline_sla.domain.notice import Line, StatisticsNotice

_SHARES = 2
_HEADER_ROW = 3


def render(notice: StatisticsNotice, *, issuer: str) -> bytes:
    """The notice as XLSX: a sheet for the units with all together first, one for the trades, one for its text."""
    written = BytesIO()
    book = Workbook(written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    letter = statistics_letter(notice)
    issued = notice.issue_time.astimezone(ZONE).replace(tzinfo=None)
    book.set_properties({"title": f"{letter.title} {letter.number}", "author": issuer, "created": issued})
    styles = _Styles(book)
    heading = f"{letter.title}（{letter.number}）"
    _write(
        book.add_worksheet("承办单位"), heading, [notice.total, *notice.units], styles, of="承办单位", name="单位编号"
    )
    _write(book.add_worksheet("行业"), heading, notice.trades, styles, of="行业", name="行业编号")
    text = book.add_worksheet("说明")
    text.set_column(0, 0, 100)
    text.write_string(0, 0, heading, styles.title)
    for row, paragraph in enumerate((*letter.paragraphs, issuer, f"{issued:%Y-%m-%d}"), start=2):
        text.write_string(row, 0, paragraph, styles.text)
    book.close()
    return written.getvalue()


class _Styles:
    """How cells look."""

    def __init__(self, book: Workbook) -> None:
        line = {"border": 1, "valign": "vcenter"}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format(line | {"bold": True, "bg_color": "#EFEFEF", "align": "center", "text_wrap": True})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.name = book.add_format(line)
        self.count = book.add_format(line | {"num_format": "0"})
        self.share = book.add_format(line | {"num_format": "0.0%"})
        self.score = book.add_format(line | {"num_format": "0.00"})

    def of(self, column: int) -> Format:
        """The format of a column of STATISTICS_HEADER."""
        last = len(STATISTICS_HEADER) - 1
        if column == last:
            return self.score
        return self.share if column >= last - _SHARES else self.count


def _write(sheet: Worksheet, heading: str, lines: Sequence[Line], styles: _Styles, *, of: str, name: str) -> None:
    sheet.write_string(0, 0, heading, styles.title)
    header = (of, name, *STATISTICS_HEADER)
    for column, text in enumerate(header):
        sheet.write_string(_HEADER_ROW - 1, column, text, styles.head)
    for row, line in enumerate(lines, start=_HEADER_ROW):
        sheet.write_string(row, 0, called(line), styles.name)
        sheet.write_string(row, 1, line.name, styles.name)
        for column, value in enumerate(statistics_values(line.counts, line.score)):
            if value is None:
                sheet.write_blank(row, column + 2, None, styles.of(column))
            else:
                sheet.write_number(row, column + 2, value, styles.of(column))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, len(header) - 1, 10)
    sheet.freeze_panes(_HEADER_ROW, 2)
    if lines:
        sheet.autofilter(_HEADER_ROW - 1, 0, _HEADER_ROW - 1 + len(lines), len(header) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW - 1)
