"""Logs, spans and the metrics port."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
from hotline_kernel import telemetry

# Telemetry is set up once a process: each of these programs is one.
LOGGING = """
import logging, structlog
from hotline_kernel import telemetry
telemetry.setup(service="sla", process="pump")
log = structlog.get_logger("here")
with telemetry.span("work", traceparent="00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"):
    log.info("deadline_opened", order="orders/7")
    logging.getLogger("library").warning("hello %s", "there")
try:
    raise ValueError("Zhang San 13800000000")
except ValueError:
    log.exception("handler_failed")
"""
TRACING = """
import sys
from pathlib import Path
from hotline_kernel import telemetry
telemetry.setup(service="sla", process="pump", trace_file=Path(sys.argv[1]))
with telemetry.span("outer", attributes={"position": 7}):
    print(telemetry.current_traceparent())
    with telemetry.span("inner"):
        pass
try:
    with telemetry.span("failing"):
        raise ValueError("Zhang San")
except ValueError:
    pass
"""


def output(program: str, *arguments: str) -> list[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, env=environ, timeout=60
    )
    return done.stdout.splitlines()


class TestLogs:
    def test_are_json_lines_with_trace_and_origin(self) -> None:
        ours, library, _ = (json.loads(line) for line in output(LOGGING))
        assert ours["event"] == "deadline_opened"
        assert ours["order"] == "orders/7"
        assert (ours["service"], ours["process"], ours["level"]) == ("sla", "pump", "info")
        assert ours["trace_id"] == "0123456789abcdef0123456789abcdef"
        assert library["event"] == "hello there"
        assert library["trace_id"] == ours["trace_id"]

    def test_tell_where_it_failed_and_never_quote_what_was_said(self) -> None:
        failed = output(LOGGING)[2]
        assert json.loads(failed)["error"] == "ValueError"
        assert "<module>" in json.loads(failed)["where"]
        assert "Zhang" not in failed


CRASHING = """
import threading
from hotline_kernel import telemetry
telemetry.setup(service="sla", process="pump")
telemetry.log_crashes()
def fail():
    raise ValueError("Zhang San 13800000000")
thread = threading.Thread(target=fail, name="relay")
thread.start()
thread.join()
"""


class TestCrashes:
    def test_of_a_thread_are_logged_without_what_was_said(self) -> None:
        (line,) = output(CRASHING)
        assert json.loads(line)["event"] == "thread_failed"
        assert json.loads(line)["thread"] == "relay"
        assert "Zhang" not in line


class TestFailure:
    def test_quotes_errors_of_the_program_only(self) -> None:
        assert "message" in telemetry.failure(TypeError("missing argument"))
        assert "message" not in telemetry.failure(ValueError("13800000000"))
        assert telemetry.failure(psycopg.errors.UniqueViolation("Key (phone)=(13800000000)")) == {
            "error": "UniqueViolation",
            "where": "",
        }


class TestSpans:
    def test_are_written_one_a_line(self, tmp_path: Path) -> None:
        (traceparent,) = output(TRACING, str(tmp_path / "spans"))
        text = (tmp_path / "spans").read_text()
        spans = {span["name"]: span for span in map(json.loads, text.splitlines())}
        assert set(spans) == {"outer", "inner", "failing"}
        assert spans["inner"]["parent_id"] == spans["outer"]["context"]["span_id"]
        assert spans["outer"]["context"]["trace_id"].removeprefix("0x") == traceparent.split("-")[1]
        assert spans["outer"]["attributes"] == {"position": 7}
        assert spans["failing"]["status"]["status_code"] == "ERROR"
        assert "Zhang" not in text

    def test_outside_of_them_there_is_no_trace(self) -> None:
        assert telemetry.current_trace_id() == ""
        assert telemetry.current_traceparent() == ""

    @pytest.mark.parametrize("traceparent", ["", "nonsense", "00-0-0-0", "ff" * 40])
    def test_bear_a_parent_that_is_none(self, traceparent: str) -> None:
        with telemetry.span("work", traceparent=traceparent):
            pass


class TestMetricsPort:
    def test_serves_metrics_and_the_heartbeat(self) -> None:
        alive = [True]
        server = telemetry.serve_metrics(port=0, host="127.0.0.1", healthy=lambda: alive[0])
        url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            telemetry.RELAY_PUBLISHED.labels("sla").inc()
            with urllib.request.urlopen(f"{url}/metrics", timeout=5) as response:
                assert b'hotline_relay_published_total{service="sla"}' in response.read()
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:
                assert response.status == 200
            alive[0] = False
            with pytest.raises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(f"{url}/healthz", timeout=5)
            assert raised.value.code == 503
        finally:
            server.shutdown()
            server.server_close()
