"""One database and one broker in which `intake` announces and `sla` listens: their delivery tables do not meet."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from hotline.operations.events.v1.audit_events_pb2 import AuditSealed
from hotline_kernel import inbox, migrate, topology
from hotline_kernel.clock import SystemClock
from hotline_kernel.db import Database, Transaction
from hotline_kernel.inbox import Envelope
from hotline_kernel.pump import EventHandler, Worker
from hotline_kernel.settings import Settings
from uuid_utils.compat import uuid7

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
NO_TABLES = "hotline_cli"
"""A package without migrations of its own."""


def wait_until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait for something to become true; fails when it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        Event().wait(0.02)


@dataclass
class Effects:
    """A handler whose effects are rows, so that they come and go with the transaction."""

    url: str

    def handle(self, event: AuditSealed, *, tx: Transaction, now: datetime, envelope: Envelope) -> None:
        """Remember that the event was handled."""
        tx.run(
            "INSERT INTO effect (aggregate, sequence) VALUES (%(aggregate)s, %(sequence)s)",
            {"aggregate": envelope.aggregate, "sequence": event.seal},
        )

    def of(self, aggregate: str) -> list[int]:
        """Sequences in the order in which they had their effect."""
        return [row[0] for row in self.query("SELECT sequence FROM effect WHERE aggregate = %s ORDER BY id", aggregate)]

    def query(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Look into the database, as an operator would."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []


@dataclass
class House:
    """Delivery of two services on the servers of one test."""

    url: str
    broker: str
    effects: Effects
    database: Database[Transaction]

    def settings(self, service: str = "sla", **changes: object) -> Settings:
        """Settings of one of its services, impatient."""
        values: dict[str, object] = {
            "service": service,
            "environment": "local",
            "database_url": self.url,
            "broker_url": self.broker,
            "retry_delay_seconds": 0.05,
            "retry_delay_max_seconds": 0.1,
            "max_attempts": 3,
            "metrics_port": 0,
        }
        return Settings.model_validate(values | changes)

    def announce(self, aggregate: str, numbers: Sequence[int]) -> None:
        """Publish one event per number, in one transaction."""
        with self.database.transaction() as tx:
            for number in numbers:
                tx.publish(AuditSealed(seal=number), aggregate=aggregate, time=NOW)

    def receive(
        self,
        aggregate: str,
        sequence: int,
        *,
        event: Message | None = None,
        payload: str = "",
        after: Mapping[str, int] | None = None,
        committed: datetime | None = None,
    ) -> None:
        """Put an event of intake into the inbox, as the listener does; `after` as releases before did not send it."""
        event = event or AuditSealed(seal=sequence)
        message = inbox.Received(
            source="intake",
            event_id=uuid7(),
            aggregate=aggregate,
            sequence=sequence,
            type=event.DESCRIPTOR.full_name,
            payload=payload or MessageToJson(event),
            headers={
                **({} if after is None else {"after": json.dumps(after)}),
                **({} if committed is None else {"committed": committed.isoformat()}),
            },
            occurred_time=NOW,
            error="",
        )
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(inbox.STORE, inbox.store_params([message]))

    def grow_older(self, *, sequence: int | None = None) -> None:
        """Let the inbox's rows, or that of one event, be an hour old and due."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE inbox SET received_time = received_time - interval '1 hour', next_attempt_time = now()"
                " WHERE sequence = %s OR %s::bigint IS NULL",
                (sequence, sequence),
            )

    def worker(self, handler: EventHandler | None = None, **changes: Any) -> Worker[Transaction]:
        """A worker of sla that handles `AuditSealed`."""
        return Worker(
            settings=self.settings(**changes),
            database=self.database,
            clock=SystemClock(),
            subscriptions={AuditSealed: handler or self.effects.handle},
        )

    def states(self) -> list[tuple[str, int, str, int]]:
        """Aggregate, sequence, state and attempts of every inbox row."""
        rows = self.effects.query("SELECT aggregate, sequence, state, attempts FROM inbox ORDER BY position")
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def queue_depth(self, consumer: str = "sla", *, source: str = "intake") -> int:
        """Messages that wait for a consumer."""
        with topology.connected(self.broker) as connection:
            declared = connection.default_channel.queue_declare(topology.queue_name(source, consumer), passive=True)
            return int(declared.message_count)

    def wire(self, consumer: str = "sla", *, source: str = "intake") -> list[dict[str, Any]]:
        """Headers of everything in a queue, in order; takes it out."""
        taken = []
        with topology.connected(self.broker) as connection:
            channel = connection.default_channel
            while (message := channel.basic_get(topology.queue_name(source, consumer), no_ack=True)) is not None:
                taken.append(message.headers | {"body": message.body})
        return taken


@pytest.fixture
def house(database_url: str, broker_url: str) -> Iterator[House]:
    """Migrated, declared, and with lanes for what sla listens to."""
    audience = topology.audience("sla", profile="city")
    database = Database(conninfo=database_url, transaction=Transaction, audience=audience)
    house = House(database_url, broker_url, Effects(database_url), database)
    migrate.run(settings=house.settings(), package=NO_TABLES, phase="pre")
    topology.declare(settings=house.settings())
    house.effects.query("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, aggregate text, sequence bigint)")
    database.open()
    with database.transaction() as tx:
        inbox.open_lanes(tx, sources=["intake", "dispatch", "feedback"])
    yield house
    database.close()


@pytest.fixture
def waiting() -> Callable[..., None]:
    """Wait for a condition."""
    return wait_until


@contextmanager
def _running(*loops: Callable[[Event], None]) -> Iterator[Event]:
    stop = Event()
    threads = [Thread(target=loop, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "a thread does not stop"


@pytest.fixture
def running() -> Callable[..., Any]:
    """Run loops in threads for the time of a block; each takes the event that stops it."""
    return _running
