"""Whose orders a text is like: naive Bayes over pairs of characters, without a dictionary (Art. 3; ours)."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

LONGEST = 600
"""So many characters of a text are looked at."""
_SMOOTHING = 0.1


@dataclass(frozen=True)
class Words:
    """What the texts of each unit's orders hold.

    held -- by unit, how many of its texts hold a pair of characters;  everywhere -- how many of all.
    """

    held: Mapping[str, Mapping[str, int]]
    everywhere: Mapping[str, int]

    @classmethod
    def learn(cls, texts: Iterable[tuple[str, str]]) -> "Words":
        """Learns from units and texts that they led."""
        held: dict[str, Counter[str]] = defaultdict(Counter)
        everywhere: Counter[str] = Counter()
        for unit, text in texts:
            pairs = _pairs(text)
            held[unit].update(pairs)
            everywhere.update(pairs)
        return cls(dict(held), everywhere)

    @cached_property
    def _others(self) -> dict[str, float]:
        # The complement: what is rare in the texts of all others speaks for a unit, however few its own texts are.
        whole = sum(self.everywhere.values()) + _SMOOTHING * len(self.everywhere)
        return {unit: whole - sum(pairs.values()) for unit, pairs in self.held.items()}

    def likeness(self, text: str) -> dict[str, float]:
        """Shares of one, by unit; empty if nothing in the text was ever seen."""
        known = [(pair, self.everywhere[pair]) for pair in _pairs(text) if pair in self.everywhere]
        if not known:
            return {}
        sums = {
            unit: -math.fsum(math.log((count - pairs.get(pair, 0) + _SMOOTHING) / others) for pair, count in known)
            for (unit, pairs), others in zip(self.held.items(), self._others.values(), strict=True)
        }
        # Neighbouring pairs tell much the same: as many as there are count as their root.
        most, span = max(sums.values()), math.sqrt(len(known))
        shares = {unit: math.exp((value - most) / span) for unit, value in sums.items()}
        whole = math.fsum(shares.values())
        return {unit: share / whole for unit, share in shares.items()}


def _pairs(text: str) -> set[str]:
    kept = "".join(character for character in text[:LONGEST] if character.isalnum())
    return {kept[at : at + 2] for at in range(len(kept) - 1)}
