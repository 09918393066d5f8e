"""Objections to declines (Art. 6)."""

from typing import Annotated

import typer
from hotline.intake.v1 import contest_service_pb2 as contests

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Contest = Annotated[str, typer.Argument(help="contests/…, as `hotline list contests` names it")]


@app.command()
def make(
    code: Annotated[str, typer.Argument(help="the tracking code of the receipt")],
    *,
    reason: Annotated[str, typer.Option(help="why it should be accepted, in the citizen's words")],
    output: Output = Format.TEXT,
) -> None:
    """Object to a decline."""
    request = contests.ContestDeclineRequest(tracking_code=code, reason=reason, request_id=new_request_id())
    with person() as citizen:
        show(citizen.contests.ContestDecline(request), output)


@app.command()
def read(contest: Contest, output: Output = Format.TEXT) -> None:
    """Show what the citizen objects; the read is on record."""
    with person("reviewer") as reviewer:
        show(reviewer.contests.ReadContest(contests.ReadContestRequest(name=contest)), output)


@app.command()
def decide(
    contest: Contest,
    *,
    decision: Annotated[str, typer.Option(help="why; told to the citizen if the decline stands")],
    upheld: Annotated[bool, typer.Option("--upheld/--reopened", help="the decline stands, or does not")],
    output: Output = Format.TEXT,
) -> None:
    """Let the decline stand, or take the appeal up again."""
    request = contests.DecideContestRequest(name=contest, upheld=upheld, decision=decision, request_id=new_request_id())
    with person("reviewer") as reviewer:
        show(reviewer.contests.DecideContest(request), output)
