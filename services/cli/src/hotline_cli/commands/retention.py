"""How long it is kept who brought an appeal, and the erasure list (Art. 36(4))."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from hotline.intake.v1 import retention_service_pb2 as retention

from hotline_cli.client import new_request_id, pages
from hotline_cli.output import Format, Output, as_dict, show, show_list
from hotline_cli.session import person
from hotline_cli.words import civil_date

app = typer.Typer(no_args_is_help=True)

_PAGE = 1000
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@app.command()
def due(*, by: Day = None, limit: int = 50, output: Output = Format.TEXT) -> None:
    """List whom the platform forgets by itself, and when; whoever is held stays."""
    request = retention.ListRetentionDueRequest(page_size=limit, due_by=civil_date(by))
    with person("office") as office:
        answer = office.retention.ListRetentionDue(request)
    show_list(
        answer.due,
        ("citizen", "forget_date", "held"),
        output,
        empty="nobody is due",
        more=bool(answer.next_page_token),
    )


@app.command()
def erasures(*, since: Day = None) -> None:
    """Print the erasure list, a JSON object a line: keep it apart from the backups."""
    request = retention.ListErasuresRequest(page_size=_PAGE, since=civil_date(since))
    with person("engineer") as engineer:
        for page in pages(engineer.retention.ListErasures, request):
            for erasure in page.erasures:
                print(json.dumps(as_dict(erasure)))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="what `hotline retention erasures` printed", exists=True)],
    *,
    reason: Annotated[str, typer.Option(help="which restore; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Erase again, after a restore, whom it brought back."""
    citizens = [json.loads(line)["citizen"] for line in file.read_text().splitlines() if line.strip()]
    total = retention.ReplayErasuresResponse()
    with person("engineer") as engineer:
        for start in range(0, len(citizens), _PAGE):
            request = retention.ReplayErasuresRequest(
                citizens=citizens[start : start + _PAGE], reason=reason, request_id=new_request_id()
            )
            answer = engineer.retention.ReplayErasures(request)
            total.erased += answer.erased
            total.erased_before += answer.erased_before
            total.unknown += answer.unknown
    show(
        {"erased": total.erased, "erased_before": total.erased_before, "unknown": total.unknown},
        output,
    )
