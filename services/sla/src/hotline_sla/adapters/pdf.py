"""Letters as PDF: A4, a box for the seal, the font inside, so that they show anywhere. Equal letters, equal bytes."""

from io import BytesIO
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    HRFlowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from hotline_sla.adapters.font import font_with
from hotline_sla.domain.letter import Letter, Table, chinese_date

_FONT = "Hotline"
_BODY = ParagraphStyle("body", fontName=_FONT, fontSize=12, leading=22, firstLineIndent=24, wordWrap="CJK")
_TO = ParagraphStyle("to", parent=_BODY, firstLineIndent=0)
_TITLE = ParagraphStyle("title", parent=_BODY, firstLineIndent=0, fontSize=20, leading=30, alignment=TA_CENTER)
_NUMBER = ParagraphStyle("number", parent=_TO, alignment=TA_CENTER)
_SIGNED = ParagraphStyle("signed", parent=_TO, alignment=TA_RIGHT)
_HEADING = ParagraphStyle("heading", parent=_TO, fontSize=13, spaceAfter=2 * mm)
_CELL = ParagraphStyle("cell", fontName=_FONT, fontSize=9, leading=12, wordWrap="CJK")
_HEAD = ParagraphStyle("head", parent=_CELL, alignment=TA_CENTER)
_RED = colors.HexColor("#C00000")
_MARGIN = 25 * mm
_FRAME_PADDING = 6  # points, reportlab's own
_ROOM_FOR_A_START = 45 * mm
"""A table begins on this page if so much of it is left."""
_BROKEN_IN_TWO = 4
"""A header of so many characters over figures stands in two lines."""
_SEAL = 40 * mm
_SEAL_TEXT = "（盖章处）"
_RECEIPT = "签收人：________________　　签收时间：________年____月____日"
_ALWAYS = f"{_SEAL_TEXT}{_RECEIPT}：年月日—0123456789"
_ONE_AT_A_TIME = Lock()
"""Fonts are registered for the process; each letter brings its own characters under the same name."""


def render(letter: Letter, *, issuer: str, watermark: str = "") -> bytes:
    """The letter as PDF. issuer -- who signs and seals it;  watermark -- stands across each page, if any."""
    with _ONE_AT_A_TIME:
        pdfmetrics._reset()  # type: ignore[attr-defined]  # else the letter before keeps the name of its font, and so its characters
        pdfmetrics.registerFont(TTFont(_FONT, font_with(_text_of(letter, issuer) + watermark)))
        return _written(letter, issuer, watermark)


def _written(letter: Letter, issuer: str, watermark: str) -> bytes:
    page = landscape(A4) if letter.wide else A4
    width = page[0] - 2 * (_MARGIN + _FRAME_PADDING)
    story: list[Flowable] = [Paragraph(escape(letter.title), _TITLE), Paragraph(escape(letter.number), _NUMBER)]
    story += [HRFlowable(width="100%", thickness=1.6, color=_RED, spaceBefore=2 * mm, spaceAfter=6 * mm)]
    if letter.to:
        story.append(Paragraph(f"{escape(letter.to)}：", _TO))
    story += [Paragraph(escape(text), _BODY) for text in letter.paragraphs]
    for table in letter.tables:
        heading = [Paragraph(escape(table.title), _HEADING)] if table.title else []
        story += [CondPageBreak(_ROOM_FOR_A_START), Spacer(1, 4 * mm), *heading, _table(table, width)]
    signed = [
        Spacer(1, 8 * mm),
        _SealBox(),
        Spacer(1, 2 * mm),
        Paragraph(escape(issuer), _SIGNED),
        Paragraph(chinese_date(letter.issue_date), _SIGNED),
    ]
    story.append(KeepTogether(signed))
    if letter.receipt:
        story += [Spacer(1, 8 * mm), Paragraph(_RECEIPT, _TO)]
    written = BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=page,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=30 * mm,
        bottomMargin=25 * mm,
        title=f"{letter.title} {letter.number}",
        author=issuer,
        invariant=1,  # no time of making, no random id
    )

    def every_page(canvas: Canvas, document: SimpleDocTemplate) -> None:
        _page_number(canvas, document)
        if watermark:
            _stand_across(canvas, document, watermark)

    document.build(story, onFirstPage=every_page, onLaterPages=every_page)
    return written.getvalue()


def _table(table: Table, width: float) -> LongTable:
    text_columns = len(table.header) if table.text_columns is None else table.text_columns
    head = [
        Paragraph(_in_two_lines(text) if column >= text_columns else escape(text), _HEAD)
        for column, text in enumerate(table.header)
    ]
    rows: list[list[Paragraph | str]] = [
        [Paragraph(escape(text), _CELL) if column < text_columns else text for column, text in enumerate(row)]
        for row in table.rows
    ]
    shares = table.widths or [1] * len(table.header)
    made = LongTable([head, *rows], repeatRows=1, colWidths=[width * share / sum(shares) for share in shares])
    style: list[tuple[Any, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BOX", (0, 0), (-1, -1), 1, colors.black),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#EFEFEF")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("FONT", (0, 0), (-1, -1), _FONT, 9),
        ("ALIGN", (text_columns, 1), (-1, -1), "CENTER"),
    ]
    if text_columns < len(table.header):
        style += [("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2)]
    if table.total:
        style.append(("BACKGROUND", (0, 1), (-1, 1), colors.HexColor("#FBF3E6")))
    made.setStyle(TableStyle(style))
    return made


def _in_two_lines(text: str) -> str:
    middle = len(text) // 2 if len(text) == _BROKEN_IN_TWO else len(text)
    return f"{escape(text[:middle])}<br/>{escape(text[middle:])}" if text[middle:] else escape(text)


class _SealBox(Flowable):
    """A dashed square at the right, in which the seal is put."""

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        self._left = available_width - _SEAL
        return available_width, _SEAL

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.setDash(3, 3)
        self.canv.setStrokeColor(colors.grey)
        self.canv.setFillColor(colors.grey)
        self.canv.rect(self._left, 0, _SEAL, _SEAL)
        self.canv.setFont(_FONT, 10)
        self.canv.drawCentredString(self._left + _SEAL / 2, _SEAL / 2, _SEAL_TEXT)
        self.canv.restoreState()


def _stand_across(canvas: Canvas, document: SimpleDocTemplate, watermark: str) -> None:
    canvas.saveState()
    canvas.setFont(_FONT, 120)
    canvas.setFillColor(colors.lightgrey)
    canvas.translate(document.pagesize[0] / 2, document.pagesize[1] / 2)
    canvas.rotate(45)
    canvas.drawCentredString(0, 0, watermark)
    canvas.restoreState()


def _page_number(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, 9)
    canvas.drawCentredString(document.pagesize[0] / 2, 12 * mm, f"— {canvas.getPageNumber()} —")


def _text_of(letter: Letter, issuer: str) -> str:
    cells = [cell for table in letter.tables for row in (table.header, *table.rows) for cell in row]
    titles = [table.title for table in letter.tables]
    return "".join((letter.title, letter.number, letter.to, *letter.paragraphs, *titles, *cells, issuer, _ALWAYS))
