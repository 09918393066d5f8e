"""What two versions of an entry have different (Art. 18)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from difflib import SequenceMatcher

from hotline_knowledge.domain.entry import Content

_SENTENCE = re.compile(r"[^。!?;！？；\n]*[。!?;！？；\n]*")
_MOST_SENTENCES = 500


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that says something else."""

    field: str
    old: str
    new: str
    lines: tuple[str, ...] = ()
    """Sentences of the text: `- ` taken out, `+ ` put in, two blanks for what stayed."""


def differences(old: Content, new: Content) -> list[Difference]:
    """The fields that differ, in the order of `Content`."""
    found = []
    for field in fields(Content):
        before, after = (_text(getattr(content, field.name)) for content in (old, new))
        if before != after:
            lines = _by_sentence(before, after) if field.name == "text" else ()
            found.append(Difference(field=field.name, old=before, new=after, lines=lines))
    return found


def _by_sentence(old: str, new: str) -> tuple[str, ...]:
    before, after = ([found.strip() for found in _SENTENCE.findall(text) if found.strip()] for text in (old, new))
    if max(len(before), len(after)) > _MOST_SENTENCES:  # comparing takes the square of their number
        return ()
    lines: list[str] = []
    for _, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[start:end] == after[new_start:new_end]:
            lines += (f"  {sentence}" for sentence in before[start:end])
        else:
            lines += (f"- {sentence}" for sentence in before[start:end])
            lines += (f"+ {sentence}" for sentence in after[new_start:new_end])
    return tuple(lines)


def _text(value: str | date | Iterable[str] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else "；".join(value)
