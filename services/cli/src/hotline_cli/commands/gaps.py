"""What operators looked for in the knowledge base and did not find (Art. 9(4))."""

from typing import Annotated

import typer
from hotline.knowledge.v1 import gap_pb2
from hotline.knowledge.v1 import gap_service_pb2 as service

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show, show_list
from hotline_cli.session import connection, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

GapName = Annotated[str, typer.Argument(help="gaps/…, as `hotline gap list` names it")]
AsUnit = Annotated[str, typer.Option("--as-unit", help="do it as this unit, units/…; otherwise as the office")]


@app.command("list")
def list_gaps(
    *,
    state: Annotated[str, typer.Option(help="open, assigned, filled or dismissed")] = "",
    unit: Annotated[str, typer.Option(help="only what this unit is to write about, units/…")] = "",
    as_unit: AsUnit = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    output: Output = Format.TEXT,
) -> None:
    """Show the gap report, what was asked most first (Art. 9(4))."""
    states = Word(gap_pb2.GapState, "GAP_STATE")
    request = service.ListGapsRequest(
        state=states.value(state, "--state") if state else gap_pb2.GAP_STATE_UNSPECIFIED, unit=unit, page_size=limit
    )
    with connection() as hotline:
        reader = hotline.person("unit", unit=as_unit) if as_unit else hotline.person("office")
        answer = reader.gaps.ListGaps(request)
    show_list(
        answer.gaps,
        ("ask_count", "state", "query", "unit", "entry", "name"),
        output,
        empty="no gaps",
        more=bool(answer.next_page_token),
    )


@app.command("report")
def report(
    query: Annotated[str, typer.Argument(help="what was looked for, without a citizen's data")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Tell that something was looked for and not found."""
    with person("operator") as operator:
        show(operator.gaps.ReportGap(service.ReportGapRequest(query=query, request_id=new_request_id())), output)


@app.command("assign")
def assign(
    name: GapName,
    *,
    unit: Annotated[str, typer.Option(help="who should know, units/…")],
    output: Output = Format.TEXT,
) -> None:
    """Make it the task of the unit that should know."""
    with person("office") as office:
        show(office.gaps.AssignGap(service.AssignGapRequest(name=name, unit=unit, request_id=new_request_id())), output)


@app.command("fill")
def fill(
    name: GapName,
    *,
    entry: Annotated[str, typer.Option(help="what answers it, entries/…; it is served")],
    as_unit: AsUnit = "",
    output: Output = Format.TEXT,
) -> None:
    """Say which entry answers it."""
    request = service.FillGapRequest(name=name, entry=entry, request_id=new_request_id())
    with connection() as hotline:
        filler = hotline.person("unit", unit=as_unit) if as_unit else hotline.person("office")
        show(filler.gaps.FillGap(request), output)


@app.command("dismiss")
def dismiss(name: GapName, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT) -> None:
    """Leave it at that: nothing will be written about it."""
    request = service.DismissGapRequest(name=name, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.gaps.DismissGap(request), output)
