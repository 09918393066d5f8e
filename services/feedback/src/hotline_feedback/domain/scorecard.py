"""Quality of what operators do: courtesy, attitude, language, registration, besides the handling (Art. 21, 30)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

from hotline_kernel.errors import FieldInvalid, Refused


class Grade(StrEnum):
    """How far a criterion is met."""

    MET = "MET"
    PARTLY = "PARTLY"
    NOT_MET = "NOT_MET"


class Scope(StrEnum):
    """Whose work criteria are about."""

    OPERATOR = "OPERATOR"
    UNIT = "UNIT"


WORTH = {Grade.MET: 1.0, Grade.PARTLY: 0.5, Grade.NOT_MET: 0.0}
"""What part of a criterion's weight a grade earns (ours)."""


class SecondReaderSame(Refused):
    """{resource} was scored by you: the second reading is somebody else's."""

    reason = "SECOND_READER_SAME"
    article = "Art. 30"
    zh = "该评分由您本人作出，复评须由另一名质检人员独立进行。"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that is looked at; weight -- its part of the whole, at least 1."""

    key: str
    title: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is looked at. A version is never changed: cards keep the one by which they were scored."""

    scope: Scope
    version: int
    criteria: tuple[Criterion, ...]
    note: str
    publisher: str
    publish_time: datetime

    def score(self, marks: Mapping[str, Grade]) -> float:
        """0 to 100. Raises `FieldInvalid` unless every criterion, and no other, has its mark."""
        wanted = {criterion.key for criterion in self.criteria}
        if marks.keys() != wanted:
            told = ", ".join(sorted(wanted))
            raise FieldInvalid(violations=[("marks", f"must mark each of {told} once, and nothing else")])
        earned = sum(criterion.weight * WORTH[marks[criterion.key]] for criterion in self.criteria)
        return 100 * earned / sum(criterion.weight for criterion in self.criteria)


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """How an operator did with a call or an appeal, as one reader sees it."""

    id: UUID
    subject: str
    """`appeals/…` or `calls/…`."""
    operator: str
    version: int
    marks: Mapping[str, Grade]
    score: float
    note: str
    reviewer: str
    create_time: datetime
    first: UUID | None = None
    """The card that this one reads again, without having seen it; None for a first reading."""
    second_wanted: bool = False
    """It is in the sample that is read twice, and was not yet."""

    @property
    def name(self) -> str:
        """`scorecards/{uuid}`."""
        return f"scorecards/{self.id}"

    @property
    def judged(self) -> Mapping[str, str]:
        """In what readers are compared."""
        return self.marks


class Reading(Protocol):
    """What one reader found, in words that another can find too."""

    @property
    def reviewer(self) -> str: ...
    @property
    def judged(self) -> Mapping[str, str]: ...


def require_other_reader(resource: str, *, first: Reading, reviewer: str) -> None:
    """A second reading is independent. Raises `SecondReaderSame`."""
    if reviewer == first.reviewer:
        raise SecondReaderSame(resource=resource)


def is_read_twice(subject: str, *, share: float) -> bool:
    """Whether a subject is in the sample for a second reading; the same for everybody, and nobody's choice (ours).

    share -- part of all subjects, from 0 to 1.
    """
    drawn = int.from_bytes(blake2b(subject.encode(), digest_size=8).digest())
    return drawn < share * 2**64


@dataclass(frozen=True, kw_only=True)
class OperatorScore:
    """How an operator did over a period; shares -- of each criterion's worth, from 0 to 1."""

    operator: str
    subjects: int
    score: float
    shares: Mapping[str, float]


def operator_scores(cards: Iterable[Scorecard]) -> list[OperatorScore]:
    """By operator. What was read twice counts once, as the mean of its two readings."""
    by_operator: dict[str, dict[str, list[Scorecard]]] = defaultdict(lambda: defaultdict(list))
    for card in cards:
        by_operator[card.operator][card.subject].append(card)
    return [
        OperatorScore(
            operator=operator,
            subjects=len(subjects),
            score=_mean([_mean([card.score for card in read]) for read in subjects.values()]),
            shares=_shares(list(subjects.values())),
        )
        for operator, subjects in sorted(by_operator.items())
    ]


def _shares(subjects: Sequence[Sequence[Scorecard]]) -> dict[str, float]:
    # Versions have different criteria: each share is of the subjects that were marked by it.
    found: dict[str, list[float]] = defaultdict(list)
    for read in subjects:
        for key in read[0].marks:
            found[key].append(_mean([WORTH[card.marks[key]] for card in read]))
    return {key: _mean(worths) for key, worths in sorted(found.items())}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two readers agree on a criterion; both empty: all pairs of readers together.

    observed -- share of pairs with the same grade;  kappa -- Cohen's, None where chance alone would agree always.
    """

    criterion: str
    first_reader: str
    second_reader: str
    pairs: int
    observed: float
    kappa: float | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is told apart by."""
        return self.criterion, self.first_reader, self.second_reader


def agreements(pairs: Iterable[tuple[Reading, Reading]]) -> list[Agreement]:
    """By criterion and pair of readers, whoever of them read first; the whole of each criterion before its parts."""
    judged: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for first, second in pairs:
        one, other = sorted((first, second), key=lambda reading: reading.reviewer)
        for key in first.judged:
            judged[key, "", ""].append((first.judged[key], second.judged[key]))
            judged[key, one.reviewer, other.reviewer].append((one.judged[key], other.judged[key]))
    return [
        Agreement(
            criterion=key,
            first_reader=one,
            second_reader=other,
            pairs=len(both),
            observed=_observed(both),
            kappa=kappa(both),
        )
        for (key, one, other), both in sorted(judged.items())
    ]


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa (1960): agreement beyond what chance would give; 1 is full, 0 is chance."""
    by_chance = (
        sum(
            sum(first == found for first, _ in pairs) * sum(second == found for _, second in pairs)
            for found in {first for first, _ in pairs}
        )
        / len(pairs) ** 2
    )
    return None if by_chance == 1 else (_observed(pairs) - by_chance) / (1 - by_chance)


def _observed(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(first == second for first, second in pairs) / len(pairs)
