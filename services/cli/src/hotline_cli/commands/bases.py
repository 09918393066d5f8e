"""Units' own knowledge bases: register, approve, synchronise, withdraw (Art. 10(4))."""

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

import typer
from google.protobuf.json_format import ParseDict, ParseError
from hotline.knowledge.v1 import base_pb2
from hotline.knowledge.v1 import base_service_pb2 as service
from hotline_kernel.errors import Unavailable
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hotline_cli.client import Person, new_request_id
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import connection, person

app = typer.Typer(no_args_is_help=True)

BaseName = Annotated[str, typer.Argument(help="bases/…, as `hotline base list` names it")]
AsUnit = Annotated[str, typer.Option("--as-unit", help="the unit that keeps it, units/…")]
ITEMS_A_BATCH = 200
BYTES_A_BATCH = 400_000
FAILURES_IN_A_ROW = 8
_LONGEST_PAUSE_SECONDS = 10.0


class NotABase(Exception):
    """The file cannot be synchronised; the text names the line and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A file of JSON lines, an item or a gone key each, and the synchronisation that it is.

    An item is `{"key": "…", "title": "…", "text": "…", "kind": "guide"}`, with what else a `BaseItem` has; what is no
    more is `{"key": "…", "gone": true}`. The same file is the same synchronisation, so that a second
    try goes on where the first was cut.
    """

    path: Path
    base: str
    kind: base_pb2.SyncKind.ValueType
    again: bool = False

    @property
    def run(self) -> str:
        """An id that no other content, base or kind has; with `again` a new one."""
        if self.again:
            return new_request_id()
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return str(uuid5(NAMESPACE_URL, f"{self.base} {self.kind} {digest}"))

    def count(self) -> int:
        """How many items there are. Raises `NotABase` if one of them is none: nothing is sent then."""
        return sum(1 for _ in self._items())

    def batches(self, *, run: str, taken: int) -> Iterator[service.SyncBaseRequest]:
        """What is left after so many items, the last one marked. Raises `NotABase`."""
        batch = self._empty(run, taken)
        keys: set[str] = set()
        size = 0
        for item in islice(self._items(), taken, None):
            full = len(keys) >= ITEMS_A_BATCH or size + item.ByteSize() > BYTES_A_BATCH or item.key in keys
            if keys and full:
                yield batch
                batch, size = self._empty(run, batch.offset + len(batch.items) + len(batch.gone_keys)), 0
                keys.clear()
            keys.add(item.key)
            size += item.ByteSize()
            if item.title:
                batch.items.append(item)
            else:
                batch.gone_keys.append(item.key)
        batch.last = True
        yield batch

    def _empty(self, run: str, offset: int) -> service.SyncBaseRequest:
        return service.SyncBaseRequest(
            name=self.base, run=run, kind=self.kind, offset=offset, request_id=new_request_id()
        )

    def _items(self) -> Iterator[base_pb2.BaseItem]:
        """The items; one without a title is gone."""
        with self.path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    said: dict[str, Any] = json.loads(line)
                    if said.pop("gone", False):
                        said = {"key": said["key"]}
                    elif not said.get("title"):
                        raise NotABase(f"{self.path}:{number}: title: is required")
                    if "kind" in said:
                        said["kind"] = f"ENTRY_KIND_{said['kind'].upper()}"
                    yield ParseDict(said, base_pb2.BaseItem())
                except (ValueError, KeyError, TypeError, AttributeError, ParseError) as error:
                    raise NotABase(f"{self.path}:{number}: {error}") from error


def synchronise(unit: Person, snapshot: Snapshot, *, progress: Progress) -> base_pb2.Base:
    """Sends what the platform has not taken yet, and goes on after a cut; returns the base as it then stands.

    Raises `NotABase`, and `Unavailable` when the platform stays away.
    """
    run, total = snapshot.run, snapshot.count()
    task = progress.add_task(snapshot.base, total=total)
    failures = 0
    while True:
        taken = 0
        try:
            base = unit.bases.GetBase(service.GetBaseRequest(name=snapshot.base))
            if base.run.run == run:
                taken = base.run.taken
            progress.update(task, completed=taken)
            if base.run.run == run and base.run.complete:
                return base
            for answer in unit.bases.SyncBase(snapshot.batches(run=run, taken=taken)):
                progress.update(task, completed=answer.run.taken)
                failures = 0
        except Unavailable:
            failures += 1
            if failures > FAILURES_IN_A_ROW:
                raise
            time.sleep(min(_LONGEST_PAUSE_SECONDS, 0.2 * 2**failures))


def sync(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines: an item, or a gone key, each")],
    *,
    base: Annotated[str, typer.Option(help="the base it is, bases/…")],
    as_unit: AsUnit,
    changes: Annotated[bool, typer.Option("--changes", help="what it lacks stays; else it is taken out")] = False,
    again: Annotated[bool, typer.Option("--again", help="though the same file was synchronised last")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Bring the platform to what a unit's own base says; goes on after a cut, today's or yesterday's (Art. 10(4))."""
    kind = base_pb2.SYNC_KIND_CHANGES if changes else base_pb2.SYNC_KIND_SNAPSHOT
    snapshot = Snapshot(path=file, base=base, kind=kind, again=again)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with connection() as hotline, Progress(*columns, console=console, disable=output is Format.JSON) as progress:
        try:
            show(synchronise(hotline.person("unit", unit=as_unit), snapshot, progress=progress), output)
        except NotABase as error:
            print(error, file=sys.stderr)
            raise typer.Exit(2) from error


@app.command("register")
def register(
    name: Annotated[str, typer.Argument(help="bases/…, small letters, digits and hyphens")],
    *,
    title: Annotated[str, typer.Option(help="what it is called; shown with what it serves")],
    address: Annotated[str, typer.Option(help="where it is kept, for the office that looks at it")] = "",
    as_unit: AsUnit,
    output: Output = Format.TEXT,
) -> None:
    """Register a unit's own base; it is served after the office approved it."""
    request = service.RegisterBaseRequest(name=name, title=title, address=address, request_id=new_request_id())
    with person("unit", unit=as_unit) as unit:
        show(unit.bases.RegisterBase(request), output)


@app.command("approve")
def approve(name: BaseName, *, output: Output = Format.TEXT) -> None:
    """Serve what comes from a base, without a look at each item (ours, Art. 18)."""
    with person("office") as office:
        show(office.bases.ApproveBase(service.ApproveBaseRequest(name=name, request_id=new_request_id())), output)


@app.command("withdraw")
def withdraw(name: BaseName, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT) -> None:
    """Serve nothing of a base from now on."""
    request = service.WithdrawBaseRequest(name=name, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.bases.WithdrawBase(request), output)


@app.command("show")
def show_base(name: BaseName, *, output: Output = Format.TEXT) -> None:
    """Show a base and how far its synchronisation has come."""
    with person("office") as office:
        show(office.bases.GetBase(service.GetBaseRequest(name=name)), output)


@app.command("list")
def list_bases(*, limit: Annotated[int, typer.Option(min=1, max=1000)] = 50, output: Output = Format.TEXT) -> None:
    """Show every base."""
    with person("office") as office:
        answer = office.bases.ListBases(service.ListBasesRequest(page_size=limit))
    show_list(
        answer.bases,
        ("name", "title", "unit", "state", "sync_time"),
        output,
        empty="no bases",
        more=bool(answer.next_page_token),
    )
