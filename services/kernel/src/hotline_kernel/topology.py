"""Who listens to whom, and the exchanges and queues that follow from it (nameko's naming convention)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

import yaml
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from hotline_kernel.settings import Settings

EVENT_METHOD = "on_event"
"""Name of the listener's entry point; part of every queue's name."""
QUEUE_ARGUMENTS = {"x-queue-type": "quorum"}
"""Arguments of a queue cannot be changed later: quorum from the first day."""


@cache
def _profiles() -> Mapping[str, Mapping[str, list[str]]]:
    loaded: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(
        files("hotline_kernel").joinpath("topology.yaml").read_text()
    )
    return loaded


def consumers_of(source: str, *, profile: str) -> list[str]:
    """Services that must get every event of `source`."""
    return list(_profiles()[profile].get(source, []))


def sources_of(consumer: str, *, profile: str) -> list[str]:
    """Services whose events `consumer` must get, in order of name."""
    return sorted(source for source, consumers in _profiles()[profile].items() if consumer in consumers)


def queue_name(source: str, consumer: str) -> str:
    """The queue that carries everything `source` announces to `consumer`."""
    return f"evt-{source}-#--{consumer}.{EVENT_METHOD}"


def exchange(source: str) -> Exchange:
    """Where `source` publishes."""
    return Exchange(f"{source}.events", type="topic", durable=True)


def queue(source: str, consumer: str) -> Queue:
    """The queue of one pair, bound to everything, so that a gap in the sequence is a gap."""
    return Queue(
        queue_name(source, consumer),
        exchange=exchange(source),
        routing_key="#",
        durable=True,
        queue_arguments=QUEUE_ARGUMENTS,
    )


def queues(*, profile: str) -> list[Queue]:
    """Every queue of a profile."""
    return [
        queue(source, consumer)
        for source, consumers in sorted(_profiles()[profile].items())
        for consumer in sorted(consumers)
    ]


@contextmanager
def connected(broker_url: str) -> Iterator[Connection]:
    """A connection to the broker, made at once; raises an OSError or `amqp.AMQPError` if there is none.

    A broker that takes nothing more (memory, disk) shows as a timeout of writing.
    """
    with Connection(broker_url, heartbeat=10, connect_timeout=5, transport_options={"write_timeout": 30}) as connection:
        connection.connect()
        yield connection


def declare(*, settings: Settings) -> None:
    """Declare every exchange, queue and binding of the profile; safe to repeat."""
    with connected(settings.broker_url.get_secret_value()) as connection:
        for each in queues(profile=settings.profile):
            each(connection.default_channel).declare()
