"""Seats and calls in PostgreSQL."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.errors import AlreadyExists, ResourceNotFound
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from hotline_intake.domain.appeal import State
from hotline_intake.domain.call import Call, CallState, Outcome
from hotline_intake.domain.call_statistics import Offers, Tally
from hotline_intake.domain.seat import Seat, SeatKind, SeatState
from hotline_intake.handlers.call_centre_ports import ListedCall, MissedHour, QueuedAppeal

_SEAT = "id, version, kind, extension, skills, state, state_time, operator, call, pause_reason"
_ADD_SEAT = f"""
INSERT INTO seat ({_SEAT})
VALUES (%(id)s, %(version)s, %(kind)s, %(extension)s, %(skills)s, %(state)s, %(state_time)s, %(operator)s, %(call)s,
        %(pause_reason)s)
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608  (constants of this module)
_SAVE_SEATS = """
UPDATE seat SET version = r.version, extension = r.extension, skills = r.skills, state = r.state,
  state_time = r.state_time, operator = r.operator, call = r.call, pause_reason = r.pause_reason
FROM json_to_recordset(%(rows)s::json) AS r(
  id text, version integer, extension text, skills text[], state text, state_time timestamptz, operator text,
  call text, pause_reason text)
WHERE seat.id = r.id
"""
_SEATS_TO_CHANGE = f"""
SELECT {_SEAT} FROM seat WHERE id = ANY(%(ids)s) OR (%(ready)s AND kind = 'INTAKE' AND state = 'READY')
ORDER BY id FOR UPDATE
"""  # noqa: S608
_SEATS = f"""
SELECT {_SEAT} FROM seat
WHERE id > %(after)s AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY id LIMIT %(limit)s
"""  # noqa: S608

_CALL = (
    "reference, state, skill, offer_time, event_time, queue_time, answer_time, end_time, transfer_time, transfers,"
    " seat, operator, outcome, appeal"
)
_CALL_ROWS = """
json_to_recordset(%(rows)s::json) AS r(
  reference text, id uuid, state text, skill text, offer_time timestamptz, event_time timestamptz,
  queue_time timestamptz, answer_time timestamptz, end_time timestamptz, transfer_time timestamptz, transfers integer,
  seat text, operator text, outcome text, appeal text)
"""
_ADD_CALLS = f"INSERT INTO call (id, {_CALL}) SELECT id, {_CALL} FROM {_CALL_ROWS}"  # noqa: S608
_SAVE_CALLS = f"""
UPDATE call SET state = r.state, event_time = r.event_time, queue_time = r.queue_time, answer_time = r.answer_time,
  end_time = r.end_time, transfer_time = r.transfer_time, transfers = r.transfers, seat = r.seat,
  operator = r.operator, outcome = r.outcome, appeal = r.appeal
FROM {_CALL_ROWS} WHERE call.reference = r.reference
"""  # noqa: S608
_CALLS_TO_CHANGE = f"""
SELECT {_CALL} FROM call WHERE reference = ANY(%(references)s) ORDER BY reference FOR UPDATE
"""  # noqa: S608
_WAITING = f"""
SELECT {_CALL} FROM call WHERE state = 'QUEUED' AND offer_time >= %(since)s ORDER BY offer_time LIMIT %(limit)s
"""  # noqa: S608
_WAITING_TO_CHANGE = f"""
SELECT {_CALL} FROM call
WHERE state = 'QUEUED' AND offer_time >= %(since)s AND reference <> ALL(%(besides)s)
ORDER BY offer_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608
_QUEUED = """
SELECT id, number, title, emergency, create_time, answer_due_time, answer_overdue,
       CASE WHEN hand_until_time > %(now)s THEN hand_operator ELSE '' END AS taken_by FROM appeal
"""
_IN_HAND = f"""{_QUEUED}
WHERE hand_operator = %(operator)s AND hand_until_time > %(now)s AND state = %(state)s
ORDER BY id LIMIT 1 FOR NO KEY UPDATE
"""
# The state stands in the statement, so that the planner finds the index of what waits.
_NEXT = f"""{_QUEUED}
WHERE state = '{{state}}' AND (NOT %(emergencies)s OR emergency)
  AND (%(skills)s::text[] IS NULL OR split_part(category, '/', 1) = ANY(%(skills)s) OR category = ANY(%(skills)s))
  AND (hand_until_time IS NULL OR hand_until_time <= %(now)s)
  AND (draft_operator IS NULL OR state <> 'DRAFTED' OR draft_operator <> %(besides_of)s)
ORDER BY emergency DESC, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
_TAKE = """
UPDATE appeal SET hand_seat = %(seat)s, hand_operator = %(operator)s, hand_until_time = %(until_time)s
 WHERE id = %(appeal_id)s
"""
_PUT_BACK = """
UPDATE appeal SET hand_seat = NULL, hand_operator = NULL, hand_until_time = NULL WHERE hand_operator = %(operator)s
"""
_QUEUED_APPEALS = f"""{_QUEUED}
WHERE state = %(state)s AND (%(after)s::uuid IS NULL OR id > %(after)s) ORDER BY id LIMIT %(limit)s
"""
_MISSED_HOURS = """
SELECT id, number, state, emergency, create_time, answer_due_time, coalesce(draft_operator, '') AS operator FROM appeal
WHERE answer_overdue {waiting} AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s
"""
_WRAP_UPS = f"""
SELECT {_SEAT} FROM seat WHERE state = 'WRAP_UP' AND state_time <= %(begun)s
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608
_TALLY = """
SELECT answer_time IS NOT NULL AS answered, state, queue_time IS NOT NULL AS queued,
       ceil(extract(epoch FROM coalesce(answer_time, end_time) - offer_time))::integer AS wait_seconds,
       count(*) AS calls, sum(transfers) AS transfers
FROM call WHERE offer_time >= %(start)s AND offer_time < %(end)s GROUP BY 1, 2, 3, 4
"""
_OFFERS = """
SELECT date_trunc('hour', offer_time) AS hour, count(*) AS offered, count(answer_time) AS answered,
       count(*) FILTER (WHERE answer_time - offer_time <= %(within)s) AS in_time
FROM call WHERE offer_time >= %(start)s AND offer_time < %(end)s GROUP BY 1 ORDER BY 1
"""


class CallStore(Transaction):
    """A transaction's part about seats and calls; its promises stand in `hotline_intake.handlers.call_centre_ports`."""

    def add_seat(self, *, seat: Seat) -> None:
        if self.count(_ADD_SEAT, vars(seat) | {"skills": list(seat.skills)}) == 0:
            raise AlreadyExists(resource=seat.name)

    def seat(self, *, seat_id: str) -> Seat:
        return self._seat(f"SELECT {_SEAT} FROM seat WHERE id = %(id)s", seat_id)  # noqa: S608

    def seat_to_change(self, *, seat_id: str) -> Seat:
        return self._seat(f"SELECT {_SEAT} FROM seat WHERE id = %(id)s FOR UPDATE", seat_id)  # noqa: S608

    def seat_of(self, *, operator: str, to_change: bool = False) -> Seat | None:
        statement = f"SELECT {_SEAT} FROM seat WHERE operator = %(operator)s AND operator <> ''"  # noqa: S608
        row = self.one(statement + (" FOR UPDATE" if to_change else ""), {"operator": operator})
        return _seat(row) if row else None

    def seats(self, *, kind: SeatKind | None, state: SeatState | None, after: str, limit: int) -> list[Seat]:
        params = {"kind": kind, "state": state, "after": after, "limit": limit}
        return [_seat(row) for row in self.all(_SEATS, params)]

    def seats_to_change(self, *, ids: Collection[str], ready: bool) -> list[Seat]:
        if not ids and not ready:
            return []
        return [_seat(row) for row in self.all(_SEATS_TO_CHANGE, {"ids": list(ids), "ready": ready})]

    def save_seats(self, *, seats: Sequence[Seat]) -> None:
        if seats:
            rows = [vars(seat) | {"skills": list(seat.skills), "state_time": _text(seat.state_time)} for seat in seats]
            self.run(_SAVE_SEATS, {"rows": json.dumps(rows, ensure_ascii=False)})

    def call(self, *, reference: str) -> Call:
        row = self.one(f"SELECT {_CALL} FROM call WHERE reference = %(reference)s", {"reference": reference})  # noqa: S608
        if row is None:
            raise ResourceNotFound(resource=f"calls/{reference}")
        return _call(row)

    def calls(self, *, state: CallState | None, seat: str | None, before: UUID | None, limit: int) -> list[ListedCall]:
        wanted = {name: value for name, value in (("state", state), ("seat", seat), ("before", before)) if value}
        # Prepared, the plan would not know how rare a state is.
        rows = self.connection.execute(
            call_list_statement(conditions=list(wanted)), wanted | {"limit": limit}, prepare=False
        ).fetchall()
        return [ListedCall(id=row.pop("id"), call=_call(row)) for row in rows]

    def calls_to_change(self, *, references: Collection[str]) -> list[Call]:
        return [_call(row) for row in self.all(_CALLS_TO_CHANGE, {"references": list(references)})]

    def waiting_calls_to_change(self, *, besides: Collection[str], since: datetime, limit: int) -> list[Call]:
        params = {"besides": list(besides), "since": since, "limit": limit}
        return [_call(row) for row in self.all(_WAITING_TO_CHANGE, params)]

    def waiting_calls(self, *, since: datetime, limit: int) -> list[Call]:
        return [_call(row) for row in self.all(_WAITING, {"since": since, "limit": limit})]

    def save_calls(self, *, new: Sequence[Call], changed: Sequence[Call]) -> None:
        for statement, calls in ((_ADD_CALLS, new), (_SAVE_CALLS, changed)):
            if calls:
                rows = [{"id": str(uuid7()), **_call_row(call)} for call in calls]
                self.run(statement, {"rows": json.dumps(rows, ensure_ascii=False)})

    def in_hand(self, *, operator: str, state: State, now: datetime) -> QueuedAppeal | None:
        row = self.one(_IN_HAND, {"operator": operator, "state": state.value, "now": now})
        return QueuedAppeal(**row) if row else None

    def next_to_take(
        self, *, state: State, skills: Sequence[str], emergencies: bool, besides_of: str, now: datetime
    ) -> QueuedAppeal | None:
        params = {"skills": list(skills) or None, "emergencies": emergencies, "besides_of": besides_of, "now": now}
        row = self.one(_NEXT.format(state=state.value), params)
        return QueuedAppeal(**row) if row else None

    def take(self, *, appeal_id: UUID, seat: str, operator: str, until_time: datetime) -> None:
        self.run(_TAKE, {"appeal_id": appeal_id, "seat": seat, "operator": operator, "until_time": until_time})

    def put_back(self, *, operator: str) -> None:
        self.run(_PUT_BACK, {"operator": operator})

    def queued_appeals(self, *, state: State, after: UUID | None, limit: int, now: datetime) -> list[QueuedAppeal]:
        rows = self.all(_QUEUED_APPEALS, {"state": state.value, "after": after, "limit": limit, "now": now})
        return [QueuedAppeal(**row) for row in rows]

    def missed_hours(self, *, waiting: bool, before: UUID | None, limit: int) -> list[MissedHour]:
        statement = _MISSED_HOURS.format(waiting="AND state IN ('REGISTERED', 'DRAFTED')" if waiting else "")
        rows = self.all(statement, {"before": before, "limit": limit})
        return [MissedHour(**row | {"state": State(row["state"])}) for row in rows]

    def wrap_ups_to_end(self, *, begun: datetime, limit: int) -> list[Seat]:
        return [_seat(row) for row in self.all(_WRAP_UPS, {"begun": begun, "limit": limit})]

    def call_tally(self, *, start: datetime, end: datetime) -> Tally:
        counted: Counter[str] = Counter()
        waits: dict[str, Counter[int]] = {"answered": Counter(), "abandoned": Counter()}
        for row in self.all(_TALLY, {"start": start, "end": end}):
            calls = row["calls"]
            counted.update(offered=calls, transferred=int(row["transfers"]))
            counted["queued"] += calls if row["queued"] else 0
            counted["ended"] += calls if row["state"] == CallState.ENDED else 0
            if row["wait_seconds"] is not None:
                waits["answered" if row["answered"] else "abandoned"][row["wait_seconds"]] += calls
        return Tally(
            offered=counted["offered"],
            queued=counted["queued"],
            transferred=counted["transferred"],
            ended=counted["ended"],
            answered_after=waits["answered"],
            abandoned_after=waits["abandoned"],
        )

    def call_offers(self, *, start: datetime, end: datetime, within: timedelta) -> list[Offers]:
        return [Offers(**row) for row in self.all(_OFFERS, {"start": start, "end": end, "within": within})]

    def _seat(self, statement: str, seat_id: str) -> Seat:
        row = self.one(statement, {"id": seat_id})
        if row is None:
            raise ResourceNotFound(resource=f"seats/{seat_id}")
        return _seat(row)


_CONDITIONS = {"state": "state = %(state)s", "seat": "seat = %(seat)s AND seat <> ''", "before": "id < %(before)s"}


def call_list_statement(*, conditions: Sequence[str]) -> str:
    """The statement of a list of calls with these conditions; a test reads its plans."""
    where = " AND ".join(_CONDITIONS[name] for name in conditions) or "true"
    return f"SELECT id, {_CALL} FROM call WHERE {where} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608


def _seat(row: DictRow) -> Seat:
    read = {"kind": SeatKind(row["kind"]), "state": SeatState(row["state"]), "skills": tuple(row["skills"])}
    return Seat(**{**row, **read})


def _call(row: DictRow) -> Call:
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Call(**{**row, "state": CallState(row["state"]), "outcome": outcome})


def _call_row(call: Call) -> dict[str, Any]:
    values = {field.name: getattr(call, field.name) for field in fields(call)}
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _text(moment: datetime) -> str:
    return moment.isoformat()
