"""Calls over real TLS, both ends: who may call what, how a refusal reaches the caller, when a client tries again."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline_cli.local.pki import Authority
from hotline_kernel import rpc_client, telemetry
from hotline_kernel.auth import Authenticator
from hotline_kernel.call import Call
from hotline_kernel.errors import (
    AlreadyExists,
    Conflict,
    DeadlineTooShort,
    Denied,
    EtagMismatch,
    HotlineError,
    Invalid,
    NotFound,
    Refused,
    ResourceNotFound,
    StateNotAllowed,
    Unavailable,
)
from hotline_kernel.issuer import LocalIssuer
from hotline_kernel.rpc_server import ApiServer, NotServable
from hotline_kernel.settings import Settings
from prometheus_client import REGISTRY
from pydantic import SecretStr

KNOWLEDGE = knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]
ENTRY = "entries/0193a5b8-0000-7000-8000-000000000000"
GET = "/hotline.knowledge.v1.KnowledgeService/GetEntry"
SEARCH = "/hotline.knowledge.v1.KnowledgeService/SearchEntries"
GET_ENTRY = knowledge_service_pb2.GetEntryRequest(name=ENTRY)
SEARCH_WATER = knowledge_service_pb2.SearchEntriesRequest(query="停水")


class Servicer:
    """Answers every method with an empty response, or as a test says."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.remaining_seconds: list[float | None] = []
        self.before_answering: Callable[[], object] = lambda: None
        for method in KNOWLEDGE.methods:
            answer = entry_pb2.Entry if method.output_type.name == "Entry" else None
            setattr(self, method.name, self._method(answer or getattr(knowledge_service_pb2, method.output_type.name)))

    def _method(self, response_type: type[Message]) -> Callable[[Message, Call], Message]:
        def answer(_request: Message, call: Call) -> Message:
            self.calls.append(call)
            self.remaining_seconds.append(call.remaining_seconds())
            self.before_answering()
            return response_type()

        return answer

    def fails_with(self, *errors: Exception) -> None:
        """Raise each error once; the last one from then on."""
        left = list(errors)

        def fail() -> None:
            raise left.pop(0) if len(left) > 1 else left[0]

        self.before_answering = fail


class Edge:
    """A running server, and who calls it."""

    def __init__(self, *, authority: Authority, issuer: LocalIssuer, overrides: dict[str, object]) -> None:
        certificate, key = authority.certify("knowledge")
        values: dict[str, object] = {
            "environment": "local",
            "service": "knowledge",
            "database_url": SecretStr("postgresql://nowhere/"),
            "broker_url": SecretStr("amqp://nowhere/"),
            "listen_address": "127.0.0.1:0",
            "internal_address": "127.0.0.1:0",
            "tls_certificate": certificate,
            "tls_key": key,
            "tls_ca": authority.certificate,
            "oidc_issuer": issuer.url,
        }
        self.settings = Settings.model_validate(values | overrides)
        self.servicer = Servicer()
        self.server = ApiServer(
            settings=self.settings,
            servicers={KNOWLEDGE: self.servicer},
            authenticator=Authenticator.from_settings(self.settings),
        )
        self.server.start()
        self.people = self.channel(self.server.listen_port)
        self._authority, self._issuer = authority, issuer
        self._tokens: dict[tuple[str, ...], str] = {}

    def channel(self, port: int, certificate: Path | None = None, key: Path | None = None) -> grpc.Channel:
        ca = self.settings.tls_ca
        return rpc_client.channel(f"127.0.0.1:{port}", ca=ca, certificate=certificate, key=key)

    def raw(self, path: str, channel: grpc.Channel | None = None) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
        """A method as a client without our libraries calls it."""
        return (channel or self.people).unary_unary(path)

    def token(self, *roles: str) -> str:
        if roles not in self._tokens:
            self._tokens[roles] = self._issuer.token(subject="li", roles=roles)
        return self._tokens[roles]

    def client(self, *roles: str, timeout_seconds: float = 5.0) -> rpc_client.Client:
        token = (lambda: self.token(*roles)) if roles else None
        return rpc_client.Client(self.people, KNOWLEDGE, token=token, timeout_seconds=timeout_seconds)

    def peer(self, service: str) -> rpc_client.Client:
        channel = self.channel(self.server.internal_port, *self._authority.certify(service))
        return rpc_client.Client(channel, KNOWLEDGE)


EdgeMaker = Callable[..., Edge]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIssuer]:
    telemetry.setup(service="knowledge", process="serve")
    issuer = LocalIssuer(tmp_path_factory.mktemp("issuer"))
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture
def edge_of(authority: Authority, issuer: LocalIssuer) -> Iterator[EdgeMaker]:
    with contextlib.ExitStack() as running:

        def make(**overrides: object) -> Edge:
            edge = Edge(authority=authority, issuer=issuer, overrides=overrides)
            running.callback(edge.server.drain, 0)
            return edge

        yield make


@pytest.fixture
def edge(edge_of: EdgeMaker) -> Edge:
    return edge_of()


Detail = TypeVar("Detail", bound=Message)


def refusal(edge: Edge, path: str, body: bytes, *, token: str = "", timeout: float | None = 5) -> status_pb2.Status:
    """What a client in any language sees of a refused call."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with pytest.raises(grpc.RpcError) as raised:
        edge.raw(path)(body, timeout=timeout, metadata=metadata)
    trailing: dict[str, bytes] = dict(raised.value.trailing_metadata())  # type: ignore[arg-type]
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    assert status.code == raised.value.code().value[0]
    return status


def details(status: status_pb2.Status, kind: type[Detail]) -> list[Detail]:
    found = []
    for detail in status.details:
        message = kind()
        if detail.Unpack(message):
            found.append(message)
    return found


def info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    (only,) = details(status, error_details_pb2.ErrorInfo)
    return only


class TestIdentity:
    def test_comes_with_a_token_of_the_issuer(self, edge: Edge) -> None:
        edge.client("operator", "reviewer").call("GetEntry", GET_ENTRY)
        call = edge.servicer.calls[-1]
        assert call.principal.subject == "li"
        assert call.principal.roles == {"operator", "reviewer"}
        assert call.permission == "knowledge.entries.get"
        assert call.method == GET
        assert len(call.trace_id) == 32

    def test_of_a_service_comes_with_its_certificate(self, edge: Edge) -> None:
        edge.peer("dispatch").call("SearchEntries", SEARCH_WATER)
        assert edge.servicer.calls[-1].principal.subject == "service:dispatch"
        assert edge.servicer.calls[-1].principal.roles == {"service"}

    def test_of_a_service_cannot_be_claimed_by_a_token(self, edge: Edge) -> None:
        edge.client("service").call("SearchEntries", SEARCH_WATER)
        assert edge.servicer.calls[-1].principal.roles == frozenset()

    def test_is_not_needed_where_anyone_may_call(self, edge: Edge) -> None:
        edge.client().call("SearchEntries", SEARCH_WATER)
        assert edge.servicer.calls[-1].principal.subject == ""

    def test_that_is_false_is_refused_even_where_none_is_needed(self, edge: Edge) -> None:
        status = refusal(edge, SEARCH, b"\x0a\x03abc", token="forged")
        assert info(status).reason == "UNAUTHENTICATED"

    def test_is_asked_for_where_a_role_is_needed(self, edge: Edge) -> None:
        assert info(refusal(edge, GET, GET_ENTRY.SerializeToString())).reason == "UNAUTHENTICATED"

    def test_without_a_certificate_never_reaches_the_internal_port(self, edge: Edge) -> None:
        channel = edge.channel(edge.server.internal_port)
        with pytest.raises(grpc.RpcError) as raised:
            edge.raw(SEARCH, channel)(b"\x0a\x03abc", timeout=2)
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE

    def test_of_another_authority_never_reaches_the_internal_port(self, edge: Edge, tmp_path: Path) -> None:
        channel = edge.channel(edge.server.internal_port, *Authority(tmp_path).certify("dispatch"))
        with pytest.raises(grpc.RpcError) as raised:
            edge.raw(SEARCH, channel)(b"\x0a\x03abc", timeout=2)
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


class TestPermission:
    def test_is_refused_by_name(self, edge: Edge) -> None:
        request = knowledge_service_pb2.PublishEntryRequest(name=ENTRY, request_id=str(uuid4()))
        status = refusal(
            edge,
            "/hotline.knowledge.v1.KnowledgeService/PublishEntry",
            request.SerializeToString(),
            token=edge.token("operator"),
        )
        assert info(status).reason == "PERMISSION_DENIED"
        assert info(status).metadata["permission"] == "knowledge.entries.publish"
        assert edge.servicer.calls == []

    def test_missing_in_the_contract_stops_the_start(self, edge: Edge) -> None:
        file = descriptor_pb2.FileDescriptorProto(name="bare.proto", package="bare", syntax="proto3")
        file.message_type.add(name="Nothing")
        service = file.service.add(name="BareService")
        service.method.add(name="Do", input_type=".bare.Nothing", output_type=".bare.Nothing")
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        descriptor = pool.FindServiceByName("bare.BareService")
        with pytest.raises(NotServable, match=r"bare\.BareService\.Do: names no permission"):
            ApiServer(
                settings=edge.settings,
                servicers={descriptor: object()},
                authenticator=Authenticator.from_settings(edge.settings),
            )

    def test_without_a_method_behind_it_stops_the_start(self, edge: Edge) -> None:
        with pytest.raises(NotServable, match="CreateEntry: object has no such method"):
            ApiServer(
                settings=edge.settings,
                servicers={KNOWLEDGE: object()},
                authenticator=Authenticator.from_settings(edge.settings),
            )


class TestValidation:
    def test_names_the_field_and_the_rule(self, edge: Edge) -> None:
        status = refusal(edge, GET, b"\x0a\x01x", token=edge.token("operator"))
        (bad,) = details(status, error_details_pb2.BadRequest)
        assert info(status).reason == "FIELD_INVALID"
        assert [violation.field for violation in bad.field_violations] == ["name"]

    def test_names_fields_inside_messages_and_lists(self, edge: Edge) -> None:
        entry = entry_pb2.Entry(keywords=["好", ""])
        request = knowledge_service_pb2.CreateEntryRequest(entry=entry, request_id=str(uuid4()))
        path = "/hotline.knowledge.v1.KnowledgeService/CreateEntry"
        status = refusal(edge, path, request.SerializeToString(), token=edge.token("editor"))
        (bad,) = details(status, error_details_pb2.BadRequest)
        assert "entry.keywords[1]" in {violation.field for violation in bad.field_violations}

    @pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x7fb", "a\rb"])
    def test_refuses_control_characters(self, edge: Edge, text: str) -> None:
        request = knowledge_service_pb2.SearchEntriesRequest(query=text)
        status = refusal(edge, SEARCH, request.SerializeToString())
        (bad,) = details(status, error_details_pb2.BadRequest)
        assert [violation.field for violation in bad.field_violations] == ["query"]

    def test_lets_lines_and_tabs_pass(self, edge: Edge) -> None:
        edge.client().call("SearchEntries", knowledge_service_pb2.SearchEntriesRequest(query="a\n\tb"))

    @pytest.mark.parametrize("raw", [b"\x0a\x02\xff\xff", b"\x0a\x7f", b"\xff" * 40], ids=["not utf-8", "cut", "noise"])
    def test_refuses_what_nobody_can_read(self, edge: Edge, raw: bytes) -> None:
        status = refusal(edge, SEARCH, raw)
        (bad,) = details(status, error_details_pb2.BadRequest)
        assert info(status).reason == "FIELD_INVALID"
        assert bad.field_violations[0].field == "SearchEntriesRequest"

    def test_refuses_a_request_larger_than_set(self, edge: Edge) -> None:
        with pytest.raises(grpc.RpcError) as raised:
            edge.raw(SEARCH)(b"\x0a" + b"x" * (edge.settings.max_request_bytes + 1), timeout=5)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


class TestErrors:
    @pytest.mark.parametrize(
        ("raised", "code", "reason"),
        [
            (ResourceNotFound(resource="entries/7"), grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
            (
                StateNotAllowed(resource="entries/7", state="X"),
                grpc.StatusCode.FAILED_PRECONDITION,
                "STATE_NOT_ALLOWED",
            ),
            (EtagMismatch(resource="entries/7"), grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
            (AlreadyExists(resource="entries/7"), grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS"),
            (psycopg.OperationalError("gone"), grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE"),
        ],
    )
    def test_have_the_code_of_their_family(
        self, edge: Edge, raised: Exception, code: grpc.StatusCode, reason: str
    ) -> None:
        edge.servicer.fails_with(raised)
        status = refusal(edge, GET, GET_ENTRY.SerializeToString(), token=edge.token("operator"))
        assert status.code == code.value[0]
        assert info(status).reason == reason
        assert info(status).domain == "knowledge.hotline"

    def test_tell_facts_article_and_the_chinese_sentence(self, edge: Edge) -> None:
        class AskedLate(Refused):
            """An extension is asked before {cutoff_time}."""

            reason = "EXTENSION_ASKED_LATE"
            article = "Art. 26"
            zh = "应在 {cutoff_time} 之前申请延期。"

        edge.servicer.fails_with(AskedLate(cutoff_time="2026-10-08T09:30:00Z"))
        status = refusal(edge, GET, GET_ENTRY.SerializeToString(), token=edge.token("operator"))
        assert info(status).metadata == {"cutoff_time": "2026-10-08T09:30:00Z", "article": "Art. 26"}
        assert status.message == "An extension is asked before 2026-10-08T09:30:00Z."
        (localized,) = details(status, error_details_pb2.LocalizedMessage)
        assert localized.locale == "zh-CN"
        assert localized.message == "应在 2026-10-08T09:30:00Z 之前申请延期。"

    def test_nobody_foresaw_stay_in_the_log(self, edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
        edge.servicer.fails_with(RuntimeError("Zhang San 13800000000"))
        status = refusal(edge, GET, GET_ENTRY.SerializeToString(), token=edge.token("operator"))
        assert info(status).reason == "INTERNAL"
        assert "Zhang" not in str(status)
        (logged,) = [record.getMessage() for record in caplog.records if "call_failed" in record.getMessage()]
        assert info(status).metadata["trace_id"] in logged
        assert "Zhang" not in logged

    def test_are_counted(self, edge: Edge) -> None:
        labels = {"service": "knowledge", "method": "KnowledgeService/GetEntry", "code": "UNAUTHENTICATED"}
        before = REGISTRY.get_sample_value("hotline_rpc_requests_total", labels) or 0
        refusal(edge, GET, GET_ENTRY.SerializeToString())
        assert REGISTRY.get_sample_value("hotline_rpc_requests_total", labels) == before + 1


class TestLimits:
    def test_refuse_a_call_that_has_no_time_left(self, edge: Edge) -> None:
        status = refusal(edge, SEARCH, b"\x0a\x03abc", timeout=0.045)
        assert info(status).reason == "DEADLINE_TOO_SHORT"

    @pytest.mark.parametrize(("timeout", "at_most"), [(None, 10), (3600, 10), (3, 3)])
    def test_give_every_call_a_deadline(self, edge: Edge, timeout: float | None, at_most: float) -> None:
        edge.raw(SEARCH)(b"\x0a\x03abc", timeout=timeout)
        left = edge.servicer.remaining_seconds[-1]
        assert left is not None
        assert at_most - 2 < left < at_most

    def test_say_when_to_come_again(self, edge_of: EdgeMaker) -> None:
        edge = edge_of(rate_per_second=0.5, rate_burst=2)
        client = edge.client("operator")
        for _ in range(3):  # the first is charged to the address: nobody knew the token yet
            client.call("GetEntry", GET_ENTRY)
        status = refusal(edge, GET, GET_ENTRY.SerializeToString(), token=edge.token("operator"))
        (retry,) = details(status, error_details_pb2.RetryInfo)
        assert info(status).reason == "RATE_LIMITED"
        assert 0 < retry.retry_delay.ToMilliseconds() <= 2000

    def test_of_strangers_count_by_address_and_spare_services(self, edge_of: EdgeMaker) -> None:
        edge = edge_of(anonymous_rate_per_second=0.1, anonymous_rate_burst=1)
        edge.client().call("SearchEntries", SEARCH_WATER)
        assert info(refusal(edge, SEARCH, b"\x0a\x03abc", token="forged")).reason == "RATE_LIMITED"
        edge.peer("dispatch").call("SearchEntries", SEARCH_WATER)


class TestHealth:
    def test_is_told_to_anybody_for_each_service(self, edge: Edge) -> None:
        probe: Any = health_pb2_grpc.HealthStub(edge.people)
        answer = probe.Check(health_pb2.HealthCheckRequest(service=KNOWLEDGE.full_name), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING

    def test_says_no_while_calls_in_hand_are_finished(self, edge: Edge) -> None:
        started, finish = threading.Event(), threading.Event()

        def wait() -> None:
            started.set()
            finish.wait(10)

        edge.servicer.before_answering = wait
        in_hand = edge.raw(SEARCH).future(b"\x0a\x03abc", timeout=10)
        assert started.wait(5)
        probe: Any = health_pb2_grpc.HealthStub(edge.people)
        watch = probe.Watch(health_pb2.HealthCheckRequest(), timeout=10)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        drain = threading.Thread(target=edge.server.drain, args=(10,))
        drain.start()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        finish.set()
        watch.cancel()
        drain.join(10)
        assert in_hand.result() == b""


class TestClient:
    @pytest.mark.parametrize(
        ("raised", "family"),
        [
            (ResourceNotFound(resource="entries/7"), NotFound),
            (StateNotAllowed(resource="entries/7", state="X"), Refused),
            (EtagMismatch(resource="entries/7"), Conflict),
            (AlreadyExists(resource="entries/7"), AlreadyExists),
            (Denied(permission="x"), Denied),
        ],
    )
    def test_raises_the_family_with_reason_and_facts(
        self, edge: Edge, raised: HotlineError, family: type[HotlineError]
    ) -> None:
        edge.servicer.fails_with(raised)
        with pytest.raises(family) as caught:
            edge.client("operator").call("GetEntry", GET_ENTRY)
        assert caught.value.reason == raised.reason
        assert caught.value.facts == raised.facts
        assert caught.value.sentence() == raised.sentence()
        assert caught.value.sentence_zh() == raised.sentence_zh()

    def test_raises_the_fields_that_break_a_rule(self, edge: Edge) -> None:
        with pytest.raises(Invalid) as caught:
            edge.client("operator").call("GetEntry", knowledge_service_pb2.GetEntryRequest(name="x"))
        assert [field for field, _ in caught.value.violations] == ["name"]

    def test_raises_a_defect_of_the_server_as_no_family(self, edge: Edge) -> None:
        edge.servicer.fails_with(RuntimeError("bug"))
        with pytest.raises(HotlineError) as caught:
            edge.client("operator").call("GetEntry", GET_ENTRY)
        assert caught.value.reason == "INTERNAL"
        assert len(edge.servicer.calls) == 1

    def test_reads_again_while_the_server_is_away(self, edge: Edge) -> None:
        edge.servicer.fails_with(Unavailable())
        with pytest.raises(Unavailable):
            edge.client("operator").call("GetEntry", GET_ENTRY)
        assert len(edge.servicer.calls) == rpc_client.TRIES

    def test_repeats_a_command_that_has_a_request_id_and_no_other(self, edge: Edge) -> None:
        edge.servicer.fails_with(Unavailable())
        entry = entry_pb2.Entry(name=ENTRY)
        request = knowledge_service_pb2.PublishEntryRequest(name=entry.name, request_id=str(uuid4()))
        with pytest.raises(Unavailable):
            edge.client("editor").call("PublishEntry", request)
        assert len(edge.servicer.calls) == rpc_client.TRIES
        request.request_id = ""
        with pytest.raises(Invalid):
            edge.client("editor").call("PublishEntry", request)

    def test_says_unavailable_when_nobody_listens(self, edge: Edge) -> None:
        client = edge.client()
        edge.server.drain(0)
        with pytest.raises(Unavailable):
            client.call("SearchEntries", SEARCH_WATER)

    def test_gives_up_in_its_own_time(self, edge: Edge) -> None:
        finish = threading.Event()
        edge.servicer.before_answering = lambda: finish.wait(10)
        started = time.monotonic()
        with pytest.raises((Unavailable, DeadlineTooShort)):
            edge.client(timeout_seconds=0.3).call("SearchEntries", SEARCH_WATER)
        assert time.monotonic() - started < 2
        finish.set()

    def test_passes_on_what_is_left_of_its_callers_time_and_the_trace(self, edge_of: EdgeMaker) -> None:
        front, back = edge_of(), edge_of()
        client = back.client(timeout_seconds=9)
        front.servicer.before_answering = lambda: client.call("SearchEntries", SEARCH_WATER)
        front.client(timeout_seconds=2).call("SearchEntries", SEARCH_WATER)
        (left,) = back.servicer.remaining_seconds
        assert left is not None
        assert left < 2
        assert back.servicer.calls[0].trace_id == front.servicer.calls[0].trace_id
