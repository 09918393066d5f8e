"""Invented messages that tell of an emergency and hard ones that do not, with the counts that say how well we see it.

A line of a file is a message. Of every two neighbours the first is for developing the rules, the second is held out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotline_intake.domain.emergency import points_to_emergency

_DATA = Path(__file__).parent / "data"
EMERGENCIES = (_DATA / "emergencies.txt").read_text().splitlines()
UNSEEN = (_DATA / "emergencies_unseen.txt").read_text().splitlines()
"""Written after the rules stood; what was found of them at first sight says more than what is found now."""
OTHERS = (_DATA / "others.txt").read_text().splitlines()
FIRST_SIGHT = (_DATA / "emergencies_first_sight.txt").read_text().splitlines()
FIRST_SIGHT_OTHERS = (_DATA / "others_first_sight.txt").read_text().splitlines()
"""Written after rules and model stood, in pairs that begin alike; nothing is ever learned from them."""


def _by_style(name: str) -> dict[str, list[str]]:
    """Messages under headings: whoever learns from some styles is tried on others."""
    styles: dict[str, list[str]] = {}
    for line in (_DATA / name).read_text().splitlines():
        if line.startswith("## "):
            styles[line.removeprefix("## ")] = messages = []
        else:
            messages.append(line)
    return styles


STYLES_OF_EMERGENCIES, STYLES_OF_OTHERS = _by_style("emergencies_by_style.txt"), _by_style("others_by_style.txt")


def develop(lines: Sequence[str]) -> Sequence[str]:
    """The half that the rules may learn from."""
    return lines[::2]


def held_out(lines: Sequence[str]) -> Sequence[str]:
    """The half that they may not."""
    return lines[1::2]


@dataclass(frozen=True)
class Flagged:
    """How many of some messages were taken for emergencies."""

    flagged: int
    messages: int

    @classmethod
    def among(cls, messages: Iterable[str]) -> "Flagged":
        """Counts them."""
        verdicts = [points_to_emergency(words=each) for each in messages]
        return cls(sum(verdicts), len(verdicts))

    @property
    def rate(self) -> float:
        """0 to 1."""
        return self.flagged / self.messages
