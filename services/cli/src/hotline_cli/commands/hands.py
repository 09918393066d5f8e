"""An order in other hands: another lead, supporting units' parts (Art. 7, 22), a unit complained about (Art. 36(4))."""

from datetime import datetime
from typing import Annotated

import typer
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch

from hotline_cli.client import new_request_id
from hotline_cli.commands.orders import Order, lead_unit
from hotline_cli.output import Format, Output, show
from hotline_cli.session import connection, person
from hotline_cli.words import civil_date

app = typer.Typer(no_args_is_help=True)


@app.command()
def reassign(
    order: Order,
    *,
    lead: Annotated[str, typer.Option(help="the unit that leads from now on, units/…")],
    reason: Annotated[str, typer.Option(help="why it changes hands")],
    supporting: Annotated[list[str] | None, typer.Option(help="a unit that supports; may be repeated")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Give an order that is out to another lead, as the office; no deadline moves (Art. 7, 22)."""
    request = dispatch.ReassignWorkOrderRequest(
        name=order, lead_unit=lead, supporting_units=supporting or [], reason=reason, request_id=new_request_id()
    )
    with person("office") as office:
        show(office.dispatch.ReassignWorkOrder(request), output)


@app.command("mark-about")
def mark_about(
    order: Order,
    *,
    reason: Annotated[str, typer.Option(help="how that is known")],
    unit: Annotated[str, typer.Option(help="the unit complained about, units/…; left out: about none")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Say which unit a complaint is about: it neither leads nor learns what was said (Art. 36(4))."""
    request = dispatch.MarkAboutUnitRequest(name=order, about_unit=unit, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.dispatch.MarkAboutUnit(request), output)


@app.command("assign-part")
def assign_part(
    order: Order,
    *,
    unit: Annotated[str, typer.Option(help="the supporting unit, units/…")],
    text: Annotated[str, typer.Option(help="what it has to do")],
    due_date: Annotated[
        datetime | None, typer.Option("--due", formats=["%Y-%m-%d"], help="its last day; left out, the lead's")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Tell a supporting unit what is its part, as the lead unit (Art. 7, 22)."""
    request = dispatch.AssignPartRequest(
        name=order, unit=unit, text=text, due_date=civil_date(due_date), request_id=new_request_id()
    )
    with connection() as hotline:
        show(lead_unit(hotline, order).dispatch.AssignPart(request), output)


@app.command("report-part")
def report_part(
    order: Order,
    *,
    unit: Annotated[str, typer.Option(help="the supporting unit, units/…")],
    text: Annotated[str, typer.Option(help="what was done")],
    output: Output = Format.TEXT,
) -> None:
    """Report a supporting unit's part of an order (Art. 7, 22)."""
    request = dispatch.ReportPartRequest(name=order, text=text, request_id=new_request_id())
    with person("unit", unit=unit) as supporter:
        show(supporter.dispatch.ReportPart(request), output)
