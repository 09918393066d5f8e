"""Repeats of one matter (Art. 23(3), 25(2))."""

from typing import Annotated

import typer
from hotline.intake.v1 import repeat_pb2
from hotline.intake.v1 import repeat_service_pb2 as repeats

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

Appeal = Annotated[str, typer.Argument(help="appeals/…")]
Reason = Annotated[str, typer.Option(help="why; goes on record")]


@app.command()
def count(appeal: Appeal, output: Output = Format.TEXT) -> None:
    """Show how many people and appeals stand behind an appeal, and what is proposed for it."""
    with person("office") as office:
        show(office.repeats.GetRepeatGroup(repeats.GetRepeatGroupRequest(appeal=appeal)), output)


@app.command()
def link(
    appeal: Appeal,
    other: Annotated[str, typer.Argument(help="the other one, appeals/…")],
    *,
    reason: Reason,
    kind: Annotated[str, typer.Option(help="same_citizen or same_problem")] = "same_problem",
    output: Output = Format.TEXT,
) -> None:
    """Link two appeals."""
    request = repeats.LinkAppealsRequest(
        appeal=appeal,
        other=other,
        kind=Word(repeat_pb2.RepeatKind, "REPEAT_KIND").value(kind, "--kind"),
        reason=reason,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.repeats.LinkAppeals(request), output)


@app.command()
def undo(
    repeat: Annotated[str, typer.Argument(help="repeats/…, as `hotline list repeats --where appeal=…` names it")],
    *,
    reason: Reason,
    output: Output = Format.TEXT,
) -> None:
    """Take a link back."""
    request = repeats.UnlinkAppealsRequest(name=repeat, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.repeats.UnlinkAppeals(request), output)
