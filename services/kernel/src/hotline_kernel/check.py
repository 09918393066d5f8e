"""Whether a service that was installed works: its schema, its topology's queues, and who answers at its address."""

from collections.abc import Iterator
from itertools import chain
from typing import cast

import amqp
import psycopg
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2

from hotline_kernel import rpc_client, schema, topology
from hotline_kernel.errors import HotlineError
from hotline_kernel.settings import Settings

_HEALTH = cast("ServiceDescriptor", health_pb2.DESCRIPTOR.services_by_name["Health"])


def run(*, settings: Settings, package: str, address: str) -> list[str]:
    """What is wrong, a sentence each; nothing when all is right. Changes nothing.

    address -- `host:port` where the service answers other services.
    """
    return list(chain(_schema(settings, package), _queues(settings), _health(settings, address)))


def _schema(settings: Settings, package: str) -> Iterator[str]:
    try:
        schema.check(settings=settings, package=package)
    except (schema.SchemaOutdated, schema.OtherMode) as error:
        yield str(error)
    except psycopg.OperationalError as error:
        yield f"PostgreSQL cannot be reached: {error}"


def _queues(settings: Settings) -> Iterator[str]:
    try:
        with topology.connected(settings.broker_url.get_secret_value(), ca=settings.broker_ca) as connection:
            for queue in topology.queues(profile=settings.profile):
                if not topology.is_declared(queue.name, connection=connection):
                    yield f"{queue.name} is not declared: run `declare`"
    except (OSError, amqp.AMQPError) as error:
        yield f"RabbitMQ cannot be reached: {error}"


def _health(settings: Settings, address: str) -> Iterator[str]:
    files = {"ca": settings.tls_ca, "certificate": settings.tls_certificate, "key": settings.tls_key}
    with rpc_client.channel(address, **files) as channel:
        try:
            answer = rpc_client.Client(channel, _HEALTH).call("Check", health_pb2.HealthCheckRequest())
        except HotlineError as error:
            yield f"{address} does not answer: {error}"
        else:
            if answer != health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING):
                yield f"{address} answers, but takes no calls"
