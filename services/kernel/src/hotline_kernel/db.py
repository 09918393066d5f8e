"""The database of one service: a pool, transactions that carry events and record, commands that may be repeated.

State, announced events (outbox), audit entries and the answer to a ``request_id`` become durable in one commit.
Time in here is real time: legal time is passed in by the caller.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

import psycopg
import structlog
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout
from uuid_utils.compat import uuid7

from hotline_kernel import telemetry
from hotline_kernel.auth import SYSTEM, Principal
from hotline_kernel.call import Call
from hotline_kernel.errors import HotlineError, RequestIdReused, Unavailable
from hotline_kernel.outbox import Audience, heard_as, lane_of

Connection = psycopg.Connection[DictRow]
OUTBOX_CHANNEL = "hotline_outbox"
"""The channel on which a waiting relay is woken."""
_WAKING_PAUSE_SECONDS = 0.002

Tx = TypeVar("Tx", bound="Transaction")
Response = TypeVar("Response", bound=Message)
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Announcement:
    message: Message
    aggregate: str
    time: datetime
    topic: str | None
    traceparent: str  # of the moment it was announced: a batch of the pump commits what many traces caused


@dataclass(frozen=True)
class _AuditEntry:
    action: str
    resource: str
    time: datetime
    purpose: str
    details: Mapping[str, str]
    trace_id: str


@dataclass(frozen=True)
class _Answer:
    caller: str
    method: str
    request_id: str
    body_hash: bytes
    response: bytes


class Transaction:
    """One transaction. Services add their repositories in a subclass.

    Statements are pipelined: only those whose answer is read wait for the database. What is published and recorded is
    kept until the end and goes out in one statement together with the commit.
    """

    def __init__(self, connection: Connection, actor: Principal, audience: Audience) -> None:
        self.connection = connection
        self.actor = actor
        self._audience = audience
        self._announcements: list[_Announcement] = []
        self._entries: list[_AuditEntry] = []
        self._answer: _Answer | None = None

    def one(self, sql: str, params: Mapping[str, Any] | None = None) -> DictRow | None:
        """The first row, or None."""
        return self.connection.execute(sql, params).fetchone()

    def all(self, sql: str, params: Mapping[str, Any] | None = None) -> list[DictRow]:
        """Every row."""
        return self.connection.execute(sql, params).fetchall()

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Runs a statement without waiting: what the database refuses is raised with the next answer or the commit."""
        self.connection.execute(sql, params)

    def count(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Runs a statement and waits; tells how many rows it touched."""
        cursor = self.connection.execute(sql, params)
        with self.connection.pipeline() as pipeline:  # the one that is open
            pipeline.sync()
        return cursor.rowcount

    def publish(self, message: Message, *, aggregate: str, time: datetime, topic: str | None = None) -> None:
        """Announces a fact: a row of the outbox, next in the aggregate's order.

        aggregate -- resource name of what the fact is about;  time -- legal time of the fact;
        topic -- what in particular it tells, where some hear only that (topology.yaml).
        """
        self._announcements.append(_Announcement(message, aggregate, time, topic, telemetry.current_traceparent()))

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None:
        """Puts a deed on record (Art. 36). Details never hold a citizen's identity."""
        trace_id = telemetry.current_trace_id()
        self._entries.append(_AuditEntry(action, resource, time, purpose, details or {}, trace_id))

    def keep_answer(self, answer: "_Answer") -> None:
        """Keeps the answer to a request_id; `Commands` calls it."""
        self._answer = answer

    def flush(self) -> bool:
        """Writes what was published and recorded; tells whether there was an event among it."""
        announced = bool(self._announcements)
        if announced or self._entries or self._answer:
            params: dict[str, Any] = {}
            if announced:
                params |= _outbox_params(self._announcements, self._audience)
            if self._entries:
                params |= _audit_params(self._entries, self.actor)
            if self._answer:
                params |= vars(self._answer)
            self.run(_flush_statement(announced, bool(self._entries), self._answer is not None), params)
        self._announcements, self._entries, self._answer = [], [], None
        return announced


def _outbox_params(announcements: Sequence[_Announcement], audience: Audience) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()  # events of each aggregate so far
    heard: dict[str, dict[str, int]] = {}  # by aggregate, which of them each consumer heard last
    for ordinal, announcement in enumerate(announcements):
        aggregate, type_ = announcement.aggregate, announcement.message.DESCRIPTOR.full_name
        topic = announcement.topic
        counts[aggregate] += 1
        number, last = counts[aggregate], heard.setdefault(aggregate, {})
        consumers = audience.get(heard_as(type_, topic), ())
        rows.append(
            {
                "ordinal": ordinal,
                "event_id": str(uuid7()),
                "aggregate": aggregate,
                "number": number,
                # For whoever does not hear this one, too: the relay may be of another release and send it there.
                "after": {consumer: heard_before - number for consumer, heard_before in last.items()},
                "lane": lane_of(aggregate),
                "type": type_,
                "topic": topic,
                "payload": MessageToJson(announcement.message, indent=None),
                "occurred_time": announcement.time.isoformat(),
                "traceparent": announcement.traceparent,
            }
        )
        last.update(dict.fromkeys(consumers, number))
    for row in rows:
        row["behind"] = counts[row["aggregate"]] - row.pop("number")
    aggregates = [
        {"aggregate": aggregate, "events": counts[aggregate], "heard": heard[aggregate]} for aggregate in sorted(counts)
    ]
    return {"events": _json(rows), "aggregates": _json(aggregates)}


def _audit_params(entries: Sequence[_AuditEntry], actor: Principal) -> dict[str, Any]:
    rows = [{**vars(e), "time": e.time.isoformat(), "details": dict(e.details)} for e in entries]
    return {
        "entries": _json(rows),
        "actor": actor.subject,
        "roles": ",".join(sorted(actor.roles)),
    }


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


# Rows travel as one JSON text, which costs a process a tenth of what arrays do. The aggregates' rows are locked in one
# order, so that two batches cannot wait for each other; the lock also makes the order of positions that of sequences.
# `behind` counts the later events of the same aggregate in this flush. A consumer does not hear every event, so each
# says which one it comes after for whom: `after` holds sequences, or how far before this one they are (negative) if
# they are of the same flush; `*` is everybody else. Of an aggregate whose last event was announced by a release that
# kept no such books, everybody heard all.
_OUTBOX = """
announced AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(events)s::json)
    AS a(ordinal int, event_id uuid, aggregate text, behind int, after jsonb, lane smallint, type text, topic text,
         payload text, occurred_time timestamptz, traceparent text)
), sequenced AS (
  INSERT INTO outbox_sequence AS s (aggregate, sequence, heard, heard_until, heard_before)
  SELECT aggregate, events, heard, events, '{}'
    FROM json_to_recordset(%(aggregates)s::json) AS g(aggregate text, events bigint, heard jsonb) ORDER BY aggregate
  ON CONFLICT (aggregate) DO UPDATE SET
    sequence = s.sequence + excluded.sequence,
    heard_until = s.sequence + excluded.sequence,
    heard_before = CASE s.heard_until WHEN s.sequence THEN s.heard ELSE jsonb_build_object('*', s.sequence) END,
    heard = CASE s.heard_until WHEN s.sequence THEN s.heard ELSE jsonb_build_object('*', s.sequence) END || (
      SELECT coalesce(jsonb_object_agg(key, s.sequence + value::bigint), '{}') FROM jsonb_each_text(excluded.heard))
  RETURNING s.aggregate, s.sequence, s.heard_before
), sent AS (
  INSERT INTO outbox (event_id, aggregate, sequence, lane, type, topic, payload, occurred_time, traceparent, after)
  SELECT a.event_id, a.aggregate, s.sequence - a.behind, a.lane, a.type, a.topic, a.payload, a.occurred_time,
         a.traceparent, s.heard_before || a.after
    FROM announced a JOIN sequenced s USING (aggregate) ORDER BY a.ordinal
)"""
_AUDIT = """
recorded AS (
  INSERT INTO audit_entry (time, actor, roles, action, resource, purpose, details, trace_id)
  SELECT e.time, %(actor)s, %(roles)s, e.action, e.resource, e.purpose, e.details, e.trace_id
    FROM json_to_recordset(%(entries)s::json)
      AS e(time timestamptz, action text, resource text, purpose text, details jsonb, trace_id text)
)"""
_ANSWER = """
answered AS (
  INSERT INTO request (caller, method, request_id, body_hash, response)
  VALUES (%(caller)s, %(method)s, %(request_id)s, %(body_hash)s, %(response)s)
)"""


@cache
def _flush_statement(events: bool, audit: bool, answer: bool) -> str:
    parts = [text for text, wanted in ((_OUTBOX, events), (_AUDIT, audit), (_ANSWER, answer)) if wanted]
    return f"WITH {','.join(parts)} SELECT"


class Database(Generic[Tx]):
    """A pool of connections that outlives a restart of the server."""

    def __init__(
        self,
        *,
        conninfo: str,
        transaction: type[Tx],
        audience: Audience,
        pool_size: int = 10,
        statement_timeout_seconds: float = 10.0,
    ) -> None:
        """The pool opens with `open`; no connection is made before.

        audience -- who hears what is published here (`topology.audience`).
        """
        milliseconds = int(statement_timeout_seconds * 1000)
        self._transaction = transaction
        self._audience = audience
        self._conninfo = conninfo
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            connection_class=psycopg.Connection[DictRow],
            kwargs={
                "autocommit": True,  # BEGIN and COMMIT travel with their neighbours, see `transaction`
                "row_factory": dict_row,
                "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
                f" -c idle_in_transaction_session_timeout={3 * milliseconds} -c timezone=UTC",
            },
            min_size=min(2, pool_size),
            max_size=pool_size,
            timeout=5.0,
            reconnect_timeout=60.0,
            open=False,
            name="database",
        )
        self._waker = _Waker(conninfo)

    def open(self) -> None:
        """Starts the pool; connections are made in the background."""
        self._pool.open()
        self._waker.start()

    def close(self) -> None:
        """Ends every connection; safe to call twice."""
        self._waker.stop()
        self._pool.close()

    def wait_ready(self, *, timeout_seconds: float) -> None:
        """Waits until the server answers. Raises `Unavailable` if it does not in time."""
        try:
            self._pool.wait(timeout=timeout_seconds)
        except PoolTimeout as error:
            raise Unavailable from error

    @contextmanager
    def transaction(self, *, actor: Principal = SYSTEM) -> Iterator[Tx]:
        """A transaction that commits at the end of the block, events and record with it, or leaves nothing.

        Raises `Unavailable` when the database cannot be reached.
        """
        announced = False
        try:
            with self._pool.connection() as connection, connection.pipeline():
                connection.execute("BEGIN")
                tx = self._transaction(connection, actor, self._audience)
                yield tx
                announced = tx.flush()
                connection.execute("COMMIT")
        except PoolTimeout as error:
            raise Unavailable from error
        except psycopg.OperationalError as error:
            if _retryable(error):
                raise
            # One broken connection tells that the server went away: let the pool find the others now, not one by one.
            threading.Thread(target=self._pool.check, daemon=True).start()
            raise Unavailable from error
        if announced:
            self._waker.wake()


def _retryable(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)


class _Waker:
    """Tells the relay that there is something to publish.

    A NOTIFY inside each transaction would make the commits wait for each other, so one thread notifies for all that
    committed meanwhile. If it dies with the process, the relay's slow poll finds the rows.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._wanted = threading.Event()
        self._pause = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wanted.set()

    def stop(self) -> None:
        self._stopped = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped:
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    while not self._stopped:
                        self._wanted.wait()
                        self._wanted.clear()
                        connection.execute(f"NOTIFY {OUTBOX_CHANNEL}")
                        self._pause.wait(_WAKING_PAUSE_SECONDS)  # under load, one wake-up for many commits
            except psycopg.OperationalError as error:
                _log.warning("waker_disconnected", error=str(error))
                self._pause.wait(1.0)


class Commands(Generic[Tx]):
    """Commands that a caller may repeat without harm (AIP-155)."""

    _tries = 3

    def __init__(self, database: Database[Tx]) -> None:
        self._database = database

    def run(
        self, request: Message, call: Call, response_type: type[Response], work: Callable[[Tx], Response]
    ) -> Response:
        """Does the work in a transaction and keeps its answer under the request's ``request_id`` in the same commit.

        A repeat with the same body gets the kept answer. Raises `RequestIdReused` for a repeat with another body,
        `Unavailable` when the database stays away.
        """
        body_hash = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        request_id: str = request.request_id  # type: ignore[attr-defined]
        caller, method = call.principal.subject, call.method
        for attempt in range(1, self._tries + 1):
            try:
                with self._database.transaction(actor=call.principal) as tx:
                    response = work(tx)
                    tx.keep_answer(_Answer(caller, method, request_id, body_hash, response.SerializeToString()))
                return response
            except Unavailable:
                if attempt == self._tries:
                    raise
            except (HotlineError, psycopg.errors.UniqueViolation) as error:
                kept = self._kept(caller, method, request_id, body_hash)
                if kept is not None:
                    return response_type.FromString(kept)
                # Somebody else was faster with the same row: the second try finds it.
                if isinstance(error, HotlineError) or attempt == self._tries:
                    raise
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
                _log.info("command_retried", method=method, error=type(error).__name__)
        raise Unavailable

    def _kept(self, caller: str, method: str, request_id: str, body_hash: bytes) -> bytes | None:
        with self._database.transaction() as tx:
            row = tx.one(
                "SELECT body_hash, response FROM request"
                " WHERE caller = %(caller)s AND method = %(method)s AND request_id = %(request_id)s",
                {"caller": caller, "method": method, "request_id": request_id},
            )
        if row is None:
            return None
        if row["body_hash"] != body_hash:
            raise RequestIdReused(violations=[("request_id", "was used before with another body")])
        response: bytes = row["response"]
        return response
