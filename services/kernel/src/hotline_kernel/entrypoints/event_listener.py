"""The listener: event -> inbox row -> acknowledgement. Nothing else, and it calls no gRPC.

Runs in a process patched by eventlet, where grpcio freezes and psycopg's own wait would block every green thread.
nameko starts a worker for each message and acknowledges whatever it did. Here messages go past the workers, straight to
the inbox, which stores all that wait in one commit and then acknowledges them: while the database is away, they wait
unacknowledged. This is the only kernel module that imports nameko or eventlet.
"""

# ruff: noqa: E402  (patching comes before everything that opens sockets or starts threads)
import os
import warnings

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # known, and weighed in an ADR

import eventlet

eventlet.monkey_patch()

import errno
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import amqp
import psycopg
import psycopg.waiting
import structlog
from eventlet.queue import LightQueue
from kombu.entity import Queue
from kombu.message import Message
from nameko.constants import AMQP_SSL_CONFIG_KEY, AMQP_URI_CONFIG_KEY, HEARTBEAT_CONFIG_KEY, MAX_WORKERS_CONFIG_KEY
from nameko.events import EventHandler
from nameko.extensions import SharedExtension
from nameko.messaging import QueueConsumer
from nameko.runners import ServiceRunner

from hotline_kernel import inbox, telemetry, topology
from hotline_kernel.settings import Settings

MESSAGES_AT_ONCE = 200
"""Unacknowledged messages a listener holds; also the most rows of one commit."""
HEARTBEAT_SECONDS = 10
_RECONNECT_SECONDS = {"interval_start": 0.2, "interval_step": 0.4, "interval_max": 2.0}
_DATABASE_CONFIG_KEY = "HOTLINE_DATABASE"
_SERVICE_CONFIG_KEY = "HOTLINE_SERVICE"
_PROFILE_CONFIG_KEY = "HOTLINE_PROFILE"
_MODE_CONFIG_KEY = "HOTLINE_MODE"
_log = structlog.get_logger(__name__)


class RawQueueConsumer(QueueConsumer):  # type: ignore[misc]
    """Hands messages on at once and as they came: nameko's own decodes first, and loses what it cannot decode."""

    @contextmanager
    def establish_connection(self) -> Iterator[Any]:
        """Finds a broker that was away again within seconds; the base class waits up to half a minute between tries."""
        with self.create_connection() as connection:
            connection.ensure_connection(self.on_connection_error, **_RECONNECT_SECONDS)
            yield connection

    def get_consumers(self, consumer_cls: Callable[..., Any], channel: object) -> Iterable[Any]:  # noqa: ARG002
        """A consumer per queue, as in the base class, without decoding."""
        for provider in self._providers:
            consumer = consumer_cls(
                queues=[provider.queue],
                on_message=partial(self.handle_message, provider, None),
                on_decode_error=partial(self._on_unreadable, provider),
            )
            consumer.qos(prefetch_count=self.prefetch_count)
            self._consumers[provider] = consumer
        return list(self._consumers.values())

    def handle_message(self, provider: Any, body: None, message: Message) -> None:
        """Without a green thread for each, as the provider does not wait."""
        provider.handle_message(body, message)

    def _on_unreadable(self, provider: Any, message: Message, _error: Exception) -> None:
        self.handle_message(provider, None, message)


class Inbox(SharedExtension):  # type: ignore[misc]
    """Stores messages, all that wait in one commit, and acknowledges them. One green thread, one connection."""

    def __init__(self) -> None:
        self._waiting: LightQueue = LightQueue()
        self._connection: psycopg.Connection[Any] | None = None

    def start(self) -> None:
        """Called by the container before messages come."""
        self._thread = self.container.spawn_managed_thread(self._run, identifier="inbox")

    def stop(self) -> None:
        """Called by the container when no more messages come; what is not acknowledged comes again."""
        self._thread.kill()

    def put(self, received: inbox.Received, message: Message) -> None:
        """Have a message stored and acknowledged soon."""
        self._waiting.put((received, message))

    def _run(self) -> None:
        while True:
            batch = self._gather()
            self._store_batch([received for received, _ in batch])
            # Of each channel the last: messages come here in the order of its tags. After a reconnection there are two.
            for message in {id(message.channel): message for _, message in batch}.values():
                self._acknowledge(message)

    def _gather(self) -> list[tuple[inbox.Received, Message]]:
        """What waits, at least one."""
        batch = [self._waiting.get()]
        while len(batch) < MESSAGES_AT_ONCE and not self._waiting.empty():
            batch.append(self._waiting.get())
        return batch

    @staticmethod
    def _acknowledge(message: Message) -> None:
        if message.channel.connection is not None:  # else the broker has taken them back
            with suppress(OSError, amqp.AMQPError):
                message.ack(multiple=True)

    def _store_batch(self, messages: list[inbox.Received]) -> None:
        """Store until it succeeds; after an unclear commit the rows may be there twice, which the cursor bears."""
        pause = 0.1
        while True:
            try:
                self._connected().execute(inbox.STORE, inbox.store_params(messages))
                return
            except psycopg.Error as error:
                _log.warning("inbox_away", waiting=len(messages), pause_seconds=pause, **telemetry.failure(error))
                if self._connection is not None:
                    self._connection.close()
                eventlet.sleep(pause)
                pause = min(2.0, 2 * pause)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.container.config[_DATABASE_CONFIG_KEY],
                autocommit=True,
                connect_timeout=5,
                application_name=f"{self.container.config[_SERVICE_CONFIG_KEY]}-listen",
                options="-c statement_timeout=10000",
                keepalives_idle=5,
                keepalives_interval=2,
                keepalives_count=3,
            )
        return self._connection


class InboxEventHandler(EventHandler):  # type: ignore[misc]
    """What is heard of one source, from its quorum queue, as a `Received`."""

    queue_consumer = RawQueueConsumer()
    store = Inbox()

    def setup(self) -> None:
        """Take the queue from the topology: with its arguments, and by the name it was declared with."""
        super().setup()
        profile = self.container.config[_PROFILE_CONFIG_KEY]
        self.queue: Queue = topology.queue(self.source_service, self.container.service_name, profile=profile)

    def handle_message(self, _body: None, message: Message) -> None:
        """Read the message and give it to the inbox."""
        received = inbox.Received.read(
            source=self.source_service,
            body=message.body,
            content_type=message.content_type,
            headers=message.headers,
            mode=self.container.config[_MODE_CONFIG_KEY],
        )
        self.store.put(received, message)


def listener_class(service: str, *, sources: Iterable[str]) -> type:
    """The nameko service that listens on behalf of `service` to each of `sources`."""

    class Listener:
        name = service

        def on_event(self) -> None:
            """Names the queues, as nameko does; no worker runs it."""

    for source in sources:
        InboxEventHandler.decorator(source, "#")(Listener.on_event)
    return Listener


def run_listener(settings: Settings) -> None:
    """Listen until SIGTERM; exits with an error when the broker's connection broke in a way nameko cannot mend.

    Whoever supervises it starts it again; what was not acknowledged comes again.
    """
    if psycopg.waiting.wait is not psycopg.waiting.wait_select:
        raise RuntimeError(
            "psycopg was loaded before the listener chose its wait function: every query would block all"
        )
    if "grpc" in sys.modules:
        raise RuntimeError("grpc is loaded in an eventlet-patched process: its calls would never answer")
    telemetry.setup(
        service=settings.service, process="listen", log_level=settings.log_level, trace_file=settings.trace_file
    )
    telemetry.serve_metrics(port=settings.metrics_port, host=settings.metrics_host)
    broker_url = settings.broker_url.get_secret_value()
    runner = ServiceRunner(
        {
            AMQP_URI_CONFIG_KEY: broker_url,
            AMQP_SSL_CONFIG_KEY: topology.tls(broker_url, ca=settings.broker_ca),
            HEARTBEAT_CONFIG_KEY: HEARTBEAT_SECONDS,
            MAX_WORKERS_CONFIG_KEY: MESSAGES_AT_ONCE,
            _DATABASE_CONFIG_KEY: settings.database_url.get_secret_value(),
            _SERVICE_CONFIG_KEY: settings.service,
            _MODE_CONFIG_KEY: settings.mode,
            _PROFILE_CONFIG_KEY: settings.profile,
        }
    )
    sources = topology.sources_of(settings.service, profile=settings.profile)
    runner.add_service(listener_class(settings.service, sources=sources))

    is_ready = False

    def stop(*_: object) -> None:
        if not is_ready:
            os._exit(0)  # nameko cannot stop what it starts; what came meanwhile is not acknowledged and comes again
        # A signal handler runs in the hub, which may not wait: draining needs green threads of its own.
        eventlet.spawn_n(runner.stop)
        eventlet.spawn_after(settings.drain_seconds, runner.kill)  # the database may be away

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    eventlet.spawn_n(_beat, settings.service)
    runner.start()
    is_ready = True
    _log.info("ready")
    waiting = eventlet.spawn(runner.wait)
    while True:
        try:
            waiting.wait()
            return
        except OSError as error:
            if error.errno != errno.EINTR:  # a signal woke the hub
                raise


def _beat(service: str) -> None:
    while True:
        telemetry.beat(service=service, process="listen")
        eventlet.sleep(1)
