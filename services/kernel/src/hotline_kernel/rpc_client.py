"""Calls to other services: in our caller's time and trace, with our identity, patient where it is safe."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from hotline_kernel import rpc_status, telemetry
from hotline_kernel.call import CURRENT
from hotline_kernel.errors import DeadlineTooShort, Unavailable

TRIES = 3
MARGIN_SECONDS = 0.05  # what a handler keeps of its own time to say what went wrong
_FIRST_PAUSE_SECONDS = 0.1


def channel(address: str, *, ca: Path, certificate: Path | None = None, key: Path | None = None) -> grpc.Channel:
    """A TLS channel; `certificate` and `key` show which service we are. It connects when used, and again by itself."""
    credentials = grpc.ssl_channel_credentials(
        ca.read_bytes(),
        key.read_bytes() if key else None,
        certificate.read_bytes() if certificate else None,
    )
    options = [
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.lb_policy_name", "round_robin"),
    ]
    return grpc.secure_channel(address, credentials, options)


class Client:
    """A client of one service of the contract. Safe to use from many threads."""

    def __init__(
        self,
        channel: grpc.Channel,
        service: ServiceDescriptor,
        *,
        token: Callable[[], str] | None = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        """`token` gives the bearer token for each call; `timeout_seconds` bounds a call with all its tries."""
        self._methods = {m.name: _multicallable(channel, m) for m in service.methods if not m.client_streaming}
        self._streams = {m.name: _stream(channel, m) for m in service.methods if m.client_streaming}
        self._token = token
        self._timeout = timeout_seconds

    def call(self, method: str, request: Message) -> Message:
        """Call a method; while the server is away, again if that is harmless: a read, or what carries a `request_id`.

        Raises the families of `hotline_kernel.errors` with the server's reason and facts.
        """
        invoke = self._methods[method]
        repeatable = bool(getattr(request, "request_id", "a read"))
        deadline = time.monotonic() + self._timeout
        ours = CURRENT.get()
        if ours is not None and ours.deadline is not None:
            deadline = min(deadline, ours.deadline - MARGIN_SECONDS)
        with telemetry.span(f"call {method}"):
            for attempt in range(1, TRIES + 1):
                try:
                    return self._once(invoke, request, deadline)
                except Unavailable:
                    pause = _FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load)
                    if not repeatable or attempt == TRIES or time.monotonic() + pause >= deadline:
                        raise
                    time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def converse(self, method: str, requests: Iterable[Message]) -> Iterator[Message]:
        """Sends requests as they come and gives their answers; each waits for the answer before it.

        Whoever is cut off goes on by a new call: nothing is sent twice from here. Raises as `call` does.
        """
        try:
            yield from self._streams[method](iter(requests), metadata=self._metadata())
        except grpc.RpcError as error:
            raise rpc_status.to_error(error) from error

    def _metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        metadata: tuple[tuple[str, str | bytes], ...] = (("traceparent", telemetry.current_traceparent()),)
        if self._token is not None:
            metadata += (("authorization", f"Bearer {self._token()}"),)
        return metadata

    def _once(
        self, invoke: "grpc.UnaryUnaryMultiCallable[Message, Message]", request: Message, deadline: float
    ) -> Message:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DeadlineTooShort
        try:
            return invoke(request, timeout=remaining, metadata=self._metadata())
        except grpc.RpcError as error:
            raise rpc_status.to_error(error) from error


def _stream(channel: grpc.Channel, method: MethodDescriptor) -> "grpc.StreamStreamMultiCallable[Message, Message]":
    response_type = message_factory.GetMessageClass(method.output_type)
    return channel.stream_stream(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=response_type.FromString,
    )


def _multicallable(channel: grpc.Channel, method: MethodDescriptor) -> "grpc.UnaryUnaryMultiCallable[Message, Message]":
    response_type = message_factory.GetMessageClass(method.output_type)
    return channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=response_type.FromString,
    )
