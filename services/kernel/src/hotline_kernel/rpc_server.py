"""The api server: every call goes through one chain, composed per method when the process starts.

Outermost first: telemetry, errors, deadline and rate, identity, permission, validation, then the servicer's method.
A method that names no permission in its proto stops the start. The chain works on bytes, so that a request nobody can
read is refused, counted and answered like any other. A stream is calls in a row: each message goes through the whole
chain, is answered before the next is read, and one that is refused ends the stream.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any, cast

import grpc
import protovalidate
import psycopg
import structlog
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection
from hotline.common.v1 import access_pb2

from hotline_kernel import call as current
from hotline_kernel import rpc_status, telemetry
from hotline_kernel.auth import ANONYMOUS, Authenticator
from hotline_kernel.call import Call
from hotline_kernel.errors import (
    DeadlineTooShort,
    FieldInvalid,
    HotlineError,
    PermissionDenied,
    ResourceNotFound,
    Unauthenticated,
    Unavailable,
)
from hotline_kernel.rpc_guard import Guard, Incoming
from hotline_kernel.settings import Settings

__all__ = ["ApiServer", "Call", "NotServable"]

DEFAULT_DEADLINE_SECONDS = 10.0
LONGEST_DEADLINE_SECONDS = 60.0
KEPT_BACK_SECONDS = 0.02  # for the answer's way back
LEAST_SECONDS = 0.05
MOST_ELEMENTS = 1000  # of a list in a request, whatever its own rule allows
_ANYONE = access_pb2.Access(permission="health.check", roles=[access_pb2.ROLE_ANYONE])
_HEALTH = cast("ServiceDescriptor", health_pb2.DESCRIPTOR.services_by_name["Health"])
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CONTROL_RULE = "holds a control character that is no line feed or tab"
_MOMENTS = -62_135_596_800, 253_402_300_799
"""First and last second of a `Timestamp`."""
_log = structlog.get_logger(__name__)


class NotServable(Exception):
    """The services cannot be served as they are; the text says which method lacks what."""


_Stage = Callable[[Incoming], bytes]


class ApiServer:
    """Serves on two ports: for people by token, for other services by certificate. Health and reflection are open."""

    def __init__(
        self, *, settings: Settings, servicers: Mapping[ServiceDescriptor, object], authenticator: Authenticator
    ) -> None:
        """Binds the ports (port 0 takes a free one); raises NotServable. Nothing is answered before `start`."""
        guard = Guard(settings=settings, authenticator=authenticator)
        self._guard = guard
        names = [descriptor.full_name for descriptor in servicers]
        self._health = _Health({"", *names})
        self._server = grpc.server(
            futures.ThreadPoolExecutor(settings.max_waiting_calls, thread_name_prefix="rpc"),
            options=[
                ("grpc.max_receive_message_length", settings.max_request_bytes),
                ("grpc.so_reuseport", 1),
                ("grpc.max_metadata_size", 16_384),
                ("grpc.max_concurrent_streams", 200),
                ("grpc.server_handshake_timeout_ms", 10_000),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
                # Long connections are ended gently, so that callers spread over new replicas.
                ("grpc.max_connection_age_ms", 600_000),
                ("grpc.max_connection_age_grace_ms", 60_000),
            ],
            maximum_concurrent_rpcs=settings.max_waiting_calls,
        )
        for descriptor, servicer in servicers.items():
            self._serve(descriptor, {m.name: _handler(m, _access(m), servicer, guard) for m in descriptor.methods})
        # Only Check: a Watch holds a place as long as a stranger likes, and clients do without where there is none.
        check = _HEALTH.methods_by_name["Check"]
        self._serve(_HEALTH, {"Check": _handler(check, _ANYONE, self._health, guard)})
        if settings.environment == "local":  # for grpcurl and its like; its streams would hold places, too
            reflection.enable_server_reflection([*names, _HEALTH.full_name, reflection.SERVICE_NAME], self._server)
        files = _TlsFiles(settings.tls_certificate, settings.tls_key, settings.tls_ca)
        self.listen_port = self._server.add_secure_port(settings.listen_address, files.credentials(mutual=False))
        self.internal_port = self._server.add_secure_port(settings.internal_address, files.credentials(mutual=True))
        self._probe = _probe(self._health)
        if settings.health_address:
            self.health_port = self._probe.add_insecure_port(settings.health_address)

    def start(self) -> None:
        """Answer calls from now on, and say so to whoever asks for our health."""
        self._probe.start()
        self._server.start()
        self._health.serving = True

    def drain(self, seconds: float) -> None:
        """Say that we go, take no new calls, and wait up to `seconds` for those in hand."""
        self._health.serving = False
        self._guard.is_closing = True
        self._server.stop(seconds).wait()
        self._probe.stop(None).wait()

    def _serve(self, service: ServiceDescriptor, handlers: dict[str, "grpc.RpcMethodHandler[bytes, bytes]"]) -> None:
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))


class _Health:
    """grpc.health.v1.Health, for the whole process ("") and for each service."""

    def __init__(self, names: set[str]) -> None:
        self._names = names
        self.serving = False

    def answer(self, service: str) -> health_pb2.HealthCheckResponse | None:
        if service not in self._names:
            return None
        states = health_pb2.HealthCheckResponse
        return health_pb2.HealthCheckResponse(status=states.SERVING if self.serving else states.NOT_SERVING)

    def Check(self, request: health_pb2.HealthCheckRequest, _call: Call) -> health_pb2.HealthCheckResponse:
        answer = self.answer(request.service)
        if answer is None:
            raise ResourceNotFound(resource="service of that name here")
        return answer


def _probe(health: _Health) -> grpc.Server:
    """A server of our health alone, for the kubelet, which asks without TLS (docs/adr/0036).

    It has threads of its own: whoever is busy is not taken for dead.
    """

    def check(request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> health_pb2.HealthCheckResponse:
        answer = health.answer(request.service)
        if answer is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service here")
        return answer

    server = grpc.server(futures.ThreadPoolExecutor(2, thread_name_prefix="probe"), maximum_concurrent_rpcs=8)
    handler = grpc.unary_unary_rpc_method_handler(
        check, health_pb2.HealthCheckRequest.FromString, health_pb2.HealthCheckResponse.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_HEALTH.full_name, {"Check": handler}),))
    return server


def _access(method: MethodDescriptor) -> access_pb2.Access:
    options = method.GetOptions()
    if not options.HasExtension(access_pb2.access):
        raise NotServable(f"{method.full_name}: names no permission; add (hotline.common.v1.access) to its proto")
    return options.Extensions[access_pb2.access]


def _handler(
    method: MethodDescriptor, access: access_pb2.Access, servicer: object, guard: Guard
) -> "grpc.RpcMethodHandler[bytes, bytes]":
    work = getattr(servicer, method.name, None)
    if work is None or method.client_streaming != method.server_streaming:
        raise NotServable(
            f"{method.full_name}: {type(servicer).__name__} has no such method, or it streams one way alone"
        )
    chain = _validated(method, guard, access.permission, work)
    chain = _permitted(access, chain)
    chain = _identified(guard, chain)
    chain = _limited(guard, chain)
    chain = _answered(method, guard.settings.service, chain)
    chain = _measured(method, guard.settings.service, chain)

    def handle(bodies: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        return chain(Incoming(bodies, context))

    def converse(bodies: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        while True:
            incoming = Incoming(bodies, context, streams=True)
            answer = chain(incoming)
            if incoming.ended or incoming.code != "OK":
                return
            yield answer

    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(converse)
    # To gRPC a stream of one body: so we are asked before the body is there, and need not wait for it.
    return grpc.stream_unary_rpc_method_handler(handle)


def _measured(method: MethodDescriptor, service: str, then: _Stage) -> _Stage:
    name = f"{method.containing_service.name}/{method.name}"
    codes = {code.name: telemetry.RPC_REQUESTS.labels(service, name, code.name) for code in grpc.StatusCode}
    duration = telemetry.RPC_DURATION.labels(service, name)
    in_hand = telemetry.RPC_IN_HAND.labels(service)
    span_name = f"{method.containing_service.full_name}/{method.name}"

    def measured(incoming: Incoming) -> bytes:
        incoming.metadata = dict(incoming.context.invocation_metadata())  # type: ignore[arg-type]
        traceparent = str(incoming.metadata.get("traceparent", ""))
        with in_hand.track_inprogress(), telemetry.span(span_name, traceparent=traceparent) as span:
            incoming.trace_id = f"{span.get_span_context().trace_id:032x}"
            answer = then(incoming)
            if span.is_recording():
                span.set_attribute("rpc.grpc.status_code", incoming.code)
        if not incoming.ended:
            codes[incoming.code].inc()
            duration.observe(time.perf_counter() - incoming.started)
        return answer

    return measured


def _answered(method: MethodDescriptor, service: str, then: _Stage) -> _Stage:
    """Turns what was raised into a `google.rpc.Status`; what nobody foresaw is logged here, once, and stays here."""
    domain = f"{service}.hotline"

    def answered(incoming: Incoming) -> bytes:
        try:
            return then(incoming)
        except HotlineError as error:
            refusal = error
        except psycopg.OperationalError as error:
            _log.warning("database_unavailable", method=method.full_name, **telemetry.failure(error))
            refusal = Unavailable()
        except Exception as error:  # noqa: BLE001  (the last one that can catch it)
            _log.error("call_failed", method=method.full_name, **telemetry.failure(error))
            refusal = HotlineError(trace_id=incoming.trace_id)
        if incoming.ended:
            return b""
        code, details = rpc_status.from_error(refusal, domain=domain)
        incoming.code = code.name
        incoming.context.set_code(code)
        incoming.context.set_details(details.message)
        incoming.context.set_trailing_metadata(((rpc_status.DETAILS_KEY, details.SerializeToString()),))
        return b""

    return answered


def _limited(guard: Guard, then: _Stage) -> _Stage:
    def limited(incoming: Incoming) -> bytes:
        seconds = incoming.context.time_remaining()  # years when the caller set no deadline
        if seconds > LONGEST_DEADLINE_SECONDS:
            seconds = DEFAULT_DEADLINE_SECONDS
        if seconds < LEAST_SECONDS:
            raise DeadlineTooShort
        if incoming.streams and guard.is_closing:
            raise Unavailable
        incoming.deadline = time.monotonic() + seconds - KEPT_BACK_SECONDS
        guard.admit(incoming)
        return then(incoming)

    return limited


def _identified(guard: Guard, then: _Stage) -> _Stage:
    def identified(incoming: Incoming) -> bytes:
        if incoming.principal is ANONYMOUS:
            incoming.principal = guard.identify(incoming)
        return then(incoming)

    return identified


def _permitted(access: access_pb2.Access, then: _Stage) -> _Stage:
    allowed = frozenset(access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in access.roles)
    anyone = access_pb2.ROLE_ANYONE in access.roles
    permission = access.permission

    def permitted(incoming: Incoming) -> bytes:
        if not anyone and not (incoming.principal.roles & allowed):
            if incoming.principal is ANONYMOUS:
                raise Unauthenticated
            raise PermissionDenied(permission=permission)
        return then(incoming)

    return permitted


def _validated(method: MethodDescriptor, guard: Guard, permission: str, work: Callable[[Any, Call], Message]) -> _Stage:
    request_type = message_factory.GetMessageClass(method.input_type)
    path = f"/{method.containing_service.full_name}/{method.name}"
    protovalidate.collect_violations(request_type())  # compiles the rules: a wrong one stops the start, not a call

    def validated(incoming: Incoming) -> bytes:
        try:
            request = request_type.FromString(guard.body(incoming))
        except DecodeError as error:
            raise FieldInvalid(
                [(method.input_type.name, "is no such message, or not all of its text is UTF-8")]
            ) from error
        crowded = [(name, f"has more than {MOST_ELEMENTS} elements") for name in _crowded(request, "")]
        if crowded:
            raise FieldInvalid(crowded)
        broken = [
            (_path(found.proto.field), found.proto.message) for found in protovalidate.collect_violations(request)
        ]
        broken += _unfit(request, "")
        if broken:
            raise FieldInvalid(broken)
        call = Call(incoming.principal, path, permission, incoming.trace_id, incoming.deadline)
        token = current.CURRENT.set(call)
        try:
            with guard.seat(incoming):
                return work(request, call).SerializeToString()
        finally:
            current.CURRENT.reset(token)

    return validated


def _path(field_path: Any) -> str:
    """As in `citizen.phone` or `keywords[2]`."""
    parts = []
    for element in field_path.elements if field_path else ():
        key = f"[{element.subscript.value}]" if element.subscript else ""
        parts.append(f"{element.field_name}{key}")
    return ".".join(parts)


def _crowded(message: Message, prefix: str) -> Iterator[str]:
    """Paths of the lists that are far too long: to check each of a mebibyte of elements would take seconds."""
    for descriptor, value in message.ListFields():
        name = f"{prefix}{descriptor.name}"
        if descriptor.is_repeated:
            if len(value) > MOST_ELEMENTS:
                yield name
        elif descriptor.type == FieldDescriptor.TYPE_MESSAGE:
            yield from _crowded(value, f"{name}.")


def _unfit(message: Message, prefix: str) -> Iterator[tuple[str, str]]:
    """What no rule of the contract needs to say: texts that PostgreSQL cannot keep, moments that there are not."""
    for descriptor, value in message.ListFields():
        name = f"{prefix}{descriptor.name}"
        if descriptor.type == FieldDescriptor.TYPE_STRING:
            for text in value if descriptor.is_repeated else (value,):
                if _CONTROL.search(text):
                    yield name, _CONTROL_RULE
        elif descriptor.type == FieldDescriptor.TYPE_MESSAGE:
            if descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry:
                if any(isinstance(text, str) and _CONTROL.search(text) for item in value.items() for text in item):
                    yield name, _CONTROL_RULE
            elif descriptor.is_repeated:
                for index, element in enumerate(value):
                    yield from _unfit(element, f"{name}[{index}].")
            elif isinstance(value, Timestamp):
                if not (_MOMENTS[0] <= value.seconds <= _MOMENTS[1] and 0 <= value.nanos < 10**9):
                    yield name, "is no moment of the years 1 to 9999"
            else:
                yield from _unfit(value, f"{name}.")


class _TlsFiles:
    """Certificates from files, read again when they change, so that a renewal needs no restart."""

    def __init__(self, certificate: Path, key: Path, ca: Path) -> None:
        self._certificate, self._key, self._ca = certificate, key, ca

    def credentials(self, *, mutual: bool) -> grpc.ServerCredentials:
        """Server credentials; `mutual` asks the client for a certificate of our CA."""
        seen = self._stamp()

        def changed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal seen
            now = self._stamp()
            if now == seen:
                return None
            seen = now
            return self._configuration(mutual=mutual)

        return grpc.dynamic_ssl_server_credentials(
            self._configuration(mutual=mutual),
            changed,  # type: ignore[arg-type]  # None is "no change", the stub does not know
            require_client_authentication=mutual,
        )

    def _configuration(self, *, mutual: bool) -> grpc.ServerCertificateConfiguration:
        pairs = [(self._key.read_bytes(), self._certificate.read_bytes())]
        return grpc.ssl_server_certificate_configuration(pairs, self._ca.read_bytes() if mutual else None)

    def _stamp(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns for path in (self._certificate, self._key, self._ca))
