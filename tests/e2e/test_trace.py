"""One trace shows where a call went: through gRPC, through the broker, through every service."""

from pathlib import Path

import pytest
from hotline_cli.commands.tracing import Span, read, tree
from hotline_cli.local.servers import wait_until

from tests.e2e.conftest import Installation
from tests.e2e.one_life import CALLS, WHOLE, live, new_traceparent, spans_with, trace_id_of
from tests.support.live import LiveHotline

Where = tuple[str, str, str]


def paths(spans: list[Span]) -> set[tuple[Where, ...]]:
    """Every way from the trace's root to a span, as service, process and what."""
    found: set[tuple[Where, ...]] = set()
    way: list[Where] = []
    for depth, span in tree(spans):
        way[depth:] = [(span.service, span.process, span.name)]
        found.add(tuple(way))
    return found


@pytest.fixture(scope="module")
def calls(hotline: LiveHotline) -> dict[str, str]:
    """One life, each call in a trace of its own; trace ids by call."""
    traceparents = {call: new_traceparent() for call in CALLS}
    live(hotline, traceparents)
    return {call: trace_id_of(traceparent) for call, traceparent in traceparents.items()}


def await_path(hotline: LiveHotline, trace_id: str, *path: Where) -> None:
    """Waits until the trace shows this way; processes write their spans twice a second."""
    file = Path(hotline.instance.running.trace_file)
    wait_until(lambda: path in paths(read(file, trace_id)), seconds=20, failure=f"the trace does not show {path}")


class TestTheTraceOfACall:
    def test_of_registration_reaches_the_clock_of_sla(self, hotline: LiveHotline, calls: dict[str, str]) -> None:
        registered = (("intake", "serve", "RegisterAppeal"), ("sla", "pump", "handle AppealRegistered"))
        await_path(hotline, calls["register"], *registered, ("intake", "pump", "handle DeadlinesOpened"))

    def test_of_release_goes_through_dispatch_asks_intake_and_reaches_sla_and_back(
        self, hotline: LiveHotline, calls: dict[str, str]
    ) -> None:
        made = (("intake", "serve", "ReleaseDraft"), ("dispatch", "pump", "handle AppealReferred"))
        asked = (*made, ("dispatch", "pump", "call GetReferral"), ("intake", "serve", "GetReferral"))
        await_path(hotline, calls["release"], *asked)
        clocked = (*made, ("sla", "pump", "handle WorkOrderDispatched"))
        await_path(hotline, calls["release"], *clocked, ("dispatch", "pump", "handle DeadlinesOpened"))
        await_path(hotline, calls["release"], *clocked, ("intake", "pump", "handle DeadlinesOpened"))

    def test_of_a_result_reaches_feedback_and_the_24_hours(self, hotline: LiveHotline, calls: dict[str, str]) -> None:
        reported = ("dispatch", "serve", "ReportResult")
        await_path(hotline, calls["report"], reported, ("feedback", "pump", "handle ResultReported"))
        clocked = (reported, ("sla", "pump", "handle ResultReported"))
        await_path(hotline, calls["report"], *clocked, ("feedback", "pump", "handle DeadlinesOpened"))

    def test_of_a_callback_closes_order_and_appeal(self, hotline: LiveHotline, calls: dict[str, str]) -> None:
        closed = (("feedback", "serve", "CompleteCallback"), ("dispatch", "pump", "handle CallbackCompleted"))
        await_path(hotline, calls["call_back"], *closed, ("intake", "pump", "handle WorkOrderClosed"))
        await_path(hotline, calls["call_back"], *closed, ("sla", "pump", "handle WorkOrderClosed"))


class TestTheTraceOfALife:
    def test_shows_the_whole_path_in_one_picture(self, hotline: LiveHotline, installed: Installation) -> None:
        traceparent = new_traceparent()
        live(hotline, dict.fromkeys(CALLS, traceparent))
        spans = spans_with(hotline, trace_id_of(traceparent), count=WHOLE)
        assert {span.service for span in spans} >= {"intake", "dispatch", "sla", "feedback"}
        assert not any(span.failed for span in spans)
        drawn = installed.hotline("trace", trace_id_of(traceparent))
        assert drawn.code == 0
        assert all(name in drawn.out for name in ("RegisterAppeal", "handle AppealReferred", "CompleteCallback", "█"))
        rows = installed.hotline("trace", trace_id_of(traceparent), "-o", "json").rows
        assert {row["id"] for row in rows} >= {span.id for span in spans}
