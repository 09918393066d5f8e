"""Evaluations of direct answers, on the spot (Art. 30)."""

from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from uuid_utils.compat import uuid7

from hotline_feedback.domain.callback import Verdict
from hotline_feedback.domain.evaluation import Evaluation, EvaluationMeans, EvaluationNotOpen
from hotline_feedback.domain.review import QualityReview


class Store(Protocol):
    """What is needed of a transaction. What is found through it is locked until its end."""

    def record(self, *, action: str, resource: str, time: datetime, details: dict[str, str]) -> None: ...

    def add_evaluation(self, evaluation: Evaluation) -> bool: ...
    def save_evaluation(self, evaluation: Evaluation) -> None: ...
    def evaluation_of(self, appeal: UUID) -> Evaluation | None: ...
    def add_review(self, review: QualityReview) -> bool: ...


def evaluate_answer(
    *, appeal_id: UUID, verdict: Verdict, means: EvaluationMeans, tx: Store, now: datetime
) -> Evaluation:
    """Keeps what the citizen said about a direct answer; dissatisfaction opens a quality review (Art. 30)."""
    evaluation = tx.evaluation_of(appeal_id)
    if evaluation is None:
        raise EvaluationNotOpen(resource=f"appeals/{appeal_id}")
    evaluated = evaluation.evaluated(verdict=verdict, means=means, now=now)
    tx.save_evaluation(evaluated)
    tx.record(
        action="feedback.answers.evaluate",
        resource=evaluated.name,
        time=now,
        details={"verdict": verdict, "means": means},
    )
    if verdict is Verdict.DISSATISFIED:
        tx.add_review(QualityReview.after_evaluation(evaluated, review_id=uuid7(), now=now))
    return evaluated


def open_evaluation(event: AppealAnswered, *, tx: Store, **_: object) -> None:
    """An appeal was answered directly: the citizen may evaluate that on the spot (Art. 30)."""
    tx.add_evaluation(
        Evaluation(
            id=uuid7(),
            appeal=event.appeal,
            operator=event.operator,
            create_time=event.answer_time.ToDatetime(UTC),
        )
    )
