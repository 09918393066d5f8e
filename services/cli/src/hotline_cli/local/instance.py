"""One instance of the platform on this machine: five services, three processes each, with stores of their own."""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Self, cast

from hotline_kernel import audit, topology
from hotline_kernel.auth import TRUST_DOMAINS
from hotline_kernel.clock import Clock, SystemClock, VirtualClock
from hotline_kernel.issuer import LocalIssuer
from hotline_kernel.settings import PREFIX, Settings

from hotline_cli.client import SERVICES
from hotline_cli.local import city, pki
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.running import COUNTY_KEYS, MAIN, Running
from hotline_cli.local.servers import free_port, is_free
from hotline_cli.local.supervisor import Process, Supervisor

if TYPE_CHECKING:
    from hotline_kernel import migrate

PROCESSES = ("serve", "pump", "listen")
COUNTY_SERVICES = ("dispatch", "sla")
"""What a county runs of its own."""
NO_RATE_LIMIT = dict.fromkeys(
    ("rate_per_second", "rate_burst", "anonymous_rate_per_second", "anonymous_rate_burst"), "1000000"
)
"""Settings for a run in which one client plays a whole city."""


class AlreadyRunningError(Exception):
    """Another process supervises this instance; stop it first."""


class Instance:
    """The platform under `directory/name`, with a database a service and a virtual host on the given servers.

    prepare, start and stop follow one another; as a context manager it does them itself. Data and keys stay until
    `destroy`.
    """

    def __init__(
        self,
        *,
        directory: Path,
        servers: Endpoints,
        name: str = MAIN,
        clock: Literal["system", "virtual"] = "system",
        start: datetime | None = None,
        settings: Mapping[str, str] | None = None,
        mode: Literal["real", "training"] = "real",
        profile: Literal["city", "county"] = "city",
        services: Sequence[str] | None = None,
    ) -> None:
        """Nothing is started or made yet but the folder.

        name -- lower-case letters, digits and underscores;  start -- where a virtual clock begins, by default now;
        settings -- fields of `hotline_kernel.settings`, by name in lower case, that all processes get besides ours;
        mode -- training is a tenant apart (Art. 37);  profile -- a county has a dispatch and an sla of its own alone
        (Art. 4, 10);  services -- those that run, by default all of the profile.
        """
        self.name = name
        self.directory = directory.resolve() / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.servers = servers
        self.clock: Clock = SystemClock() if clock == "system" else self._virtual_clock(start or datetime.now(UTC))
        self._trust_domain = TRUST_DOMAINS[mode]
        # Of the real mode nothing is said, so that releases that knew none can be started too.
        self._mode = {"mode": mode, "oidc_audience": self._trust_domain} if mode == "training" else {}
        # Of the profile of a city nothing is said, for the same reason.
        self._profile = {"profile": profile} if profile == "county" else {}
        self._services = tuple(services or (COUNTY_SERVICES if profile == "county" else SERVICES))
        self._settings = dict(settings or {})
        self._ports: dict[str, int] = {}
        self._issuer: LocalIssuer | None = None
        self._supervisor = Supervisor({})
        self._lock: IO[str] | None = None

    @property
    def running(self) -> Running:
        """The instance as its callers see it. Only while it runs."""
        return Running.read(self.directory / "instance.json")

    @property
    def processes(self) -> Mapping[str, Process]:
        """The processes by name, for example `sla.pump`."""
        return self._supervisor.processes

    def database_url(self, service: str) -> str:
        """Return the conninfo of a service's database."""
        return self.servers.database_url(f"{self.name}_{service}")

    @property
    def broker_url(self) -> str:
        """The AMQP address of the virtual host."""
        return self.servers.broker_url(self.name)

    def prepare(self, *, phases: "Sequence[migrate.Phase]" = ("pre", "post")) -> None:
        """Make databases, virtual host, certificates and keys, and bring schemas and queues up to date.

        phases -- of the migrations; between the two, the release before and this one run side by side.
        Raises AlreadyRunningError when another supervisor has this instance.
        """
        # Whoever types any other command does not wait for it.
        from hotline_kernel import migrate  # noqa: PLC0415

        self._take()
        self.servers.create_vhost(self.name)
        for service in self._services:
            self.servers.create_database(f"{self.name}_{service}")
            settings = self._kernel_settings(service)
            for phase in phases:
                migrate.run(settings=settings, package=f"hotline_{service}", phase=phase)
        settings = self._kernel_settings(self._services[0])
        topology.declare(settings=settings)
        if "post" in phases:
            topology.narrow(settings=settings)

    def start(
        self, *, processes: Sequence[str] = PROCESSES, on_ready: Callable[[Process], None] = lambda _: None
    ) -> None:
        """Start processes of each service of a prepared instance, beside those that run, and wait until all work."""
        if self._issuer is None:
            self._issuer = LocalIssuer(self.directory / "issuer", self._ports["issuer"], audience=self._trust_domain)
            self._issuer.start()
            (self.directory / "logs").mkdir(exist_ok=True)
            self._describe(self._issuer).write(self.directory / "instance.json")
            self._supervisor = Supervisor({})  # those of a start before ended with it
        started = [self._process(service, kind) for kind in processes for service in self._services]
        self._supervisor.processes |= {process.name: process for process in started}
        self._supervisor.start(on_ready=on_ready)

    def stop(self) -> None:
        """Stop every process in order; data and keys stay."""
        self._supervisor.stop()
        self._let_go()

    def _let_go(self) -> None:
        if self._issuer is not None:
            self._issuer.stop()
            self._issuer = None
        (self.directory / "instance.json").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def destroy(self) -> None:
        """Kill every process and forget everything: databases, virtual host, keys, logs."""
        self._supervisor.stop(seconds=0)
        self._let_go()
        for service in self._services:
            self.servers.drop_database(f"{self.name}_{service}")
        self.servers.drop_vhost(self.name)
        shutil.rmtree(self.directory)

    def kill(self, process: str) -> None:
        """Kill a process such as `sla.pump` with SIGKILL; the supervisor starts it again."""
        self.processes[process].kill()

    def wait_ready(self, *, seconds: float = 60) -> None:
        """Wait until every process works."""
        for process in self.processes.values():
            process.wait_ready(seconds=seconds)

    def environment(self, service: str, kind: str) -> dict[str, str]:
        """Return the whole environment of a process: `serve`, `listen` or `pump`."""
        certificate, key = self._authority.certify(service)
        values = {
            "environment": "local",
            **self._mode,
            **self._profile,
            "database_url": self.database_url(service),
            "broker_url": self.broker_url,
            "clock": self._clock_setting,
            "listen_address": f"127.0.0.1:{self._ports[f'{service}.listen_address']}",
            "internal_address": f"127.0.0.1:{self._ports[f'{service}.internal_address']}",
            "tls_certificate": str(certificate),
            "tls_key": str(key),
            "tls_ca": str(self._authority.certificate),
            "oidc_issuer": f"http://127.0.0.1:{self._ports['issuer']}",
            "audit_key": str(self._audit_key(service)),
            "metrics_port": str(self._ports[f"{service}.{kind}"]),
            "trace_file": str(self.directory / "traces.jsonl"),
            **self._own_settings(service),
            **self._settings,
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(self.directory)),
            "LC_ALL": "C.UTF-8",
            **{PREFIX + field.upper(): value for field, value in values.items()},
        }

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _authority(self) -> pki.Authority:
        return pki.Authority(self.directory / "tls", trust_domain=self._trust_domain)

    @property
    def _clock_setting(self) -> str:
        return f"virtual:{self._clock_file}" if isinstance(self.clock, VirtualClock) else "system"

    @property
    def _clock_file(self) -> Path:
        return self.directory / "clock"

    def _virtual_clock(self, start: datetime) -> VirtualClock:
        return (
            VirtualClock(self._clock_file)
            if self._clock_file.exists()
            else VirtualClock.create(self._clock_file, start)
        )

    def _own_settings(self, service: str) -> dict[str, str]:
        """Return what one service alone is told."""
        match service:
            case "intake":
                return {
                    "division": city.load().region,
                    "vault_key": str(pki.key_ring(self.directory / "vault.keys")),
                    "vault_lookup_key": str(pki.key_ring(self.directory / "vault.lookup")),
                }
            case "feedback":
                return {"vault_key": str(pki.key_ring(self.directory / "reports.keys"))}
            case "dispatch":
                return {
                    "intake_address": f"127.0.0.1:{self._ports['intake.internal_address']}",
                    "vault_key": str(pki.key_ring(self.directory / "webhooks.keys")),
                    "county_heartbeat_seconds": "2",
                    "county_key": str(pki.key_ring(self.directory / COUNTY_KEYS)),
                    # Units' systems on this machine, which a cluster calls neither in plain text nor at home.
                    "webhook_plain_http": "true",
                    "webhook_networks": "127.0.0.0/8",
                }
            case _:
                return {}

    def _audit_key(self, service: str) -> Path:
        path = self.directory / f"{service}.audit.pem"
        audit.load_or_create_key(path)
        return path

    def _kernel_settings(self, service: str) -> Settings:
        return Settings.model_validate(
            {
                "service": service,
                "environment": "local",
                **self._mode,
                **self._profile,
                "database_url": self.database_url(service),
                "broker_url": self.broker_url,
            }
        )

    def _process(self, service: str, kind: str) -> Process:
        return Process(
            name=f"{service}.{kind}",
            command=[sys.executable, "-m", f"hotline_{service}", kind],
            environment=self.environment(service, kind),
            log=self.directory / "logs" / f"{service}.{kind}.log",
            health_url=f"http://127.0.0.1:{self._ports[f'{service}.{kind}']}/healthz",
        )

    def _describe(self, issuer: LocalIssuer) -> Running:
        return Running(
            name=self.name,
            ca_file=str(self._authority.certificate),
            addresses={service: f"127.0.0.1:{self._ports[f'{service}.listen_address']}" for service in SERVICES},
            internal_addresses={
                service: f"127.0.0.1:{self._ports[f'{service}.internal_address']}" for service in SERVICES
            },
            issuer=issuer.url,
            issuer_secret=issuer.secret,
            clock=self._clock_setting,
            logs=str(self.directory / "logs"),
            trace_file=str(self.directory / "traces.jsonl"),
            broker=self.broker_url,
            management=self.servers.management_account,
        )

    def _take(self) -> None:
        """Hold the instance until `stop` or our end, whichever comes first."""
        if self._lock is not None:
            return
        lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise AlreadyRunningError(f"{self.name} runs already: its files are in {self.directory}") from error
        self._lock = lock
        self._ports = self._remembered_ports()

    def _remembered_ports(self) -> dict[str, int]:
        """Return the ports of last time, all but those that somebody else has taken meanwhile."""
        path = self.directory / "ports.json"
        ports = cast("dict[str, int]", json.loads(path.read_text())) if path.exists() else {}
        wanted = [f"{s}.{use}" for s in SERVICES for use in ("listen_address", "internal_address", *PROCESSES)]
        for use in [*wanted, "issuer"]:
            if use not in ports or not is_free(ports[use]):
                ports[use] = free_port(frozenset(ports.values()))
        path.write_text(json.dumps(ports))
        return ports
