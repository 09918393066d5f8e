"""Logs, traces and metrics. Every metric of the system is a constant here; rules and dashboards may name no other.

Logs are one JSON object a line on stdout: an event name and fields. No request, message or event body is ever logged,
and no text of an unforeseen exception that could quote one (`failure`): no citizen's identity in a log (Art. 36(4)).
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Any

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a third of a scrape, and Prometheus does not read them in this format
# `service` is ours (`sla`), on every metric; the other labels have a small, fixed set of values.
RPC_REQUESTS = Counter("hotline_rpc_requests_total", "Calls answered.", ["service", "method", "code"])
RPC_DURATION = Histogram(
    "hotline_rpc_duration_seconds",
    "Time to answer a call.",
    ["service", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RPC_IN_HAND = Gauge("hotline_rpc_in_hand", "Calls that came and are not answered yet.", ["service"])
OUTBOX_UNPUBLISHED = Gauge("hotline_outbox_unpublished", "Events not yet confirmed by the broker.", ["service"])
OUTBOX_OLDEST_SECONDS = Gauge("hotline_outbox_oldest_seconds", "Age of the oldest unpublished event.", ["service"])
RELAY_PUBLISHED = Counter("hotline_relay_published_total", "Events confirmed by the broker.", ["service"])
INBOX_OPEN = Gauge("hotline_inbox_open", "Events received and not yet handled.", ["service", "source"])
INBOX_OLDEST_SECONDS = Gauge(
    "hotline_inbox_oldest_seconds", "Age of the oldest event received and not yet handled.", ["service", "source"]
)
INBOX_DEAD = Gauge("hotline_inbox_dead", "Events given up, waiting for a person.", ["service", "source"])
INBOX_HANDLED = Counter("hotline_inbox_handled_total", "Events whose effect is committed.", ["service", "source"])
INBOX_FAILED = Counter("hotline_inbox_failed_total", "Tries of an event that failed.", ["service", "source"])
QUEUE_MESSAGES = Gauge(
    "hotline_queue_messages", "Events at the broker that the listener has not taken.", ["service", "source"]
)
EVENT_LAG = Histogram(
    "hotline_event_lag_seconds",
    "From the commit of an event to the commit of its effect, real time.",
    ["service", "source"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600),
)
AUDIT_UNSEALED = Gauge("hotline_audit_unsealed", "Audit entries not yet in the chain.", ["service"])
AUDIT_OLDEST_UNSEALED_SECONDS = Gauge(
    "hotline_audit_oldest_unsealed_seconds", "Age of the oldest of them.", ["service"]
)
AUDIT_LAST_SEAL = Gauge("hotline_audit_last_seal", "Number of the newest seal of this service.", ["service"])
AUDIT_LAST_KEPT_SEAL = Gauge(
    "hotline_audit_last_kept_seal",
    "Number of the newest seal of `source` whose head this service keeps.",
    ["service", "source"],
)
AUDIT_BROKEN_SEALS = Gauge(
    "hotline_audit_broken_seals", "Seals that this process found not to be whole or not signed (Art. 36).", ["service"]
)
AUDIT_CHECKED_SEALS = Counter(
    "hotline_audit_checked_seals_total", "Seals gone over again, from the end to the beginning.", ["service"]
)
CERTIFICATE_EXPIRY = Gauge(
    "hotline_certificate_expiry_timestamp_seconds",
    "Last moment of a certificate: `tls`, the service's own, or `ca`, who signs them; seconds since 1970.",
    ["service", "certificate"],
)
KEY_MADE = Gauge(
    "hotline_key_made_timestamp_seconds",
    "Since when a key is used: `audit` by its first seal, `vault` by the day that begins its id; seconds since 1970.",
    ["service", "key"],
)
BACKUP_AGE_SECONDS = Gauge(
    "hotline_backup_age_seconds",
    "Age of the last good backup by the file of `HOTLINE_BACKUP_STAMP`; infinite while that cannot be read.",
    ["service"],
)
CALENDAR_KNOWN_UNTIL = Gauge(
    "hotline_calendar_known_until_timestamp_seconds",
    "End of the published working days, seconds since 1970.",
    ["service"],
)
HEARTBEAT = Gauge("hotline_heartbeat_timestamp_seconds", "Last sign of life of a process.", ["service", "process"])
TICKER_FAILED = Counter("hotline_ticker_failed_total", "Runs of a periodic task that failed.", ["service", "ticker"])
READS_UNUSUAL = Counter(
    "hotline_reads_unusual_total",
    "Times that somebody opened unusually much that is confidential in an hour; who, says the record of `reads`"
    " (Art. 36(4)).",
    ["service"],
)
CITIZENS_FORGOTTEN = Counter(
    "hotline_citizens_forgotten_total",
    "Citizens forgotten because the term of retention ended (Art. 36(4)); whom, says the record.",
    ["service"],
)
APPEALS_REGISTERED = Counter("hotline_appeals_registered_total", "Appeals taken in (Art. 20).", ["service", "channel"])
ORDERS_WITHOUT_PRINCIPAL = Counter(
    "hotline_orders_without_principal_total",
    "Orders for a unit without first-responsible person (Art. 10).",
    ["service"],
)
DIRECTIVES_CHASED = Counter(
    "hotline_directives_chased_total", "Directives of urgent orders asked for again (Art. 23).", ["service"]
)
DIRECTIVES_LATE = Gauge(
    "hotline_directives_late", "Urgent orders whose directive did not come in time, up to 1,000 (Art. 23).", ["service"]
)
ORDERS_AWAITING_LEAD_LATE = Gauge(
    "hotline_orders_awaiting_lead_late", "Orders whose lead the office was asked again to name (Art. 22).", ["service"]
)
ORDERS_HELD_LATE = Gauge(
    "hotline_orders_held_late",
    "Orders, not urgent, whose directive the office was asked again for (Art. 23).",
    ["service"],
)
EXTENSIONS_UNDECIDED_LATE = Gauge(
    "hotline_extensions_undecided_late", "Extensions that the office was asked again to decide (Art. 26).", ["service"]
)
WEBHOOK_CALLS = Counter(
    "hotline_webhook_calls_total", "Calls to units' own systems, by how they went (Art. 10(2)).", ["service", "outcome"]
)
WEBHOOKS_OLDEST_SECONDS = Gauge(
    "hotline_webhooks_oldest_seconds", "Age of the oldest change that a unit's system has not taken.", ["service"]
)
WEBHOOKS_DEAD = Gauge(
    "hotline_webhooks_dead", "Changes that no unit's system took for days, counted up to 1,000.", ["service"]
)
COUNTY_LINE_UP = Gauge(
    "hotline_county_line_up",
    "Whether a county's line was heard of in three heartbeats.",
    ["service", "county"],
)
COUNTY_LAG = Gauge(
    "hotline_county_lag_seconds",
    "Age of the newest thing heard of the other side of a county's line: how old the view is.",
    ["service", "county"],
)
COUNTY_WAITING = Gauge(
    "hotline_county_waiting_events",
    "Messages on their way by a county's line: down to the county, up to the city.",
    ["service", "county", "direction"],
)
COUNTY_ERASURES_OPEN = Gauge(
    "hotline_county_erasures_open",
    "Erasures that a county has not acknowledged (Art. 36(4)); at the city.",
    ["service", "county"],
)
DEADLINES_OPEN = Gauge("hotline_deadlines_open", "Deadlines that run.", ["service", "kind"])
DEADLINES_AT_RISK = Gauge("hotline_deadlines_at_risk", "Open deadlines within their warning time.", ["service", "kind"])
DEADLINES_OVERDUE = Gauge(
    "hotline_deadlines_overdue", "Deadlines past due and unsettled (Art. 28).", ["service", "kind"]
)
UNIT_DEADLINES_AT_RISK = Gauge(
    "hotline_unit_deadlines_at_risk",
    "Open deadlines of a unit within their warning time; beyond the 200 units with most, `others`.",
    ["service", "unit", "kind"],
)
UNIT_DEADLINES_OVERDUE = Gauge(
    "hotline_unit_deadlines_overdue",
    "Unsettled deadlines of a unit by days past due: up to `1d`, `3d`, `10d`, or `more`; beyond 200 units, `others`.",
    ["service", "unit", "kind", "age"],
)
DEADLINES_MET = Counter("hotline_deadlines_met_total", "Deadlines settled in time.", ["service", "kind"])
DEADLINES_MISSED = Counter("hotline_deadlines_missed_total", "Deadlines that passed unsettled.", ["service", "kind"])
ENTRIES_STALE = Gauge(
    "hotline_entries_stale",
    "Served knowledge entries whose review date or last day has come (Art. 10(4), 18).",
    ["service", "ground"],
)
MOMENTS_LAGGING = Gauge(
    "hotline_moments_lagging", "Due moments not yet acted on, counted up to 1,000 (Art. 28).", ["service"]
)
SUPERVISIONS_ISSUED = Counter(
    "hotline_supervisions_issued_total", "Supervision steps taken (Art. 28).", ["service", "step"]
)
CALL_EVENTS = Counter(
    "hotline_call_events_total",
    "Call events taken: offered, queued, answered, abandoned, transferred, ended (Art. 16).",
    ["service", "event"],
)
CALL_EVENTS_REJECTED = Counter(
    "hotline_call_events_rejected_total", "Call events that cannot be true of their call.", ["service"]
)
CALL_WAIT = Histogram(
    "hotline_call_wait_seconds",
    "From a call's offer to its answer or to the caller's hanging up; answers are due within 15 s (Art. 16).",
    ["service", "end"],
    buckets=(5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300),
)
CALLS_WAITING = Gauge("hotline_calls_waiting", "Calls in the queue, counted up to 1,000.", ["service"])
CALLS_WAITING_LATE = Gauge(
    "hotline_calls_waiting_late",
    "Calls in the queue for longer than the norm allows, counted up to 1,000 (GB/T 33358-2016; Art. 16).",
    ["service"],
)
ANSWER_RATE_DAY = Gauge(
    "hotline_answer_rate_day_ratio",
    "Answered of the calls offered in the last 24 hours, 0 to 1; no number without calls (Art. 16).",
    ["service"],
)
ANSWERS_MISSED = Gauge(
    "hotline_answers_missed",
    "Appeals that wait still though their hour passed, up to 1,000; the supervisor lists them (Art. 21).",
    ["service"],
)
SEATS = Gauge("hotline_seats", "Seats by kind and by where they stand (Art. 15).", ["service", "kind", "state"])

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("hotline")
_last_beat: float | None = None
# Exceptions of the interpreter whose text names code, not data.
_SAFE_TO_QUOTE = (TypeError, AttributeError, NameError, ImportError, NotImplementedError, RecursionError, MemoryError)


def setup(*, service: str, process: str, log_level: str = "INFO", trace_file: Path | None = None) -> None:
    """Install logging and tracing for this process; `OTEL_*` is honoured as the OpenTelemetry specification says."""
    _setup_logging(service, process, log_level)
    exporters: list[SpanExporter] = []
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  (0.2 s)

        exporters.append(OTLPSpanExporter())
    if trace_file is not None:
        exporters.append(SpanFile(trace_file))
    provider = TracerProvider(
        # Nobody would see the spans: make them cheap, trace ids stay.
        sampler=None if exporters else sampling.ALWAYS_OFF,
        resource=Resource.create({"service.name": f"hotline-{service}", "hotline.process": process}),
    )
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    trace.set_tracer_provider(provider)


def _setup_logging(service: str, process: str, level: str) -> None:
    def add_origin(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"], event["process"] = service, process
        now = trace.get_current_span().get_span_context()
        if now.is_valid:
            event["trace_id"], event["span_id"] = f"{now.trace_id:032x}", f"{now.span_id:016x}"
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_origin,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_exception_text,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)


def _without_exception_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event.update(failure(error))
    return event


def failure(error: BaseException) -> dict[str, str]:
    """What may be logged of an exception: type, place and cause; its text only where it cannot quote a citizen."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    fields = {"error": type(error).__name__, "where": " < ".join(reversed(frames[-8:]))}
    primary = getattr(getattr(error, "diag", None), "message_primary", None)  # psycopg: the sentence without the row
    if primary or isinstance(error, _SAFE_TO_QUOTE):
        fields["message"] = str(primary or error)
    if error.__cause__ is not None:
        fields["cause"] = type(error.__cause__).__name__
    return fields


def log_crashes() -> None:
    """Log what ends the process or one of its threads like any other failure, instead of a traceback that quotes."""
    log = structlog.get_logger(__name__)

    def on_thread_end(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            log.critical("thread_failed", thread=args.thread.name if args.thread else "", **failure(args.exc_value))

    sys.excepthook = lambda _type, error, _traceback: log.critical("process_failed", **failure(error))
    threading.excepthook = on_thread_end


class SpanFile(SpanExporter):
    """Spans as one JSON object a line, appended; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        lines = "".join(json.dumps(json.loads(span.to_json()), ensure_ascii=False) + "\n" for span in spans)
        os.write(self._descriptor, lines.encode())
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        os.close(self._descriptor)


@contextmanager
def span(
    name: str, *, traceparent: str = "", attributes: Mapping[str, str | int] | None = None
) -> Iterator[trace.Span]:
    """A span around the block: child of `traceparent` (W3C) when given, else of the current one."""
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    new = _tracer.start_span(name, context=parent, attributes=attributes)
    token = context.attach(trace.set_span_in_context(new))
    try:
        yield new
    except BaseException as error:
        new.set_status(trace.StatusCode.ERROR, type(error).__name__)  # its text could quote a citizen
        raise
    finally:
        context.detach(token)
        new.end()


def current_traceparent() -> str:
    """W3C traceparent of the current span, to be sent on; "" outside any."""
    now = trace.get_current_span().get_span_context()
    return f"00-{now.trace_id:032x}-{now.span_id:016x}-{now.trace_flags:02x}" if now.is_valid else ""


def current_trace_id() -> str:
    """Trace id as 32 hex digits; "" outside any span."""
    now = trace.get_current_span().get_span_context()
    return f"{now.trace_id:032x}" if now.is_valid else ""


def replace(gauge: Gauge, values: Mapping[tuple[str, ...], float], *, service: str) -> None:
    """Set a gauge whose other labels come and go: what is not in `values` is said no more.

    values -- by the labels after `service`
    """
    for key in [key for key in gauge._metrics if key[0] == service and key[1:] not in values]:
        gauge.remove(*key)
    for labels, value in values.items():
        gauge.labels(service, *labels).set(value)


def beat(*, service: str, process: str) -> None:
    """Say that the main loop of this process goes round."""
    global _last_beat  # noqa: PLW0603  (one process, one heart)
    _last_beat = monotonic()
    HEARTBEAT.labels(service, process).set_to_current_time()


def is_alive(*, silence_seconds: float = 30.0) -> bool:
    """Whether the main loop went round lately; False before its first round."""
    return _last_beat is not None and monotonic() - _last_beat < silence_seconds


class _MetricsHandler(BaseHTTPRequestHandler):
    healthy: Callable[[], bool]

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
        elif self.path == "/healthz":
            alive = type(self).healthy()
            self._answer(200 if alive else 503, "text/plain", b"alive\n" if alive else b"no heartbeat\n")
        else:
            self._answer(404, "text/plain", b"/metrics or /healthz\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named by the base class)
        """Scrapes are not logged."""


def serve_metrics(*, port: int, host: str = "", healthy: Callable[[], bool] = is_alive) -> ThreadingHTTPServer:
    """Serve `/metrics` and `/healthz` from a thread; port 0 takes a free one (`server_address` tells which)."""
    handler = type("MetricsHandler", (_MetricsHandler,), {"healthy": staticmethod(healthy)})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
