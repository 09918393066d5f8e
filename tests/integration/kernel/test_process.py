"""A service's processes from the outside: a small service of its own, real servers, real signals."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hotline_cli.local.pki import Authority
from hotline_kernel import audit, topology

# A service without RPCs or subscriptions; the topology knows it as sla.
MAIN = """
from hotline_kernel.process import Application, main
from hotline_kernel.settings import Settings

def build(settings):
    from hotline_kernel.clock import SystemClock
    from hotline_kernel.db import Database, Transaction
    database = Database(conninfo=settings.database_url.get_secret_value(), transaction=Transaction, audience={})
    return Application(settings=settings, database=database, clock=SystemClock(), make_servicers=dict, subscriptions={})

main(service="sla", settings_type=Settings, build=build, package="hotline_probe")
"""
LISTENER = """
from hotline_kernel.entrypoints.event_listener import run_listener
from hotline_kernel.settings import Settings

run_listener(Settings.load(service="sla"))
"""


@contextmanager
def behind_tls(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """A port of this machine that speaks TLS and hands on to one that does not; gives its number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def carry(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
        except OSError:
            pass  # one of the two has gone, and so does the other
        for each in (source, sink):
            each.close()

    def accept() -> None:
        while True:
            try:
                client = context.wrap_socket(listener.accept()[0], server_side=True)
            except ssl.SSLError:
                continue  # who does not trust us
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", port))
            for ends in ((client, server), (server, client)):
                threading.Thread(target=carry, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Probe:
    """Runs commands of the service, in an environment of its own."""

    def __init__(self, *, directory: Path, database_url: str, broker_url: str) -> None:
        (directory / "hotline_probe" / "migrations" / "pre").mkdir(parents=True)
        (directory / "hotline_probe" / "migrations" / "post").mkdir()
        (directory / "hotline_probe" / "__init__.py").touch()
        (directory / "hotline_probe" / "__main__.py").write_text(MAIN)
        (directory / "hotline_probe" / "entrypoints").mkdir()
        (directory / "hotline_probe" / "entrypoints" / "event_listener.py").write_text(LISTENER)
        authority = Authority(directory / "pki")
        certificate, key = authority.certify("sla")
        audit.load_or_create_key(directory / "audit.pem")
        self.metrics_port = free_port()
        ours = {
            "ENVIRONMENT": "local",
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "LISTEN_ADDRESS": "127.0.0.1:0",
            "INTERNAL_ADDRESS": "127.0.0.1:0",
            "METRICS_PORT": str(self.metrics_port),
            "TLS_CERTIFICATE": str(certificate),
            "TLS_KEY": str(key),
            "TLS_CA": str(authority.certificate),
            "OIDC_ISSUER": "http://127.0.0.1:1",
            "AUDIT_KEY": str(directory / "audit.pem"),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        self.environ = (
            kept | {"PYTHONPATH": str(directory)} | {f"HOTLINE_{name}": value for name, value in ours.items()}
        )
        self.log = directory / "log"

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(
            [sys.executable, "-m", "hotline_probe", *arguments],
            env=self.environ | changes,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, command: str, *, until_ready: bool = True) -> "subprocess.Popen[bytes]":
        """A process that goes on; returns when it is healthy, and ready if asked."""
        with self.log.open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "hotline_probe", command], env=self.environ, stdout=log)
        until = time.monotonic() + 60
        while not (self.is_healthy() and (not until_ready or '"ready"' in self.log.read_text())):
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        return process

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


@pytest.fixture
def probe(tmp_path: Path, database_url: str, broker_url: str) -> Probe:
    return Probe(directory=tmp_path, database_url=database_url, broker_url=broker_url)


class TestProcesses:
    @pytest.mark.parametrize("command", ["serve", "pump", "listen"])
    def test_get_ready_and_end_when_told(self, probe: Probe, command: str) -> None:
        assert probe.run("migrate", "pre").returncode == 0
        process = probe.start(command)
        try:
            # grpcio freezes in a process that eventlet patched.
            loaded = Path(f"/proc/{process.pid}/maps").read_text()
            assert command != "listen" or "cygrpc" not in loaded
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0

    def test_a_listener_told_to_end_while_it_starts_does_not_drain_what_it_has_not(self, probe: Probe) -> None:
        assert probe.run("migrate", "pre").returncode == 0
        process = probe.start("listen", until_ready=False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0  # it would drain for 20 s

    @pytest.mark.parametrize("command", ["serve", "pump"])
    def test_refuse_a_schema_that_is_too_old_and_say_what_to_run(self, probe: Probe, command: str) -> None:
        done = probe.run(command)
        assert done.returncode == 1
        assert "run `python -m hotline_probe migrate pre`" in done.stderr


class TestCheck:
    def test_names_everything_that_is_wrong(self, probe: Probe) -> None:
        done = probe.run("check", f"127.0.0.1:{free_port()}")
        assert done.returncode == 1
        assert "run `python -m hotline_probe migrate pre`" in done.stderr
        assert "evt-intake-#--sla.on_event is not declared" in done.stderr
        assert "does not answer" in done.stderr

    def test_is_content_with_a_service_that_works(self, probe: Probe) -> None:
        assert probe.run("migrate", "pre").returncode == 0
        address = f"127.0.0.1:{free_port()}"
        probe.environ["HOTLINE_INTERNAL_ADDRESS"] = address
        process = probe.start("serve")
        try:
            done = probe.run("check", address)
            assert (done.returncode, done.stderr) == (0, "")
            assert address in done.stdout
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


class TestBroker:
    def test_is_known_by_its_certificate(self, probe: Probe, tmp_path: Path, broker_url: str) -> None:
        plain = urlsplit(broker_url)
        authority = Authority(tmp_path / "broker")
        with behind_tls(plain.port or 0, *authority.certify("broker")) as port:
            address = f"amqps://{plain.username}:{plain.password}@localhost:{port}{plain.path}"
            probe.environ |= {"HOTLINE_BROKER_URL": address, "HOTLINE_BROKER_CA": str(authority.certificate)}
            assert probe.run("migrate", "pre").returncode == 0
            process = probe.start("listen")
            try:
                with topology.connected(address, ca=authority.certificate) as connection:
                    until = time.monotonic() + 20
                    name = topology.queue_name("intake", "sla")
                    while not connection.default_channel.queue_declare(name, passive=True).consumer_count:
                        assert time.monotonic() < until, probe.log.read_text()
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0

    @pytest.mark.parametrize("trusted", ["another", "none"])
    def test_is_refused_when_somebody_else_has_its_place(
        self, probe: Probe, tmp_path: Path, broker_url: str, trusted: str
    ) -> None:
        plain = urlsplit(broker_url)
        with behind_tls(plain.port or 0, *Authority(tmp_path / "broker").certify("broker")) as port:
            probe.environ["HOTLINE_BROKER_URL"] = f"amqps://u:p@localhost:{port}/"
            if trusted == "another":
                probe.environ["HOTLINE_BROKER_CA"] = str(Authority(tmp_path / "another").certificate)
            done = probe.run("declare")
            assert done.returncode == 1
            assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


class TestCommandLine:
    def test_shows_the_settings(self, probe: Probe) -> None:
        done = probe.run("--show-config")
        assert done.returncode == 0
        assert "HOTLINE_ENVIRONMENT=local  # environment" in done.stdout
        assert "HOTLINE_DATABASE_URL=**********" in done.stdout

    def test_names_the_settings_that_are_wrong(self, probe: Probe) -> None:
        done = probe.run("serve", HOTLINE_THREADS="none", HOTLINE_TREADS="3")
        assert done.returncode == 2
        assert "HOTLINE_THREADS: " in done.stderr
        assert "HOTLINE_TREADS: no such setting" in done.stderr
        assert "Traceback" not in done.stderr

    def test_names_the_files_that_are_missing(self, probe: Probe) -> None:
        done = probe.run("serve", HOTLINE_TLS_KEY="/nowhere/tls.key")
        assert done.returncode == 2
        assert "HOTLINE_TLS_KEY: there is no file /nowhere/tls.key" in done.stderr

    @pytest.mark.parametrize("arguments", [(), ("migrate",), ("serve", "pre"), ("check",), ("dance",)])
    def test_asks_for_a_command_it_knows(self, probe: Probe, arguments: tuple[str, ...]) -> None:
        assert probe.run(*arguments).returncode == 2
