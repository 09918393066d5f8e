"""How answers are shown: a table or lines for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table


class Format(StrEnum):
    """How to show an answer."""

    TEXT = "text"
    JSON = "json"


Output = Annotated[Format, typer.Option("--output", "-o", help="text for people, json for programs")]

console = Console(soft_wrap=True)


def show(answer: Message | Mapping[str, Any], output: Format) -> None:
    """Shows one thing: a line a field, or a JSON object."""
    fields = as_dict(answer)
    if output is Format.JSON:
        print(json.dumps(fields, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in fields.items():
        table.add_row(f"[bold]{name}[/bold]", _text(value))
    console.print(table)


def show_list(answers: Sequence[Message], columns: Sequence[str], output: Format, *, empty: str, more: bool) -> None:
    """Shows many things: a table with these columns, or one JSON object a line.

    empty -- what to say when there is nothing;  more -- there is more than was asked for.
    """
    rows = [as_dict(answer) for answer in answers]
    if output is Format.JSON:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        console.print(empty)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*[_text(row.get(column, "")) for column in columns])
    console.print(table)
    if more:
        console.print("… there is more: raise --limit or narrow it with --where")


def as_dict(answer: Message | Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields under their names in the proto."""
    if isinstance(answer, Message):
        fields: Mapping[str, Any] = MessageToDict(answer, preserving_proto_field_name=True)
        return fields
    return answer


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
