"""The process `listen`, as it runs: events become rows, and nothing is acknowledged before it is durable."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import topology
from kombu.connection import Connection

if TYPE_CHECKING:
    from .conftest import House

COOPERATES = """
from hotline_kernel.entrypoints import event_listener as listener
import eventlet, psycopg, sys, time
def sleep():
    with psycopg.connect(sys.argv[1]) as connection:
        connection.execute("SELECT pg_sleep(0.5)")
started = time.monotonic()
green = [eventlet.spawn(sleep) for _ in range(5)]
for each in green:
    each.wait()
assert time.monotonic() - started < 2.0
assert "grpc" not in sys.modules
"""


@contextmanager
def listening(house: "House") -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")} | {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_DATABASE_URL": house.url,
        "HOTLINE_BROKER_URL": house.broker,
        "HOTLINE_METRICS_PORT": "0",
        "HOTLINE_DRAIN_SECONDS": "3",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "hotline_sla", "listen"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        print(process.communicate()[0], f"ended with {process.returncode}")


def headers(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": "018f2a64-0000-7000-8000-000000000001",
        "type": "hotline.operations.events.v1.AuditSealed",
        "source": "intake",
        "subject": "appeals/1",
        "time": "2026-05-08T01:00:00+00:00",
        "sequence": number,
    } | changes


@pytest.fixture
def publish(house: "House") -> Iterator[Callable[..., None]]:
    """Publish to intake's exchange whatever a test likes."""
    with topology.connected(house.broker) as connection:

        def send(body: str | bytes, *, headers: dict[str, object], **properties: Any) -> None:
            message = connection.default_channel.prepare_message(
                body, headers=headers, **{"content_type": "application/json", "content_encoding": "utf-8", **properties}
            )
            connection.default_channel.basic_publish(message, "intake.events", "operations.events.v1.AuditSealed")

        yield send


class TestListener:
    def test_turns_events_into_rows_and_drains_on_sigterm(
        self, house: "House", publish: Callable[..., None], waiting: Callable[..., None]
    ) -> None:
        for sequence in range(1, 501):
            publish(json.dumps({"seal": sequence}), headers=headers(sequence, traceparent="00-a-b-01"))
        with listening(house) as process:
            waiting(lambda: len(house.states()) >= 500, seconds=60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        assert {row[:3] for row in house.states()} == {("appeals/1", n, "open") for n in range(1, 501)}
        assert house.effects.query("SELECT DISTINCT headers ->> 'traceparent', occurred_time::text FROM inbox") == [
            ("00-a-b-01", "2026-05-08 01:00:00+00")
        ]
        assert house.worker().handle_batch(Event()) == 100

    def test_keeps_what_it_cannot_read_as_dead_rows(
        self, house: "House", publish: Callable[..., None], waiting: Callable[..., None]
    ) -> None:
        pickled = "application/x-python-serialize"
        unreadable: list[tuple[str | bytes, dict[str, Any], dict[str, object], str]] = [
            (b"\xff\x00{", {}, {}, "the body is not JSON"),
            ("[1]", {}, {}, "not a JSON object"),
            ("[" * 100_000, {}, {}, "the body is not JSON"),
            ("{}", {"content_type": pickled}, {}, pickled),
            ("{}", {}, {"sequence": "x"}, "'sequence'"),
            ("{}", {}, {"subject": "a" * 5000}, "'subject'"),
            (b"\x1f\x8b", {}, {"compression": "application/x-gzip"}, "the body is not JSON"),
        ]
        for body, properties, changes, _ in unreadable:
            publish(body, headers=headers(1, **changes), **properties)
        publish("{}", headers=headers(1, subject="appeals/2"))
        with listening(house):
            waiting(lambda: len(house.states()) == 8, seconds=60)
            waiting(lambda: house.queue_depth() == 0)
        rows = house.effects.query("SELECT error FROM inbox WHERE state = 'dead' ORDER BY position")
        for (error,), (*_, problem) in zip(rows, unreadable, strict=True):
            assert problem in error
        assert house.effects.query("SELECT aggregate FROM inbox WHERE state = 'open'") == [("appeals/2",)]

    def test_waits_for_the_database_and_loses_nothing(
        self, house: "House", servers: Endpoints, publish: Callable[..., None], waiting: Callable[..., None]
    ) -> None:
        name = house.url.rsplit("/", 1)[1]
        with listening(house) as process, psycopg.connect(servers.database_url("postgres"), autocommit=True) as admin:
            publish("{}", headers=headers(1))
            waiting(lambda: len(house.states()) == 1, seconds=60)
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            for sequence in range(2, 101):
                publish("{}", headers=headers(sequence))
            assert process.stdout is not None
            while "inbox_away" not in process.stdout.readline():
                pass
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            waiting(lambda: {row[1] for row in house.states()} == set(range(1, 101)))
            assert process.poll() is None

    def test_a_lost_connection_to_the_broker_loses_nothing(
        self, house: "House", servers: Endpoints, publish: Callable[..., None], waiting: Callable[..., None]
    ) -> None:
        vhost = house.broker.rsplit("/", 1)[1]

        def cut() -> bool:
            known: Any = servers.manage("GET", f"vhosts/{vhost}/connections")
            for connection in known:
                servers.manage("DELETE", "connections/" + quote(connection["name"], safe=""))
            return bool(known)

        with listening(house):
            publish("{}", headers=headers(1))
            waiting(lambda: len(house.states()) == 1, seconds=60)
            waiting(cut)
        # A quorum queue may lose what was not confirmed when its channel closes.
        with Connection(house.broker, transport_options={"confirm_publish": True}) as connection:
            for sequence in range(2, 21):
                message = connection.default_channel.prepare_message(
                    "{}", headers=headers(sequence), content_type="application/json", content_encoding="utf-8"
                )
                connection.default_channel.basic_publish(message, "intake.events", "operations.events.v1.AuditSealed")
        with listening(house):  # whoever supervises it starts it again
            waiting(lambda: {row[1] for row in house.states()} == set(range(1, 21)), seconds=60)

    def test_waits_for_the_database_without_stopping_the_other_green_threads(self, house: "House") -> None:
        subprocess.run([sys.executable, "-c", COOPERATES, house.url], check=True, timeout=60)
