"""The relay: outbox -> broker, in each aggregate's order, each event at least once.

A relay holds its lanes as long as its connection to the database lasts; another one stands by. An event is marked as
published only after the broker confirmed it. Killed between the two, the relay publishes it again and the consumer's
cursor makes the second one harmless.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from time import monotonic
from typing import Any

import amqp
import psycopg
import structlog
from kombu.connection import Connection

from hotline_kernel import outbox, telemetry, topology
from hotline_kernel.db import OUTBOX_CHANNEL
from hotline_kernel.settings import Settings

BATCH = 500
POLL_SECONDS = 1.0
"""How often the outbox is looked at when nobody notified."""
CONFIRM_SECONDS = 30.0
CHECK_QUEUES_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 2.0
"""Before a broker or a database that is away is tried again."""
# The server finds out within seconds that a relay's machine is gone, and frees its lanes.
_OPTIONS = (
    "-c statement_timeout=30000"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=15000"
)
BROKER_ERRORS = (amqp.AMQPError, OSError)
_log = structlog.get_logger(__name__)


class QueueMissing(Exception):
    """A queue that the topology expects is not there: what is published now would be lost to its consumer."""


class Publisher:
    """One connection to the broker, on which events are published with confirms, many under way at once."""

    def __init__(
        self,
        connection: Connection,
        *,
        source: str,
        exchange: str,
        queues: Sequence[str],
        audience: outbox.Audience | None = None,
        mode: str = "real",
    ) -> None:
        """queues -- that must be there, for what is published now would be lost to their consumers.

        audience -- who hears what, so that nobody may hear an event; None if all of it must reach a queue.
        """
        self._connection = connection
        self._source = source
        self._queues = queues
        self._audience = audience
        self._mode = mode
        self._exchange = exchange
        self._channel = connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._tags = count(1)
        self._pending: dict[int, outbox.Announced] = {}
        self._returned: set[str] = set()
        self._confirmed: list[outbox.Announced] = []
        self._checked: float | None = None
        self._kept_alive = 0.0

    def check_queues(self) -> None:
        """Raise `QueueMissing` unless every queue of the topology exists; asks the broker once a minute."""
        if self._checked is not None and monotonic() - self._checked < CHECK_QUEUES_SECONDS:
            return
        for name in self._queues:
            if not topology.is_declared(name, connection=self._connection):
                raise QueueMissing(f"{name} is not declared: run `declare`")
        self._checked = monotonic()

    def publish(
        self, events: Sequence[outbox.Announced], *, expiration: str = ""
    ) -> tuple[list[outbox.Announced], Exception | None]:
        """Publish in order; returns those that are safe with the broker, and what went wrong with the others.

        expiration -- after so many milliseconds the broker drops what nobody took; empty: never.
        """
        lasting = {"expiration": expiration} if expiration else {}
        self._pending, self._returned, self._confirmed = {}, set(), []
        try:
            for event in events:
                hearers = (self._audience or {}).get(event.heard_as, ())
                message = self._channel.prepare_message(
                    event.payload.encode(),
                    content_type="application/json",
                    content_encoding="utf-8",
                    headers=event.headers(self._source, hearers=hearers, mode=self._mode),
                    properties={"delivery_mode": 2, "message_id": str(event.event_id), **lasting},
                )
                self._pending[next(self._tags)] = event
                key = outbox.routing_key(event.heard_as)
                self._channel.basic_publish(
                    message, self._exchange, key, mandatory=self._audience is None or bool(hearers)
                )
            deadline = monotonic() + CONFIRM_SECONDS
            while self._pending:
                self._connection.drain_events(timeout=max(0.001, deadline - monotonic()))
        except BROKER_ERRORS as error:
            return self._safe(), error
        if len(self._safe()) < len(events):
            return self._safe(), QueueMissing(f"{self._exchange} refused or returned events")
        return self._safe(), None

    def keep_alive(self) -> None:
        """Take what the broker sent meanwhile and answer its heartbeat; does so once a second, however often called."""
        if monotonic() - self._kept_alive < KEEP_ALIVE_SECONDS:
            return
        self._kept_alive = monotonic()
        with suppress(TimeoutError):
            self._connection.drain_events(timeout=0.001)
        self._connection.heartbeat_check()

    def _safe(self) -> list[outbox.Announced]:
        return [event for event in self._confirmed if str(event.event_id) not in self._returned]

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._confirmed += self._settle(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple)

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: amqp.Message) -> None:  # noqa: ARG002
        self._returned.add(message.properties["message_id"])

    def _settle(self, tag: int, multiple: bool) -> list[outbox.Announced]:
        if not multiple:
            return [self._pending.pop(tag)]
        return [self._pending.pop(each) for each in [t for t in self._pending if t <= tag]]


class Relay:
    """Publishes what the outbox holds until told to stop; neither database nor broker being away ends it."""

    def __init__(self, *, settings: Settings) -> None:
        self._settings = settings
        self._audience = topology.audience(settings.service, profile=settings.profile)
        self._published = telemetry.RELAY_PUBLISHED.labels(settings.service)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, reconnecting with growing pauses."""
        pause = 0.1
        while not stop.is_set():
            started = monotonic()
            try:
                with self._database() as connection, self._broker() as publisher:
                    self._relay(connection, publisher, stop)
            except (*BROKER_ERRORS, QueueMissing, psycopg.OperationalError) as error:
                pause = 0.1 if monotonic() - started > 10 else min(LONGEST_PAUSE_SECONDS, 2 * pause)
                _log.warning(
                    "relay_interrupted", pause_seconds=pause, reason=_reason(error), **telemetry.failure(error)
                )
                stop.wait(pause)

    def publish_batch(self, connection: psycopg.Connection[Any], publisher: Publisher, lanes: Sequence[int]) -> int:
        """Publish up to `BATCH` events of lanes that the connection holds; returns how many the broker took."""
        publisher.check_queues()
        events = outbox.read_unpublished(connection, lanes=lanes, limit=BATCH)
        safe, error = publisher.publish(events) if events else ([], None)
        outbox.mark_published(connection, safe, audience=self._audience)
        self._published.inc(len(safe))
        if error:
            raise error
        return len(safe)

    def _relay(self, connection: psycopg.Connection[Any], publisher: Publisher, stop: threading.Event) -> None:
        connection.execute(f"LISTEN {OUTBOX_CHANNEL}")
        lanes: list[int] = []
        while not stop.is_set():
            if len(lanes) < outbox.LANES:
                lanes = outbox.take_lanes(connection)
            if lanes and self.publish_batch(connection, publisher, lanes) == BATCH:
                continue
            publisher.keep_alive()
            for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):  # those that came meanwhile, too
                pass

    @contextmanager
    def _database(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(
            self._settings.database_url.get_secret_value(),
            autocommit=True,
            connect_timeout=5,
            application_name=f"{self._settings.service}-relay",
            options=_OPTIONS,
        ) as connection:
            yield connection

    @contextmanager
    def _broker(self) -> Iterator[Publisher]:
        broker_url = self._settings.broker_url.get_secret_value()
        with topology.connected(broker_url, ca=self._settings.broker_ca) as connection:
            service, profile = self._settings.service, self._settings.profile
            yield Publisher(
                connection,
                source=service,
                exchange=topology.exchange(service).name,
                queues=[topology.queue_name(service, to) for to in topology.consumers_of(service, profile=profile)],
                audience=self._audience,
                mode=self._settings.mode,
            )


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, QueueMissing) else ""
