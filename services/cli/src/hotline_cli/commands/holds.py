"""Legal holds and erasure (Art. 36)."""

from typing import Annotated

import typer
from hotline.intake.v1 import hold_service_pb2 as holds
from hotline.intake.v1 import intake_service_pb2 as intake

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Citizen = Annotated[str, typer.Argument(help="citizens/…, as an appeal names it")]
Reason = Annotated[str, typer.Option(help="the legal ground; goes on record")]


@app.command()
def hold(citizen: Citizen, *, reason: Reason, output: Output = Format.TEXT) -> None:
    """Put what is kept of a citizen on hold: it is not erased."""
    request = holds.PlaceHoldRequest(citizen=citizen, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.holds.PlaceHold(request), output)


@app.command()
def release(
    name: Annotated[str, typer.Argument(help="holds/…, as `hotline list holds` names it")],
    *,
    reason: Reason,
    output: Output = Format.TEXT,
) -> None:
    """End a hold."""
    request = holds.ReleaseHoldRequest(name=name, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.holds.ReleaseHold(request), output)


@app.command()
def erase(citizen: Citizen, *, reason: Reason, output: Output = Format.TEXT) -> None:
    """Forget a citizen for good; refused while a hold stands."""
    request = intake.EraseCitizenRequest(name=citizen, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.intake.EraseCitizen(request), output)
