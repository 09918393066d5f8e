"""An objection to a decline, decided by somebody else than who declined (Art. 6)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_intake.domain.appeal import Appeal, DecidedByDecliner, State


class NotDeclined(StateNotAllowed):
    """{resource} is {state}: only a decline that stands is contested."""

    article = "Art. 6"
    zh = "{resource} 当前为“{state}”，只能对不予受理的决定提出异议（第六条）。"


class ContestDecided(StateNotAllowed):
    """{resource} is {state}: it is decided once."""

    article = "Art. 6"
    zh = "{resource} 当前为“{state}”，不能再次审核（第六条）。"


class ContestedAlready(Refused):
    """The decline of {appeal} was contested already."""

    reason = "CONTESTED_ALREADY"
    article = "Art. 6"
    zh = "对 {appeal} 的不予受理决定已提出过异议。"


class ContestState(Code):
    """Where a contest stands."""

    OPEN = "OPEN", "待审核"
    UPHELD = "UPHELD", "维持"
    REOPENED = "REOPENED", "已改为受理"


@dataclass(frozen=True, kw_only=True)
class Contest:
    """An objection; what the citizen says stands sealed beside it."""

    id: UUID
    appeal_id: UUID
    decliner: str
    decline_time: datetime
    create_time: datetime
    state: ContestState = ContestState.OPEN
    reviewer: str = ""
    decision: str = ""
    decide_time: datetime | None = None

    @property
    def name(self) -> str:
        """Resource name."""
        return f"contests/{self.id}"

    @classmethod
    def of(cls, *, contest_id: UUID, appeal: Appeal, now: datetime) -> "Contest":
        """Objects to a decline that stands. Raises `NotDeclined`."""
        if appeal.state is not State.DECLINED or appeal.decline is None:
            raise NotDeclined(resource=appeal.name, state=appeal.state)
        decline = appeal.decline
        return cls(
            id=contest_id,
            appeal_id=appeal.id,
            decliner=decline.actor,
            decline_time=decline.decline_time,
            create_time=now,
        )

    def decided(self, *, upheld: bool, decision: str, reviewer: str, now: datetime) -> "Contest":
        """Ends it. Raises `ContestDecided`, `DecidedByDecliner`."""
        if self.state is not ContestState.OPEN:
            raise ContestDecided(resource=self.name, state=self.state)
        if reviewer == self.decliner:
            raise DecidedByDecliner(actor=reviewer)
        state = ContestState.UPHELD if upheld else ContestState.REOPENED
        return replace(self, state=state, reviewer=reviewer, decision=decision, decide_time=now)
