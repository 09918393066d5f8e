"""The outbox: what this service announced, waiting for the broker. Rows are inserted by `db.Transaction`.

The order of an aggregate's events is its `sequence`, from 1 without gaps. A lane is a fixed share of the aggregates:
who holds a lane is the only one to publish its events, so several relays keep the order.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

if TYPE_CHECKING:
    from hotline_kernel.db import Transaction

LANES = 16
"""Never to be changed while rows are open: order is kept within a lane."""
Audience = Mapping[str, Sequence[str]]
"""Who hears an event of one source, by `heard_as`; nobody hears one that is not in it."""


def lane_of(aggregate: str) -> int:
    """The lane of an aggregate, the same in every process and language."""
    return zlib.crc32(aggregate.encode()) % LANES


def heard_as(event_type: str, topic: str | None) -> str:
    """What an audience knows an event by: its message's full name, and its topic if it has one."""
    return f"{event_type}.{topic}" if topic else event_type


def routing_key(heard: str) -> str:
    """Routing key of what is `heard_as`: without the prefix that all share.

    `hotline.intake.events.v1.AppealRegistered` gives `intake.events.v1.AppealRegistered`.
    """
    return heard.removeprefix("hotline.")


@dataclass(frozen=True, slots=True)
class Announced:
    """An event that the broker has not confirmed yet."""

    position: int
    created_time: datetime
    event_id: UUID
    aggregate: str
    sequence: int
    lane: int
    type: str
    payload: str
    occurred_time: datetime
    traceparent: str
    after: Mapping[str, int] | None = None
    """Which event of the aggregate each consumer heard before (see `db`); None if a release before announced it."""
    topic: str | None = None
    """What it is about, where not all who hear such events hear each of them; None: all of them do."""

    @property
    def heard_as(self) -> str:
        """What an audience knows it by."""
        return heard_as(self.type, self.topic)

    def comes_after(self, consumer: str) -> int:
        """The sequence of the event that this consumer hears before this one; 0 if none."""
        assert self.after is not None
        known = self.after.get(consumer, self.after.get("*", 0))
        return known if known >= 0 else self.sequence + known

    def headers(self, source: str, *, hearers: Sequence[str], mode: str = "real") -> dict[str, str | int]:
        """The CloudEvents attributes and the trace context, as they travel beside the body.

        `time` is legal time, `committed` real time; `mode` keeps practice apart from the real system (Art. 37);
        `after` tells each of the hearers which sequence it heard last, a JSON object.
        """
        headers: dict[str, str | int] = {
            "id": str(self.event_id),
            "type": self.type,
            "source": source,
            "subject": self.aggregate,
            "time": self.occurred_time.isoformat(),
            "sequence": self.sequence,
            "traceparent": self.traceparent,
            "committed": self.created_time.isoformat(),
            "mode": mode,
        }
        if self.after is not None:
            headers["after"] = json.dumps({consumer: self.comes_after(consumer) for consumer in hearers})
        return headers


def take_lanes(connection: psycopg.Connection[Any]) -> list[int]:
    """Take every lane that no other relay holds, for as long as the connection lasts; those it has are among them."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT lane FROM outbox_lane WHERE pg_try_advisory_lock(hashtext('outbox_lane'), lane)"
        ).fetchall()


def read_unpublished(connection: psycopg.Connection[Any], *, lanes: Sequence[int], limit: int) -> list[Announced]:
    """The oldest events of these lanes, which must be held, so that nobody marks one meanwhile."""
    with connection.cursor(row_factory=class_row(Announced)) as cursor:
        return cursor.execute(
            """
            SELECT position, created_time, event_id, aggregate, sequence, lane, type, payload, occurred_time,
                   traceparent, after, topic
            FROM outbox WHERE published_time IS NULL AND lane = ANY(%(lanes)s::smallint[])
            ORDER BY position LIMIT %(limit)s
            """,
            {"lanes": list(lanes), "limit": limit},
        ).fetchall()


def mark_published(connection: psycopg.Connection[Any], events: Sequence[Announced], *, audience: Audience) -> None:
    """Remember that the broker has these events; counts them, and for each consumer those that it hears."""
    if not events:
        return
    connection.execute(
        """
        WITH marked AS (
            UPDATE outbox AS o SET published_time = now()
            WHERE o.position = ANY(%(positions)s::bigint[]) AND o.published_time IS NULL
              AND o.created_time BETWEEN %(first)s AND %(last)s
            RETURNING o.lane, concat_ws('.', o.type, o.topic) AS heard_as, o.after IS NOT NULL AS booked
        ), counted AS (
            SELECT lane, count(*) AS published FROM marked GROUP BY lane
        ), heard AS (
            INSERT INTO outbox_heard AS h (lane, consumer, published)
            SELECT m.lane, a.consumer, count(*) FROM marked m
            JOIN json_to_recordset(%(audience)s::json) AS a(heard_as text, consumer text) USING (heard_as)
            WHERE m.booked GROUP BY m.lane, a.consumer
            ON CONFLICT (lane, consumer) DO UPDATE SET published = h.published + excluded.published
        )
        UPDATE outbox_lane AS l SET published = l.published + c.published FROM counted AS c WHERE l.lane = c.lane
        """,
        {
            "positions": [event.position for event in events],
            "first": min(event.created_time for event in events),
            "last": max(event.created_time for event in events),
            "audience": _pairs(audience, {event.heard_as for event in events}),
        },
    )


def republish(
    tx: "Transaction", *, since: datetime, after_position: int, limit: int, audience: Audience
) -> tuple[int, int]:
    """Let the relay publish the oldest such events again; takes them off the counts until it has.

    Returns how many, and the position of the last; 0 if there were fewer than the limit, so that nothing is left.
    """
    row = tx.one(
        """
        WITH chosen AS (
            SELECT position, created_time FROM outbox
            WHERE created_time >= %(since)s AND position > %(after)s AND published_time IS NOT NULL
            ORDER BY position LIMIT %(limit)s
        ), marked AS (
            UPDATE outbox AS o SET published_time = NULL FROM chosen AS c
            WHERE o.position = c.position AND o.created_time = c.created_time AND o.published_time IS NOT NULL
            RETURNING o.position, o.lane, concat_ws('.', o.type, o.topic) AS heard_as, o.after IS NOT NULL AS booked
        ), counted AS (
            SELECT lane, count(*) AS published FROM marked GROUP BY lane
        ), heard AS (
            SELECT m.lane, a.consumer, count(*) AS published FROM marked m
            JOIN json_to_recordset(%(audience)s::json) AS a(heard_as text, consumer text) USING (heard_as)
            WHERE m.booked GROUP BY m.lane, a.consumer
        ), less_heard AS (
            UPDATE outbox_heard AS h SET published = h.published - l.published FROM heard AS l
            WHERE h.lane = l.lane AND h.consumer = l.consumer
        ), less AS (
            UPDATE outbox_lane AS l SET published = l.published - c.published FROM counted AS c WHERE l.lane = c.lane
        )
        SELECT (SELECT count(*)::int FROM marked) AS republished,
               CASE count(*) WHEN %(limit)s THEN max(position) ELSE 0 END AS last FROM chosen
        """,
        {"since": since, "after": after_position, "limit": limit, "audience": _pairs(audience, audience)},
    )
    assert row
    return row["republished"], row["last"]


def _pairs(audience: Audience, heard: Iterable[str]) -> str:
    return json.dumps(
        [{"heard_as": each, "consumer": consumer} for each in heard for consumer in audience.get(each, ())]
    )
