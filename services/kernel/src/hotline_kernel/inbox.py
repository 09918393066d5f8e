"""The inbox: what this service received, in the order in which it must take effect.

The listener stores each message as a row and acknowledges it after the commit. The pump handles rows: effect, cursor
and row change commit together. `inbox_cursor` holds the last sequence handled of every aggregate of every source and
decides what is next (run it), late or double (done without effect) or early (parked until the gap is filled). Which
event comes before one *for this service* travels with it (header `after`): it does not hear them all.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import DictRow

from hotline_kernel.outbox import LANES, lane_of

if TYPE_CHECKING:
    from psycopg import Cursor

    from hotline_kernel.db import Transaction

CHANNEL = "hotline_inbox"
"""The channel on which waiting workers are woken."""

STORE = """
WITH stored AS (
    INSERT INTO inbox
        (source, event_id, aggregate, sequence, lane, type, payload, headers, occurred_time, state, error)
    SELECT * FROM json_to_recordset(%(messages)s::json)
        AS m(source text, event_id uuid, aggregate text, sequence bigint, lane smallint, type text, payload text,
             headers jsonb, occurred_time timestamptz, state text, error text)
) SELECT pg_notify('hotline_inbox', '')
"""
"""Stores any number of messages and wakes a worker; see `store_params`."""
LOOK_AHEAD = 500
"""Due events among which a worker looks for lanes that nobody holds."""
LARGEST_BODY = 1 << 20
LONGEST_NAME = 200
CLOCKS_DIFFER = timedelta(minutes=1)
"""How far out of their order the moments of an aggregate's events may be: a service's machines differ a little."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travelled beside an event's body."""

    id: UUID | None
    source: str
    aggregate: str
    sequence: int
    type: str
    time: datetime
    """Legal time of the fact."""
    traceparent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it goes into the inbox; `dead` from the start, with the reason, if it cannot be read."""

    source: str
    event_id: UUID | None
    aggregate: str
    sequence: int
    type: str
    payload: str
    headers: Mapping[str, Any]
    occurred_time: datetime | None
    error: str

    @classmethod
    def read(
        cls,
        *,
        source: str,
        body: bytes | str | memoryview,
        content_type: str | None,
        headers: Mapping[str, Any],
        mode: str = "real",
    ) -> "Received":
        """Read a message of the queue of `source`; never fails, whatever was sent.

        mode -- ours. An event of the other one has no place in our order, so it takes none: nothing waits for it, and
        who drops it passes over nothing of ours (Art. 37). Events of releases that knew no modes are real.
        """
        raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
        problems = []
        if content_type != "application/json":
            problems.append(f"the content type is not application/json but {_clean(str(content_type))[:LONGEST_NAME]}")
        if len(raw) > LARGEST_BODY:
            problems.append(f"the body has {len(raw)} bytes")
        try:
            if not isinstance(json.loads(raw.decode()), dict):
                problems.append("the body is not a JSON object")
        except (ValueError, RecursionError) as error:
            problems.append(f"the body is not JSON: {type(error).__name__}")
        fields = {}
        for name, (header, convert) in _HEADERS.items():
            try:
                fields[name] = convert(headers[header])
            except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
                problems.append(f"header {header!r} is missing or malformed")
                fields[name] = _MISSING[name]
        foreign = _clean(str(headers.get("mode", "real")))[:LONGEST_NAME]
        if foreign != mode:
            problems.append(f"it is an event of the mode {foreign}, and this is {mode}")
            fields |= {"aggregate": _MISSING["aggregate"], "sequence": _MISSING["sequence"]}
        return cls(
            source=source,
            payload=_clean(raw[:LARGEST_BODY].decode(errors="backslashreplace")),
            headers={_clean(str(name)): _clean(str(value)) for name, value in headers.items()},
            error="; ".join(problems),
            **fields,
        )

    @property
    def state(self) -> str:
        """The row's first state."""
        return "dead" if self.error else "open"


def _clean(text: str) -> str:
    """What PostgreSQL can store of any text."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or value != _clean(value):
        raise ValueError
    return value


def _sequence(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**63:
        raise ValueError
    return value


def _time(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)  # fails at the edges of the calendar, where PostgreSQL's answer could not be read


_HEADERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "event_id": ("id", UUID),
    "aggregate": ("subject", _text),
    "sequence": ("sequence", _sequence),
    "type": ("type", _text),
    "occurred_time": ("time", _time),
}
_MISSING: Mapping[str, Any] = {"event_id": None, "aggregate": "", "sequence": 0, "type": "", "occurred_time": None}


def store_params(messages: Sequence[Received]) -> dict[str, str]:
    """Parameters of `STORE`: any number of messages in one statement."""
    return {
        "messages": _json(
            {
                "source": m.source,
                "event_id": str(m.event_id) if m.event_id else None,
                "aggregate": m.aggregate,
                "sequence": m.sequence,
                "lane": lane_of(m.aggregate),
                "type": m.type,
                "payload": m.payload,
                "headers": m.headers,
                "occurred_time": m.occurred_time.isoformat() if m.occurred_time else None,
                "state": m.state,
                "error": m.error,
            }
            for m in messages
        ),
    }


def _json(rows: Iterable[Mapping[str, Any]]) -> str:
    # Rows travel as one text: arrays of the driver cost a process ten times as much.
    return json.dumps(list(rows), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Row:
    """An open row whose lane is locked."""

    position: int
    received_time: datetime
    next_attempt_time: datetime
    source: str
    lane: int
    event_id: UUID | None
    aggregate: str
    sequence: int
    type: str
    payload: str
    headers: Mapping[str, Any]
    occurred_time: datetime | None
    attempts: int
    handled: int
    """The aggregate's cursor."""
    handled_committed: datetime | None
    """When the source committed that one and all before it, as far as that is known."""
    age_seconds: float
    """Since it was received."""

    @property
    def stream(self) -> tuple[str, str]:
        """Whose order it stands in."""
        return (self.source, self.aggregate)

    @property
    def lag_seconds(self) -> float:
        """Since it was committed by its source, as far as that is known; since it was received otherwise."""
        committed = self.committed
        if committed is None:
            return self.age_seconds
        return max(0.0, self.age_seconds + (self.received_time - committed).total_seconds())

    @property
    def committed(self) -> datetime | None:
        """When its source committed it, real time, as far as it said so."""
        try:
            return _time(self.headers["committed"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def is_another(self, *, handled_committed: datetime | None) -> bool:
        """Of a number that was handled, yet no double: its source went back to an earlier moment and counts from there.

        handled_committed -- when what was handled last of the aggregate was committed.
        """
        committed = self.committed
        if committed is None or handled_committed is None:
            return False
        return committed - handled_committed > CLOCKS_DIFFER

    def comes_after(self, consumer: str) -> int | None:
        """The sequence that this consumer must have handled before; None if the event is not for it to hear.

        Without the header, of a release before, each event comes after the one before it.
        """
        books = self.headers.get("after")
        return self.sequence - 1 if books is None else _after(books, consumer)

    def envelope(self) -> Envelope:
        """What a handler is told beside the event. Raises ValueError for a row that could not be read."""
        if self.sequence < 1 or self.occurred_time is None or not self.type:
            raise ValueError("the message came without the headers of an event")
        return Envelope(
            id=self.event_id,
            source=self.source,
            aggregate=self.aggregate,
            sequence=self.sequence,
            type=self.type,
            time=self.occurred_time,
            traceparent=str(self.headers.get("traceparent", "")),
        )


def _after(books: str, consumer: str) -> int | None:
    found: Mapping[str, int] = json.loads(books)
    return found.get(consumer)


def open_lanes(tx: "Transaction", *, sources: Iterable[str]) -> None:
    """Make the lanes of these sources, so that their rows can be found."""
    tx.run(
        "INSERT INTO inbox_lane (source, lane) SELECT s.source, l.lane FROM unnest(%(sources)s::text[]) AS s(source)"
        " CROSS JOIN generate_series(0, %(last)s) AS l(lane) ON CONFLICT DO NOTHING",
        {"sources": sorted(sources), "last": LANES - 1},
    )


def lock_lanes(tx: "Transaction", *, limit: int) -> list[tuple[str, int]]:
    """Take up to `limit` lanes that have something due and that nobody else holds, until the transaction's end.

    Looks at the events that are due longest, so that the cost does not grow with what waits.
    """
    rows = tx.all(
        """
        SELECT l.source, l.lane FROM inbox_lane AS l
        WHERE (l.source, l.lane) IN (
            SELECT i.source, i.lane FROM (
                SELECT source, lane FROM inbox
                WHERE state = 'open' AND next_attempt_time <= statement_timestamp()
                ORDER BY next_attempt_time, position LIMIT %(look)s) AS i)
        LIMIT %(limit)s FOR UPDATE OF l SKIP LOCKED
        """,
        {"look": LOOK_AHEAD, "limit": limit},
    )
    return [(row["source"], row["lane"]) for row in rows]


def read_due(tx: "Transaction", *, lanes: Sequence[tuple[str, int]], limit: int) -> list[Row]:
    """Due rows of locked lanes, longest due first, each with its aggregate's cursor.

    A statement of its own after the locks: only so does it see all that the last holder committed.
    """
    rows = tx.all(
        """
        SELECT i.*, coalesce(c.sequence, 0) AS handled,
               CASE c.committed_sequence WHEN c.sequence THEN c.committed END AS handled_committed,
               extract(epoch FROM statement_timestamp() - i.received_time)::float8 AS age_seconds
        FROM (
            SELECT position, received_time, next_attempt_time, source, lane, event_id, aggregate, sequence, type,
                   payload, headers, occurred_time, attempts
            FROM inbox WHERE state = 'open' AND next_attempt_time <= statement_timestamp()
              AND (source, lane) IN (SELECT * FROM unnest(%(sources)s::text[], %(lanes)s::smallint[]))
            ORDER BY next_attempt_time, position LIMIT %(limit)s) AS i
        LEFT JOIN LATERAL (
            SELECT sequence, committed, committed_sequence FROM inbox_cursor AS c
            WHERE c.source = i.source AND c.aggregate = i.aggregate) AS c ON true
        """,
        {"sources": [source for source, _ in lanes], "lanes": [lane for _, lane in lanes], "limit": limit},
    )
    return [Row(**row) for row in rows]


def has_earlier(tx: "Transaction", row: Row, *, cursor: int) -> bool:
    """Whether an event between its aggregate's cursor and this one is here: open, or given up and not dropped."""
    between = (
        "source = %(source)s AND lane = %(lane)s AND aggregate = %(aggregate)s"
        " AND sequence > %(cursor)s AND sequence < %(sequence)s"
    )
    found = tx.one(  # each state by itself, which has an index of its own
        f"SELECT FROM inbox WHERE state = 'open' AND {between}"  # noqa: S608
        f" UNION ALL SELECT FROM inbox WHERE state = 'dead' AND {between} LIMIT 1",
        {
            "source": row.source,
            "lane": row.lane,
            "aggregate": row.aggregate,
            "cursor": cursor,
            "sequence": row.sequence,
        },
    )
    return found is not None


@dataclass
class Settlement:
    """What a batch decided."""

    settled: list[Row] = field(default_factory=list)
    """Done: handled, skipped or double."""
    parked: list[tuple[Row, float]] = field(default_factory=list)
    """Early, with the seconds to wait."""
    others: list[Row] = field(default_factory=list)
    """Of a number that was handled, yet no doubles (`Row.is_another`): nobody may pass over them unseen."""
    cursors: dict[tuple[str, str], int] = field(default_factory=dict)
    committed: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    """When the sources committed what the cursors stand at."""
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Events that moved a cursor, by source and lane."""
    heard: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Those of them that were announced to us by name."""

    def advance(self, row: Row, *, heard: bool = False) -> None:
        """The row's event had its effect, or needs none."""
        self.settled.append(row)
        self.cursors[row.stream] = row.sequence
        self.committed[row.stream] = row.committed
        self.counted[row.source, row.lane] += 1
        self.heard[row.source, row.lane] += heard


def settle(tx: "Transaction", settlement: Settlement) -> "Cursor[DictRow]":
    """Write what a batch has done, and wake the parked followers of every aggregate that went on.

    After the commit, the cursor's one row tells how many were `woken`.
    """
    settled = settlement.settled
    return tx.connection.execute(
        """
        WITH cursors AS MATERIALIZED (
            SELECT * FROM json_to_recordset(%(cursors)s::json)
                AS m(source text, aggregate text, sequence bigint, committed timestamptz)
        ), advanced AS (
            INSERT INTO inbox_cursor AS c (source, aggregate, sequence, committed, committed_sequence)
            SELECT source, aggregate, sequence, committed, sequence FROM cursors
            ON CONFLICT (source, aggregate) DO UPDATE SET sequence = excluded.sequence,
                committed = greatest(c.committed, excluded.committed), committed_sequence = excluded.sequence
        ), counted AS (
            UPDATE inbox_lane AS l SET handled = l.handled + n.handled, heard = l.heard + n.heard
            FROM json_to_recordset(%(counts)s::json) AS n(source text, lane smallint, handled bigint, heard bigint)
            WHERE l.source = n.source AND l.lane = n.lane
        ), done AS (
            UPDATE inbox SET state = 'done' WHERE position = ANY(%(settled)s::bigint[]) AND state = 'open'
               AND received_time BETWEEN %(first)s AND %(last)s
        ), woken AS (
            UPDATE inbox SET next_attempt_time = statement_timestamp()
            WHERE state = 'open' AND attempts = 0 AND next_attempt_time > statement_timestamp()
              AND (source, aggregate) IN (SELECT source, aggregate FROM cursors)
            RETURNING position
        )
        SELECT count(*) AS woken FROM woken
        """,
        {
            "cursors": _json(
                {
                    "source": source,
                    "aggregate": aggregate,
                    "sequence": sequence,
                    "committed": committed.isoformat() if committed else None,
                }
                for (source, aggregate), sequence in settlement.cursors.items()
                for committed in [settlement.committed[source, aggregate]]
            ),
            "counts": _json(
                {"source": source, "lane": lane, "handled": handled, "heard": settlement.heard[source, lane]}
                for (source, lane), handled in settlement.counted.items()
            ),
            "settled": [row.position for row in settled],
            "first": min(row.received_time for row in settled),
            "last": max(row.received_time for row in settled),
        },
    )


def park(tx: "Transaction", parked: Sequence[tuple[Row, float]]) -> None:
    """Look at early events again after their seconds; to be called after `settle`, which would wake them."""
    tx.run(
        """
        UPDATE inbox AS i SET next_attempt_time = statement_timestamp() + make_interval(secs => m.delay)
        FROM unnest(%(positions)s::bigint[], %(delays)s::float8[]) AS m(position, delay)
        WHERE i.position = m.position AND i.state = 'open' AND i.received_time BETWEEN %(first)s AND %(last)s
        """,
        {
            "positions": [row.position for row, _ in parked],
            "delays": [delay for _, delay in parked],
            "first": min(row.received_time for row, _ in parked),
            "last": max(row.received_time for row, _ in parked),
        },
    )


def fail(tx: "Transaction", row: Row, *, error: str, dead: bool, delay_seconds: float) -> None:
    """Count a failed try; nothing if somebody else settled the row meanwhile."""
    tx.run(
        """
        UPDATE inbox SET attempts = attempts + 1, error = %(error)s, state = %(state)s,
               next_attempt_time = statement_timestamp() + make_interval(secs => %(delay)s)
        WHERE position = %(position)s AND state = 'open' AND next_attempt_time = %(time)s AND attempts = %(attempts)s
          AND received_time = %(received_time)s
        """,
        {
            "error": error,
            "state": "dead" if dead else "open",
            "delay": delay_seconds,
            "position": row.position,
            "time": row.next_attempt_time,
            "attempts": row.attempts,
            "received_time": row.received_time,
        },
    )


def read_dead(tx: "Transaction", *, position: int) -> DictRow | None:
    """A dead row, locked; None if there is none at that position."""
    return tx.one(
        "SELECT * FROM inbox WHERE position = %(position)s AND state = 'dead' FOR UPDATE", {"position": position}
    )


def replay(tx: "Transaction", row: DictRow) -> None:
    """Give a dead row its tries back."""
    _leave_dead(tx, row, state="open")


def drop(tx: "Transaction", row: DictRow, *, consumer: str) -> bool:
    """Pass over a dead row for good and let its aggregate go on; False if an earlier event is not handled yet."""
    lane = {"source": row["source"], "lane": row["lane"]}
    stream = {"source": row["source"], "aggregate": row["aggregate"]}
    tx.run("SELECT FROM inbox_lane WHERE source = %(source)s AND lane = %(lane)s FOR UPDATE", lane)
    cursor = tx.one("SELECT sequence FROM inbox_cursor WHERE source = %(source)s AND aggregate = %(aggregate)s", stream)
    handled = cursor["sequence"] if cursor else 0
    books = row["headers"].get("after")
    before = row["sequence"] - 1 if books is None else _after(books, consumer)
    if before is not None and before > handled:
        return False
    _leave_dead(tx, row, state="dropped")
    if before is not None and row["sequence"] > handled:  # else it was a double, or could not be read at all
        tx.run(
            "INSERT INTO inbox_cursor (source, aggregate, sequence) VALUES (%(source)s, %(aggregate)s, %(sequence)s)"
            " ON CONFLICT (source, aggregate) DO UPDATE SET sequence = excluded.sequence",
            stream | {"sequence": row["sequence"]},
        )
        tx.run(
            "UPDATE inbox_lane SET handled = handled + 1, heard = heard + %(heard)s"
            " WHERE source = %(source)s AND lane = %(lane)s",
            lane | {"heard": int(books is not None)},
        )
        tx.run(
            "UPDATE inbox SET next_attempt_time = now() WHERE state = 'open' AND source = %(source)s"
            " AND lane = %(lane)s AND aggregate = %(aggregate)s AND next_attempt_time > now()",
            lane | stream,
        )
    return True


def _leave_dead(tx: "Transaction", row: DictRow, *, state: str) -> None:
    tx.run(
        "UPDATE inbox SET state = %(state)s, next_attempt_time = now(),"
        " attempts = CASE %(state)s WHEN 'open' THEN 0 ELSE attempts END"
        " WHERE position = %(position)s AND received_time = %(received_time)s AND state = 'dead'",
        {"state": state, "position": row["position"], "received_time": row["received_time"]},
    )
    tx.run("SELECT pg_notify('hotline_inbox', '')")
