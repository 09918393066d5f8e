"""Files that belong to entries of the knowledge base (Art. 18)."""

from pathlib import Path
from typing import Annotated

import typer
from hotline.knowledge.v1 import attachment_service_pb2 as service

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show, show_list
from hotline_cli.session import connection, person

app = typer.Typer(no_args_is_help=True)

EntryName = Annotated[str, typer.Argument(help="entries/…, as `hotline list entries` names it")]


@app.command("add")
def add(
    name: EntryName,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="pdf, png, jpg, docx, xlsx or txt")],
    *,
    as_unit: Annotated[str, typer.Option("--as-unit", help="do it as this unit, units/…; otherwise as an editor")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Add a file to an entry; it is served with it after its review."""
    request = service.AddAttachmentRequest(
        parent=name, file_name=file.name, content=file.read_bytes(), request_id=new_request_id()
    )
    with connection() as hotline:
        writer = hotline.person("unit", unit=as_unit) if as_unit else hotline.person("editor")
        show(writer.attachments.AddAttachment(request), output)


@app.command("list")
def list_attachments(name: EntryName, *, output: Output = Format.TEXT) -> None:
    """Show the files that an entry has or had."""
    with person("office") as office:
        answer = office.attachments.ListAttachments(service.ListAttachmentsRequest(parent=name, page_size=1000))
    show_list(
        answer.attachments,
        ("file_name", "size", "media_type", "name"),
        output,
        empty="no files",
        more=bool(answer.next_page_token),
    )


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(help="attachments/…, as `hotline attachment list` names it")],
    *,
    to: Annotated[Path, typer.Option(help="the file to write")],
    output: Output = Format.TEXT,
) -> None:
    """Write a file of an entry to the disk."""
    with person("office") as office:
        answer = office.attachments.GetAttachment(service.GetAttachmentRequest(name=name))
    to.write_bytes(answer.content)
    show(answer.attachment, output)
