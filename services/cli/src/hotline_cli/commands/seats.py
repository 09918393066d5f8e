"""The seats: setting them up, signing on, the queue (Art. 15)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import seat_pb2

from hotline_cli.client import Person, new_request_id
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import As, connection, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)
seats = typer.Typer(no_args_is_help=True, help="Look after the seats and work at them (Art. 15).")
app.add_typer(seats, name="seats")

Seat = Annotated[str, typer.Argument(help="seats/…, as `hotline list seats` names it")]
Skills = Annotated[list[str] | None, typer.Option("--skill", help="what calls may need here; may be repeated")]
Extension = Annotated[str, typer.Option(help="its telephone extension")]
_KINDS = Word(seat_pb2.SeatKind, "SEAT_KIND")
_ROLES = {
    seat_pb2.SEAT_KIND_INTAKE: "operator",
    seat_pb2.SEAT_KIND_REVIEW: "reviewer",
    seat_pb2.SEAT_KIND_CALLBACK: "callback",
    seat_pb2.SEAT_KIND_QUALITY: "quality",
}


@contextmanager
def _holder(seat: str, subject: str) -> Iterator[Person]:
    """Somebody who may sit at that seat."""
    with connection() as hotline:
        found = hotline.person("supervisor").call_centre.GetSeat(call_centre.GetSeatRequest(name=seat))
        yield hotline.person(_ROLES[found.kind], subject=subject)


@seats.command()
def create(
    seat: Seat,
    *,
    kind: Annotated[str, typer.Option(help="intake, review, callback or quality (Art. 15)")],
    extension: Extension = "",
    skill: Skills = None,
    output: Output = Format.TEXT,
) -> None:
    """Set a seat up."""
    wanted = seat_pb2.Seat(name=seat, kind=_KINDS.value(kind, "--kind"), extension=extension, skills=skill or [])
    with person("supervisor") as supervisor:
        request = call_centre.CreateSeatRequest(seat=wanted, request_id=new_request_id())
        show(supervisor.call_centre.CreateSeat(request), output)


@seats.command()
def equip(seat: Seat, *, extension: Extension = "", skill: Skills = None, output: Output = Format.TEXT) -> None:
    """Give a seat this extension and these skills, in place of those it had."""
    request = call_centre.EquipSeatRequest(
        name=seat, extension=extension, skills=skill or [], request_id=new_request_id()
    )
    with person("supervisor") as supervisor:
        show(supervisor.call_centre.EquipSeat(request), output)


@seats.command("sign-on")
def sign_on(seat: Seat, *, subject: As = "", output: Output = Format.TEXT) -> None:
    """Take a seat."""
    with _holder(seat, subject) as holder:
        show(holder.call_centre.SignOn(call_centre.SignOnRequest(name=seat, request_id=new_request_id())), output)


@seats.command("sign-off")
def sign_off(
    seat: Seat,
    *,
    subject: As = "",
    supervisor: Annotated[bool, typer.Option("--supervisor", help="for somebody who forgot to")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Leave a seat."""
    request = call_centre.SignOffRequest(name=seat, request_id=new_request_id())
    with person("supervisor") if supervisor else _holder(seat, subject) as holder:
        show(holder.call_centre.SignOff(request), output)


@seats.command()
def pause(
    seat: Seat,
    *,
    reason: Annotated[str, typer.Option(help="why")],
    subject: As = "",
    output: Output = Format.TEXT,
) -> None:
    """Get no calls for a while."""
    request = call_centre.PauseSeatRequest(name=seat, reason=reason, request_id=new_request_id())
    with _holder(seat, subject) as holder:
        show(holder.call_centre.PauseSeat(request), output)


@seats.command()
def resume(seat: Seat, *, subject: As = "", output: Output = Format.TEXT) -> None:
    """Be ready again."""
    with _holder(seat, subject) as holder:
        show(
            holder.call_centre.ResumeSeat(call_centre.ResumeSeatRequest(name=seat, request_id=new_request_id())), output
        )


@seats.command("next")
def next_(seat: Seat, *, subject: As = "", output: Output = Format.TEXT) -> None:
    """Take the next written appeal or draft that waits for your seat; nobody else works on it meanwhile."""
    with _holder(seat, subject) as holder:
        show(holder.call_centre.TakeNext(call_centre.TakeNextRequest(request_id=new_request_id())), output)


@seats.command()
def queue(
    kind: Annotated[str, typer.Argument(help="intake or review")] = "intake",
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="at most this many appeals")] = 20,
    output: Output = Format.TEXT,
) -> None:
    """Show what waits for the seats of a kind, oldest first, as the supervisor sees it."""
    request = call_centre.ListQueueRequest(kind=_KINDS.value(kind, "KIND"), page_size=limit)
    with person("supervisor") as supervisor:
        found = supervisor.call_centre.ListQueue(request)
    if output is Format.JSON:
        show(found, output)
        return
    console.print(f"{len(found.calls)} calls wait")
    show_list(
        found.appeals,
        ("number", "title", "emergency", "create_time", "answer_due_time", "taken_by", "appeal"),
        output,
        empty="no appeal waits",
        more=bool(found.next_page_token),
    )
