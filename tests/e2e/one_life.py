"""One appeal's whole life within one client trace, and its picture for the reference."""

import io
import secrets
from pathlib import Path

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id
from hotline_cli.commands.tracing import Span, picture, read
from hotline_cli.local.instance import Instance
from hotline_cli.local.seed import seed_city
from hotline_cli.local.servers import Servers, wait_until
from hotline_kernel import telemetry
from rich.console import Console

from tests.support.live import LiveHotline
from tests.support.lives import UNIT, registration, result_of, satisfied

CALLS = ("register", "release", "contact", "report", "call_back")
WHOLE = 24
"""How many spans a whole life leaves."""

_REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_WIDTH = 150
_TEXT = """\
# One appeal's trace

Register, release, first contact, result, callback, close: five calls made under one trace of the client, and all
that followed from them. The trace id travels in the gRPC metadata and in the headers of the messages, so what a pump
does for an event hangs below the call that caused it. `hotline trace TRACE_ID` draws this for any trace of a local
run; in a cluster the collector has it. This one comes from a real run (`python -m tests.e2e.one_life` makes it anew).

![the trace as a waterfall](trace.svg)

```text
{picture}
```
"""


def new_traceparent() -> str:
    """A trace that begins with the caller (W3C)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id_of(traceparent: str) -> str:
    """Its 32 hex digits."""
    return traceparent.split("-")[1]


def live(hotline: LiveHotline, traceparents: dict[str, str]) -> None:
    """Lives one life.  traceparents -- of each of the `CALLS`."""
    with telemetry.span("register", traceparent=traceparents["register"]):
        appeal = hotline.person("operator").intake.RegisterAppeal(registration()).name
    with telemetry.span("release", traceparent=traceparents["release"]):
        hotline.person("reviewer").intake.ReleaseDraft(
            intake.ReleaseDraftRequest(name=appeal, request_id=new_request_id())
        )
    hotline.settle()
    request = dispatch.ListWorkOrdersRequest(appeal=appeal)
    order = hotline.person("office").dispatch.ListWorkOrders(request).work_orders[0].name
    unit = hotline.person("unit", unit=UNIT).dispatch
    with telemetry.span("contact", traceparent=traceparents["contact"]):
        unit.RecordFirstContact(
            dispatch.RecordFirstContactRequest(name=order, note="已告知期限", request_id=new_request_id())
        )
    with telemetry.span("report", traceparent=traceparents["report"]):
        unit.ReportResult(result_of(order))
    hotline.settle()
    seat = hotline.person("callback").feedback
    callback = seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order)).callbacks[0].name
    with telemetry.span("call_back", traceparent=traceparents["call_back"]):
        seat.CompleteCallback(satisfied(callback))
    hotline.settle()


def spans_with(hotline: LiveHotline, trace_id: str, *, count: int) -> list[Span]:
    """The spans of a trace, once at least so many are written; processes write theirs twice a second."""
    path = Path(hotline.instance.running.trace_file)
    wait_until(
        lambda: len(read(path, trace_id)) >= count, seconds=20, failure=f"trace {trace_id} has not {count} spans"
    )
    return read(path, trace_id)


def main() -> None:
    """Draws the picture of the reference."""
    directory = Path(__file__).parents[2] / ".run" / "picture"
    with Servers(directory / "servers") as servers:
        instance = Instance(directory=directory, servers=servers, name="picture", clock="virtual")
        try:
            with instance:
                hotline = LiveHotline(instance)
                seed_city(hotline)
                live(
                    hotline, dict.fromkeys(("register", "release", "contact", "report", "call_back"), new_traceparent())
                )
                traceparent = new_traceparent()
                live(hotline, dict.fromkeys(("register", "release", "contact", "report", "call_back"), traceparent))
                spans = spans_with(hotline, trace_id_of(traceparent), count=WHOLE)
                hotline.close()
        finally:
            instance.destroy()
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(picture(spans))
    (_REFERENCE / "trace.svg").write_text(console.export_svg(title="hotline trace", clear=False))
    text = "\n".join(line.rstrip() for line in console.export_text().splitlines())
    (_REFERENCE / "trace.md").write_text(_TEXT.format(picture=text))


if __name__ == "__main__":
    main()
