"""Matters that a principal studies (Art. 25), and those that are filed (Art. 27)."""

from datetime import datetime
from typing import Annotated

import typer
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch

from hotline_cli.client import new_request_id
from hotline_cli.commands.orders import STUDY_GROUND, Order, lead_unit
from hotline_cli.output import Format, Output, show
from hotline_cli.session import connection, person
from hotline_cli.words import civil_date

app = typer.Typer(no_args_is_help=True)


@app.command("mark-study")
def mark_study(
    order: Order,
    *,
    ground: Annotated[str, typer.Option(help="city-assigned, asked-repeatedly, great-effect or media")],
    output: Output = Format.TEXT,
) -> None:
    """Say why the unit's principal must study an order before its result, as the office (Art. 25)."""
    request = dispatch.MarkForPrincipalRequest(
        name=order, ground=STUDY_GROUND.value(ground, "--ground"), request_id=new_request_id()
    )
    with person("office") as office:
        show(office.dispatch.MarkForPrincipal(request), output)


@app.command()
def study(
    order: Order,
    *,
    principal: Annotated[str, typer.Option(help="who studied: the unit's first-responsible person")],
    decision: Annotated[str, typer.Option(help="what was decided")],
    output: Output = Format.TEXT,
) -> None:
    """Record the principal's study, as the lead unit (Art. 25)."""
    request = dispatch.RecordStudyRequest(
        name=order, principal=principal, decision=decision, request_id=new_request_id()
    )
    with connection() as hotline:
        show(lead_unit(hotline, order).dispatch.RecordStudy(request), output)


@app.command("look-again")
def look_again(
    order: Order,
    *,
    note: Annotated[str, typer.Option(help="what was found")],
    next_date: Annotated[
        datetime | None, typer.Option("--next", formats=["%Y-%m-%d"], help="when next; left out, not again")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Record that a filed matter was looked at again, as the office (Art. 27)."""
    request = dispatch.RecordLookRequest(
        name=order, note=note, next_date=civil_date(next_date), request_id=new_request_id()
    )
    with person("office") as office:
        show(office.dispatch.RecordLook(request), output)
