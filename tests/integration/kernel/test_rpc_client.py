"""The client against a real server: errors come back as their families, and what is harmless is tried again."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline_kernel import rpc_client
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

from tests.support.edge import ENTRY, GET_ENTRY, SEARCH_WATER, Edge, EdgeMaker, running_edges


@pytest.fixture
def edge_of(tmp_path: Path) -> Iterator[EdgeMaker]:
    with running_edges(tmp_path) as make:
        yield make


@pytest.fixture
def edge(edge_of: EdgeMaker) -> Edge:
    return edge_of()


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
