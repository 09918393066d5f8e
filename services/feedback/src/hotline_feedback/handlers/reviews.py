"""Quality reviews: why a citizen was dissatisfied, and who answers for it (Art. 28(3), 30)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.feedback.events.v1.callback_events_pb2 import ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.timestamps import timestamp

from hotline_feedback.domain.review import QualityReview, Responsibility, ReviewOutcome


class Store(Protocol):
    """What is needed of a transaction. What is found through it is locked until its end."""

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None: ...
    def record(self, *, action: str, resource: str, time: datetime, details: dict[str, str]) -> None: ...

    def save_review(self, review: QualityReview) -> None: ...
    def review_to_change(self, review_id: UUID) -> QualityReview | None: ...


def conclude_review(
    *,
    review_id: UUID,
    outcome: ReviewOutcome,
    cause: str,
    responsibility: Responsibility,
    operator: str,
    remedy: str,
    etag: str,
    tx: Store,
    now: datetime,
) -> QualityReview:
    """Ends a quality review; dispatch reopens the order if that is how it ended (Art. 28(3), 30)."""
    review = tx.review_to_change(review_id)
    if review is None:
        raise ResourceNotFound(resource=f"reviews/{review_id}")
    if etag and etag != str(review.version):
        raise EtagMismatch(resource=review.name)
    concluded = review.concluded(
        outcome=outcome, cause=cause, responsibility=responsibility, operator=operator, remedy=remedy, now=now
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
