"""The contract as a stranger sees it: every method of every service, and calls made of bare bytes."""

import json
import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from hotline.common.v1 import access_pb2
from hotline.dispatch.v1 import dispatch_service_pb2, unit_system_service_pb2
from hotline.feedback.v1 import feedback_service_pb2, report_service_pb2
from hotline.intake.v1 import (
    call_centre_service_pb2,
    category_service_pb2,
    contest_service_pb2,
    hold_service_pb2,
    intake_service_pb2,
    repeat_service_pb2,
    retention_service_pb2,
)
from hotline.knowledge.v1 import (
    attachment_service_pb2,
    base_service_pb2,
    gap_service_pb2,
    knowledge_service_pb2,
    training_service_pb2,
)
from hotline.operations.v1 import audit_service_pb2, delivery_service_pb2
from hotline.sla.v1 import assessment_service_pb2, meeting_service_pb2, sla_service_pb2

_OWN: dict[str, tuple[ServiceDescriptor, ...]] = {
    "intake": (
        intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"],
        category_service_pb2.DESCRIPTOR.services_by_name["CategoryService"],
        repeat_service_pb2.DESCRIPTOR.services_by_name["RepeatService"],
        contest_service_pb2.DESCRIPTOR.services_by_name["ContestService"],
        hold_service_pb2.DESCRIPTOR.services_by_name["HoldService"],
        retention_service_pb2.DESCRIPTOR.services_by_name["RetentionService"],
        call_centre_service_pb2.DESCRIPTOR.services_by_name["CallCentreService"],
    ),
    "dispatch": (
        dispatch_service_pb2.DESCRIPTOR.services_by_name["DispatchService"],
        unit_system_service_pb2.DESCRIPTOR.services_by_name["UnitSystemService"],
    ),
    "sla": (
        sla_service_pb2.DESCRIPTOR.services_by_name["SlaService"],
        meeting_service_pb2.DESCRIPTOR.services_by_name["MeetingService"],
        assessment_service_pb2.DESCRIPTOR.services_by_name["AssessmentService"],
    ),
    "feedback": (
        feedback_service_pb2.DESCRIPTOR.services_by_name["FeedbackService"],
        report_service_pb2.DESCRIPTOR.services_by_name["ReportService"],
    ),
    "knowledge": (
        knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"],
        training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"],
        gap_service_pb2.DESCRIPTOR.services_by_name["GapService"],
        base_service_pb2.DESCRIPTOR.services_by_name["BaseService"],
        attachment_service_pb2.DESCRIPTOR.services_by_name["AttachmentService"],
    ),
}
_EVERYWHERE = (
    delivery_service_pb2.DESCRIPTOR.services_by_name["DeliveryService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
)
Metadata = tuple[tuple[str, str | bytes], ...]
_NO_ROLES = ("unspecified", "anyone", "service")
_ROLES = [name.removeprefix("ROLE_").lower() for name, _ in access_pb2.Role.items()]
STAFF_ROLES = tuple(role for role in _ROLES if role not in _NO_ROLES)
"""Every role that comes with a token."""

# What tells a stranger how we are made: traces, modules, SQL, the driver's and the server's own words.
_INNARDS = re.compile(
    r"Traceback|File \"|\.py\b|psycopg|sqlstate|syntax error|relation \"|column \"|violates|constraint|"
    r"\b(?:Value|Type|Key|Index|Attribute|Runtime|Assertion|Overflow|Unicode\w*|Decode)Error\b|"
    r"\bSELECT\b.*\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.*\bSET\b|0x[0-9a-f]{8}|postgres",
    re.DOTALL,
)


@dataclass(frozen=True)
class Rpc:
    """A method where it is served; the operations services are served by all five."""

    service: str
    method: MethodDescriptor

    @property
    def path(self) -> str:
        """As in HTTP/2's `:path`."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def access(self) -> access_pb2.Access:
        """Who may call it, as the contract says."""
        return self.method.GetOptions().Extensions[access_pb2.access]

    @property
    def roles(self) -> frozenset[str]:
        """Roles that may call it, lower case."""
        return frozenset(access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in self.access.roles)

    @property
    def changes(self) -> bool:
        """It is a command: it carries a request_id (AIP-155)."""
        return "request_id" in self.method.input_type.fields_by_name

    def request(self) -> Message:
        """An empty request."""
        return message_factory.GetMessageClass(self.method.input_type)()

    def __str__(self) -> str:
        return f"{self.service}:{self.method.containing_service.name}.{self.method.name}"


def all_rpcs() -> list[Rpc]:
    """Every method of the platform."""
    return [
        Rpc(service, method)
        for service, own in _OWN.items()
        for descriptor in (*own, *_EVERYWHERE)
        for method in descriptor.methods
    ]


@dataclass(frozen=True)
class Reply:
    """What came back; `reason`, `fields` and `facts` are empty when the call was answered."""

    code: str
    body: bytes = b""
    message: str = ""
    reason: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    retry_seconds: float | None = None

    def names(self, path: str) -> bool:
        """The refusal names this field, an element of it, or the message in it."""
        elements = (re.sub(r"\[[^]]*\]", "", named) for named in self.fields)
        return any(named == path or named.startswith(f"{path}.") for named in elements)

    @property
    def is_ours(self) -> bool:
        """A foreseen answer that says nothing about how we are made."""
        words = json.dumps([self.message, self.facts, self.fields], ensure_ascii=False)
        return self.code not in ("INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "DATA_LOSS") and not _INNARDS.search(words)


class Wire:
    """A channel to one service that carries bytes, and waits when it is told to (RetryInfo)."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel

    def send(
        self, path: str, body: bytes = b"", *, token: str | None = None, timeout: float = 10.0, patient: bool = True
    ) -> Reply:
        """One call; token -- what follows `Bearer`;  patient -- come again when the rate limit says so."""
        while True:
            reply = self._once(path, body, bearer(token), timeout)
            if not (patient and reply.reason == "RATE_LIMITED"):
                return reply
            assert reply.retry_seconds is not None
            time.sleep(reply.retry_seconds + random.uniform(0, 0.05))

    def invoke(self, path: str) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
        """The method, to be called in gRPC's own ways."""
        return self.channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)

    def _once(self, path: str, body: bytes, metadata: Metadata, timeout: float) -> Reply:
        try:
            return Reply("OK", body=self.invoke(path)(body, metadata=metadata, timeout=timeout))
        except grpc.RpcError as error:
            return reply_of(error)


def bearer(token: str | None) -> Metadata:
    """The metadata that carries a token."""
    return () if token is None else (("authorization", f"Bearer {token}"),)


def reply_of(error: grpc.RpcError) -> Reply:
    """What a failed call says."""
    status = status_pb2.Status()
    trailing = cast(Iterable[tuple[str, bytes]], error.trailing_metadata() or ())
    for key, value in trailing:
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    retries = False
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
        retries = detail.Unpack(retry) or retries
    return Reply(
        code=error.code().name,
        message=error.details() or "",
        reason=info.reason,
        facts=dict(info.metadata),
        fields=tuple(violation.field for violation in bad.field_violations),
        retry_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retries else None,
    )
