"""The command `hotline`."""

import logging
import sys
from typing import Annotated

import structlog
import typer

from hotline_cli import session
from hotline_cli.commands import (
    accountability,
    appeals,
    asking,
    attachments,
    bases,
    call_centre,
    calls,
    categories,
    contests,
    counties,
    gaps,
    hands,
    holds,
    hooks,
    joining,
    knowledge,
    matters,
    meetings,
    notices,
    operations,
    orders,
    quality,
    reading,
    repeats,
    reports,
    retention,
    seats,
    supervising,
    tracing,
    training,
    units,
    weights,
)
from hotline_cli.local import commands as local
from hotline_cli.simulate import command as simulate

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    *,
    training: Annotated[
        bool, typer.Option("--training", help="speak to the training tenant, where everything is invented (Art. 37)")
    ] = False,
    county: Annotated[str, typer.Option("--county", help="speak to a county's own system (Art. 4, 10)")] = "",
) -> None:
    """961890 群众服务热线: everything the platform does, from the shell. It finds the running instance by itself."""
    session.practise(training=training)
    session.go_to_county(county)
    # The kernel's log is for processes; here only what goes wrong is said, and an answer in JSON stays alone.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


_PARTS = (
    local, appeals, seats, calls, call_centre, orders, hands, joining, matters, asking, quality, knowledge, reading,
    supervising, operations, tracing, simulate,
)  # fmt: skip
for part in _PARTS:
    app.add_typer(part.app)
app.add_typer(units.app, name="unit", help="Keep the registry of units (Art. 10).")
app.add_typer(categories.app, name="category", help="Change the tree of categories (Art. 5).")
app.add_typer(meetings.app, name="meeting", help="Plan and hold meetings, finish what follows (Art. 8, 9(8)).")
app.command("sync")(bases.sync)
app.add_typer(bases.app, name="base", help="Units' own knowledge bases: register, approve, withdraw (Art. 10(4)).")
app.add_typer(attachments.app, name="attachment", help="Files of entries of the knowledge base (Art. 18).")
app.add_typer(gaps.app, name="gap", help="What operators looked for and did not find (Art. 9(4)).")
app.add_typer(notices.app, name="notices", help="Report statistics and how the hotline runs (Art. 8, 35).")
app.add_typer(weights.app, name="weights", help="Publish by what units and trades are scored (Art. 32, 34).")
app.add_typer(training.app, name="training", help="Plan, hold and test courses of the staff (Art. 37).")
app.add_typer(contests.app, name="contest", help="Objections to declines (Art. 6).")
app.add_typer(holds.app, name="citizen", help="Legal holds and erasure (Art. 36).")
app.add_typer(hooks.app, name="hooks", help="Units' own systems, and what they are told (Art. 10(2)).")
app.add_typer(counties.app, name="county", help="Counties with a system of their own, and their lines (Art. 4, 10).")
app.add_typer(reports.app, name="protected", help="Reports of retaliation and leaks (Art. 36).")
app.add_typer(accountability.app, name="accountability", help="Hold a unit to account (Art. 36).")
app.add_typer(retention.app, name="retention", help="How long it is kept who brought an appeal (Art. 36).")
app.add_typer(repeats.app, name="repeat", help="Repeats of one matter (Art. 23(3), 25(2)).")

if __name__ == "__main__":
    app()
