"""The quality review: why a citizen was dissatisfied, and who answers for it (Art. 30)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_feedback.domain.callback import Callback
from hotline_feedback.domain.evaluation import Evaluation
from hotline_feedback.domain.hand import Hand, require_free
from hotline_feedback.domain.scorecard import Criteria, Grade, Scope, is_read_twice, require_other_reader


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


class SecondReadingNotWanted(Refused):
    """{resource} is not concluded, not in the sample that is read twice, or was read twice already."""

    reason = "SECOND_READING_NOT_WANTED"
    article = "Art. 30"
    zh = "该质检尚未作出结论、未被抽中复评，或者已经复评，不能复评。"


@dataclass(frozen=True, kw_only=True)
class ReviewReading:
    """A quality review as one reader sees it."""

    reviewer: str
    version: int
    """Of the criteria."""
    marks: Mapping[str, Grade]
    score: float
    outcome: ReviewOutcome
    responsibility: Responsibility
    cause: str
    read_time: datetime

    @property
    def judged(self) -> Mapping[str, str]:
        """In what readers are compared: how it ends and who answers, besides the marks."""
        return {**self.marks, "outcome": self.outcome, "responsibility": self.responsibility}


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
    readings: tuple[ReviewReading, ...] = ()
    """The conclusion, and the second reading; none of what was concluded before they were kept."""
    second_wanted: bool = False
    """It is in the sample that is read twice, and was not yet."""
    hand: Hand | None = None
    """Who reads; nobody, once it is read."""
    version: int = 1

    @property
    def name(self) -> str:
        """`reviews/{uuid}`."""
        return f"reviews/{self.id}"

    @property
    def scope(self) -> Scope:
        """By whose criteria it is marked: a direct answer is an operator's work."""
        return Scope.UNIT if self.work_order else Scope.OPERATOR

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
        marks: Mapping[str, Grade],
        criteria: Criteria,
        share: float,
        reviewer: str,
        now: datetime,
    ) -> "QualityReview":
        """Ends it, and says who answers.

        operator -- whom of the hotline's staff the review names; empty: the one concerned so far;  share -- part of
        reviews that are read twice. Raises `ReviewEnded`, `TakenByAnother`, `NoOrderToReopen` for a direct answer,
        `ResponsibleNotNamed`, `FieldInvalid`.
        """
        if self.outcome is not None:
            raise ReviewEnded(resource=self.name, state=self.outcome)
        require_free(self.name, hand=self.hand, actor=reviewer, now=now)
        self._require_reopenable(outcome)
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
            readings=(
                ReviewReading(
                    reviewer=reviewer,
                    version=criteria.version,
                    marks=marks,
                    score=criteria.score(marks),
                    outcome=outcome,
                    responsibility=responsibility,
                    cause=cause,
                    read_time=now,
                ),
            ),
            second_wanted=is_read_twice(self.name, share=share),
            hand=None,
            version=self.version + 1,
        )

    def first_reading(self) -> ReviewReading:
        """What the second one reads again. Raises `SecondReadingNotWanted`."""
        if not self.second_wanted:
            raise SecondReadingNotWanted(resource=self.name)
        return self.readings[0]

    def read_again(
        self,
        *,
        outcome: ReviewOutcome,
        cause: str,
        responsibility: Responsibility,
        marks: Mapping[str, Grade],
        criteria: Criteria,
        reviewer: str,
        now: datetime,
    ) -> "QualityReview":
        """Another reader's finding, beside the first: what followed from the conclusion stays.

        criteria -- those of the first reading. Raises `SecondReadingNotWanted`, `SecondReaderSame`, `TakenByAnother`,
        `NoOrderToReopen`, `FieldInvalid`.
        """
        first = self.first_reading()
        require_other_reader(self.name, first=first, reviewer=reviewer)
        require_free(self.name, hand=self.hand, actor=reviewer, now=now)
        self._require_reopenable(outcome)
        second = ReviewReading(
            reviewer=reviewer,
            version=criteria.version,
            marks=marks,
            score=criteria.score(marks),
            outcome=outcome,
            responsibility=responsibility,
            cause=cause,
            read_time=now,
        )
        return replace(self, readings=(first, second), second_wanted=False, hand=None, version=self.version + 1)

    def _require_reopenable(self, outcome: ReviewOutcome) -> None:
        if outcome is ReviewOutcome.REOPENED and not self.work_order:
            raise NoOrderToReopen(resource=self.name)
