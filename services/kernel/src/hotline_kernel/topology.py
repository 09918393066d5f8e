"""Who hears what of whom, and the exchanges and queues that follow from it (nameko's naming convention)."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import amqp
import yaml
from kombu.connection import Connection
from kombu.entity import Exchange, Queue, binding

from hotline_kernel.outbox import Audience
from hotline_kernel.settings import Settings

EVENT_METHOD = "on_event"
"""Name of the listener's entry point; part of every queue's name."""
QUEUE_ARGUMENTS = {"x-queue-type": "quorum"}
"""Arguments of a queue cannot be changed later: quorum from the first day."""
_HEADS = "operations.events.v1.AuditSealed"


@cache
def _profiles() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    loaded: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = yaml.safe_load(
        files("hotline_kernel").joinpath("topology.yaml").read_text()
    )
    return loaded


def consumers_of(source: str, *, profile: str) -> list[str]:
    """Services that hear something of `source`."""
    return list(_profiles()[profile].get(source, {}))


def sources_of(consumer: str, *, profile: str) -> list[str]:
    """Services of which `consumer` hears something, in order of name."""
    return sorted(source for source, consumers in _profiles()[profile].items() if consumer in consumers)


def routing_keys(source: str, consumer: str, *, profile: str) -> list[str]:
    """What `consumer` hears of `source`; of events with topics also those that come without one, which are for all."""
    names = _profiles()[profile][source][consumer]
    heard = dict.fromkeys([*names, *(name.partition(".")[0] for name in names)])
    return [_HEADS, *(f"{source}.events.v1.{name}" for name in heard)]


def audience(source: str, *, profile: str) -> Audience:
    """Who hears each event of `source`, by `outbox.heard_as`."""
    heard: dict[str, list[str]] = {}
    for consumer in consumers_of(source, profile=profile):
        for key in routing_keys(source, consumer, profile=profile):
            heard.setdefault(f"hotline.{key}", []).append(consumer)
    return heard


def queue_name(source: str, consumer: str) -> str:
    """The queue that carries what `consumer` hears of `source`."""
    return f"evt-{source}-#--{consumer}.{EVENT_METHOD}"


def exchange(source: str) -> Exchange:
    """Where `source` publishes."""
    return Exchange(f"{source}.events", type="topic", durable=True)


def queue(source: str, consumer: str, *, profile: str) -> Queue:
    """The queue of one pair, bound to what is heard."""
    keys = routing_keys(source, consumer, profile=profile)
    return Queue(
        queue_name(source, consumer),
        bindings=[binding(exchange=exchange(source), routing_key=key) for key in keys],
        durable=True,
        queue_arguments=QUEUE_ARGUMENTS,
    )


def queues(*, profile: str) -> list[Queue]:
    """Every queue of a profile."""
    return [
        queue(source, consumer, profile=profile)
        for source, consumers in sorted(_profiles()[profile].items())
        for consumer in sorted(consumers)
    ]


def tls(broker_url: str, *, ca: Path | None) -> Mapping[str, Any] | None:
    """How to know that the broker is the one that its address names; None for an address without TLS.

    ca -- authority of its certificate; None: those that the machine trusts.
    """
    address = urlsplit(broker_url)
    if address.scheme != "amqps":
        return None
    authority = str(ca) if ca else None
    return {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": authority, "server_hostname": address.hostname}


@contextmanager
def connected(broker_url: str, *, ca: Path | None = None) -> Iterator[Connection]:
    """A connection to the broker, made at once; raises an OSError or `amqp.AMQPError` if there is none.

    ca -- as of `tls`. A broker that takes nothing more (memory, disk) shows as a timeout of writing.
    """
    with Connection(
        broker_url,
        ssl=tls(broker_url, ca=ca),
        heartbeat=10,
        connect_timeout=5,
        transport_options={"write_timeout": 30},
    ) as connection:
        connection.connect()
        yield connection


def declare(*, settings: Settings) -> None:
    """Declare every exchange, queue and binding of the profile; safe to repeat."""
    with connected(settings.broker_url.get_secret_value(), ca=settings.broker_ca) as connection:
        for each in queues(profile=settings.profile):
            each(connection.default_channel).declare()


def is_declared(name: str, *, connection: Connection) -> bool:
    """Whether the broker has this queue."""
    channel = connection.channel()
    try:
        channel.queue_declare(name, passive=True)
        channel.close()
    except amqp.NotFound:  # which ended the channel
        return False
    return True


def narrow(*, settings: Settings) -> None:
    """Unbind the queues from what nobody hears; safe to repeat.

    Earlier releases bound every queue to every event and count on it: only when none of them runs any more.
    """
    with connected(settings.broker_url.get_secret_value(), ca=settings.broker_ca) as connection:
        channel = connection.default_channel
        for source in _profiles()[settings.profile]:
            for consumer in consumers_of(source, profile=settings.profile):
                channel.queue_unbind(queue_name(source, consumer), f"{source}.events", "#")
