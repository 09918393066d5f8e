"""The quality review: why a citizen was dissatisfied, and who answers for it (Art. 30)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_feedback.domain.callback import Callback
from hotline_feedback.domain.evaluation import Evaluation


class ReviewOutcome(Code):
    """How a quality review ends (Art. 28(3), 30)."""

    REOPENED = "REOPENED", "重新办理"
    UPHELD = "UPHELD", "维持"
    EXPLAINED = "EXPLAINED", "已解释"


class Responsibility(Code):
    """Who answers for a dissatisfaction (Art. 30)."""

    UNIT = "UNIT", "承办单位"
    OPERATOR = "OPERATOR", "热线工作人员"
    NONE = "NONE", "无"


class ReviewEnded(StateNotAllowed):
    """{resource} is {state}: a quality review is concluded once."""

    article = "Art. 30"
    zh = "该质检已经结束（{state}），不能再次作出结论。"


class NoOrderToReopen(Refused):
    """{resource} is about a direct answer: there is no order that could be reopened."""

    reason = "NO_ORDER_TO_REOPEN"
    article = "Art. 30"
    zh = "该质检针对的是直接答复，没有可以重新办理的工单。"


class ResponsibleNotNamed(Refused):
    """{resource} names nobody who could answer as {responsibility}: name the operator, or find for somebody else."""

    reason = "RESPONSIBLE_NOT_NAMED"
    article = "Art. 30"
    zh = "界定责任必须落实到具体对象：责任方为 {responsibility} 时，须有相应的承办单位或热线工作人员。"


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
    operator: str = ""
    """Who of the hotline's staff is concerned: who answered directly, or whom the review names."""
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
        return cls(
            id=review_id,
            origin=evaluation.id,
            appeal=evaluation.appeal,
            operator=evaluation.operator,
            create_time=now,
        )

    def concluded(
        self,
        *,
        outcome: ReviewOutcome,
        cause: str,
        responsibility: Responsibility,
        operator: str,
        remedy: str,
        now: datetime,
    ) -> "QualityReview":
        """Ends it, and says who answers.

        operator -- whom of the hotline's staff the review names; empty: the one concerned so far.
        Raises `ReviewEnded`, `NoOrderToReopen` for a direct answer, `ResponsibleNotNamed`.
        """
        if self.outcome is not None:
            raise ReviewEnded(resource=self.name, state=self.outcome)
        if outcome is ReviewOutcome.REOPENED and not self.work_order:
            raise NoOrderToReopen(resource=self.name)
        named = {
            Responsibility.UNIT: self.unit,
            Responsibility.OPERATOR: operator or self.operator,
            Responsibility.NONE: "nobody",
        }
        if not named[responsibility]:
            raise ResponsibleNotNamed(resource=self.name, responsibility=responsibility)
        return replace(
            self,
            outcome=outcome,
            cause=cause,
            responsibility=responsibility,
            operator=operator or self.operator,
            remedy=remedy,
            conclude_time=now,
            version=self.version + 1,
        )
