"""Between meetings of the domain and their messages."""

from collections.abc import Sequence
from datetime import date, datetime

from google.type.date_pb2 import Date
from hotline.sla.v1 import deadline_pb2, meeting_pb2
from hotline_kernel.timestamps import timestamp

from hotline_sla.adapters.messages import score_message
from hotline_sla.domain.meeting import Action, Figures, Meeting, MeetingState, Standing


def meeting_message(meeting: Meeting, *, actions: Sequence[Action], now: datetime) -> meeting_pb2.Meeting:
    """A meeting as it travels."""
    return meeting_pb2.Meeting(
        name=meeting.name,
        title=meeting.title,
        plan_date=_date(meeting.plan_date),
        state=meeting_pb2.MeetingState.Value(f"MEETING_STATE_{meeting.state}"),
        topics=meeting.topics,
        figures=figures_message(meeting.figures),
        create_time=timestamp(meeting.create_time),
        hold_time=timestamp(meeting.hold_time),
        participants=meeting.participants,
        decisions=meeting.decisions,
        actions=[action_message(action, now=now) for action in actions],
        cancel_reason=meeting.cancel_reason,
        etag=str(meeting.version),
        notices=meeting.notices,
    )


def action_message(action: Action, *, now: datetime) -> meeting_pb2.MeetingAction:
    """An action as it travels."""
    return meeting_pb2.MeetingAction(
        name=action.name,
        meeting=f"meetings/{action.meeting_id}",
        text=action.text,
        owner=action.owner,
        due_date=_date(action.due_date),
        overdue=action.is_overdue(now=now),
        finish_time=timestamp(action.finish_time),
        report=action.report,
    )


def meeting_state_of(value: "meeting_pb2.MeetingState.ValueType") -> MeetingState | None:
    """A state; None if it is not set."""
    return MeetingState(meeting_pb2.MeetingState.Name(value).removeprefix("MEETING_STATE_")) if value else None


def figures_message(figures: Figures) -> meeting_pb2.Figures:
    """The figures of some days as they travel."""
    return meeting_pb2.Figures(
        start_date=_date(figures.start_date),
        end_date=_date(figures.end_date),
        total=_standing_message(figures.total, figures.weights_version),
        lowest=[_standing_message(standing, figures.weights_version) for standing in figures.lowest],
    )


def _standing_message(standing: Standing, weights_version: str) -> deadline_pb2.UnitScore:
    return score_message(standing.unit, standing.counts, score=standing.score, version=weights_version)


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
