"""Scorecards: how operators did, read by the quality seat, a sample of them twice (Art. 21, 30)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hotline_kernel.auth import Principal
from hotline_kernel.errors import AlreadyExists, FieldInvalid
from uuid_utils.compat import uuid7

from hotline_feedback.domain.scorecard import (
    Criteria,
    Criterion,
    Grade,
    Scope,
    Scorecard,
    is_read_twice,
    require_other_reader,
)


class Store(Protocol):
    """What is needed of a transaction."""

    actor: Principal

    def record(self, *, action: str, resource: str, time: datetime, details: dict[str, str]) -> None: ...

    def lock_criteria(self) -> None: ...
    def criteria_in_force(self, scope: Scope) -> Criteria: ...
    def criteria_of(self, version: int, scope: Scope) -> Criteria: ...
    def add_criteria(self, criteria: Criteria) -> None: ...

    def cards_of(self, subject: str) -> Sequence[Scorecard]: ...
    def add_card(self, card: Scorecard) -> None: ...
    def end_second_reading(self, card: Scorecard) -> None: ...


_NOT_KEYS = frozenset({"outcome", "responsibility"})  # by which readers of reviews are compared besides


def publish_criteria(*, scope: Scope, criteria: Sequence[Criterion], note: str, tx: Store, now: datetime) -> Criteria:
    """The office sets what is looked at from now on; what was marked before keeps its version."""
    keys = [criterion.key for criterion in criteria]
    if len(set(keys)) < len(keys) or _NOT_KEYS.intersection(keys):
        raise FieldInvalid(violations=[("criteria", "must have a key of its own each, not outcome or responsibility")])
    tx.lock_criteria()
    published = Criteria(
        scope=scope,
        version=tx.criteria_in_force(scope).version + 1,
        criteria=tuple(criteria),
        note=note,
        publisher=tx.actor.subject,
        publish_time=now,
    )
    tx.add_criteria(published)
    version = str(published.version)
    tx.record(action="feedback.criteria.publish", resource=f"criteria/{version}", time=now, details={"scope": scope})
    return published


def score_operator(
    *, subject: str, operator: str, marks: Mapping[str, Grade], note: str, share: float, tx: Store, now: datetime
) -> Scorecard:
    """Keeps one reader's card; the first of a subject in the sample waits for another reader's.

    share -- part of subjects that are read twice. Raises `AlreadyExists`, `SecondReaderSame`, `FieldInvalid`.
    """
    read = tx.cards_of(subject)
    first = read[0] if read else None
    if first is not None:
        if not first.second_wanted:
            raise AlreadyExists(resource=first.name)
        require_other_reader(first.name, first=first, reviewer=tx.actor.subject)
        if operator != first.operator:
            raise FieldInvalid(violations=[("operator", "must be the operator of the first reading")])
    criteria = tx.criteria_of(first.version, Scope.OPERATOR) if first else tx.criteria_in_force(Scope.OPERATOR)
    card = Scorecard(
        id=uuid7(),
        subject=subject,
        operator=operator,
        version=criteria.version,
        marks=marks,
        score=criteria.score(marks),
        note=note,
        reviewer=tx.actor.subject,
        create_time=now,
        first=first.id if first else None,
        second_wanted=first is None and is_read_twice(subject, share=share),
    )
    tx.add_card(card)
    if first is not None:
        tx.end_second_reading(first)
    tx.record(action="feedback.scorecards.create", resource=card.name, time=now, details={"subject": subject})
    return card
