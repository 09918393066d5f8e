"""The quality review: why a citizen was dissatisfied, and who answers for it (Art. 30)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed

from hotline_feedback.domain.callback import Callback
from hotline_feedback.domain.evaluation import Evaluation


class ReviewOutcome(StrEnum):
    """How a quality review ends (Art. 28(3), 30)."""

    REOPENED = "REOPENED"
    UPHELD = "UPHELD"
    EXPLAINED = "EXPLAINED"


class Responsibility(StrEnum):
    """Who answers for a dissatisfaction (Art. 30)."""

    UNIT = "UNIT"
    OPERATOR = "OPERATOR"
    NONE = "NONE"


class ReviewEnded(StateNotAllowed):
    """{resource} is {state}: a quality review is concluded once."""

    article = "Art. 30"
    zh = "该质检已经结束（{state}），不能再次作出结论。"


class NoOrderToReopen(Refused):
    """{resource} is about a direct answer: there is no order that could be reopened."""

    reason = "NO_ORDER_TO_REOPEN"
    article = "Art. 30"
    zh = "该质检针对的是直接答复，没有可以重新办理的工单。"


@dataclass(frozen=True, kw_only=True)
class QualityReview:
    """Why a citizen was dissatisfied, and who answers for it (Art. 30)."""

    id: UUID
    origin: UUID
    """The callback or the evaluation that it follows; no other review follows the same."""
    appeal: str
    create_time: datetime
    work_order: str = ""
    unit: str = ""
    outcome: ReviewOutcome | None = None
    cause: str = ""
    responsibility: Responsibility | None = None
    remedy: str = ""
    conclude_time: datetime | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """`reviews/{uuid}`."""
        return f"reviews/{self.id}"

    @classmethod
    def after_callback(cls, callback: Callback, *, review_id: UUID, now: datetime) -> "QualityReview":
        """Opens the review that a dissatisfied citizen is owed for a handled order."""
        return cls(
            id=review_id,
            origin=callback.id,
            appeal=callback.appeal,
            work_order=callback.work_order,
            unit=callback.unit,
            create_time=now,
        )

    @classmethod
    def after_evaluation(cls, evaluation: Evaluation, *, review_id: UUID, now: datetime) -> "QualityReview":
        """Opens the review that a dissatisfied citizen is owed for a direct answer."""
        return cls(id=review_id, origin=evaluation.id, appeal=evaluation.appeal, create_time=now)

    def concluded(
        self, *, outcome: ReviewOutcome, cause: str, responsibility: Responsibility, remedy: str, now: datetime
    ) -> "QualityReview":
        """Ends it. Raises `ReviewEnded`, or `NoOrderToReopen` for a direct answer."""
        if self.outcome is not None:
            raise ReviewEnded(resource=self.name, state=self.outcome)
        if outcome is ReviewOutcome.REOPENED and not self.work_order:
            raise NoOrderToReopen(resource=self.name)
        return replace(
            self,
            outcome=outcome,
            cause=cause,
            responsibility=responsibility,
            remedy=remedy,
            conclude_time=now,
            version=self.version + 1,
        )
