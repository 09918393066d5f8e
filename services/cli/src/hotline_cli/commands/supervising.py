"""What the hotline office and units do about supervision (Art. 28, 29)."""

from pathlib import Path
from typing import Annotated

import typer
from hotline.sla.v1 import deadline_pb2, document_pb2
from hotline.sla.v1 import sla_service_pb2 as sla

from hotline_cli.client import Hotline, Person, new_request_id
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import connection, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

Notice = Annotated[str, typer.Argument(help="supervisions/…, as `hotline list supervisions` names it")]


def _unit_of(hotline: Hotline, unit: str) -> Person:
    """Whoever handles orders in a unit; with a token of a cluster, whoever the token says."""
    return hotline.person("unit", unit=unit)


@app.command()
def acknowledge(
    notice: Notice,
    *,
    unit: Annotated[str, typer.Option(help="the unit that signs, units/…")],
    note: Annotated[str, typer.Option(help="what it writes with it")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Sign for a written notice, as the unit it went to (Art. 28)."""
    request = sla.AcknowledgeNoticeRequest(name=notice, note=note, request_id=new_request_id())
    with connection() as hotline:
        show(_unit_of(hotline, unit).sla.AcknowledgeNotice(request), output)


@app.command("watch")
def watch(
    order: Annotated[str, typer.Argument(help="workOrders/…, as `hotline list orders` names it")],
    *,
    reason: Annotated[str, typer.Option(help="why")],
    ground: Annotated[str, typer.Option(help="directive or important")] = "important",
    output: Output = Format.TEXT,
) -> None:
    """Put an order under key supervision (Art. 28)."""
    value = Word(deadline_pb2.KeySupervisionGround, "KEY_SUPERVISION_GROUND").value(ground, "--ground")
    request = sla.StartKeySupervisionRequest(work_order=order, ground=value, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.sla.StartKeySupervision(request), output)


@app.command()
def circular(
    unit: Annotated[str, typer.Argument(help="the unit to be named, units/…")],
    *,
    orders: Annotated[list[str] | None, typer.Option("--order", help="an order to name; none: all there are")] = None,
    text: Annotated[str, typer.Option(help="what the office adds")] = "",
    grave: Annotated[bool, typer.Option(help="those who answer for it are to be held to account")] = False,
    show_only: Annotated[bool, typer.Option("--undone", help="only show what could be named")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Name a unit that still does not act after written supervision (Art. 29)."""
    with person("office") as office:
        if show_only:
            found = office.sla.ListUndoneOrders(sla.ListUndoneOrdersRequest(unit=unit)).orders
            columns = ("number", "due_time", "notice", "notice_time", "acknowledge_time", "work_order")
            show_list(found, columns, output, empty=f"{unit} left nothing undone", more=False)
            return
        request = sla.PublishCircularRequest(
            unit=unit, work_orders=orders or [], text=text, grave=grave, request_id=new_request_id()
        )
        show(office.sla.PublishCircular(request), output)


@app.command()
def document(
    name: Annotated[
        str,
        typer.Argument(help="supervisions/… of a written notice, circulars/…, statisticsNotices/… or workNotices/…"),
    ],
    *,
    file: Annotated[Path, typer.Option(help="where to write it")],
    form: Annotated[str, typer.Option("--format", help="pdf; of statistics notices xlsx too")] = "pdf",
    output: Output = Format.TEXT,
) -> None:
    """Write what was issued on paper into a file, to be printed and sealed (Art. 8, 28, 29, 35)."""
    value = Word(document_pb2.DocumentFormat, "DOCUMENT_FORMAT").value(form, "--format")
    with person("office") as office:
        found = office.sla.GetDocument(sla.GetDocumentRequest(name=name, format=value))
    file.write_bytes(found.content)
    if output is Format.JSON:
        show({"name": name, "file": str(file), "file_name": found.file_name, "bytes": len(found.content)}, output)
    else:
        console.print(f"{file}: {found.file_name}, {len(found.content)} bytes")
