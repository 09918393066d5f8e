"""The part of a Chinese font that a document needs, with the outlines that PDF writers read.

The package's font draws with cubic curves (CFF), which reportlab does not embed; only the characters in use are taken
over into quadratic ones. Nothing is read from the system.
"""

from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

_FILE = files("pylopdf_fonts_zh_cn").joinpath("NotoSansSC-Regular.otf")
_GREATEST_ERROR = 1.0
"""Of an outline, in thousandths of the size of a character: cannot be seen."""
_OF_VERTICAL_TEXT = ("VORG", "vhea", "vmtx", "BASE")
_LIMITS = (
    "maxTwilightPoints",
    "maxStorage",
    "maxFunctionDefs",
    "maxInstructionDefs",
    "maxStackElements",
    "maxSizeOfInstructions",
    "maxComponentElements",
)
_TRUE_TYPE = "\x00\x01\x00\x00"


def font_with(text: str) -> BytesIO:
    """A TrueType font with every character of the text that Noto Sans SC has; equal texts, equal bytes."""
    return BytesIO(_with_characters("".join(sorted(set(text)))))


@lru_cache(maxsize=16)
def _with_characters(text: str) -> bytes:
    font = TTFont(BytesIO(_FILE.read_bytes()), recalcTimestamp=False, lazy=True)
    for table in _OF_VERTICAL_TEXT:
        if table in font:
            del font[table]
    subsetter = Subsetter(options=Options(layout_features=[], hinting=False, notdef_outline=True))
    subsetter.populate(text=text)
    subsetter.subset(font)
    _draw_anew(font)
    written = BytesIO()
    font.save(written)
    return written.getvalue()


def _draw_anew(font: Any) -> None:  # fontTools makes its tables at run time, without types
    order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    drawn = {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, _GREATEST_ERROR, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = outlines = newTable("glyf")
    vars(outlines).update(glyphOrder=order, glyphs=drawn)
    del font["CFF "]
    vars(font["maxp"]).update(dict.fromkeys(_LIMITS, 0), tableVersion=0x00010000, maxZones=1)
    vars(font["post"]).update(formatType=3.0)
    vars(font["head"]).update(glyphDataFormat=0)
    vars(font).update(sfntVersion=_TRUE_TYPE)
