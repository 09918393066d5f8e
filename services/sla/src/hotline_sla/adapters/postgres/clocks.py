"""Clocks, their history, and their due moments."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hotline_kernel import telemetry
from psycopg.types.json import Jsonb

from hotline_sla.adapters.postgres.tables import SERVICE, Tables
from hotline_sla.domain.deadline import Action, Change, CountedDays, Deadline, Kind, Moment, State, StatutoryTerm

_DEADLINE = (
    "d.id, d.subject, d.kind, d.unit, d.state, d.round, d.start_time, d.hold_time, d.working_days, d.due_time,"
    " d.due_date, d.provisional, d.watched, d.statutory_term, d.settle_time"
)

CLAIM_MOMENTS = f"""
SELECT m.action, m.due_time AS moment_time, {_DEADLINE}
  FROM due_moment m JOIN deadline d ON d.id = m.deadline
 WHERE m.due_time <= %(now)s
 ORDER BY m.due_time, m.deadline, m.action
 LIMIT %(limit)s
   FOR UPDATE OF m, d SKIP LOCKED"""  # noqa: S608  (constants of this module)

CLAIM_PROVISIONAL = f"""
SELECT {_DEADLINE}
  FROM deadline d
 WHERE d.provisional AND d.state IN ('RUNNING', 'OVERDUE') AND d.due_date <= %(known_until)s
 ORDER BY d.due_date
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED"""  # noqa: S608

# One statement a clock: the row, what happened, and the moments that replace those planned before.
_SAVE_DEADLINE = """
WITH saved AS (
  INSERT INTO deadline (id, subject, kind, unit, state, round, start_time, hold_time, working_days, due_time, due_date,
                        provisional, watched, statutory_term, settle_time)
  VALUES (%(id)s, %(subject)s, %(kind)s, %(unit)s, %(state)s, %(round)s, %(start_time)s, %(hold_time)s,
          %(working_days)s, %(due_time)s, %(due_date)s, %(provisional)s, %(watched)s, %(statutory_term)s,
          %(settle_time)s)
  ON CONFLICT (id) DO UPDATE
    SET unit = excluded.unit, state = excluded.state, start_time = excluded.start_time,
        hold_time = excluded.hold_time, working_days = excluded.working_days, due_time = excluded.due_time,
        due_date = excluded.due_date, provisional = excluded.provisional, watched = excluded.watched,
        settle_time = excluded.settle_time
), changed AS (
  INSERT INTO deadline_change (deadline, change_time, change, reason, due_time, changed_by)
  SELECT %(id)s, c.change_time, c.change, c.reason, c.due_time, c.changed_by
    FROM unnest(%(change_times)s::timestamptz[], %(changes)s::text[], %(reasons)s::text[], %(ends)s::timestamptz[],
                %(changed_by)s::text[])
           WITH ORDINALITY AS c(change_time, change, reason, due_time, changed_by, position)
   ORDER BY c.position
), dropped AS (
  DELETE FROM due_moment WHERE deadline = %(id)s AND action <> ALL (%(actions)s::text[])
)
INSERT INTO due_moment (deadline, action, due_time)
SELECT %(id)s, m.action, m.due_time FROM unnest(%(actions)s::text[], %(times)s::timestamptz[]) AS m(action, due_time)
ON CONFLICT (deadline, action) DO UPDATE SET due_time = excluded.due_time
 WHERE due_moment.due_time <> excluded.due_time"""

COUNTED_UP_TO = 200_000
"""Gauges of open clocks do not count further: nobody acts on the difference, and a scrape stays cheap."""
COUNTED_BY_UNIT = 20_000
"""The same for gauges of single units, which read every row they count."""


@dataclass(frozen=True, kw_only=True)
class DeadlineFilter:
    """Which clocks; None is no filter."""

    subject: str | None = None
    unit: str | None = None
    kind: Kind | None = None
    state: State | None = None
    due_before: datetime | None = None


class Clocks(Tables):
    """Reads and writes clocks."""

    def deadlines(self, subject: str) -> list[Deadline]:
        """Every clock of a subject, locked, by round and kind."""
        rows = self.all(
            f"SELECT {_DEADLINE} FROM deadline d WHERE d.subject = %(subject)s"  # noqa: S608
            " ORDER BY d.round, d.kind FOR UPDATE",
            {"subject": subject},
        )
        return [_deadline(row) for row in rows]

    def claim_moments(self, *, now: datetime, limit: int) -> list[tuple[Moment, Deadline]]:
        """Due moments with their clocks, the earliest first, locked; what others have locked is left to them."""
        rows = self.all(CLAIM_MOMENTS, {"now": now, "limit": limit})
        return [
            (Moment(deadline=row["id"], action=Action(row["action"]), due_time=row["moment_time"]), _deadline(row))
            for row in rows
        ]

    def claim_provisional(self, *, known_until: date, limit: int) -> list[Deadline]:
        """Open clocks that end on a day that was not known and now is, locked."""
        rows = self.all(CLAIM_PROVISIONAL, {"known_until": known_until, "limit": limit})
        return [_deadline(row) for row in rows]

    def save_deadlines(self, deadlines: Sequence[tuple[Deadline, Sequence[Moment]]]) -> None:
        """Store clocks with their changes; the moments given replace all that were planned for them."""
        self._many(_SAVE_DEADLINE, [_deadline_params(deadline, moments) for deadline, moments in deadlines])
        for deadline, _ in deadlines:
            for change in deadline.changes:
                if change.change == "missed":
                    telemetry.DEADLINES_MISSED.labels(SERVICE, deadline.kind).inc()
                elif change.change == "settled" and deadline.state is State.MET:
                    telemetry.DEADLINES_MET.labels(SERVICE, deadline.kind).inc()

    def drop_moments(self, moments: Sequence[Moment]) -> None:
        """They were acted on."""
        self.run(
            "DELETE FROM due_moment m USING unnest(%(deadlines)s::uuid[], %(actions)s::text[]) AS d(deadline, action)"
            " WHERE m.deadline = d.deadline AND m.action = d.action",
            {"deadlines": [m.deadline for m in moments], "actions": [m.action for m in moments]},
        )

    def deadline(self, deadline: UUID) -> Deadline | None:
        """One clock with its whole history in `changes`."""
        row = self.one(
            f"SELECT {_DEADLINE} FROM deadline d WHERE d.id = %(id)s",  # noqa: S608
            {"id": deadline},
        )
        if row is None:
            return None
        changes = self.all(
            "SELECT change_time AS time, change, reason, due_time, changed_by AS by FROM deadline_change"
            " WHERE deadline = %(id)s ORDER BY id",
            {"id": deadline},
        )
        return _deadline(row, changes=tuple(Change(**change) for change in changes))

    def list_deadlines(
        self, *, matching: DeadlineFilter, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Deadline]:
        """Clocks without history, the earliest end first."""
        due_time, last = after or (None, None)
        sql, params = deadlines_query(matching, paged=after is not None)
        rows = self.all(sql, params | {"due_time": due_time, "last": last, "limit": limit})
        return [_deadline(row) for row in rows]

    def schedule(self, *, now: datetime) -> tuple[datetime | None, int]:
        """The next moment, and how many are due, counted up to 1,000."""
        row = self.one(
            "SELECT (SELECT min(due_time) FROM due_moment) AS next,"
            " (SELECT count(*) FROM (SELECT FROM due_moment WHERE due_time <= %(now)s LIMIT 1000) due) AS lagging",
            {"now": now},
        )
        return (row["next"], int(row["lagging"])) if row else (None, 0)

    def open_counts(self, *, kind: Kind, state: State, due_before: datetime | None = None) -> int:
        """How many clocks of a kind stand in a state, counted up to COUNTED_UP_TO."""
        row = self.one(
            "SELECT count(*) AS clocks FROM (SELECT FROM deadline WHERE kind = %(kind)s AND state = %(state)s"
            " AND due_time < coalesce(%(before)s, 'infinity'::timestamptz) LIMIT %(limit)s) counted",
            {"kind": kind, "state": state, "before": due_before, "limit": COUNTED_UP_TO},
        )
        return int(row["clocks"]) if row else 0

    def open_counts_by_unit(
        self, *, kind: Kind, state: State, due_before: datetime, at: datetime
    ) -> list[tuple[str, int, int]]:
        """Unit, whole days past due at a moment up to 10, and how many of its clocks of a kind stand in a state.

        The earliest ends are counted, up to COUNTED_BY_UNIT.
        """
        rows = self.all(
            "SELECT unit, days, count(*) AS clocks FROM (SELECT unit,"
            "   least(floor(extract(epoch FROM %(at)s - due_time) / 86400), 10)::int AS days FROM deadline"
            "   WHERE kind = %(kind)s AND state = %(state)s AND due_time < %(before)s"
            "   ORDER BY due_time, id LIMIT %(limit)s) counted GROUP BY unit, days",
            {"kind": kind, "state": state, "before": due_before, "at": at, "limit": COUNTED_BY_UNIT},
        )
        return [(row["unit"], row["days"], row["clocks"]) for row in rows]


def deadlines_query(matching: DeadlineFilter, *, paged: bool) -> tuple[str, dict[str, Any]]:
    """The list of clocks as SQL that names only the filters in use, so that each finds its index."""
    params = asdict(matching)
    conditions = [f"d.{name} = %({name})s" for name in ("subject", "unit", "kind", "state") if params[name] is not None]
    if matching.due_before is not None:
        conditions.append("d.due_time < %(due_before)s")
    if paged:
        conditions.append("(d.due_time, d.id) > (%(due_time)s, %(last)s)")
    sql = (
        f"SELECT {_DEADLINE} FROM deadline d WHERE {' AND '.join(conditions) or 'true'}"  # noqa: S608
        " ORDER BY d.due_time, d.id LIMIT %(limit)s"
    )
    return sql, params


def _deadline(row: Mapping[str, Any], *, changes: tuple[Change, ...] = ()) -> Deadline:
    return Deadline(
        id=row["id"],
        subject=row["subject"],
        kind=Kind(row["kind"]),
        unit=row["unit"],
        state=State(row["state"]),
        round=row["round"],
        start_time=row["start_time"],
        hold_time=row["hold_time"],
        working_days=row["working_days"],
        due_time=row["due_time"],
        due_date=row["due_date"],
        provisional=row["provisional"],
        watched=row["watched"],
        statutory_term=None if row["statutory_term"] is None else _term(row["statutory_term"]),
        settle_time=row["settle_time"],
        changes=changes,
    )


def _term(stored: Mapping[str, Any]) -> StatutoryTerm:
    return StatutoryTerm(**{**stored, "counted": CountedDays(stored["counted"])})


def _deadline_params(deadline: Deadline, moments: Sequence[Moment]) -> dict[str, Any]:
    params = {name: getattr(deadline, name) for name in Deadline.__dataclass_fields__ if name != "changes"}
    return params | {
        "statutory_term": None if deadline.statutory_term is None else Jsonb(asdict(deadline.statutory_term)),
        "change_times": [change.time for change in deadline.changes],
        "changes": [change.change for change in deadline.changes],
        "reasons": [change.reason for change in deadline.changes],
        "ends": [change.due_time for change in deadline.changes],
        "changed_by": [change.by for change in deadline.changes],
        "actions": [moment.action for moment in moments],
        "times": [moment.due_time for moment in moments],
    }
