"""The processes of a service: `python -m hotline_<service> serve | listen | pump | migrate pre|post | declare | check`.

Imports are made per command: `listen` runs in an eventlet-patched process, where grpcio must never be loaded.
"""

import argparse
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from hotline_kernel.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.descriptor import ServiceDescriptor
    from google.protobuf.message import Message

    from hotline_kernel.clock import Clock
    from hotline_kernel.db import Database, Transaction
    from hotline_kernel.pump import EventHandler, Ticker

Tx = TypeVar("Tx", bound="Transaction")
S = TypeVar("S", bound=Settings)
COMMANDS = ("serve", "listen", "pump", "migrate", "declare", "check")


class Background(Protocol):
    """What a server does besides answering."""

    def start(self) -> None:
        """Returns when calls can be answered."""
        ...

    def stop(self) -> None:
        """Returns when it has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class Application(Generic[Tx]):
    """A service, wired: what its bootstrap builds and the processes run."""

    settings: Settings
    database: "Database[Tx]"
    clock: "Clock"
    make_servicers: "Callable[[], Mapping[ServiceDescriptor, object]]"
    """Called by serve alone, so it may load what no pump needs."""
    subscriptions: "Mapping[type[Message], EventHandler]"
    tickers: "Sequence[Ticker]" = ()
    background: Sequence[Background] = ()
    """Started by serve before it takes calls."""
    key_rings: "Mapping[str, Path]" = field(default_factory=dict)
    """Files of key-encryption keys, by what their ages are told under."""

    @cached_property
    def servicers(self) -> "Mapping[ServiceDescriptor, object]":
        """What answers calls, made when it is first asked for."""
        return self.make_servicers()


def main(
    *,
    service: str,
    settings_type: type[S],
    build: Callable[[S], Application[Any]],
    package: str,
    argv: Sequence[str] | None = None,
) -> None:
    """Run one command of a service; exits 2 with a sentence per problem when it is misconfigured.

    service -- `sla`; package -- `hotline_sla`, where migrations and the listener are; build -- bootstrap's, called by
    `serve` and `pump` only, so it should import what it needs by itself.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("command", nargs="?", choices=COMMANDS)
    parser.add_argument("object", nargs="?", help="of migrate: pre or post; of check: where the service answers others")
    parser.add_argument("--show-config", action="store_true", help="print every setting and where it came from")
    arguments = parser.parse_args(argv)
    allowed = {"migrate": arguments.object in ("pre", "post"), "check": arguments.object is not None}
    if not allowed.get(arguments.command, arguments.object is None):
        parser.error("say `migrate pre`, `migrate post` or `check host:port`")
    try:
        settings = settings_type.load(service=service)
        if arguments.show_config:
            sys.stdout.write(settings.shown() + "\n")
        elif arguments.command is None:
            parser.error("say what to run: " + ", ".join(COMMANDS))
        else:
            _run(arguments.command, arguments.object, settings, build, package)
    except SettingsError as error:
        sys.stderr.write(f"{package}: the settings cannot be used:\n{error}\n")
        sys.exit(2)


def _run(command: str, of: str | None, settings: S, build: Callable[[S], Application[Any]], package: str) -> None:
    match command:
        case "serve":
            _serve(settings, build, package)
        case "listen":
            # In an interpreter of its own: eventlet must patch the standard library before anything else is loaded.
            sys.stdout.flush()
            os.execv(sys.executable, [sys.executable, "-m", f"{package}.entrypoints.event_listener"])  # noqa: S606
        case "pump":
            _pump(settings, build, package)
        case "migrate":
            _migrate(settings, "post" if of == "post" else "pre", package)
        case "declare":
            _declare(settings)
        case "check":
            _check(settings, package, of or "")


def _serve(settings: S, build: Callable[[S], Application[Any]], package: str) -> None:
    from hotline_kernel import telemetry  # noqa: PLC0415
    from hotline_kernel.audit_servicer import audit_servicer  # noqa: PLC0415
    from hotline_kernel.auth import Authenticator  # noqa: PLC0415
    from hotline_kernel.delivery_servicer import delivery_servicer  # noqa: PLC0415
    from hotline_kernel.rpc_server import ApiServer  # noqa: PLC0415

    settings.require("oidc_issuer")
    settings.require_files("tls_certificate", "tls_key", "tls_ca")
    with _running(settings, "serve", build, package) as (application, stop):
        server = ApiServer(
            settings=settings,
            servicers={**application.servicers, **delivery_servicer(application), **audit_servicer(application)},
            authenticator=Authenticator.from_settings(settings),
        )
        for companion in application.background:
            companion.start()
        server.start()
        _ready(settings, "serve")
        while not stop.wait(1.0):
            telemetry.beat(service=settings.service, process="serve")
        server.drain(settings.drain_seconds)
        for companion in application.background:
            companion.stop()


def _pump(settings: S, build: Callable[[S], Application[Any]], package: str) -> None:
    from hotline.operations.events.v1.audit_events_pb2 import AuditSealed  # noqa: PLC0415

    from hotline_kernel import audit, safekeeping  # noqa: PLC0415
    from hotline_kernel.pump import Pump  # noqa: PLC0415

    settings.require_files("tls_certificate", "tls_key", "tls_ca", "audit_key")
    key = audit.load_key(settings.audit_key)
    with _running(settings, "pump", build, package) as (application, stop):
        sealing = audit.sealing_ticker(
            database=application.database, clock=application.clock, service=settings.service, key=key
        )
        checking = audit.checking_ticker(database=application.database, service=settings.service)
        ages = safekeeping.ticker(
            database=application.database, settings=settings, audit_key=key, key_rings=application.key_rings
        )
        pump = Pump(
            settings=settings,
            database=application.database,
            clock=application.clock,
            subscriptions={AuditSealed: audit.keep_head, **application.subscriptions},
            tickers=[*application.tickers, sealing, checking, ages],
        )
        _ready(settings, "pump")
        pump.run(stop)


@contextmanager
def _running(
    settings: S, process: str, build: Callable[[S], Application[Any]], package: str
) -> Iterator[tuple[Application[Any], threading.Event]]:
    """A wired service on a database of the right schema, and the event that is set when it is told to stop."""
    from hotline_kernel import schema, telemetry  # noqa: PLC0415

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    telemetry.setup(
        service=settings.service, process=process, log_level=settings.log_level, trace_file=settings.trace_file
    )
    telemetry.log_crashes()
    telemetry.serve_metrics(port=settings.metrics_port, host=settings.metrics_host)
    application = build(settings)
    application.database.open()
    try:
        application.database.wait_ready(timeout_seconds=30)
        try:
            schema.check(settings=settings, package=package)
        except (schema.SchemaOutdated, schema.OtherMode) as error:
            sys.exit(f"{package}: {error}")
        yield application, stop
    finally:
        application.database.close()


def _ready(settings: Settings, process: str) -> None:
    import structlog  # noqa: PLC0415

    from hotline_kernel import telemetry  # noqa: PLC0415

    # What is loaded by now stays: a collection that walked it anew would hold up a call or a scrape for 100 ms.
    gc.collect()
    gc.freeze()
    telemetry.beat(service=settings.service, process=process)
    structlog.get_logger(__name__).info("ready")


def _migrate(settings: Settings, phase: Literal["pre", "post"], package: str) -> None:
    from hotline_kernel import migrate, schema, telemetry  # noqa: PLC0415

    telemetry.setup(service=settings.service, process="migrate", log_level=settings.log_level)
    try:
        migrate.run(settings=settings, package=package, phase=phase)
    except schema.OtherMode as error:
        sys.exit(f"{package}: {error}")
    if phase == "pre":
        _declare(settings)
    else:
        from hotline_kernel import topology  # noqa: PLC0415

        topology.narrow(settings=settings)


def _declare(settings: Settings) -> None:
    from hotline_kernel import topology  # noqa: PLC0415

    topology.declare(settings=settings)


def _check(settings: Settings, package: str, address: str) -> None:
    from hotline_kernel import check  # noqa: PLC0415

    settings.require_files("tls_certificate", "tls_key", "tls_ca")
    wrong = check.run(settings=settings, package=package, address=address)
    if wrong:
        sys.exit("\n".join(f"{package}: {each}" for each in wrong))
    sys.stdout.write(f"{package}: schema, queues and {address} are right\n")
