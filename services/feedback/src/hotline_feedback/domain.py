"""What citizens say afterwards: callbacks, evaluations of direct answers, quality reviews (Art. 30)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed


class Verdict(StrEnum):
    """What a citizen says about how the matter was handled."""

    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"


class CallbackState(StrEnum):
    """Where a callback stands."""

    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    UNREACHABLE = "UNREACHABLE"


class AttemptOutcome(StrEnum):
    """What happened on a try without an answer."""

    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    WRONG_NUMBER = "WRONG_NUMBER"
    REFUSED = "REFUSED"


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


class CallbackEnded(StateNotAllowed):
    """{resource} is {state}: what was said once is not changed."""

    article = "Art. 30"
    zh = "该回访已经结束（{state}），不能再记录或更改。"


class EvaluationNotOpen(Refused):
    """{resource} was not answered directly, or was evaluated already."""

    reason = "EVALUATION_NOT_OPEN"
    article = "Art. 30"
    zh = "该诉求没有可评价的直接答复，或者已经评价过。"


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
class Attempt:
    """A try without an answer."""

    time: datetime
    outcome: AttemptOutcome
    actor: str


@dataclass(frozen=True, kw_only=True)
class Callback:
    """The office asks the citizen about a reported result, within 24 hours (Art. 30)."""

    id: UUID
    work_order: str
    appeal: str
    number: str
    unit: str
    round: int
    create_time: datetime
    due_time: datetime | None = None
    """End of the 24 hours as sla announced it; None until it did."""
    overdue: bool = False
    state: CallbackState = CallbackState.WAITING
    attempts: tuple[Attempt, ...] = ()
    verdict: Verdict | None = None
    solved: bool | None = None
    note: str = ""
    complete_time: datetime | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """`callbacks/{uuid}`."""
        return f"callbacks/{self.id}"

    def clocked(self, *, due_time: datetime, missed: bool) -> "Callback":
        """sla announced when the 24 hours end, or that they ended without the deed.

        A callback that ended in time stays in time, whichever of the two facts is heard first.
        """
        in_time = self.complete_time is not None and self.complete_time <= due_time
        late = self.complete_time is not None and self.complete_time > due_time
        overdue = self.overdue or late or (missed and not in_time)
        return replace(self, due_time=due_time, overdue=overdue, version=self.version + 1)

    def tried(self, *, outcome: AttemptOutcome, actor: str, now: datetime, limit: int) -> "Callback":
        """A try without an answer. The last of `limit` tries, and a citizen who does not want to be asked, end it.

        Whoever was not reached is never counted as satisfied (Art. 30). Raises `CallbackEnded`.
        """
        self._must_wait()
        attempts = (*self.attempts, Attempt(time=now, outcome=outcome, actor=actor))
        tried = replace(self, attempts=attempts, version=self.version + 1)
        if outcome is AttemptOutcome.REFUSED or len(attempts) >= limit:
            return tried._ended(CallbackState.UNREACHABLE, now)
        return tried

    def completed(self, *, verdict: Verdict, solved: bool, note: str, now: datetime) -> "Callback":
        """The citizen answered. Raises `CallbackEnded`."""
        self._must_wait()
        answered = replace(self, verdict=verdict, solved=solved, note=note, version=self.version + 1)
        return answered._ended(CallbackState.COMPLETED, now)

    def _must_wait(self) -> None:
        if self.state is not CallbackState.WAITING:
            raise CallbackEnded(resource=self.name, state=self.state)

    def _ended(self, state: CallbackState, now: datetime) -> "Callback":
        overdue = self.overdue or (self.due_time is not None and now > self.due_time)
        return replace(self, state=state, complete_time=now, overdue=overdue)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a citizen says about a direct answer, on the spot (Art. 30)."""

    id: UUID
    appeal: str
    operator: str
    create_time: datetime
    verdict: Verdict | None = None
    evaluate_time: datetime | None = None

    @property
    def name(self) -> str:
        """`evaluations/{uuid}`."""
        return f"evaluations/{self.id}"

    def evaluated(self, *, verdict: Verdict, now: datetime) -> "Evaluation":
        """The citizen says it, once. Raises `EvaluationNotOpen`."""
        if self.verdict is not None:
            raise EvaluationNotOpen(resource=self.appeal)
        return replace(self, verdict=verdict, evaluate_time=now)


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
