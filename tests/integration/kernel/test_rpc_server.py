"""The server over real TLS: who may call what, how a refusal reaches the caller, and what it withstands."""

import itertools
import threading
import time
from collections.abc import Iterator
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
from hotline.knowledge.v1 import base_service_pb2, entry_pb2, knowledge_service_pb2
from hotline_cli.local.pki import Authority
from hotline_kernel.auth import Authenticator
from hotline_kernel.errors import (
    AlreadyExists,
    Denied,
    EtagMismatch,
    HotlineError,
    Invalid,
    Refused,
    ResourceNotFound,
    StateNotAllowed,
    Unavailable,
)
from hotline_kernel.rpc_server import ApiServer, NotServable
from prometheus_client import REGISTRY

from tests.support.edge import (
    BATCH,
    ENTRY,
    GET,
    GET_ENTRY,
    KNOWLEDGE,
    SEARCH,
    SEARCH_WATER,
    SYNC,
    Edge,
    EdgeMaker,
    running_edges,
)


@pytest.fixture
def edge_of(tmp_path: Path) -> Iterator[EdgeMaker]:
    with running_edges(tmp_path) as make:
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
        assert localized.message == "应在 2026-10-08 17:30 之前申请延期。"

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

    def test_let_nobody_wait_for_callers_who_never_finish(self, edge_of: EdgeMaker) -> None:
        edge = edge_of(threads=1)
        silence = threading.Event()

        def says_nothing() -> Iterator[bytes]:
            silence.wait(30)
            yield from ()

        search: Any = edge.people.stream_unary(SEARCH)
        silent = [search.future(says_nothing()) for _ in range(20)]
        edge.client(timeout_seconds=2).call("SearchEntries", SEARCH_WATER)
        assert {call.exception(timeout=15).code() for call in silent} == {grpc.StatusCode.CANCELLED}
        silence.set()

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


class TestStream:
    """Calls in a row: each message is checked, charged and answered as a call of its own."""

    def test_answers_each_message(self, edge: Edge) -> None:
        sent: list[int] = []

        def batches() -> Iterator[base_service_pb2.SyncBaseRequest]:
            for number in range(3):
                sent.append(number)
                yield BATCH

        answers = list(edge.speaker("unit").converse("SyncBase", batches()))
        assert (len(answers), sent, len(edge.servicer.calls)) == (3, [0, 1, 2], 3)
        assert {call.permission for call in edge.servicer.calls} == {"knowledge.bases.sync"}

    def test_ends_with_the_first_message_that_is_refused(self, edge: Edge) -> None:
        broken = base_service_pb2.SyncBaseRequest(name="bases/heat")
        answers = edge.speaker("unit").converse("SyncBase", iter([BATCH, broken, BATCH]))
        next(answers)
        with pytest.raises(Invalid) as refused:
            next(answers)
        assert "run" in {field for field, _ in refused.value.violations}
        assert len(edge.servicer.calls) == 1

    def test_is_refused_without_the_permission(self, edge: Edge) -> None:
        with pytest.raises(Denied):
            next(edge.speaker("operator").converse("SyncBase", iter([BATCH])))
        assert info(refusal(edge, SYNC, BATCH.SerializeToString())).reason == "UNAUTHENTICATED"

    def test_pays_for_each_message(self, edge_of: EdgeMaker) -> None:
        edge = edge_of(rate_per_second=0.5, rate_burst=3)
        said = edge.speaker("unit").converse("SyncBase", itertools.repeat(BATCH))
        assert len([next(said) for _ in range(3)]) == 3
        with pytest.raises(HotlineError) as refused:
            list(said)
        assert refused.value.reason == "RATE_LIMITED"

    def test_of_who_says_no_more_is_cut(self, edge: Edge) -> None:
        silence = threading.Event()

        def falls_silent() -> Iterator[base_service_pb2.SyncBaseRequest]:
            yield BATCH
            silence.wait(30)

        answers = edge.speaker("unit").converse("SyncBase", falls_silent())
        next(answers)
        with pytest.raises(Unavailable):
            next(answers)
        silence.set()

    def test_is_given_up_between_two_messages_by_a_server_that_goes(self, edge: Edge) -> None:
        answers = edge.speaker("unit").converse("SyncBase", itertools.repeat(BATCH))
        next(answers)
        drain = threading.Thread(target=edge.server.drain, args=(20,))
        started = time.monotonic()
        drain.start()
        with pytest.raises(Unavailable):
            list(answers)
        drain.join(20)
        assert time.monotonic() - started < 15

    def test_is_counted_by_its_messages(self, edge: Edge) -> None:
        labels = {"service": "knowledge", "method": "BaseService/SyncBase", "code": "OK"}
        before = REGISTRY.get_sample_value("hotline_rpc_requests_total", labels) or 0
        list(edge.speaker("unit").converse("SyncBase", iter([BATCH] * 2)))
        assert REGISTRY.get_sample_value("hotline_rpc_requests_total", labels) == before + 2


class TestHealth:
    def is_serving(self, edge: Edge) -> bool:
        probe: Any = health_pb2_grpc.HealthStub(edge.people)
        try:
            answer = probe.Check(health_pb2.HealthCheckRequest(service=KNOWLEDGE.full_name), timeout=5)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def test_is_told_to_anybody_for_each_service(self, edge: Edge) -> None:
        assert self.is_serving(edge)

    def test_is_told_to_a_kubelet_without_tls_and_nothing_else_is(self, edge_of: EdgeMaker) -> None:
        edge = edge_of(health_address="127.0.0.1:0")
        with grpc.insecure_channel(f"127.0.0.1:{edge.server.health_port}") as channel:
            probe: Any = health_pb2_grpc.HealthStub(channel)
            answer = probe.Check(health_pb2.HealthCheckRequest(), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            for unknown in (
                lambda: probe.Check(health_pb2.HealthCheckRequest(service="x"), timeout=5),
                lambda: edge.raw(SEARCH, channel)(SEARCH_WATER.SerializeToString(), timeout=5),
            ):
                with pytest.raises(grpc.RpcError) as refused:
                    unknown()
                assert refused.value.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED)
        assert edge.servicer.calls == []

    def test_of_a_server_that_goes_lets_calls_in_hand_finish(self, edge: Edge) -> None:
        started, finish = threading.Event(), threading.Event()

        def wait() -> None:
            started.set()
            finish.wait(10)

        edge.servicer.before_answering = wait
        in_hand = edge.raw(SEARCH).future(b"\x0a\x03abc", timeout=10)
        assert started.wait(5)
        drain = threading.Thread(target=edge.server.drain, args=(10,))
        drain.start()
        until = time.monotonic() + 10
        while self.is_serving(edge):
            assert time.monotonic() < until
        finish.set()
        drain.join(10)
        assert in_hand.result() == b""
