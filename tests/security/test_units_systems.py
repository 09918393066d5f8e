"""Nobody makes the platform call what it must not: itself, its neighbours, or where somebody points it (Art. 36(4))."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hotline.dispatch.v1 import unit_system_service_pb2 as pb
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.pki import Authority
from hotline_dispatch.adapters.webhook_http import HttpCaller
from hotline_dispatch.domain.webhook import Destinations, Outcome, OutcomeKind
from hotline_kernel.errors import HotlineError

from tests.support.lives import UNIT
from tests.support.unit_system import UnitSystem

HOME = Destinations(networks=[ip_network("127.0.0.0/8")], plain_http=True)
UNREACHED = OutcomeKind.UNREACHED


@pytest.fixture
def inside() -> Iterator[UnitSystem]:
    """Something that listens where the platform lives, and must not be called."""
    system = UnitSystem()
    system.start()
    yield system
    system.stop()


def post(url: str, destinations: Destinations, *, ca: Path | None = None, seconds: float = 1.0) -> Outcome:
    caller = HttpCaller(destinations=destinations, timeout_seconds=seconds, ca=ca)
    return caller.post(url=url, headers={"webhook-id": "1"}, body=b"{}")


class TestACall:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::ffff:7f00:1]"])
    def test_does_not_reach_home_by_any_spelling(self, inside: UnitSystem, host: str) -> None:
        port = inside.url.split(":")[2].split("/")[0]
        assert post(f"http://{host}:{port}/", Destinations(plain_http=True)).kind is UNREACHED
        assert inside.seen == []

    def test_goes_to_the_address_that_was_checked(self, inside: UnitSystem, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter([("93.184.216.34", 80), ("127.0.0.1", 80)])

        def rebind(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

        tried: list[Any] = []

        def refuse(address: Any, *_: Any, **__: Any) -> Any:
            tried.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", rebind)  # a name server of the attacker's
        monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)  # the internet
        assert post("http://rebound.example.com/", Destinations(plain_http=True)).error == "no connection"
        assert tried == ["93.184.216.34"]

    def test_does_not_follow_where_it_is_sent(self, inside: UnitSystem) -> None:
        class Elsewhere(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(307)
                self.send_header("Location", inside.url)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the library)
                """Nothing."""

        with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
            threading.Thread(target=server.handle_request, daemon=True).start()
            outcome = post(f"http://127.0.0.1:{server.server_address[1]}/", HOME)
        assert outcome == Outcome(OutcomeKind.REFUSED, "answered 307")
        assert inside.seen == []

    @pytest.mark.parametrize("drop", [b"", b"H", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100])
    def test_is_cut_when_its_time_is_over(self, drop: bytes) -> None:
        ended = threading.Event()
        with closing(socket.create_server(("127.0.0.1", 0))) as server:

            def drip() -> None:
                connection, _ = server.accept()
                with closing(connection):
                    while not ended.wait(0.02):
                        try:
                            connection.sendall(drop)
                        except OSError:
                            return

            thread = threading.Thread(target=drip)
            thread.start()
            outcome = post(f"http://127.0.0.1:{server.getsockname()[1]}/", HOME, seconds=0.3)
            ended.set()
            thread.join()
        assert outcome == Outcome(UNREACHED, "no answer in time")

    def test_trusts_no_stranger_and_no_other_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        certificate, key = authority.certify("heating")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        system = UnitSystem()
        system.start(context)
        try:
            url = system.url.replace("http:", "https:")
            assert post(url, HOME).error == "no trusted TLS"
            assert post(url, HOME, ca=authority.certificate).kind is OutcomeKind.ARRIVED
            port = int(url.split(":")[2].split("/")[0])
            home = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: home)  # another name for the same machine
            other = url.replace("127.0.0.1", "oa.example.com")
            assert post(other, HOME, ca=authority.certificate).error == "no trusted TLS"
            assert len(system.seen) == 1
        finally:
            system.stop()


class TestAWebhook:
    @pytest.mark.parametrize(
        "url",
        [
            "http://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://192.168.1.1:5432/",
            "https://[::1]:5672/",
            "https://0.0.0.0/",
        ],
    )
    def test_is_not_entered_at_such_an_address(self, hotline: Hotline, url: str) -> None:
        request = pb.CreateWebhookRequest(unit=UNIT, url=url, request_id=new_request_id())
        with pytest.raises(HotlineError) as refused:
            hotline.person("unit", unit=UNIT).unit_systems.CreateWebhook(request)
        assert refused.value.reason == "WEBHOOK_URL_REFUSED"
