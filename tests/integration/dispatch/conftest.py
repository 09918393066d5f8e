"""Dispatch on a real database, with a small intake beside it that speaks the contract."""

import secrets
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from google.protobuf.symbol_database import Default
from hotline.dispatch.v1 import dispatch_service_pb2, work_order_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import intake_service_pb2
from hotline_cli.local.endpoints import Endpoints
from hotline_dispatch import handlers
from hotline_dispatch.adapters.clients import IntakeReferrals
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.entrypoints.grpc_server import DispatchServicer
from hotline_dispatch.settings import Settings
from hotline_kernel import migrate
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.rpc_client import Client

MONDAY = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)


class Intake:
    """Answers GetReferral; every appeal has a text."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def serve(self, server: grpc.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            self.get_referral,
            request_deserializer=intake_service_pb2.GetReferralRequest.FromString,
            response_serializer=intake_service_pb2.Referral.SerializeToString,
        )
        service = grpc.method_handlers_generic_handler("hotline.intake.v1.IntakeService", {"GetReferral": handler})
        server.add_generic_rpc_handlers([service])

    def get_referral(
        self, request: intake_service_pb2.GetReferralRequest, context: grpc.ServicerContext
    ) -> intake_service_pb2.Referral:
        self.asked.append(request.name)
        return intake_service_pb2.Referral(title="暖气不热", text=f"请查看 {request.name}")


@dataclass
class Dispatch:
    """The service under test, and what a test does with it."""

    database: Database[Store]
    servicer: DispatchServicer
    clock: VirtualClock
    intake: Intake
    intake_server: grpc.Server
    referrals: IntakeReferrals

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def pass_hours(self, hours: float) -> None:
        self.clock.set(self.now + timedelta(hours=hours))

    def call(self, method: str, request: Any, who: Principal) -> Any:
        """Calls as `who`; a command without a request_id gets one."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid.uuid4())
        call = Call(who, f"/hotline.dispatch.v1.DispatchService/{method}", f"dispatch.test.{method}", "0" * 32)
        return getattr(self.servicer, method)(request, call)

    def hear(self, event: Message) -> None:
        """What the pump does with an event."""
        subscriptions: dict[type[Message], Callable[..., None]] = dict(handlers.ON_EVENT)
        with self.database.transaction() as tx:
            if isinstance(event, AppealReferred):
                handlers.make_order(event, referrals=self.referrals, tx=tx, now=self.now, envelope=None)
            else:
                subscriptions[type(event)](event, tx=tx, now=self.now, envelope=None)

    def refer(self, **fields: Any) -> work_order_pb2.WorkOrder:
        """An appeal is referred; its order."""
        appeal = f"appeals/{uuid.uuid4()}"
        content: dict[str, Any] = {"request_type": 3, "category": "城乡建设/供热", "region": "130102"} | fields
        self.hear(AppealReferred(appeal=appeal, number=appeal[8:20], **content))
        request = dispatch_service_pb2.ListWorkOrdersRequest(appeal=appeal)
        (order,) = self.call("ListWorkOrders", request, OFFICE).work_orders
        assert isinstance(order, work_order_pb2.WorkOrder)
        return order

    def order(self, name: str, who: Principal | None = None) -> Any:
        request = dispatch_service_pb2.GetWorkOrderRequest(name=name)
        return self.call("GetWorkOrder", request, who or OFFICE)

    def events(self, aggregate: str) -> list[Message]:
        """What was announced about an order, in order."""
        with self.database.transaction() as tx:
            rows = tx.all(
                "SELECT type, payload FROM outbox WHERE aggregate = %(aggregate)s ORDER BY sequence",
                {"aggregate": aggregate},
            )
        return [Parse(row["payload"], Default().GetSymbol(row["type"])()) for row in rows]

    def event_names(self, aggregate: str) -> list[str]:
        return [type(event).__name__ for event in self.events(aggregate)]

    def audited(self, resource: str) -> list[tuple[str, str]]:
        with self.database.transaction() as tx:
            rows = tx.all(
                "SELECT action, actor FROM audit_entry WHERE resource = %(resource)s ORDER BY position",
                {"resource": resource},
            )
        return [(row["action"].removeprefix("dispatch.test."), row["actor"]) for row in rows]


OFFICE = Principal("office-1", frozenset({"office"}), "", "")


@pytest.fixture(scope="session")
def dispatch_database(servers: Endpoints) -> Iterator[Database[Store]]:
    """A migrated database that the tests of dispatch share."""
    name = f"test_dispatch_{secrets.token_hex(6)}"
    servers.create_database(name)
    environ = {"HOTLINE_DATABASE_URL": servers.database_url(name), "HOTLINE_BROKER_URL": "amqp://nowhere"}
    migrate.run(settings=Settings.load(service="dispatch", environ=environ), package="hotline_dispatch", phase="pre")
    opened: Database[Store] = Database(conninfo=servers.database_url(name), transaction=Store)
    opened.open()
    opened.wait_ready(timeout_seconds=20)
    yield opened
    opened.close()
    servers.drop_database(name)


@pytest.fixture
def database(dispatch_database: Database[Store]) -> Database[Store]:
    """The shared database, emptied but for the record, which cannot be."""
    with dispatch_database.transaction() as tx:
        tx.run("TRUNCATE work_order, work_order_unit, unit, outbox, outbox_sequence, request")
    return dispatch_database


@pytest.fixture
def dispatch(database: Database[Store], tmp_path: Path) -> Iterator[Dispatch]:
    """The service with two units that can lead, one that cannot, and one that supports."""
    intake = Intake()
    server = grpc.server(ThreadPoolExecutor(4))
    intake.serve(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    clock = VirtualClock.create(tmp_path / "clock", MONDAY)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        client = Client(channel, intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"], timeout_seconds=0.5)
        running = Dispatch(
            database=database,
            servicer=DispatchServicer(database=database, clock=clock, send_back_limit=2),
            clock=clock,
            intake=intake,
            intake_server=server,
            referrals=IntakeReferrals(client),
        )
        for name, principal in (("heating", "王主任"), ("water", "李主任"), ("vacant", ""), ("roads", "赵主任")):
            unit = work_order_pb2.Unit(
                name=f"units/{name}",
                display_name=name,
                region="130102",
                kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
                principal=principal,
            )
            running.call("CreateUnit", dispatch_service_pb2.CreateUnitRequest(unit=unit), OFFICE)
        yield running
    server.stop(None).wait()
