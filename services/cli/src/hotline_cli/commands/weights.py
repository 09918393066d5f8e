"""By what units and trades are scored (Art. 32, 34); `hotline list weights` shows every version."""

from datetime import datetime
from typing import Annotated

import typer
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import weights_pb2

from hotline_cli.client import new_request_id, pages
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import civil_date

app = typer.Typer(no_args_is_help=True)


@app.callback()
def weights() -> None:
    """Versions of the weights; one that holds for a period that has begun is never changed."""


@app.command()
def publish(
    *,
    effective: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first of a month that has not begun")
    ],
    reason: Annotated[str, typer.Option(help="why it is changed")],
    in_time: Annotated[float | None, typer.Option(help="points for handling in time")] = None,
    contact: Annotated[float | None, typer.Option(help="points for the first contact in time")] = None,
    satisfaction: Annotated[float | None, typer.Option(help="points for satisfaction")] = None,
    lasting: Annotated[float | None, typer.Option(help="points for what is not reopened")] = None,
    late_worth: Annotated[float | None, typer.Option(help="what a late order is worth, 0 to 1")] = None,
    written_cost: Annotated[float | None, typer.Option(help="what a written supervision takes away, 0 to 1")] = None,
    neutral_worth: Annotated[float | None, typer.Option(help="what a neutral citizen is worth, 0 to 1")] = None,
    circular_points: Annotated[float | None, typer.Option(help="points that an order in a circular costs")] = None,
    trade: Annotated[
        list[str] | None,
        typer.Option(help="trades/…=what it is called=category,category; may be repeated; none: those of before"),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Publish weights; what is left out stays as the latest version has it."""
    given = {
        "in_time": in_time,
        "contact": contact,
        "satisfaction": satisfaction,
        "lasting": lasting,
        "late_worth": late_worth,
        "written_cost": written_cost,
        "neutral_worth": neutral_worth,
        "circular_points": circular_points,
    }
    with person("office") as office:
        answers = pages(office.assessment.ListWeights, assessment.ListWeightsRequest(page_size=1000))
        latest = [version for answer in answers for version in answer.weights][-1]
        request = assessment.PublishWeightsRequest(
            effective_date=civil_date(effective),
            reason=reason,
            trades=[_trade(words) for words in trade or []],
            request_id=new_request_id(),
            **{name: getattr(latest, name) if value is None else value for name, value in given.items()},
        )
        show(office.assessment.PublishWeights(request), output)


def _trade(words: str) -> weights_pb2.Trade:
    name, _, rest = words.partition("=")
    called, _, categories = rest.partition("=")
    if not categories:
        raise typer.BadParameter("is trades/…=what it is called=category,category", param_hint="--trade")
    return weights_pb2.Trade(name=name, display_name=called, categories=categories.split(","))
