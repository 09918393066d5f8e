"""Dispatch on a real database, with a small intake beside it that speaks the contract."""

import secrets
import uuid
from collections.abc import Iterator
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
from hotline_cli.local.pki import Authority
from hotline_dispatch import bootstrap
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.settings import Settings
from hotline_kernel import migrate, sealed_box, sealing
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.process import Application

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
        sealing = grpc.unary_unary_rpc_method_handler(
            self.seal_contact,
            request_deserializer=intake_service_pb2.SealContactRequest.FromString,
            response_serializer=intake_service_pb2.SealedContact.SerializeToString,
        )
        service = grpc.method_handlers_generic_handler(
            "hotline.intake.v1.IntakeService", {"GetReferral": handler, "SealContact": sealing}
        )
        server.add_generic_rpc_handlers([service])

    def get_referral(
        self, request: intake_service_pb2.GetReferralRequest, context: grpc.ServicerContext
    ) -> intake_service_pb2.Referral:
        self.asked.append(request.name)
        return intake_service_pb2.Referral(title="暖气不热", text=f"请查看 {request.name}")

    def seal_contact(
        self, request: intake_service_pb2.SealContactRequest, context: grpc.ServicerContext
    ) -> intake_service_pb2.SealedContact:
        contact = intake_service_pb2.Contact(full_name="王小明", phone="13800000000")
        place = f"{request.place}/contact"
        sealed = sealed_box.seal(plain=contact.SerializeToString(), to=request.public_keys, place=place)
        return intake_service_pb2.SealedContact(sealed=sealed)


@dataclass
class Dispatch:
    """The service under test, and what a test does with it."""

    application: Application[Store]
    clock: VirtualClock
    intake: Intake
    intake_server: grpc.Server

    @property
    def database(self) -> Database[Store]:
        return self.application.database

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
        servicer = next(each for each in self.application.servicers.values() if hasattr(each, method))
        return getattr(servicer, method)(request, call)

    def hear(self, event: Message) -> None:
        """What the pump does with an event."""
        with self.database.transaction() as tx:
            self.application.subscriptions[type(event)](event, tx=tx, now=self.now, envelope=None)

    def refer(self, **fields: Any) -> work_order_pb2.WorkOrder:
        """An appeal is referred; its order."""
        appeal = f"appeals/{uuid.uuid4()}"
        content: dict[str, Any] = {"request_type": 3, "category": "城乡建设/供热", "region": "130102"} | fields
        self.hear(AppealReferred(appeal=appeal, number=appeal[8:20], **content))
        request = dispatch_service_pb2.ListWorkOrdersRequest(appeal=appeal)
        (order,) = self.call("ListWorkOrders", request, OFFICE).work_orders
        assert isinstance(order, work_order_pb2.WorkOrder)
        return order

    def tick(self, *names: str) -> None:
        """What the pump's tickers of these names do."""
        for ticker in self.application.tickers:
            if ticker.name in names:
                ticker.run()

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
def migrated_url(servers: Endpoints) -> Iterator[str]:
    """A migrated database that the tests of dispatch share."""
    name = f"test_dispatch_{secrets.token_hex(6)}"
    servers.create_database(name)
    url = servers.database_url(name)
    environ = {"HOTLINE_DATABASE_URL": url, "HOTLINE_BROKER_URL": "amqp://nowhere"}
    migrate.run(settings=Settings.load(service="dispatch", environ=environ), package="hotline_dispatch", phase="pre")
    yield url
    servers.drop_database(name)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the services' certificates."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def database(dispatch: Dispatch) -> Database[Store]:
    """The database of the service."""
    return dispatch.database


@pytest.fixture
def dispatch(migrated_url: str, authority: Authority, tmp_path: Path) -> Iterator[Dispatch]:
    """The service, wired as in production on an emptied database, with units of which one cannot lead."""
    intake = Intake()
    server = grpc.server(ThreadPoolExecutor(4))
    intake.serve(server)
    certificate, key = (path.read_bytes() for path in authority.certify("intake"))
    credentials = grpc.ssl_server_credentials([(key, certificate)], authority.certificate.read_bytes(), True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    clock = VirtualClock.create(tmp_path / "clock", MONDAY)
    own_certificate, own_key = authority.certify("dispatch")
    (tmp_path / "keys").write_text(sealing.new_key_line(key_id="keys"))
    (tmp_path / "keys").chmod(0o600)
    environ = {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_DATABASE_URL": migrated_url,
        "HOTLINE_BROKER_URL": "amqp://nowhere",
        "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
        "HOTLINE_TLS_CA": str(authority.certificate),
        "HOTLINE_TLS_CERTIFICATE": str(own_certificate),
        "HOTLINE_TLS_KEY": str(own_key),
        "HOTLINE_INTAKE_ADDRESS": f"127.0.0.1:{port}",
        "HOTLINE_VAULT_KEY": str(tmp_path / "keys"),
        "HOTLINE_COUNTY_KEY": str(tmp_path / "keys"),
        "HOTLINE_WEBHOOK_PLAIN_HTTP": "true",
        "HOTLINE_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "HOTLINE_WEBHOOK_TIMEOUT_SECONDS": "2",
        "HOTLINE_RETRY_DELAY_SECONDS": "60",
    }
    application = bootstrap.build(Settings.load(service="dispatch", environ=environ))
    application.database.open()
    running = Dispatch(application=application, clock=clock, intake=intake, intake_server=server)
    with application.database.transaction() as tx:  # the record stays: it cannot be emptied
        tx.run("TRUNCATE work_order, work_order_unit, work_order_change, unit, unit_version, lead_count")
        tx.run("TRUNCATE outbox, outbox_sequence, request")
        tx.run("TRUNCATE webhook CASCADE")
        tx.run("TRUNCATE county, county_line, errand, errand_change, county_message")
    for name, principal in (("heating", "王主任"), ("water", "李主任"), ("vacant", ""), ("roads", "赵主任")):
        unit = work_order_pb2.Unit(name=f"units/{name}", display_name=name, region="130102", principal=principal)
        unit.kind = work_order_pb2.UNIT_KIND_DEPARTMENT
        running.call("CreateUnit", dispatch_service_pb2.CreateUnitRequest(unit=unit), OFFICE)
    yield running
    application.database.close()
    server.stop(None).wait()
