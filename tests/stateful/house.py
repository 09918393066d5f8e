"""Four services in one process on real databases, and a post between them that is late, out of order and doubles."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.pki import Authority
from hotline_kernel import inbox, migrate, outbox, sealing, topology
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.process import Application
from hotline_kernel.pump import Worker

SERVICES = ("intake", "dispatch", "sla", "feedback")
DISPATCH = Principal("service:dispatch", frozenset({"service"}), "", "")
_NEVER = threading.Event()


def staff(role: str, *, unit: str = "") -> Principal:
    """Somebody with a role."""
    return Principal(f"{role}-1", frozenset({role}), unit, "")


@dataclass(frozen=True)
class Letter:
    """An event on its way to one service."""

    source: str
    target: str
    event: outbox.Announced


@dataclass(frozen=True)
class Deed:
    """A command that was carried out."""

    method: str
    request: Message
    who: Principal
    answer: Message


@dataclass
class House:
    """The services, their clock and the post."""

    applications: dict[str, Application[Any]]
    environs: Mapping[str, dict[str, str]]
    clock: VirtualClock
    clock_file: Path
    tables: Mapping[str, str] = field(init=False)
    """Of each service, those that people fill: what migrations wrote stays, and the record, which cannot be emptied."""
    post: list[Letter] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    announced: list[outbox.Announced] = field(default_factory=list)
    """Everything, as it went out."""
    _read: dict[str, int] = field(default_factory=dict)
    _answers: dict[tuple[str, bytes, Principal], Any] = field(default_factory=dict)
    """What was asked since something last changed."""

    def __post_init__(self) -> None:
        """Looks at what is empty before anything happens."""
        self.tables = {name: ", ".join(self._empty_tables(name)) for name in self.applications}

    @property
    def now(self) -> datetime:
        """Legal time."""
        return self.clock.now()

    def begin(self, start: datetime) -> None:
        """Empties everything and sets the clock, back too."""
        VirtualClock.create(self.clock_file, start)
        for service, application in self.applications.items():
            with application.database.transaction() as tx:
                tx.run(f"TRUNCATE {self.tables[service]} RESTART IDENTITY")
        for ours in (self.post, self.deeds, self.announced, self._read, self._answers):
            ours.clear()

    def ask(self, method: str, request: Message, who: Principal) -> Any:
        """Calls a method of the service that has it; a command without a request_id gets one."""
        if "request_id" not in request.DESCRIPTOR.fields_by_name:
            asked = method, request.SerializeToString(), who
            if asked not in self._answers:
                self._answers[asked] = self._answer(method, request, who)
            return self._answers[asked]
        if not request.request_id:  # type: ignore[attr-defined]  # it has the field
            request.request_id = str(uuid4())  # type: ignore[attr-defined]
        answer = self._answer(method, request, who)
        self.deeds.append(Deed(method, deepcopy(request), who, deepcopy(answer)))
        self.collect()
        return answer

    def ask_again(self, deed: Deed) -> None:
        """The same call once more, as an impatient client does: the same answer, and nothing new."""
        before = len(self.announced)
        assert self._answer(deed.method, deed.request, deed.who) == deed.answer
        self.collect()
        assert len(self.announced) == before

    def collect(self) -> None:
        """What was announced since goes into the post, a letter for each listener."""
        self._answers.clear()
        for source, application in self.applications.items():
            with application.database.transaction() as tx:
                rows = tx.all(
                    "SELECT position, created_time, event_id, aggregate, sequence, lane, type, payload, occurred_time,"
                    " traceparent, after, topic FROM outbox WHERE position > %(read)s ORDER BY position",
                    {"read": self._read.get(source, 0)},
                )
            for row in rows:
                event = outbox.Announced(**row)
                self._read[source] = event.position
                self.announced.append(event)
                listeners = topology.audience(source, profile="city").get(event.heard_as, [])
                self.post += [Letter(source, target, event) for target in listeners if target in self.applications]

    def deliver(self, letter: Letter, *, copies: int = 1) -> None:
        """A letter arrives, perhaps before earlier ones and more than once; its service takes up what it can."""
        self._store([letter] * copies)
        self._work(letter.target)

    def settle(self) -> None:
        """Everything arrives and takes effect, and what follows from it."""
        while self.post:
            letters, self.post[:] = self.post[:], []
            self._store(letters)
            for _ in range(2):  # an event may wait for one of another source that came in the same lot
                for target in self.applications:
                    self._work(target)
        for target in self.applications:
            assert self._rows(target, "SELECT type FROM inbox WHERE state = 'open'") == []

    def pass_time(self, length: timedelta) -> None:
        """The clock jumps; whoever looks for what is due looks."""
        self.clock.set(self.now + length)
        self.tick()

    def tick(self) -> None:
        """What is due at this moment is acted on."""
        for application in self.applications.values():
            for ticker in application.tickers:
                while ticker.run():
                    pass
        self.collect()

    def restart(self) -> None:
        """Every service but intake, which answers dispatch over the wire, dies and comes up again."""
        for service, environ in self.environs.items():
            if service != "intake":
                self.applications[service].database.close()
                self.applications[service] = _application(service, environ)
                self.applications[service].database.open()

    def failed(self) -> list[str]:
        """Events that a service could not digest, with what it said."""
        broken = "SELECT type || ': ' || error FROM inbox WHERE state = 'dead' OR attempts > 0"
        return [each for target in self.applications for each in self._rows(target, broken)]

    def _answer(self, method: str, request: Message, who: Principal) -> Any:
        for application in self.applications.values():
            for service, servicer in application.servicers.items():
                if method in service.methods_by_name:
                    full_name = f"/{service.full_name}/{method}"
                    return getattr(servicer, method)(request, Call(who, full_name, f"test.{method}", "0" * 32))
        raise KeyError(method)

    def _store(self, letters: list[Letter]) -> None:
        for target, application in self.applications.items():
            received = [
                inbox.Received.read(
                    source=letter.source,
                    body=letter.event.payload,
                    content_type="application/json",
                    headers=letter.event.headers(letter.source, hearers=[target]),
                )
                for letter in letters
                if letter.target == target
            ]
            if received:
                with application.database.transaction() as tx:
                    tx.run(inbox.STORE, inbox.store_params(received))

    def _work(self, target: str) -> None:
        application = self.applications[target]
        with application.database.transaction() as tx:  # real time is no part of this: nobody waits for another try
            tx.run("UPDATE inbox SET next_attempt_time = statement_timestamp() WHERE state = 'open'")
        worker = Worker(
            settings=application.settings,
            database=application.database,
            clock=application.clock,
            subscriptions=application.subscriptions,
        )
        while worker.handle_batch(_NEVER):
            pass
        self.collect()

    def _empty_tables(self, service: str) -> list[str]:
        with self.applications[service].database.transaction() as tx:
            tables = tx.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = [row["tablename"] for row in tables if not row["tablename"].startswith("audit_")]
            return [name for name in names if tx.one(f"SELECT 1 FROM {name} LIMIT 1") is None]

    def _rows(self, service: str, sql: str) -> list[Any]:
        with self.applications[service].database.transaction() as tx:
            return [next(iter(row.values())) for row in tx.all(sql)]


def build(*, servers: Endpoints, directory: Path, name: str, start: datetime) -> Iterator[House]:
    """Makes the databases, wires the services as in production and takes everything away at the end."""
    with ExitStack() as stack:
        clock = VirtualClock.create(directory / "clock", start)
        authority = Authority(directory / "tls")
        for file in ("keys", "lookup"):
            (directory / file).write_text(sealing.new_key_line(key_id=file))
            (directory / file).chmod(0o600)
        certificate, key = (path.read_bytes() for path in authority.certify("intake"))
        server = grpc.server(ThreadPoolExecutor(2))
        credentials = grpc.ssl_server_credentials([(key, certificate)], authority.certificate.read_bytes(), True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
        applications: dict[str, Application[Any]] = {}
        environs = {}

        def close(service: str) -> None:
            applications[service].database.close()

        for service in SERVICES:
            database = f"{name}_{service}"
            servers.create_database(database)
            stack.callback(servers.drop_database, database)
            own_certificate, own_key = authority.certify(service)
            environ = {
                "HOTLINE_ENVIRONMENT": "local",
                "HOTLINE_DATABASE_URL": servers.database_url(database),
                "HOTLINE_BROKER_URL": "amqp://nowhere",
                "HOTLINE_CLOCK": f"virtual:{directory / 'clock'}",
                "HOTLINE_TLS_CA": str(authority.certificate),
                "HOTLINE_TLS_CERTIFICATE": str(own_certificate),
                "HOTLINE_TLS_KEY": str(own_key),
                "HOTLINE_INTAKE_ADDRESS": f"127.0.0.1:{port}",
                "HOTLINE_VAULT_KEY": str(directory / "keys"),
                "HOTLINE_VAULT_LOOKUP_KEY": str(directory / "lookup"),
            }
            application, environs[service] = _application(service, environ), environ
            application.database.open()
            stack.callback(close, service)
            with application.database.transaction() as tx:
                inbox.open_lanes(tx, sources=topology.sources_of(service, profile="city"))
            applications[service] = application
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(kind.full_name, _forwarding(kind, servicer))
                for kind, servicer in applications["intake"].servicers.items()
            ]
        )
        server.start()
        stack.callback(lambda: server.stop(None).wait())
        yield House(applications=applications, environs=environs, clock=clock, clock_file=directory / "clock")


def _application(service: str, environ: dict[str, str]) -> Application[Any]:
    kind = import_module(f"hotline_{service}.settings").Settings
    known = {f"HOTLINE_{each.upper()}" for each in kind.model_fields}
    settings = kind.load(service=service, environ={each: value for each, value in environ.items() if each in known})
    migrate.run(settings=settings, package=f"hotline_{service}", phase="pre")
    application = import_module(f"hotline_{service}.bootstrap").build(settings)
    assert isinstance(application, Application)
    return application


def _forwarding(service: ServiceDescriptor, servicer: object) -> dict[str, Any]:
    """What dispatch asks intake, answered by intake's own servicer."""

    def forward(method: str) -> Callable[[Any, Any], Any]:
        call = Call(DISPATCH, f"/{service.full_name}/{method}", f"test.{method}", "0" * 32)
        return lambda request, _context: getattr(servicer, method)(request, call)

    return {
        method.name: grpc.unary_unary_rpc_method_handler(
            forward(method.name),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=GetMessageClass(method.output_type).SerializeToString,
        )
        for method in service.methods
    }
