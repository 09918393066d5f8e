"""Where a call went: one trace as a picture, from the spans that a run on this machine writes down."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hotline_cli.local.running import NoInstanceError, Running
from hotline_cli.output import Format, Output, console

app = typer.Typer(no_args_is_help=True)

_BAR_WIDTH = 40
_COLOURS = {"intake": "cyan", "dispatch": "magenta", "sla": "yellow", "feedback": "green", "knowledge": "blue"}


@dataclass(frozen=True)
class Span:
    """A piece of work of one process within a trace.

    parent -- span id of what caused it, empty at the root;  start_ms -- since the trace began.
    """

    id: str
    parent: str
    service: str
    process: str
    name: str
    start_ms: float
    duration_ms: float
    failed: bool


def read(path: Path, trace_id: str) -> list[Span]:
    """Return the spans of a trace, the earliest first; those of the last half second may not be written yet."""
    with path.open() as lines:
        found = [json.loads(line) for line in lines if trace_id in line]
    found = [span for span in found if span["context"]["trace_id"] == f"0x{trace_id}"]
    begin = min((_moment(span["start_time"]) for span in found), default=0.0)
    return sorted((_span(span, begin) for span in found), key=lambda span: span.start_ms)


def tree(spans: list[Span]) -> Iterator[tuple[int, Span]]:
    """Return every span with its depth below the root, causes before what they caused."""
    known = {span.id for span in spans}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        children[span.parent if span.parent in known else ""].append(span)

    def below(parent: str, depth: int) -> Iterator[tuple[int, Span]]:
        for span in children[parent]:
            yield depth, span
            yield from below(span.id, depth + 1)

    return below("", 0)


def picture(spans: list[Span]) -> Table:
    """Return a waterfall: what, where, when, how long."""
    whole = max(span.start_ms + span.duration_ms for span in spans)
    table = Table("service", "process", "what", "start ms", "took ms", f"0 – {whole:.0f} ms", box=None, pad_edge=False)
    for column in (3, 4):
        table.columns[column].justify = "right"
    for depth, span in tree(spans):
        first = int(span.start_ms / whole * (_BAR_WIDTH - 1))
        length = max(1, round(span.duration_ms / whole * _BAR_WIDTH))
        colour = "red" if span.failed else _COLOURS.get(span.service, "white")
        bar = Text(" " * first + "█" * min(length, _BAR_WIDTH - first), style=colour)
        table.add_row(
            Text(span.service, style=colour),
            span.process,
            "  " * depth + span.name,
            f"{span.start_ms:.1f}",
            f"{span.duration_ms:.1f}",
            bar,
        )
    return table


@app.command()
def trace(
    trace_id: Annotated[str, typer.Argument(help="32 hex digits, as errors, logs and `hotline audit list` name it")],
    output: Output = Format.TEXT,
) -> None:
    """Draw one trace of the platform that runs on this machine: through gRPC, the broker and every service."""
    try:
        spans = read(Path(Running.find().trace_file), trace_id)
    except NoInstanceError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    if output is Format.JSON:
        for depth, span in tree(spans):
            print(json.dumps({"depth": depth, **vars(span)}, ensure_ascii=False))
    elif spans:
        console.print(picture(spans))
    else:
        console.print("no span of this trace is written: look again in a second")


def _span(span: Mapping[str, Any], begin: float) -> Span:
    resource = span["resource"]["attributes"]
    start = _moment(span["start_time"])
    return Span(
        id=span["context"]["span_id"],
        parent=span["parent_id"] or "",
        service=resource["service.name"].removeprefix("hotline-"),
        process=resource["hotline.process"],
        name=_short(span["name"]),
        start_ms=round((start - begin) * 1000, 2),
        duration_ms=round((_moment(span["end_time"]) - start) * 1000, 2),
        failed=span["status"]["status_code"] == "ERROR",
    )


def _short(name: str) -> str:
    """`handle hotline.sla.events.v1.DeadlineMissed` is `handle DeadlineMissed`; a method goes without its service."""
    verb, _, what = name.rpartition(" ")
    return f"{verb} {what.rpartition('.')[2].rpartition('/')[2]}".strip()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
