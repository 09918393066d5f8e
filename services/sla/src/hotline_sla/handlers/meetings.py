"""The meetings about the hotline's work, one function per use case (Art. 8, 9(8))."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_sla.domain.assessment import Counts, NotOwnUnit
from hotline_sla.domain.meeting import Action, Meeting, figures
from hotline_sla.domain.notice import StatisticsNotice, WorkNotice
from hotline_sla.domain.weights import Weights, in_effect

MOST_UNITS = 100_000
"""A city has some hundreds; this bounds one statement."""


class Minutes(Protocol):
    """What the use cases need of a transaction."""

    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None:
        """Put it on record (Art. 36)."""

    def counts_by_unit(
        self, *, start: date, end: date, unit: str | None, after: str, limit: int
    ) -> list[tuple[str, Counts]]:
        """What became of the orders received in a period, by unit."""

    def published_weights(self) -> list[Weights]:
        """Every version of the weights in the order of publication."""

    def unit_names(self) -> dict[str, str]:
        """How units are called that ever received an order."""

    def statistics_notice(self, notice: UUID) -> StatisticsNotice | None:
        """One statistics notice."""

    def work_notice(self, notice: UUID) -> WorkNotice | None:
        """One notice of how the hotline runs."""

    def add_meeting(self, meeting: Meeting) -> None:
        """Keep a new meeting."""

    def save_meeting(self, meeting: Meeting) -> None:
        """Store where a meeting stands and its minutes."""

    def meeting_to_change(self, meeting: UUID) -> Meeting | None:
        """One meeting, locked."""

    def add_actions(self, actions: Sequence[Action]) -> None:
        """Keep what follows from a meeting."""

    def action_to_change(self, action: UUID) -> Action | None:
        """One action, locked."""

    def save_action(self, action: Action) -> None:
        """Store what was done."""


def plan_meeting(
    *,
    title: str,
    plan_date: date,
    start: date,
    end: date,
    topics: Sequence[str],
    notices: Sequence[str],
    tx: Minutes,
    now: datetime,
) -> Meeting:
    """Put a meeting into the plan with the figures of a period and what was issued about it (Art. 8, 9(8)).

    Raises MeetingInThePast, ResourceNotFound.
    """
    for notice in notices:
        _require_issued(notice, tx)
    weights = in_effect(tx.published_weights(), start)
    by_unit = tx.counts_by_unit(start=start, end=end, unit=None, after="", limit=MOST_UNITS)
    meeting = Meeting(
        id=uuid7(),
        title=title,
        plan_date=plan_date,
        topics=tuple(topics),
        figures=figures(start=start, end=end, by_unit=by_unit, weights=weights, names=tx.unit_names()),
        create_time=now,
        notices=tuple(notices),
    )
    meeting.check()
    tx.add_meeting(meeting)
    tx.record(action="sla.meetings.plan", resource=meeting.name, time=now)
    return meeting


def hold_meeting(
    *,
    meeting_id: UUID,
    participants: Sequence[str],
    decisions: Sequence[str],
    actions: Sequence[tuple[str, str, date]],
    etag: str,
    tx: Minutes,
    now: datetime,
) -> tuple[Meeting, list[Action]]:
    """Take down the minutes (Art. 8). actions -- text, owner and day, in the order of the minutes.

    Raises ResourceNotFound, EtagMismatch, MeetingStateNotAllowed, MeetingNotYetHeld, ActionDueTooEarly.
    """
    following = [
        Action(id=uuid7(), meeting_id=meeting_id, text=text, owner=owner, due_date=due_date)
        for text, owner, due_date in actions
    ]
    meeting = _meeting(meeting_id, etag=etag, tx=tx).held(
        participants=participants, decisions=decisions, actions=following, now=now
    )
    tx.save_meeting(meeting)
    tx.add_actions(following)
    tx.record(action="sla.meetings.hold", resource=meeting.name, time=now)
    return meeting, following


def cancel_meeting(*, meeting_id: UUID, reason: str, etag: str, tx: Minutes, now: datetime) -> Meeting:
    """The meeting will not take place. Raises ResourceNotFound, EtagMismatch, MeetingStateNotAllowed."""
    meeting = _meeting(meeting_id, etag=etag, tx=tx).cancelled(reason=reason)
    tx.save_meeting(meeting)
    tx.record(action="sla.meetings.cancel", resource=meeting.name, time=now, purpose=reason)
    return meeting


def finish_action(*, action_id: UUID, report: str, by: Principal, tx: Minutes, now: datetime) -> Action:
    """An action is done (Art. 8); a unit reports its own.

    Raises ResourceNotFound, NotOwnUnit, ActionFinishedAlready.
    """
    action = tx.action_to_change(action_id)
    if action is None:
        raise ResourceNotFound(resource=f"meetingActions/{action_id}")
    if "office" not in by.roles and action.owner != by.unit:
        raise NotOwnUnit
    finished = action.finished(report=report, now=now)
    tx.save_action(finished)
    tx.record(action="sla.meeting_actions.finish", resource=finished.name, time=now)
    return finished


def _require_issued(notice: str, tx: Minutes) -> None:
    id_ = uuid_of(notice, field="notices")
    found = tx.work_notice(id_) if notice.startswith("workNotices/") else tx.statistics_notice(id_)
    if found is None:
        raise ResourceNotFound(resource=notice)


def _meeting(meeting_id: UUID, *, etag: str, tx: Minutes) -> Meeting:
    meeting = tx.meeting_to_change(meeting_id)
    if meeting is None:
        raise ResourceNotFound(resource=f"meetings/{meeting_id}")
    if etag and etag != str(meeting.version):
        raise EtagMismatch(resource=meeting.name)
    return meeting
