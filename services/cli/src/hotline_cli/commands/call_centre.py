"""The call centre: how many seats a city needs, and where they may stand (Art. 12, 13)."""

import csv
from pathlib import Path
from typing import Annotated

import typer
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import staffing_pb2
from rich.table import Table

from hotline_cli.output import Format, Output, console, show
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

_HOURS = 24
Residents = Annotated[int, typer.Option(min=1, help="residents that the hotline serves")]


@app.command()
def staffing(
    *,
    residents: Residents,
    calls: Annotated[str, typer.Option(help="calls of the hours 0 to 23, parted by commas")],
    handling: Annotated[int, typer.Option(min=1, help="mean seconds that a call keeps a seat, wrap-up included")] = 240,
    patience: Annotated[int, typer.Option(min=0, help="mean seconds until a caller hangs up; 0: the setting")] = 0,
    target: Annotated[float, typer.Option(min=0, max=0.9999, help="share to be answered; 0: the norm's")] = 0.0,
    output: Output = Format.TEXT,
) -> None:
    """Plan the seats for the calls of a day, beside the norm (Art. 12, 16)."""
    request = call_centre.PlanStaffingRequest(
        residents=residents,
        calls_by_hour=_by_hour(calls),
        handling_seconds=handling,
        patience_seconds=patience,
        target_answer_rate=target,
    )
    with person("supervisor") as supervisor:
        plan = supervisor.call_centre.PlanStaffing(request)
    if output is Format.JSON:
        show(plan, output)
        return
    table = Table("hour", "calls", "erlangs", "seats needed", "… if nobody hung up", "answered by norm", box=None)
    for hour in plan.hours:
        table.add_row(
            f"{hour.hour:02}", str(hour.calls), f"{hour.load:.1f}", str(hour.seats_needed),
            str(hour.seats_needed_without_abandonment), f"{hour.with_seats_by_norm.answer_rate:.1%}",
        )  # fmt: skip
    console.print(table)
    console.print(f"by the norm {plan.seats_by_norm} seats and {plan.operators_by_norm} operators (Art. 12)")
    console.print(f"needed {plan.seats_needed} seats and {plan.operators_needed} operators")
    missed = ", ".join(f"{hour:02}" for hour in plan.hours_not_carried) or "none"
    console.print(f"the norm's seats answer {plan.answer_rate_by_norm:.1%}; hours they do not carry: {missed}")


def _by_hour(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != _HOURS or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter("is 24 whole numbers parted by commas", param_hint="--calls")
    return [int(part) for part in parts]


@app.command("site-plan")
def site_plan(
    plan: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: number, area, metres_before, metres_behind")
    ],
    *,
    residents: Residents,
    operators: Annotated[int, typer.Option(min=0, help="operators that are to work there")],
    output: Output = Format.TEXT,
) -> None:
    """Check a site plan; one with too little room is refused with the workplaces named (Art. 13)."""
    request = call_centre.CheckSitePlanRequest(
        plan=staffing_pb2.SitePlan(residents=residents, operators=operators, workplaces=_workplaces(plan))
    )
    with person("supervisor") as supervisor:
        show(supervisor.call_centre.CheckSitePlan(request), output)


def _workplaces(path: Path) -> list[staffing_pb2.Workplace]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            return [
                staffing_pb2.Workplace(
                    number=row["number"],
                    area=float(row["area"]),
                    metres_before=float(row["metres_before"]),
                    metres_behind=float(row["metres_behind"]),
                )
                for row in csv.DictReader(file)
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise typer.BadParameter(
                "has the columns number, area, metres_before, metres_behind, with figures in the last three",
                param_hint="PLAN",
            ) from error
