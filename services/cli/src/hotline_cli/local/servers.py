"""A private PostgreSQL and RabbitMQ under one directory, beside whatever the system runs.

Both listen on 127.0.0.1 alone, on ports chosen once and remembered. They outlive the process that started them, so
that several instances, or one after the other, can share a pair; pid files say whether they run.
"""

import fcntl
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self, cast

import psycopg

from hotline_cli.local.endpoints import Endpoints

_POSTGRES = Path("/usr/lib/postgresql/15/bin")
_RABBITMQ = Path("/usr/lib/rabbitmq/bin")
_PORTS = ("postgres", "amqp", "management", "distribution", "epmd")
_START_SECONDS = 90
_STOP_SECONDS = 60
PORTS = range(20000, 32768)  # Linux gives those from 32768 on to outgoing connections; test workers take a share each
_UNPRIVILEGED = "postgres"  # both servers run as this account when we are root: PostgreSQL refuses root
_WALKING_ANYWHERE = (  # the last: access(2), which Erlang asks, minds capabilities only without the fix-up of uids
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
)
_POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, ours may be longer
    "max_connections": "500",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "track_commit_timestamp": "on",  # benchmarks ask when a transaction committed
}


class ServerError(Exception):
    """A server did not start or stop in time; the message names its log."""


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """Return a port on 127.0.0.1 that nobody listens on now, below the range of outgoing connections."""
    for candidate in random.SystemRandom().sample(PORTS, 1000):
        if candidate not in taken and is_free(candidate):
            return candidate
    raise ServerError("no free port on 127.0.0.1")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], *, seconds: float, failure: str) -> None:
    """Poll until the condition holds; raise ServerError with the given message after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerError(failure)
        time.sleep(0.05)


def _started_at(pid: int) -> str | None:
    """Return the kernel's start time of a live process, which with its pid identifies it; None for a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class _Daemon:
    """One server process, found again by its pid file."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, directory: Path, ports: dict[str, int], password: str) -> None:
        self.directory = directory / self.name
        self.log = self.directory / "server.log"
        self.ports = ports
        self._password = password
        self._pid_file = self.directory / "pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        try:
            pid, _, started = self._pid_file.read_text().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if started and _started_at(int(pid)) == started else None

    @property
    def is_running(self) -> bool:
        return self.pid is not None

    def start(self) -> None:
        """Start it and wait until it answers; nothing happens when it runs already."""
        if not self.is_running:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._give_away()
            self._prepare()
            with self.log.open("ab") as log:
                command, environment = self._command()
                self._child = subprocess.Popen(
                    [*self._as_unprivileged(), *command],
                    env=environment,
                    cwd=self.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C in the terminal is for us, not for the servers
                )
            self._pid_file.write_text(f"{self._child.pid} {_started_at(self._child.pid)}")
        wait_until(
            lambda: self._answers() or not self.is_running,
            seconds=_START_SECONDS,
            failure=f"{self.name} does not answer: see {self.log}",
        )
        if not self.is_running:
            raise ServerError(f"{self.name} ended while starting: see {self.log}")

    def stop(self) -> None:
        """Stop it in order, open work finished or rolled back; nothing happens when it does not run."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, self.stop_signal)
            self._await_end([pid], seconds=_STOP_SECONDS)

    def kill(self) -> None:
        """Kill it and its children with SIGKILL, as a power cut would."""
        pid = self.pid
        if pid is not None:
            family = [pid, *_children(pid)]
            for member in family:
                _kill(member)
            self._await_end(family, seconds=10)

    def _await_end(self, pids: list[int], *, seconds: float) -> None:
        wait_until(
            lambda: all(_started_at(pid) is None for pid in pids),
            seconds=seconds,
            failure=f"{self.name} does not end: see {self.log}",
        )
        self._pid_file.unlink(missing_ok=True)
        if self._child is not None:
            self._child.wait()

    def _as_unprivileged(self) -> list[str]:
        """Return the command prefix that leaves root; empty for anybody else.

        The account may have to walk through a folder that is root's alone (a clone under /root): only then it
        keeps the right to do so.
        """
        if os.geteuid() != 0:
            return []
        account = ["setpriv", f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups"]
        reaches = subprocess.run([*account, "test", "-x", str(self.directory)], check=False).returncode == 0
        return account if reaches else [*account, *_WALKING_ANYWHERE]

    def _give_away(self) -> None:
        if os.geteuid() == 0:
            account = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(self.directory, account.pw_uid, account.pw_gid)

    def _run(self, command: list[str], *, environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(
            [*self._as_unprivileged(), *command],
            env=environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    def _prepare(self) -> None:
        raise NotImplementedError

    def _command(self) -> tuple[list[str], dict[str, str]]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class Postgres(_Daemon):
    """PostgreSQL 15 as Debian ships it."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: roll back, write everything, end

    @property
    def url(self) -> str:
        return f"postgresql://hotline:{self._password}@127.0.0.1:{self.ports['postgres']}"

    def _prepare(self) -> None:
        if (self.directory / "data" / "PG_VERSION").exists():
            return
        shutil.rmtree(self.directory / "data", ignore_errors=True)  # an initdb that was cut short
        password = self.directory / "password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        if os.geteuid() == 0:
            shutil.chown(password, _UNPRIVILEGED)
        self._run(
            [
                str(_POSTGRES / "initdb"),
                *("-D", str(self.directory / "data"), "-U", "hotline", "--locale=C.UTF-8", "--no-sync"),
                *("-A", "scram-sha-256", f"--pwfile={password}"),
            ],
            environment={"PATH": os.environ["PATH"]},
        )
        password.unlink()

    def _command(self) -> tuple[list[str], dict[str, str]]:
        settings = {**_POSTGRES_SETTINGS, "port": str(self.ports["postgres"])}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(_POSTGRES / "postgres"), "-D", str(self.directory / "data"), *options]
        return command, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def _answers(self) -> bool:
        try:
            psycopg.connect(f"{self.url}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class RabbitMq(_Daemon):
    """RabbitMQ as Debian ships it, with the management plugin and an epmd of its own."""

    name = "rabbitmq"
    stop_signal = signal.SIGTERM

    @property
    def endpoints(self) -> tuple[str, str]:
        """The addresses of AMQP and of the management API."""
        amqp = f"amqp://hotline:{self._password}@127.0.0.1:{self.ports['amqp']}"
        return amqp, f"http://127.0.0.1:{self.ports['management']}"

    def stop(self) -> None:
        super().stop()
        if not is_free(self.ports["epmd"]):
            self._run(["epmd", "-kill"], environment=self._environment())

    def _prepare(self) -> None:
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self.ports['amqp']}\n"
            "management.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self.ports['management']}\n"
            "default_user = hotline\n"
            f"default_pass = {self._password}\n"
            "disk_free_limit.absolute = 50MB\n"
            "raft.wal_max_size_bytes = 67108864\n"  # it is allocated at once, and half a gigabyte by default
            "log.file.level = warning\n"
        )
        (self.directory / "enabled_plugins").write_text(
            "[rabbitmq_management,rabbitmq_shovel,rabbitmq_shovel_management].\n"
        )

    def _environment(self) -> dict[str, str]:
        home = str(self.directory)
        return {
            "PATH": f"/usr/sbin:/sbin:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "HOME": home,  # the Erlang cookie lives there
            "RABBITMQ_NODENAME": f"hotline{self.ports['amqp']}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self.ports["distribution"]),
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_PID_FILE": f"{home}/erlang.pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/no-environment-file",
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Without the shell script that would stay as its parent, our child is the server itself.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-noshell -noinput -kernel inet_dist_use_interface {127,0,0,1} +S 2:2"
            ),
        }

    def _command(self) -> tuple[list[str], dict[str, str]]:
        return [str(_RABBITMQ / "rabbitmq-server")], self._environment()

    def _answers(self) -> bool:
        amqp, management = self.endpoints
        try:
            Endpoints(postgres_url="", amqp_url=amqp, management_url=management).manage("GET", "overview")
            socket.create_connection(("127.0.0.1", self.ports["amqp"]), timeout=2).close()
        except (OSError, urllib.error.URLError):
            return False
        return True


class Servers(Endpoints):
    """A PostgreSQL and a RabbitMQ of our own under `directory`.

    `postgres` and `rabbitmq` can be stopped, started and killed one by one. As a context manager it starts what
    does not run and, at the end, stops them unless another process is inside the same context.
    """

    def __init__(self, directory: Path) -> None:
        directory = directory.resolve()
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        with self._locked():
            password = _remembered_password(directory / "password")
            ports = self._remembered_ports(password)
        self.postgres = Postgres(directory, ports, password)
        self.rabbitmq = RabbitMq(directory, ports, password)
        amqp_url, management_url = self.rabbitmq.endpoints
        super().__init__(postgres_url=self.postgres.url, amqp_url=amqp_url, management_url=management_url)

    @property
    def is_running(self) -> bool:
        return self.postgres.is_running and self.rabbitmq.is_running

    def start(self) -> None:
        """Start both side by side and wait until they answer; nothing happens to one that runs."""
        with self._locked():
            self._both(self.postgres.start, self.rabbitmq.start)

    def stop(self) -> None:
        """Stop both in order; their data stays."""
        with self._locked():
            self._both(self.postgres.stop, self.rabbitmq.stop)

    def destroy(self) -> None:
        """Stop both and forget their data."""
        self.stop()
        shutil.rmtree(self.directory)

    def __enter__(self) -> Self:
        self._in_use = (self.directory / "in-use").open("w")
        fcntl.flock(self._in_use, fcntl.LOCK_SH)  # waits while the last one out is stopping them
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._in_use, fcntl.LOCK_UN)
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()
        except BlockingIOError:
            return  # somebody else uses them
        finally:
            self._in_use.close()

    @staticmethod
    def _both(*actions: Callable[[], None]) -> None:
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(action) for action in actions]:
                done.result()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _remembered_ports(self, password: str) -> dict[str, int]:
        """Return the ports of last time; new ones the first time, or when somebody else has taken one meanwhile."""
        path = self.directory / "ports.json"
        if path.exists():
            ports = cast("dict[str, int]", json.loads(path.read_text()))
            runs = Postgres(self.directory, ports, password).is_running
            runs = RabbitMq(self.directory, ports, password).is_running or runs
            if runs or all(is_free(port) for name, port in ports.items() if name != "epmd"):
                return ports
        ports = {}
        for name in _PORTS:
            ports[name] = free_port(frozenset(ports.values()))
        path.write_text(json.dumps(ports))
        return ports


def _remembered_password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()
