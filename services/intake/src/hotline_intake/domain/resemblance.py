"""How much a message resembles an emergency that the rules' words do not meet (Art. 6(1)).

Each group of one to three characters has a weight, learned from invented messages alone by `make emergency-model`; what
three neighbouring clauses weigh together is compared with a bar. Each further clause is one more chance to resemble by
accident, so the bar rises with their number: whoever is in danger writes little.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log2, sqrt
from typing import Any

NEIGHBOURS = 3
"""So many clauses are looked at together."""
LEAST_KNOWN = 8
"""With fewer groups that were met before there is nothing to go by."""
_CLAUSE = re.compile(r"[^一-鿿0-9A-Za-z]+")
_LONGEST_GROUP = 3


@dataclass(frozen=True)
class Model:
    """bias -- what nothing weighs;  bar -- from where on two messages of one clause resemble;  rise -- of the bar for
    each doubling of the clauses;  weights -- of groups of characters.
    """

    bias: float
    bar: float
    rise: float
    weights: Mapping[str, float]

    def resembles(self, words: str) -> bool:
        """Whether some of it is like an emergency."""
        parts = list(clauses(words))
        bar = self.bar + self.rise * log2(max(len(parts), 1))
        return any(self.weigh(window) > bar for window in windows(parts))

    def weigh(self, groups: Iterable[str]) -> float:
        """Log odds, as learned; what was never met weighs nothing, and what is hardly known is left to the rules."""
        known = [self.weights[group] for group in groups if group in self.weights]
        return self.bias + sum(known) / sqrt(len(known)) if len(known) >= LEAST_KNOWN else self.bias


def clauses(words: str) -> Iterator[list[str]]:
    """The groups of characters of each clause, each once."""
    for clause in _CLAUSE.split(words):
        if clause:
            yield list(
                dict.fromkeys(
                    clause[start : start + length]
                    for length in range(1, _LONGEST_GROUP + 1)
                    for start in range(len(clause) - length + 1)
                )
            )


def windows(parts: list[list[str]]) -> Iterator[list[str]]:
    """Neighbouring clauses, taken together."""
    for start in range(max(len(parts) - NEIGHBOURS, 0) + 1):
        yield [group for clause in parts[start : start + NEIGHBOURS] for group in clause]


@cache
def learned() -> Model:
    """The model that was shipped."""
    content: dict[str, Any] = json.loads(
        resources.files("hotline_intake").joinpath("emergencies.json").read_text(encoding="utf-8")
    )
    return Model(**content)
