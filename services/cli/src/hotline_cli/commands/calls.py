"""The calls: what the telephone exchange tells, wrap-up, listening in, the answer rate (Art. 16)."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import call_pb2
from hotline_kernel.calendar import ZONE
from hotline_kernel.timestamps import timestamp

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, console, show
from hotline_cli.session import connection, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)
calls = typer.Typer(no_args_is_help=True, help="Calls, their wrap-up and their answer rate (Art. 16).")
app.add_typer(calls, name="calls")

_BATCH = 500
Call = Annotated[str, typer.Argument(help="calls/…, as `hotline list calls` names it")]
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]


@calls.command()
def record(
    events: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, a CallEvent each")],
    *,
    assign: Annotated[bool, typer.Option(help="give waiting calls to ready seats")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Tell what happened to calls, as the telephone exchange does; exit code 1 if an event cannot be true."""
    told, found = iter(_events(events)), call_centre.RecordCallEventsResponse()
    with person("channel") as channel:
        while batch := list(islice(told, _BATCH)):
            request = call_centre.RecordCallEventsRequest(events=batch, assign=assign, request_id=new_request_id())
            answer = channel.call_centre.RecordCallEvents(request)
            answer.recorded += found.recorded
            found.MergeFrom(answer)
    show(found, output)
    if found.rejected:
        raise typer.Exit(1)


def _events(path: Path) -> list[call_pb2.CallEvent]:
    try:
        return [ParseDict(json.loads(line), call_pb2.CallEvent()) for line in path.read_text().splitlines() if line]
    except (ValueError, ParseError) as error:
        raise typer.BadParameter(str(error), param_hint="EVENTS") from error


@calls.command("wrap-up")
def wrap_up(
    call: Call,
    *,
    outcome: Annotated[str, typer.Option(help="appeal, wrong_number, silent or nuisance")],
    appeal: Annotated[str, typer.Option(help="the appeal that came of it, appeals/…")] = "",
    subject: Annotated[str, typer.Option("--as", help="who acts; on a local platform alone")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Finish the papers of a call; your seat is ready for the next."""
    request = call_centre.WrapUpCallRequest(
        name=call,
        outcome=Word(call_pb2.CallOutcome, "CALL_OUTCOME").value(outcome, "--outcome"),
        appeal=appeal,
        request_id=new_request_id(),
    )
    with connection() as hotline:
        show(hotline.person("operator", subject=subject).call_centre.WrapUpCall(request), output)


@calls.command()
def listen(
    call: Call,
    *,
    purpose: Annotated[str, typer.Option(help="what for; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Show where the supervisor can listen to a call that goes on; the deed is on record (Art. 36(4))."""
    with person("supervisor") as supervisor:
        show(supervisor.call_centre.ListenIn(call_centre.ListenInRequest(name=call, purpose=purpose)), output)


@calls.command()
def statistics(
    start: Annotated[datetime, typer.Argument(formats=_MOMENTS, help="begin of the window, local time")],
    end: Annotated[datetime, typer.Argument(formats=_MOMENTS, help="its end, itself not in it")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Show answer rate, abandon rate and waiting times of a window (Art. 16)."""
    request = call_centre.GetCallStatisticsRequest(start_time=_stamp(start), end_time=_stamp(end))
    with person("supervisor") as supervisor:
        found = supervisor.call_centre.GetCallStatistics(request)
    if output is Format.JSON or not found.offered:
        show(found, output)
        return
    console.print(
        f"offered {found.offered}  answered {found.answered} ({found.answer_rate:.1%})  abandoned {found.abandoned}"
        f" ({found.abandon_rate:.1%})  within {found.answer_seconds} s {found.answered_in_time}"
    )
    for band in found.waits:
        name = f"≤ {band.up_to_seconds} s" if band.HasField("up_to_seconds") else "longer"
        console.print(f"  {name:>8}  answered {band.answered:6}  abandoned {band.abandoned:6}")
    if found.HasField("worst_day"):
        begin = found.worst_day.start_time.ToDatetime(UTC).astimezone(ZONE)
        console.print(f"worst 24 hours from {begin:%Y-%m-%d %H:%M}: {found.worst_day.in_time_rate:.1%} in time")
    kept = "kept" if found.keeps_norm else "not kept"
    console.print(f"the norm of {found.norm_answer_rate:.0%} within {found.answer_seconds} s is {kept}")


def _stamp(moment: datetime) -> Timestamp:
    return timestamp(moment.replace(tzinfo=ZONE))
