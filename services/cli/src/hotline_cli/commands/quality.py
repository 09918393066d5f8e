"""What the quality seat and the office do about the quality of operators' work (Art. 21, 30)."""

from typing import Annotated

import typer
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.feedback.v1 import scorecard_pb2

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)


def marks_of(words: list[str]) -> list[scorecard_pb2.Mark]:
    """Marks as they are typed: criterion=met, partly or not_met."""
    grades = Word(scorecard_pb2.Grade, "GRADE")
    marks = [pair.partition("=") for pair in words]
    return [scorecard_pb2.Mark(criterion=key, grade=grades.value(word, "--mark")) for key, _, word in marks]


@app.command()
def score(
    subject: Annotated[str, typer.Argument(help="appeals/… or calls/…")],
    *,
    operator: Annotated[str, typer.Option(help="whose work it is")],
    mark: Annotated[list[str], typer.Option(help="criterion=met, partly or not_met; once for each criterion")],
    note: Annotated[str, typer.Option(help="what you add")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Score an operator's work on a call or an appeal; `hotline list criteria` says by what (Art. 21, 30)."""
    request = feedback.ScoreOperatorRequest(
        subject=subject,
        operator=operator,
        marks=marks_of(mark),
        note=note,
        request_id=new_request_id(),
    )
    with person("quality") as seat:
        show(seat.feedback.ScoreOperator(request), output)


@app.command("publish-criteria")
def publish_criteria(
    criterion: Annotated[list[str], typer.Argument(help="key:title:weight, for example courtesy:热情周到:20")],
    *,
    note: Annotated[str, typer.Option(help="why")] = "",
    scope: Annotated[str, typer.Option(help="whose work is looked at: operator or unit")] = "operator",
    output: Output = Format.TEXT,
) -> None:
    """Publish what is looked at from now on; what was marked before keeps its version (Art. 21, 30)."""
    criteria = []
    for text in criterion:
        key, _, rest = text.partition(":")
        title, _, weight = rest.rpartition(":")
        if not weight.isdecimal():
            raise typer.BadParameter(f"'{text}' is not key:title:weight", param_hint="CRITERION")
        criteria.append(scorecard_pb2.Criterion(key=key, title=title, weight=int(weight)))
    request = feedback.PublishCriteriaRequest(
        scope=Word(scorecard_pb2.CriteriaScope, "CRITERIA_SCOPE").value(scope, "--scope"),
        criteria=criteria,
        note=note,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.feedback.PublishCriteria(request), output)
