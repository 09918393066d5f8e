"""Meetings about the hotline's work: agenda from the figures, decisions, actions with owner and date (Art. 8, 9(8))."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_sla.domain.assessment import Counts, score
from hotline_sla.domain.weights import Weights

LOWEST = 5
"""So many units with the lowest scores are on the agenda (ours)."""
NO_NAMES: Mapping[str, str] = {}


class MeetingState(Code):
    """Where a meeting stands."""

    PLANNED = "PLANNED", "待召开"
    HELD = "HELD", "已召开"
    CANCELLED = "CANCELLED", "已取消"


class MeetingStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 9(8)"
    zh = "该会议当前状态为 {state}，不能进行此操作（第九条第八项）。"


class MeetingInThePast(Refused):
    """A meeting is planned for today or later, not for {plan_date}."""

    reason = "MEETING_IN_THE_PAST"
    article = "Art. 9(8)"
    zh = "会议日期（{plan_date}）已过，请选择今天或以后的日期（第九条第八项）。"


class MeetingNotYetHeld(Refused):
    """{resource} is planned for {plan_date}: its minutes are taken down when it has taken place."""

    reason = "MEETING_NOT_YET_HELD"
    article = "Art. 9(8)"
    zh = "该会议计划于 {plan_date} 召开，召开后才能登记会议纪要（第九条第八项）。"


class ActionDueTooEarly(Refused):
    """An action that follows from {resource} is due on the meeting's day or later, not on {due_date}."""

    reason = "ACTION_DUE_TOO_EARLY"
    article = "Art. 8"
    zh = "议定事项的完成日期（{due_date}）早于会议当日（第八条）。"


class ActionFinishedAlready(Refused):
    """{resource} was reported as done already."""

    reason = "ACTION_FINISHED_ALREADY"
    article = "Art. 8"
    zh = "该议定事项已报告完成，不能重复报告（第八条）。"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one unit, or all together (unit empty), did; score -- 0 to 100, None if nothing was received.

    display_name -- how the unit is called, empty if that is not known.
    """

    unit: str
    counts: Counts
    score: float | None
    display_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How the hotline ran over a period, as the books had it at a moment. Days of receipt, both counted."""

    start_date: date
    end_date: date
    weights_version: str
    total: Standing
    lowest: tuple[Standing, ...]


def figures(
    *,
    start: date,
    end: date,
    by_unit: Sequence[tuple[str, Counts]],
    weights: Weights,
    names: Mapping[str, str] = NO_NAMES,
) -> Figures:
    """The figures that an agenda begins with, from the counts of the units (Art. 8). names -- how units are called."""
    standings = [
        Standing(unit=unit, counts=counts, score=score(counts, weights=weights), display_name=names.get(unit, ""))
        for unit, counts in by_unit
    ]
    total = sum((counts for _, counts in by_unit), Counts())
    judged = sorted((each.score, each.unit, each) for each in standings if each.score is not None)
    return Figures(
        start_date=start,
        end_date=end,
        weights_version=weights.version,
        total=Standing(unit="", counts=total, score=score(total, weights=weights)),
        lowest=tuple(standing for _, _, standing in judged[:LOWEST]),
    )


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that follows from a meeting. owner -- `units/{id}`;  due_date -- until the end of this day."""

    id: UUID
    meeting_id: UUID
    text: str
    owner: str
    due_date: date
    finish_time: datetime | None = None
    report: str = ""

    @property
    def name(self) -> str:
        """`meetingActions/{uuid}`."""
        return f"meetingActions/{self.id}"

    def is_overdue(self, *, now: datetime) -> bool:
        """Its day is over, and it is not done."""
        return self.finish_time is None and self.due_date < _day(now)

    def finished(self, *, report: str, now: datetime) -> "Action":
        """It is done. Raises ActionFinishedAlready."""
        if self.finish_time is not None:
            raise ActionFinishedAlready(resource=self.name)
        return replace(self, finish_time=now, report=report)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A meeting (热线工作会议). notices -- of those that were issued, what it talks about."""

    id: UUID
    title: str
    plan_date: date
    topics: tuple[str, ...]
    figures: Figures
    create_time: datetime
    state: MeetingState = MeetingState.PLANNED
    hold_time: datetime | None = None
    participants: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    cancel_reason: str = ""
    version: int = 1
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`meetings/{uuid}`."""
        return f"meetings/{self.id}"

    def check(self) -> None:
        """Raises MeetingInThePast: a plan looks ahead."""
        if self.plan_date < _day(self.create_time):
            raise MeetingInThePast(plan_date=self.plan_date.isoformat())

    def held(
        self, *, participants: Sequence[str], decisions: Sequence[str], actions: Sequence[Action], now: datetime
    ) -> "Meeting":
        """It took place. Raises MeetingStateNotAllowed, before its day MeetingNotYetHeld, and ActionDueTooEarly."""
        self._require_planned()
        if _day(now) < self.plan_date:
            raise MeetingNotYetHeld(resource=self.name, plan_date=self.plan_date.isoformat())
        for action in actions:
            if action.due_date < self.plan_date:
                raise ActionDueTooEarly(resource=self.name, due_date=action.due_date.isoformat())
        return replace(
            self,
            state=MeetingState.HELD,
            hold_time=now,
            participants=tuple(participants),
            decisions=tuple(decisions),
            version=self.version + 1,
        )

    def cancelled(self, *, reason: str) -> "Meeting":
        """It will not take place. Raises MeetingStateNotAllowed."""
        self._require_planned()
        return replace(self, state=MeetingState.CANCELLED, cancel_reason=reason, version=self.version + 1)

    def _require_planned(self) -> None:
        if self.state is not MeetingState.PLANNED:
            raise MeetingStateNotAllowed(resource=self.name, state=self.state)


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()
