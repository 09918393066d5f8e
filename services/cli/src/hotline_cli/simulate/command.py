"""`hotline simulate`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from hotline_kernel import calendar
from hotline_kernel.calendar import ZONE
from hotline_kernel.clock import VirtualClock

from hotline_cli.client import Hotline
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.running import run_directory
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import Servers
from hotline_cli.output import Format, Output, console, show
from hotline_cli.simulate import messages as citizens
from hotline_cli.simulate.run import Plan, Simulation

app = typer.Typer()
_CHAPTERS = (
    "calls", "appeals", "work_orders", "deadlines", "supervision", "key_supervision", "circulars", "feedback",
    "refused",
)  # fmt: skip


@app.command()
def simulate(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="how many days to play")] = 7,
    per_day: Annotated[int, typer.Option(min=1, max=200_000, help="contacts on an average day")] = 500,
    seed: Annotated[int, typer.Option(help="the same seed gives the same books")] = 1,
    messages: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="JSON lines with citizen, title and text")
    ] = None,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the first day")] = datetime(2026, 3, 2),  # noqa: DTZ001
    output: Output = Format.TEXT,
) -> None:
    """Play a city on a virtual clock in a platform of its own, then prove its books: exit code 1 if they are false."""
    plan = Plan(days=days, per_day=per_day, seed=seed, start=start.date())
    said = sys.stderr if output is Format.JSON else sys.stdout
    with platform(plan.start) as (hotline, clock):
        result = Simulation(
            plan=plan,
            hotline=hotline,
            clock=clock,
            calendar=calendar.load(None),
            messages=citizens.read(messages) if messages else citizens.written(seed),
            say=lambda line: print(line, file=said, flush=True),
        ).run()
    if output is Format.JSON:
        show(result, output)
    else:
        _tell(result)
    if not result["verify"]["clean"]:
        raise typer.Exit(1)


@contextmanager
def platform(first_day: date) -> Iterator[tuple[Hotline, VirtualClock]]:
    """A platform with an empty record and an invented city, its clock at the start of the day; gone afterwards."""
    directory = run_directory()
    begin = datetime.combine(first_day, datetime.min.time(), tzinfo=ZONE)
    with Servers(directory / "servers") as servers:
        instance = Instance(
            directory=directory,
            servers=servers,
            name=f"simulate_{os.getpid()}",
            clock="virtual",
            start=begin,
            settings=NO_RATE_LIMIT | {"trace_file": ""},
        )
        clock = instance.clock
        assert isinstance(clock, VirtualClock)  # asked for above
        with seeded(instance):
            hotline = Hotline(instance.running)
            yield hotline, clock
            hotline.close()


def _tell(result: dict[str, Any]) -> None:
    books = result["books"]
    for chapter in _CHAPTERS:
        console.print(f"[bold]{chapter}[/bold]")
        for name, value in books[chapter].items():
            line = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            console.print(f"  {name:14} {line}")
    console.print("[bold]scores[/bold]")
    for score in books["scores"]:
        console.print(f"  {score['unit']:28} received {score['received']:5}  score {score['score']}")
    run = result["run"]
    console.print(f"{run['contacts']} contacts in {run['seconds']} s: {run['appeals_per_second']} a second")
    for finding in result["verify"]["findings"]:
        console.print(f"[red]✗[/red] {finding}")
    if result["verify"]["clean"]:
        console.print("[green]✓[/green] the books are true")
