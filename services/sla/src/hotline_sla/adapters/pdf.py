"""Letters as PDF: A4, a box for the seal, the font inside, so that they show anywhere. Equal letters, equal bytes."""

from io import BytesIO
from threading import Lock
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from hotline_sla.adapters.font import font_with
from hotline_sla.domain.letter import Letter, Table, chinese_date

_FONT = "Hotline"
_BODY = ParagraphStyle("body", fontName=_FONT, fontSize=12, leading=22, firstLineIndent=24, wordWrap="CJK")
_TO = ParagraphStyle("to", parent=_BODY, firstLineIndent=0)
_TITLE = ParagraphStyle("title", parent=_BODY, firstLineIndent=0, fontSize=20, leading=30, alignment=TA_CENTER)
_NUMBER = ParagraphStyle("number", parent=_TO, alignment=TA_CENTER)
_SIGNED = ParagraphStyle("signed", parent=_TO, alignment=TA_RIGHT)
_CELL = ParagraphStyle("cell", fontName=_FONT, fontSize=9, leading=12, wordWrap="CJK")
_SEAL = 40 * mm
_SEAL_TEXT = "（盖章处）"
_RECEIPT = "签收人：________________　　签收时间：________年____月____日"
_ALWAYS = f"{_SEAL_TEXT}{_RECEIPT}：年月日—0123456789"
_ONE_AT_A_TIME = Lock()
"""Fonts are registered for the process; each letter brings its own characters under the same name."""


def render(letter: Letter, *, issuer: str) -> bytes:
    """The letter as PDF. issuer -- who signs and seals it."""
    with _ONE_AT_A_TIME:
        pdfmetrics._reset()  # type: ignore[attr-defined]  # else the letter before keeps the name of its font, and so its characters
        pdfmetrics.registerFont(TTFont(_FONT, font_with(_text_of(letter, issuer))))
        return _written(letter, issuer)


def _written(letter: Letter, issuer: str) -> bytes:
    story: list[Flowable] = [Paragraph(escape(letter.title), _TITLE), Paragraph(escape(letter.number), _NUMBER)]
    story.append(Spacer(1, 6 * mm))
    if letter.to:
        story.append(Paragraph(f"{escape(letter.to)}：", _TO))
    story += [Paragraph(escape(text), _BODY) for text in letter.paragraphs]
    for table in letter.tables:
        story += [Spacer(1, 4 * mm), _table(table)]
    story += [
        Spacer(1, 8 * mm),
        _SealBox(),
        Paragraph(escape(issuer), _SIGNED),
        Paragraph(chinese_date(letter.issue_date), _SIGNED),
    ]
    if letter.receipt:
        story += [Spacer(1, 8 * mm), Paragraph(_RECEIPT, _TO)]
    written = BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=25 * mm,
        rightMargin=25 * mm,
        topMargin=30 * mm,
        bottomMargin=25 * mm,
        title=f"{letter.title} {letter.number}",
        author=issuer,
        invariant=1,  # no time of making, no random id
    )
    document.build(story, onFirstPage=_page_number, onLaterPages=_page_number)
    return written.getvalue()


def _table(table: Table) -> LongTable:
    cells = [[Paragraph(escape(text), _CELL) for text in row] for row in (table.header, *table.rows)]
    made = LongTable(cells, repeatRows=1, colWidths=[(A4[0] - 50 * mm) / len(table.header)] * len(table.header))
    made.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return made


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


def _page_number(canvas: Canvas, document: SimpleDocTemplate) -> None:  # noqa: ARG001
    canvas.setFont(_FONT, 9)
    canvas.drawCentredString(A4[0] / 2, 12 * mm, f"— {canvas.getPageNumber()} —")


def _text_of(letter: Letter, issuer: str) -> str:
    cells = [cell for table in letter.tables for row in (table.header, *table.rows) for cell in row]
    return "".join((letter.title, letter.number, letter.to, *letter.paragraphs, *cells, issuer, _ALWAYS))
