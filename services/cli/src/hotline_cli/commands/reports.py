"""Reports of retaliation and leaks (Art. 36(4))."""

from enum import StrEnum
from typing import Annotated

import typer
from hotline.feedback.v1 import report_service_pb2 as reports

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Report = Annotated[str, typer.Argument(help="reports/…, as `hotline list reports` names it")]


class Kind(StrEnum):
    """What is reported."""

    RETALIATION = "retaliation"
    LEAK = "leak"


@app.command()
def file(
    kind: Annotated[Kind, typer.Argument(help="what is reported")],
    *,
    text: Annotated[str, typer.Option(help="what happened")],
    about: Annotated[str, typer.Option(help="a tracking code or number that it is about")] = "",
    unit: Annotated[str, typer.Option(help="units/… that it is about; its people do not examine it")] = "",
    contact: Annotated[str, typer.Option(help="how you want to be reached; none: not at all")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Report retaliation or a leak; nobody learns who you are unless you say so."""
    request = reports.FileReportRequest(
        kind=reports.ReportKind.Value(f"REPORT_KIND_{kind.name}"),
        contents=reports.ReportContents(text=text, about=about, unit=unit, contact=contact),
        request_id=new_request_id(),
    )
    with person() as anybody:
        show(anybody.reports.FileReport(request), output)


@app.command()
def track(
    code: Annotated[str, typer.Argument(help="the code that was given out for the report")],
    output: Output = Format.TEXT,
) -> None:
    """Show where a report stands and what came of it."""
    with person() as anybody:
        show(anybody.reports.TrackReport(reports.TrackReportRequest(report_code=code)), output)


@app.command()
def examine(
    report: Report,
    *,
    purpose: Annotated[str, typer.Option(help="what for; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Open a report; every time is on record."""
    with person("inspector") as inspector:
        show(inspector.reports.ExamineReport(reports.ExamineReportRequest(name=report, purpose=purpose)), output)


@app.command("set-unit")
def set_unit(
    report: Report,
    unit: Annotated[str, typer.Argument(help="units/… that it is about; its people do not open it from then on")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Say which unit a report is about, where whoever reported did not know."""
    request = reports.SetUnitConcernedRequest(name=report, unit=unit, request_id=new_request_id())
    with person("inspector") as inspector:
        show(inspector.reports.SetUnitConcerned(request), output)


@app.command()
def conclude(
    report: Report,
    *,
    findings: Annotated[str, typer.Option(help="what was found and done; stays sealed")],
    answer: Annotated[str, typer.Option(help="what whoever reported is told")],
    confirmed: Annotated[bool, typer.Option("--confirmed/--not-confirmed", help="it was found to be so, or not")],
    output: Output = Format.TEXT,
) -> None:
    """End the examination of a report."""
    request = reports.ConcludeReportRequest(
        name=report, confirmed=confirmed, findings=findings, answer=answer, request_id=new_request_id()
    )
    with person("inspector") as inspector:
        show(inspector.reports.ConcludeReport(request), output)
