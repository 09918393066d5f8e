"""Nobody can take the hotline from the others: callers who are too quick, too slow, too many or too large."""

import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import SERVICES, Hotline
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import Instance
from hotline_kernel import rpc_client

from tests.security.books import Books
from tests.support.lives import registration
from tests.support.wire import Reply, Wire, bearer, reply_of
from tests.support.workers import run_directory

_GET_DELIVERY = "/hotline.operations.v1.DeliveryService/GetDelivery"
_REGISTER = "/hotline.intake.v1.IntakeService/RegisterAppeal"
_SEARCH = "/hotline.knowledge.v1.KnowledgeService/SearchEntries"
_BODY_SECONDS = 5.0  # after which the server gives up a body that does not come


def engineer(platform: Instance) -> str:
    """A token of somebody who has not called yet."""
    return platform.running.token(roles=["engineer"], subject=f"engineer-{secrets.token_hex(4)}")


_AT_ONCE = 20


@pytest.fixture(scope="module")
def strict(servers: Endpoints) -> Iterator[Instance]:
    """A server whose limits of rate the slowest machine gets over."""
    own = Instance(
        directory=run_directory("security"),
        servers=servers,
        name=f"strict_{secrets.token_hex(4)}",
        services=("sla",),
        settings={
            "rate_per_second": "1",
            "rate_burst": f"{_AT_ONCE}",
            "anonymous_rate_per_second": "1",
            "anonymous_rate_burst": f"{_AT_ONCE}",
        },
    )
    try:
        own.prepare()
        own.start(processes=["serve"])
        yield own
    finally:
        own.destroy()


@pytest.fixture(scope="module")
def strict_wire(strict: Instance) -> Iterator[Wire]:
    """Bare bytes to the strict server."""
    with rpc_client.channel(strict.running.address("sla"), ca=strict.running.ca) as channel:
        yield Wire(channel)


def flood(wire: Wire, *, token: str | None) -> Counter[tuple[str, str]]:
    """Calls side by side until some are refused; how they ended. Every rate limit says when to come again."""
    invoke = wire.invoke(_GET_DELIVERY)
    ended: Counter[tuple[str, str]] = Counter()
    give_up = time.monotonic() + 20
    while ended["RESOURCE_EXHAUSTED", "RATE_LIMITED"] < 20:
        assert time.monotonic() < give_up, ended
        for call in [invoke.future(b"", metadata=bearer(token), timeout=20) for _ in range(100)]:
            error = call.exception()
            reply = reply_of(error) if isinstance(error, grpc.RpcError) else Reply("OK")
            if reply.reason == "RATE_LIMITED":
                assert reply.retry_seconds is not None
                assert 0 < reply.retry_seconds < 10
            ended[reply.code, reply.reason] += 1
    return ended


def test_one_caller_who_is_too_quick_waits_alone(strict: Instance, strict_wire: Wire) -> None:
    wire, quick, other = strict_wire, engineer(strict), engineer(strict)
    for token in (other, quick):  # so that both are known, and counted by themselves and not by their address
        assert wire.send(_GET_DELIVERY, token=token).code == "OK"
    ended = flood(wire, token=quick)
    assert set(ended) == {("OK", ""), ("RESOURCE_EXHAUSTED", "RATE_LIMITED")}, ended
    assert ended["OK", ""] >= _AT_ONCE
    assert wire.send(_GET_DELIVERY, token=other, patient=False).code == "OK"
    assert wire.send(_GET_DELIVERY, token=quick).code == "OK"  # once it waited as it was told


def test_strangers_of_one_address_wait_and_staff_do_not(strict: Instance, strict_wire: Wire) -> None:
    wire, staff = strict_wire, engineer(strict)
    assert wire.send(_GET_DELIVERY, token=staff).code == "OK"
    ended = flood(wire, token=None)
    assert set(ended) == {("UNAUTHENTICATED", "UNAUTHENTICATED"), ("RESOURCE_EXHAUSTED", "RATE_LIMITED")}, ended
    assert wire.send(_GET_DELIVERY, token=staff, patient=False).code == "OK"
    assert wire.send(_GET_DELIVERY).code == "UNAUTHENTICATED"


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.02, 0.04])
def test_a_deadline_that_is_too_short_is_refused_and_changes_nothing(
    seconds: float, platform: Instance, wires: dict[str, Wire], books: Books
) -> None:
    token = platform.running.token(roles=["operator"])
    wires["intake"].send(_GET_DELIVERY, token=token)  # so that the connection and the token are known
    before = books.at_rest("intake")
    for number in range(10):
        reply = wires["intake"].send(_REGISTER, registration(number).SerializeToString(), token=token, timeout=seconds)
        assert reply.code == "DEADLINE_EXCEEDED", reply
    assert books.at_rest("intake") == before


# --- slow, many, large ------------------------------------------------------------------------------------------------


@pytest.fixture
def honest(hotline: Hotline) -> Iterator[list[float]]:
    """Somebody who goes on with their work all the time, and how long each call took them."""
    took: list[float] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            while not done.wait(0.05):
                begin = time.monotonic()
                hotline.person("operator").intake.ListAppeals(intake.ListAppealsRequest(page_size=1))
                hotline.person("operator").knowledge.SearchEntries(knowledge.SearchEntriesRequest(query="暖气"))
                took.append(time.monotonic() - begin)
        except BaseException as error:  # noqa: BLE001  (told below)
            failed.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    yield took
    done.set()
    worker.join()
    assert not failed, failed
    assert len(took) >= 10
    assert max(took) < 3, f"an honest caller waited {max(took):.1f} s"


def wait_for_calls(took: list[float], number: int) -> None:
    """Until the honest caller was served so many more times."""
    wanted, give_up = len(took) + number, time.monotonic() + 30
    while len(took) < wanted:
        assert time.monotonic() < give_up, "the honest caller is not served"
        time.sleep(0.02)


def test_bodies_that_never_come_are_given_up(platform: Instance, honest: list[float]) -> None:
    running = platform.running
    staff = bearer(running.token(roles=["operator"], subject="slow"))
    never = threading.Event()

    def nothing() -> Iterator[bytes]:
        never.wait(30)
        yield b""

    with ExitStack() as stack:
        stack.callback(never.set)
        begin = time.monotonic()
        futures = []
        for service, path, metadata in (("intake", _REGISTER, staff), ("knowledge", _SEARCH, ())):
            channel = stack.enter_context(rpc_client.channel(running.address(service), ca=running.ca))
            invoke = channel.stream_unary(path, request_serializer=bytes, response_deserializer=bytes)
            futures += [invoke.future(nothing(), metadata=metadata, timeout=40) for _ in range(60)]
        wait_for_calls(honest, 10)
        codes = Counter(call.code().name for call in futures if call.exception(timeout=30) is not None)
        assert set(codes) <= {"CANCELLED", "DEADLINE_EXCEEDED"}, codes
        assert codes.total() == 120
        assert time.monotonic() - begin < _BODY_SECONDS + 5


def test_connections_that_say_nothing_keep_nobody_out(platform: Instance, honest: list[float]) -> None:
    context = ssl.create_default_context(cafile=str(platform.running.ca))
    context.set_alpn_protocols(["h2"])
    with ExitStack() as stack:
        for service in ("intake", "knowledge"):
            for address in (platform.running.address(service), platform.running.internal_address(service)):
                host, port = address.split(":")
                for _ in range(75):
                    stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
        host, port = platform.running.address("intake").split(":")
        for _ in range(50):
            quiet_one = stack.enter_context(
                context.wrap_socket(socket.create_connection((host, int(port)), timeout=5), server_hostname=host)
            )
            quiet_one.sendall(b"PRI * HTTP/2.0\r\n")  # half of a greeting
        wait_for_calls(honest, 15)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_too_large_is_refused(service: str, platform: Instance, wires: dict[str, Wire]) -> None:
    token = engineer(platform)
    wire = wires[service]
    invoke = wire.invoke(_GET_DELIVERY)
    assert wire.send(_GET_DELIVERY, b"\xfa\x01" + bytes(2 << 20), token=token).code == "RESOURCE_EXHAUSTED"
    with pytest.raises(grpc.RpcError) as bomb:  # a few dozen kilobytes on the way, 64 MiB once unpacked
        invoke(bytes(64 << 20), compression=grpc.Compression.Gzip, timeout=20)
    assert bomb.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED)
    with pytest.raises(grpc.RpcError) as headers:
        invoke(b"", metadata=(("x-long", "a" * 100_000),), timeout=20)
    assert headers.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert wire.send(_GET_DELIVERY, token=token).code == "OK"


def test_a_health_check_of_a_long_name_gets_a_short_answer(wires: dict[str, Wire]) -> None:
    name = b"x" * 500_000
    reply = wires["sla"].send("/grpc.health.v1.Health/Check", b"\x0a\xa0\xc2\x1e" + name)
    assert reply.code == "NOT_FOUND", reply
    assert len(reply.message) < 200
