"""Meetings and what follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.assessment import Counts
from hotline_sla.domain.meeting import Action, Figures, Meeting, MeetingState, Standing

_MEETING = (
    "id, title, plan_date, topics, figures, state, create_time, hold_time, participants, decisions,"
    " cancel_reason, version, notices"
)
_ACTION = "id, meeting, text, owner, due_date, finish_time, report"
_LISTS = ("topics", "participants", "decisions", "notices")
_LAST = UUID(int=2**128 - 1)


class Meetings(Tables):
    """Reads and writes meetings."""

    def add_meeting(self, meeting: Meeting) -> None:
        """Keep a new meeting."""
        self.run(
            f"INSERT INTO meeting ({_MEETING})"  # noqa: S608
            f" VALUES ({', '.join(f'%({name})s' for name in _MEETING.split(', '))})",
            _meeting_row(meeting),
        )

    def save_meeting(self, meeting: Meeting) -> None:
        """Store where a meeting stands and its minutes; what was planned stays."""
        self.run(
            """UPDATE meeting SET state = %(state)s, hold_time = %(hold_time)s, participants = %(participants)s,
                 decisions = %(decisions)s, cancel_reason = %(cancel_reason)s, version = %(version)s
               WHERE id = %(id)s""",
            _meeting_row(meeting),
        )

    def meeting(self, meeting: UUID) -> Meeting | None:
        """One meeting as it stands."""
        row = self.one(f"SELECT {_MEETING} FROM meeting WHERE id = %(id)s", {"id": meeting})  # noqa: S608
        return _meeting(row) if row else None

    def meeting_to_change(self, meeting: UUID) -> Meeting | None:
        """One meeting, locked."""
        row = self.one(f"SELECT {_MEETING} FROM meeting WHERE id = %(id)s FOR UPDATE", {"id": meeting})  # noqa: S608
        return _meeting(row) if row else None

    def list_meetings(self, *, state: MeetingState | None, after: UUID | None, limit: int) -> list[Meeting]:
        """Newest first."""
        wanted = "state = %(state)s AND " if state else ""
        rows = self.all(
            f"SELECT {_MEETING} FROM meeting WHERE {wanted}id < %(after)s ORDER BY id DESC LIMIT %(limit)s",  # noqa: S608
            {"state": state, "after": after or _LAST, "limit": limit},
        )
        return [_meeting(row) for row in rows]

    def add_actions(self, actions: Sequence[Action]) -> None:
        """Keep what follows from a meeting."""
        self._many(
            f"INSERT INTO meeting_action ({_ACTION}) VALUES (%(id)s, %(meeting_id)s, %(text)s, %(owner)s,"  # noqa: S608
            " %(due_date)s, %(finish_time)s, %(report)s)",
            [asdict(action) for action in actions],
        )

    def actions_of(self, meeting: UUID) -> list[Action]:
        """What follows from a meeting, in the order of the minutes."""
        rows = self.all(
            f"SELECT {_ACTION} FROM meeting_action WHERE meeting = %(meeting)s ORDER BY id",  # noqa: S608
            {"meeting": meeting},
        )
        return [_action(row) for row in rows]

    def action_to_change(self, action: UUID) -> Action | None:
        """One action, locked."""
        row = self.one(f"SELECT {_ACTION} FROM meeting_action WHERE id = %(id)s FOR UPDATE", {"id": action})  # noqa: S608
        return _action(row) if row else None

    def save_action(self, action: Action) -> None:
        """Store what was done."""
        self.run(
            "UPDATE meeting_action SET finish_time = %(finish_time)s, report = %(report)s WHERE id = %(id)s",
            asdict(action),
        )

    def list_actions(self, *, owner: str | None, is_open: bool, after: UUID | None, limit: int) -> list[Action]:
        """Newest first."""
        filters = {"owner = %(owner)s": owner is not None, "finish_time IS NULL": is_open}
        wanted = [condition for condition, is_set in filters.items() if is_set]
        rows = self.all(
            f"SELECT {_ACTION} FROM meeting_action WHERE {' AND '.join([*wanted, 'id < %(after)s'])}"  # noqa: S608
            " ORDER BY id DESC LIMIT %(limit)s",
            {"owner": owner, "after": after or _LAST, "limit": limit},
        )
        return [_action(row) for row in rows]


def _meeting_row(meeting: Meeting) -> dict[str, Any]:
    lists = {name: list(getattr(meeting, name)) for name in _LISTS}
    return vars(meeting) | lists | {"figures": kept_figures(meeting.figures)}


def _meeting(row: Mapping[str, Any]) -> Meeting:
    lists = {name: tuple(row[name]) for name in _LISTS}
    return Meeting(**{**row, **lists, "state": MeetingState(row["state"]), "figures": figures_of(row["figures"])})


def kept_figures(figures: Figures) -> Jsonb:
    """Figures as they are kept."""
    kept = asdict(figures)
    return Jsonb(kept | {name: kept[name].isoformat() for name in ("start_date", "end_date")})


def figures_of(kept: Mapping[str, Any]) -> Figures:
    """Figures as they were kept."""
    return Figures(
        start_date=date.fromisoformat(kept["start_date"]),
        end_date=date.fromisoformat(kept["end_date"]),
        weights_version=kept["weights_version"],
        total=_standing(kept["total"]),
        lowest=tuple(_standing(each) for each in kept["lowest"]),
    )


def _standing(kept: Mapping[str, Any]) -> Standing:
    return Standing(**{**kept, "counts": Counts(**kept["counts"])})


def _action(row: Mapping[str, Any]) -> Action:
    return Action(meeting_id=row["meeting"], **{name: row[name] for name in row if name != "meeting"})
