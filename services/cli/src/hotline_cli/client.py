"""The five services, as the command `hotline` calls them: over their public interfaces alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from uuid import uuid4

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from hotline.dispatch.v1 import (
    county_service_pb2,
    county_service_pb2_grpc,
    dispatch_service_pb2,
    dispatch_service_pb2_grpc,
    unit_system_service_pb2,
    unit_system_service_pb2_grpc,
)
from hotline.feedback.v1 import (
    feedback_service_pb2,
    feedback_service_pb2_grpc,
    report_service_pb2,
    report_service_pb2_grpc,
)
from hotline.intake.v1 import (
    call_centre_service_pb2,
    call_centre_service_pb2_grpc,
    category_service_pb2,
    category_service_pb2_grpc,
    contest_service_pb2,
    contest_service_pb2_grpc,
    hold_service_pb2,
    hold_service_pb2_grpc,
    intake_service_pb2,
    intake_service_pb2_grpc,
    repeat_service_pb2,
    repeat_service_pb2_grpc,
    retention_service_pb2,
    retention_service_pb2_grpc,
)
from hotline.knowledge.v1 import (
    attachment_service_pb2,
    attachment_service_pb2_grpc,
    base_service_pb2,
    base_service_pb2_grpc,
    gap_service_pb2,
    gap_service_pb2_grpc,
    knowledge_service_pb2,
    knowledge_service_pb2_grpc,
    training_service_pb2,
    training_service_pb2_grpc,
)
from hotline.operations.v1 import (
    audit_service_pb2,
    audit_service_pb2_grpc,
    delivery_service_pb2,
    delivery_service_pb2_grpc,
)
from hotline.sla.v1 import (
    assessment_service_pb2,
    assessment_service_pb2_grpc,
    meeting_service_pb2,
    meeting_service_pb2_grpc,
    sla_service_pb2,
    sla_service_pb2_grpc,
)
from hotline_kernel import rpc_client

SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")

Stub = TypeVar("Stub")
Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)


class Platform(Protocol):
    """Where the services are and who vouches for a caller; an instance on this machine, or a cluster."""

    @property
    def ca(self) -> Path:
        """Certificate authority of the services."""

    def address(self, service: str) -> str:
        """`host:port` of a service for callers with a token."""

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:
        """A bearer token for somebody in these roles."""


@dataclass(frozen=True)
class Person:
    """Who speaks: one set of stubs for one identity."""

    intake: intake_service_pb2_grpc.IntakeServiceStub
    categories: category_service_pb2_grpc.CategoryServiceStub
    repeats: repeat_service_pb2_grpc.RepeatServiceStub
    contests: contest_service_pb2_grpc.ContestServiceStub
    retention: retention_service_pb2_grpc.RetentionServiceStub
    holds: hold_service_pb2_grpc.HoldServiceStub
    call_centre: call_centre_service_pb2_grpc.CallCentreServiceStub
    dispatch: dispatch_service_pb2_grpc.DispatchServiceStub
    unit_systems: unit_system_service_pb2_grpc.UnitSystemServiceStub
    counties: county_service_pb2_grpc.CountyServiceStub
    sla: sla_service_pb2_grpc.SlaServiceStub
    meetings: meeting_service_pb2_grpc.MeetingServiceStub
    assessment: assessment_service_pb2_grpc.AssessmentServiceStub
    feedback: feedback_service_pb2_grpc.FeedbackServiceStub
    reports: report_service_pb2_grpc.ReportServiceStub
    knowledge: knowledge_service_pb2_grpc.KnowledgeServiceStub
    training: training_service_pb2_grpc.TrainingServiceStub
    gaps: gap_service_pb2_grpc.GapServiceStub
    bases: base_service_pb2_grpc.BaseServiceStub
    attachments: attachment_service_pb2_grpc.AttachmentServiceStub
    delivery: dict[str, delivery_service_pb2_grpc.DeliveryServiceStub]
    audit: dict[str, audit_service_pb2_grpc.AuditServiceStub]


class Hotline:
    """A connection to every service; hands out people who speak through it."""

    def __init__(self, platform: Platform) -> None:
        """Connects lazily: the first call to a service opens its channel."""
        self._platform = platform
        self._channels = {name: rpc_client.channel(platform.address(name), ca=platform.ca) for name in SERVICES}
        self._people: dict[tuple[tuple[str, ...], str, str], Person] = {}

    def close(self) -> None:
        """Closes every channel."""
        for channel in self._channels.values():
            channel.close()

    def person(self, *roles: str, unit: str = "", subject: str = "") -> Person:
        """Somebody in these roles, always the same one; without a role a citizen who has no token."""
        key = (roles, unit, subject)
        if key not in self._people:
            self._people[key] = self._new_person(roles, unit, subject)
        return self._people[key]

    def _new_person(self, roles: tuple[str, ...], unit: str, subject: str) -> Person:
        def token() -> str:
            return self._platform.token(roles=list(roles), unit=unit, subject=subject)

        def stub(stub_type: Callable[[Any], Stub], service: str, descriptor: ServiceDescriptor) -> Stub:
            client = rpc_client.Client(self._channels[service], descriptor, token=token if roles else None)
            return stub_type(_Caller(client))

        def of(module: Any, name: str) -> ServiceDescriptor:
            return cast("ServiceDescriptor", module.DESCRIPTOR.services_by_name[name])

        delivery, audit = of(delivery_service_pb2, "DeliveryService"), of(audit_service_pb2, "AuditService")
        return Person(
            intake=stub(intake_service_pb2_grpc.IntakeServiceStub, "intake", of(intake_service_pb2, "IntakeService")),
            categories=stub(
                category_service_pb2_grpc.CategoryServiceStub, "intake", of(category_service_pb2, "CategoryService")
            ),
            contests=stub(
                contest_service_pb2_grpc.ContestServiceStub, "intake", of(contest_service_pb2, "ContestService")
            ),
            retention=stub(
                retention_service_pb2_grpc.RetentionServiceStub,
                "intake",
                of(retention_service_pb2, "RetentionService"),
            ),
            holds=stub(hold_service_pb2_grpc.HoldServiceStub, "intake", of(hold_service_pb2, "HoldService")),
            repeats=stub(repeat_service_pb2_grpc.RepeatServiceStub, "intake", of(repeat_service_pb2, "RepeatService")),
            call_centre=stub(
                call_centre_service_pb2_grpc.CallCentreServiceStub,
                "intake",
                of(call_centre_service_pb2, "CallCentreService"),
            ),
            dispatch=stub(
                dispatch_service_pb2_grpc.DispatchServiceStub, "dispatch", of(dispatch_service_pb2, "DispatchService")
            ),
            unit_systems=stub(
                unit_system_service_pb2_grpc.UnitSystemServiceStub,
                "dispatch",
                of(unit_system_service_pb2, "UnitSystemService"),
            ),
            counties=stub(
                county_service_pb2_grpc.CountyServiceStub, "dispatch", of(county_service_pb2, "CountyService")
            ),
            sla=stub(sla_service_pb2_grpc.SlaServiceStub, "sla", of(sla_service_pb2, "SlaService")),
            meetings=stub(
                meeting_service_pb2_grpc.MeetingServiceStub, "sla", of(meeting_service_pb2, "MeetingService")
            ),
            assessment=stub(
                assessment_service_pb2_grpc.AssessmentServiceStub,
                "sla",
                of(assessment_service_pb2, "AssessmentService"),
            ),
            feedback=stub(
                feedback_service_pb2_grpc.FeedbackServiceStub, "feedback", of(feedback_service_pb2, "FeedbackService")
            ),
            reports=stub(
                report_service_pb2_grpc.ReportServiceStub, "feedback", of(report_service_pb2, "ReportService")
            ),
            knowledge=stub(
                knowledge_service_pb2_grpc.KnowledgeServiceStub,
                "knowledge",
                of(knowledge_service_pb2, "KnowledgeService"),
            ),
            training=stub(
                training_service_pb2_grpc.TrainingServiceStub, "knowledge", of(training_service_pb2, "TrainingService")
            ),
            attachments=stub(
                attachment_service_pb2_grpc.AttachmentServiceStub,
                "knowledge",
                of(attachment_service_pb2, "AttachmentService"),
            ),
            bases=stub(base_service_pb2_grpc.BaseServiceStub, "knowledge", of(base_service_pb2, "BaseService")),
            gaps=stub(gap_service_pb2_grpc.GapServiceStub, "knowledge", of(gap_service_pb2, "GapService")),
            delivery={s: stub(delivery_service_pb2_grpc.DeliveryServiceStub, s, delivery) for s in SERVICES},
            audit={s: stub(audit_service_pb2_grpc.AuditServiceStub, s, audit) for s in SERVICES},
        )


class _Caller:
    """Lets a generated, typed stub call through `rpc_client.Client` with its deadlines, retries and errors."""

    def __init__(self, client: rpc_client.Client) -> None:
        self._client = client

    def unary_unary(self, path: str, **_: object) -> Callable[[Message], Message]:
        method = path.rsplit("/", 1)[1]
        return lambda request: self._client.call(method, request)

    def stream_stream(self, path: str, **_: object) -> Callable[[Iterable[Message]], Iterator[Message]]:
        method = path.rsplit("/", 1)[1]
        return lambda requests: self._client.converse(method, requests)


def new_request_id() -> str:
    """A fresh request_id (AIP-155)."""
    return str(uuid4())


def pages(call: Callable[[Request], Answer], request: Request) -> Iterator[Answer]:
    """Every page of a List call; the request's token is moved on."""
    while True:
        answer = call(request)
        yield answer
        token: str = answer.next_page_token  # type: ignore[attr-defined]
        if not token:
            return
        request.page_token = token  # type: ignore[attr-defined]
