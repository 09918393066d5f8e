"""The outbox: what this service announced, waiting for the broker. Rows are inserted by `db.Transaction`.

The order of an aggregate's events is its `sequence`, from 1 without gaps. A lane is a fixed share of the aggregates:
who holds a lane's lock is the only one to publish its events, so several relays keep the order.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

LANES = 16
"""Never to be changed while rows are open: order is kept within a lane."""


def lane_of(aggregate: str) -> int:
    """The lane of an aggregate, the same in every process and language."""
    return zlib.crc32(aggregate.encode()) % LANES


def routing_key(event_type: str) -> str:
    """Routing key of an event: its message's full name without the shared prefix.

    `hotline.intake.events.v1.AppealRegistered` gives `intake.events.v1.AppealRegistered`.
    """
    return event_type.removeprefix("hotline.")


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

    def headers(self, source: str) -> dict[str, str | int]:
        """The CloudEvents attributes and the trace context, as they travel beside the body.

        `time` is legal time, `committed` real time.
        """
        return {
            "id": str(self.event_id),
            "type": self.type,
            "source": source,
            "subject": self.aggregate,
            "time": self.occurred_time.isoformat(),
            "sequence": self.sequence,
            "traceparent": self.traceparent,
            "committed": self.created_time.isoformat(),
        }


def lock_lanes(connection: psycopg.Connection[Any]) -> list[int]:
    """Take every lane that no other relay holds, until the end of the transaction."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT lane FROM outbox_lane ORDER BY lane FOR UPDATE SKIP LOCKED").fetchall()


def read_unpublished(connection: psycopg.Connection[Any], *, lanes: Sequence[int], limit: int) -> list[Announced]:
    """The oldest events of these lanes; their locks must be held, so that the view is later than the last mark."""
    with connection.cursor(row_factory=class_row(Announced)) as cursor:
        return cursor.execute(
            """
            SELECT o.* FROM unnest(%(lanes)s::smallint[]) AS l(lane) CROSS JOIN LATERAL (
                SELECT position, created_time, event_id, aggregate, sequence, lane, type, payload, occurred_time,
                       traceparent
                FROM outbox WHERE lane = l.lane AND published_time IS NULL ORDER BY position LIMIT %(limit)s) AS o
            ORDER BY o.position LIMIT %(limit)s
            """,
            {"lanes": list(lanes), "limit": limit},
        ).fetchall()


def mark_published(connection: psycopg.Connection[Any], events: Sequence[Announced]) -> None:
    """Remember that the broker has these events; counts them."""
    if not events:
        return
    connection.execute(
        """
        WITH marked AS (
            UPDATE outbox AS o SET published_time = now()
            FROM unnest(%(lanes)s::smallint[], %(positions)s::bigint[]) AS m(lane, position)
            WHERE o.lane = m.lane AND o.position = m.position AND o.published_time IS NULL
              AND o.created_time BETWEEN %(first)s AND %(last)s
            RETURNING o.lane
        ), counted AS (SELECT lane, count(*) AS published FROM marked GROUP BY lane)
        UPDATE outbox_lane AS l SET published = l.published + c.published FROM counted AS c WHERE l.lane = c.lane
        """,
        {
            "lanes": [event.lane for event in events],
            "positions": [event.position for event in events],
            "first": min(event.created_time for event in events),
            "last": max(event.created_time for event in events),
        },
    )
