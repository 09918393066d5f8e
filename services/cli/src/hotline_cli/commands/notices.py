"""What the office reports: statistics (Art. 35) and how the hotline runs (Art. 8).

`hotline list statistics-notices`, `work-notices` and `notice-orders --where notice=…` show them.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import document_pb2, notice_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel.timestamps import timestamp

from hotline_cli.client import Person, new_request_id
from hotline_cli.output import Format, Output, as_dict, console, show
from hotline_cli.session import connection
from hotline_cli.session import person as somebody
from hotline_cli.words import civil_date

app = typer.Typer(no_args_is_help=True)

_DAY = "%Y-%m-%d"
_ZONE = ZoneInfo("Asia/Shanghai")
_PERIOD = re.compile(r"(\d{4})(?:-(?:(\d{2})|Q([1-4])|H([12])))?")
Save = Annotated[Path | None, typer.Option(help="write it into a file too: .pdf or .xlsx")]
Notice = Annotated[str, typer.Argument(help="statisticsNotices/…, as `hotline list statistics-notices` names it")]


@app.command()
def issue(
    period: Annotated[str, typer.Argument(help="2026-09, 2026-Q3, 2026-H2 or 2026")],
    *,
    remark: Annotated[str, typer.Option(help="what the office adds")] = "",
    save: Save = None,
    output: Output = Format.TEXT,
) -> None:
    """Issue the statistics notice of a month, quarter, half-year or year that is over."""
    kind, start = _period(period)
    request = assessment.IssueStatisticsNoticeRequest(
        kind=kind, start_date=start, remark=remark, request_id=new_request_id()
    )
    with somebody("office") as office:
        _shown(office.assessment.IssueStatisticsNotice(request), office, save, output)


@app.command()
def correct(
    notice: Notice,
    *,
    reason: Annotated[str, typer.Option(help="what was wrong with it")],
    remark: Annotated[str, typer.Option(help="what the office adds")] = "",
    save: Save = None,
    output: Output = Format.TEXT,
) -> None:
    """Issue a new notice of the same period, which names the old one."""
    request = assessment.CorrectStatisticsNoticeRequest(
        name=notice, reason=reason, remark=remark, request_id=new_request_id()
    )
    with somebody("office") as office:
        _shown(office.assessment.CorrectStatisticsNotice(request), office, save, output)


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="statisticsNotices/… or workNotices/…")],
    *,
    save: Save = None,
    output: Output = Format.TEXT,
) -> None:
    """Show a notice whole, and write it into a file."""
    with somebody("office") as office:
        found: Message
        if name.startswith("workNotices/"):
            found = office.assessment.GetWorkNotice(assessment.GetWorkNoticeRequest(name=name))
        else:
            found = office.assessment.GetStatisticsNotice(assessment.GetStatisticsNoticeRequest(name=name))
        _shown(found, office, save, output)


@app.command()
def work(
    *,
    first: Annotated[datetime, typer.Option(formats=[_DAY], help="first day that it is about")],
    last: Annotated[datetime, typer.Option(formats=[_DAY], help="last day")],
    text: Annotated[str, typer.Option(help="what the office says about it")],
    calls: Annotated[bool, typer.Option(help="ask intake for the calls of these days (Art. 16)")] = True,
    save: Save = None,
    output: Output = Format.TEXT,
) -> None:
    """Issue the periodic notice of how the hotline runs (Art. 8)."""
    with connection() as hotline:
        office = hotline.person("office")
        request = assessment.IssueWorkNoticeRequest(
            start_date=civil_date(first),
            end_date=civil_date(last),
            calls=_calls(hotline.person("supervisor"), first.date(), last.date()) if calls else None,
            text=text,
            request_id=new_request_id(),
        )
        _shown(office.assessment.IssueWorkNotice(request), office, save, output)


def _calls(supervisor: Person, first: date, last: date) -> notice_pb2.CallFigures:
    found = supervisor.call_centre.GetCallStatistics(
        call_centre.GetCallStatisticsRequest(start_time=_midnight(first), end_time=_midnight(last + timedelta(days=1)))
    )
    return notice_pb2.CallFigures(
        offered=found.offered,
        answered=found.answered,
        answered_in_time=found.answered_in_time,
        abandoned=found.abandoned,
    )


def _midnight(day: date) -> Timestamp:
    return timestamp(datetime.combine(day, time(), _ZONE))


def _period(text: str) -> tuple["notice_pb2.PeriodKind.ValueType", Date]:
    found = _PERIOD.fullmatch(text)
    if not found:
        raise typer.BadParameter("is 2026-09, 2026-Q3, 2026-H2 or 2026", param_hint="PERIOD")
    year, month, quarter, half = (int(part) if part else 0 for part in found.groups())
    if month:
        return notice_pb2.PERIOD_KIND_MONTH, Date(year=year, month=month, day=1)
    if quarter:
        return notice_pb2.PERIOD_KIND_QUARTER, Date(year=year, month=3 * quarter - 2, day=1)
    if half:
        return notice_pb2.PERIOD_KIND_HALF_YEAR, Date(year=year, month=6 * half - 5, day=1)
    return notice_pb2.PERIOD_KIND_YEAR, Date(year=year, month=1, day=1)


def _shown(notice: Any, office: Person, save: Path | None, output: Format) -> None:
    """notice -- of either kind."""
    written: Mapping[str, Any] = {}
    if save is not None:
        form = document_pb2.DOCUMENT_FORMAT_XLSX if save.suffix == ".xlsx" else document_pb2.DOCUMENT_FORMAT_PDF
        document = office.sla.GetDocument(sla.GetDocumentRequest(name=notice.name, format=form))
        save.write_bytes(document.content)
        written = {"file": str(save), "file_name": document.file_name, "bytes": len(document.content)}
    if output is Format.JSON:
        show({**as_dict(notice), **written}, output)
        return
    lines = [*notice.units, *notice.trades] if isinstance(notice, notice_pb2.StatisticsNotice) else []
    fields = {name: value for name, value in as_dict(notice).items() if name not in ("units", "trades")}
    show({**fields, **written}, output)
    for line in lines:
        figures = line.figures
        score = f"{figures.score:.2f}" if figures.HasField("score") else "—"
        console.print(f"{line.display_name or line.name}: {figures.received} received, {score}")
