"""Quality reviews: why a citizen was dissatisfied, and who answers for it (Art. 28(3), 30)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.feedback.events.v1.callback_events_pb2 import ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.timestamps import timestamp

from hotline_feedback.domain.hand import Hand
from hotline_feedback.domain.review import QualityReview, Responsibility, ReviewOutcome
from hotline_feedback.domain.scorecard import Criteria, Grade, Scope


class Store(Protocol):
    """What is needed of a transaction. What is found through it is locked until its end."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, details: dict[str, str]) -> None: ...

    def save_review(self, review: QualityReview) -> None: ...
    def review_to_change(self, review_id: UUID) -> QualityReview | None: ...
    def review_in_hand(self, *, person: str, now: datetime) -> QualityReview | None: ...
    def next_review(self, *, besides_of: str, now: datetime) -> QualityReview | None: ...
    def next_second_reading(self, *, besides_of: str, now: datetime) -> QualityReview | None: ...

    def criteria_in_force(self, scope: Scope) -> Criteria: ...
    def criteria_of(self, version: int, scope: Scope) -> Criteria: ...


def take_next_review(*, hold: timedelta, tx: Store, now: datetime) -> QualityReview | None:
    """The next review that the caller reads and nobody else does until `hold` is over, or the same again (Art. 15)."""
    person = tx.actor.subject
    found = (
        tx.review_in_hand(person=person, now=now)
        or tx.next_review(besides_of=person, now=now)
        or tx.next_second_reading(besides_of=person, now=now)
    )
    if found is None:
        return None
    taken = replace(found, hand=Hand(person=person, until_time=now + hold))
    tx.save_review(taken)
    tx.record(action="feedback.reviews.take", resource=taken.name, time=now, details={})
    return taken


def conclude_review(
    *,
    review_id: UUID,
    outcome: ReviewOutcome,
    cause: str,
    responsibility: Responsibility,
    operator: str,
    remedy: str,
    marks: Mapping[str, Grade],
    share: float,
    etag: str,
    tx: Store,
    now: datetime,
) -> QualityReview:
    """Ends a quality review; dispatch reopens the order if that is how it ended (Art. 28(3), 30).

    share -- part of reviews that another reader reads again.
    """
    review = _review(review_id, etag, tx)
    concluded = review.concluded(
        outcome=outcome,
        cause=cause,
        responsibility=responsibility,
        operator=operator,
        remedy=remedy,
        marks=marks,
        criteria=tx.criteria_in_force(review.scope),
        share=share,
        reviewer=tx.actor.subject,
        now=now,
    )
    tx.save_review(concluded)
    tx.record(
        action="feedback.reviews.conclude",
        resource=concluded.name,
        time=now,
        details={"outcome": outcome, "responsibility": responsibility},
    )
    tx.publish(
        ReviewConcluded(
            review=concluded.name,
            work_order=concluded.work_order,
            unit=concluded.unit,
            outcome=callback_pb2.ReviewOutcome.Value(f"REVIEW_OUTCOME_{outcome}"),
            responsibility=callback_pb2.Responsibility.Value(f"RESPONSIBILITY_{responsibility}"),
            conclude_time=timestamp(now),
        ),
        aggregate=concluded.name,
        time=now,
    )
    return concluded


def read_review_again(
    *,
    review_id: UUID,
    outcome: ReviewOutcome,
    cause: str,
    responsibility: Responsibility,
    marks: Mapping[str, Grade],
    etag: str,
    tx: Store,
    now: datetime,
) -> QualityReview:
    """Keeps what another reader found, for comparison; nothing else follows from it (ours, Art. 30)."""
    review = _review(review_id, etag, tx)
    read = review.read_again(
        outcome=outcome,
        cause=cause,
        responsibility=responsibility,
        marks=marks,
        criteria=tx.criteria_of(review.first_reading().version, review.scope),
        reviewer=tx.actor.subject,
        now=now,
    )
    tx.save_review(read)
    tx.record(action="feedback.reviews.readAgain", resource=read.name, time=now, details={"outcome": outcome})
    return read


def _review(review_id: UUID, etag: str, tx: Store) -> QualityReview:
    review = tx.review_to_change(review_id)
    if review is None:
        raise ResourceNotFound(resource=f"reviews/{review_id}")
    if etag and etag != str(review.version):
        raise EtagMismatch(resource=review.name)
    return review
