"""Accountability files, for the hotline office and the unit concerned (Art. 29, 36)."""

from typing import Annotated

import typer
from hotline.sla.v1 import accountability_pb2
from hotline.sla.v1 import sla_service_pb2 as sla

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

File = Annotated[str, typer.Argument(help="accountabilityFiles/…, as `hotline list accountability-files` names it")]


@app.command("open")
def open_(
    unit: Annotated[str, typer.Argument(help="the unit concerned, units/…")],
    *,
    orders: Annotated[list[str], typer.Option("--order", help="an order that it is about; can be repeated")],
    ground: Annotated[str, typer.Option(help="late_or_bad, not_done or refused")],
    reason: Annotated[str, typer.Option(help="why")],
    effect: Annotated[str, typer.Option(help="the bad effect that it had")] = "",
    circular: Annotated[str, typer.Option(help="the grave circular that it follows from, circulars/…")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Open a file with the orders as they stand (Art. 36)."""
    request = sla.OpenAccountabilityFileRequest(
        unit=unit,
        ground=Word(accountability_pb2.AccountabilityGround, "ACCOUNTABILITY_GROUND").value(ground, "--ground"),
        work_orders=orders,
        reason=reason,
        effect=effect,
        circular=circular,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.sla.OpenAccountabilityFile(request), output)


@app.command("state")
def state(
    file: File,
    *,
    unit: Annotated[str, typer.Option(help="the unit concerned, units/…")],
    statement: Annotated[str, typer.Option(help="what it says to it")],
    output: Output = Format.TEXT,
) -> None:
    """State the case of the unit concerned (Art. 36)."""
    request = sla.StateAccountabilityCaseRequest(name=file, statement=statement, request_id=new_request_id())
    with person("unit", unit=unit) as handler:
        show(handler.sla.StateAccountabilityCase(request), output)


@app.command("refer")
def refer(
    file: File,
    *,
    authority: Annotated[str, typer.Option(help="who decides")],
    output: Output = Format.TEXT,
) -> None:
    """Refer a file to the authority that decides (Art. 36)."""
    request = sla.ReferAccountabilityFileRequest(name=file, authority=authority, request_id=new_request_id())
    with person("office") as office:
        show(office.sla.ReferAccountabilityFile(request), output)


@app.command("conclude")
def conclude(
    file: File,
    *,
    outcome: Annotated[str, typer.Option(help="upheld or dropped")],
    decision: Annotated[str, typer.Option(help="the decision and its reasons")],
    output: Output = Format.TEXT,
) -> None:
    """Put down what the authority decided, or drop the file (Art. 36)."""
    request = sla.ConcludeAccountabilityFileRequest(
        name=file,
        outcome=Word(accountability_pb2.AccountabilityOutcome, "ACCOUNTABILITY_OUTCOME").value(outcome, "--outcome"),
        decision=decision,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.sla.ConcludeAccountabilityFile(request), output)
