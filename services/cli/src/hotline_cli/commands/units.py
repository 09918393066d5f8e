"""The registry of units (Art. 10); `hotline list units` and `unit-versions` show it."""

from datetime import datetime
from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word, civil_date

app = typer.Typer(no_args_is_help=True)

_DAY = "%Y-%m-%d"
_KIND = Word(work_order_pb2.UnitKind, "UNIT_KIND")
Unit = Annotated[str, typer.Argument(help="units/…, as `hotline list units` names it")]
From = Annotated[datetime | None, typer.Option("--from", formats=[_DAY], help="from which day on; left out, today")]
Handlers = Annotated[list[str] | None, typer.Option("--handler", help="name=duty=telephone; may be repeated")]


@app.command()
def enter(
    unit: Unit,
    *,
    display_name: Annotated[str, typer.Option("--called", help="its name in Chinese")],
    region: Annotated[str, typer.Option(help="division code of its territory")],
    kind: Annotated[str, typer.Option(help="department, county or public_service")] = "department",
    principal: Annotated[str, typer.Option(help="the first-responsible person; without one its orders go to us")] = "",
    competence: Annotated[list[str] | None, typer.Option(help="a subject it answers for; may be repeated")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Enter a unit in the registry."""
    entered = work_order_pb2.Unit(
        name=unit,
        display_name=display_name,
        region=region,
        kind=_KIND.value(kind, "--kind"),
        principal=principal,
        competences=competence or [],
    )
    with person("office") as office:
        show(office.dispatch.CreateUnit(dispatch.CreateUnitRequest(unit=entered, request_id=new_request_id())), output)


@app.command()
def change(
    unit: Unit,
    *,
    display_name: Annotated[str | None, typer.Option("--called", help="its name in Chinese")] = None,
    region: Annotated[str | None, typer.Option(help="division code of its territory")] = None,
    principal: Annotated[str | None, typer.Option(help="the first-responsible person; empty: there is none")] = None,
    competence: Annotated[list[str] | None, typer.Option(help="every subject it answers for, one each")] = None,
    superior: Annotated[str | None, typer.Option(help="the unit above it, units/…; empty: none")] = None,
    handling_body: Annotated[str | None, typer.Option(help="its body for the hotline's work")] = None,
    handler: Handlers = None,
    working_hours: Annotated[str | None, typer.Option(help="when it is open, in words")] = None,
    office_telephone: Annotated[str | None, typer.Option("--telephone", help="of the handling body")] = None,
    office_address: Annotated[str | None, typer.Option("--address", help="of the handling body")] = None,
    effective_date: From = None,
    reason: Annotated[str, typer.Option(help="why")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Change what is said of a unit, today or from a later day on; what is left out stays."""
    said = {
        "display_name": display_name,
        "region": region,
        "principal": principal,
        "competences": competence,
        "superior": superior,
        "handling_body": handling_body,
        "handlers": None if handler is None else [_handler(words) for words in handler],
        "working_hours": working_hours,
        "office_telephone": office_telephone,
        "office_address": office_address,
    }
    changes = {field: value for field, value in said.items() if value is not None}
    if not changes:
        raise typer.BadParameter("say what changes", param_hint="OPTIONS")
    request = dispatch.UpdateUnitRequest(
        unit=work_order_pb2.Unit(name=unit, **changes),  # type: ignore[arg-type]
        update_mask=FieldMask(paths=list(changes)),
        effective_date=civil_date(effective_date),
        reason=reason,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.dispatch.UpdateUnit(request), output)


@app.command()
def close(
    unit: Unit,
    *,
    into: Annotated[str, typer.Option(help="the unit that takes its place, units/…; left out, the office does")] = "",
    effective_date: From = None,
    reason: Annotated[str, typer.Option(help="why, for example the decision on the reorganisation")],
    output: Output = Format.TEXT,
) -> None:
    """Merge a unit into another, or close it; its open orders go on, no deadline moves."""
    request = dispatch.CloseUnitRequest(
        name=unit,
        successor=into,
        effective_date=civil_date(effective_date),
        reason=reason,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.dispatch.CloseUnit(request), output)


@app.command()
def withdraw(
    version: Annotated[str, typer.Argument(help="units/…/versions/…, as `hotline list unit-versions` names it")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Take back a change whose day has not come."""
    request = dispatch.WithdrawUnitVersionRequest(name=version, request_id=new_request_id())
    with person("office") as office:
        show(office.dispatch.WithdrawUnitVersion(request), output)


@app.command("show")
def show_unit(
    unit: Unit,
    *,
    on_date: Annotated[datetime | None, typer.Option("--on", formats=[_DAY], help="as it was or will be")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Show a unit as it is, was or will be on a day."""
    with person("office") as office:
        show(office.dispatch.GetUnit(dispatch.GetUnitRequest(name=unit, on_date=civil_date(on_date))), output)


def _handler(words: str) -> work_order_pb2.Handler:
    name, _, rest = words.partition("=")
    duty, _, telephone = rest.partition("=")
    return work_order_pb2.Handler(name=name, duty=duty, telephone=telephone)
