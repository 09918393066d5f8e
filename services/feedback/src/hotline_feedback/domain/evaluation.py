"""The evaluation: what a citizen says about a direct answer, on the spot (Art. 30)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Refused

from hotline_feedback.domain.callback import Verdict


class EvaluationMeans(StrEnum):
    """How a citizen evaluates a direct answer."""

    SPOKEN = "SPOKEN"
    PHONE_KEY = "PHONE_KEY"
    SMS = "SMS"
    LINK = "LINK"
    WECHAT = "WECHAT"


VERDICT_BY_KEY = {"1": Verdict.SATISFIED, "2": Verdict.NEUTRAL, "3": Verdict.DISSATISFIED}
"""What the digit means that a citizen presses or texts (ours)."""


class EvaluationNotOpen(Refused):
    """{resource} was not answered directly, or was evaluated already."""

    reason = "EVALUATION_NOT_OPEN"
    article = "Art. 30"
    zh = "该诉求没有可评价的直接答复，或者已经评价过。"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a citizen says about a direct answer, on the spot (Art. 30)."""

    id: UUID
    appeal: str
    operator: str
    create_time: datetime
    verdict: Verdict | None = None
    means: EvaluationMeans | None = None
    """How the citizen said it; None before, and where it was not kept."""
    evaluate_time: datetime | None = None

    @property
    def name(self) -> str:
        """`evaluations/{uuid}`."""
        return f"evaluations/{self.id}"

    def evaluated(self, *, verdict: Verdict, means: EvaluationMeans, now: datetime) -> "Evaluation":
        """The citizen says it, once. Raises `EvaluationNotOpen`."""
        if self.verdict is not None:
            raise EvaluationNotOpen(resource=self.appeal)
        return replace(self, verdict=verdict, means=means, evaluate_time=now)
