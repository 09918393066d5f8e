"""The training of the hotline's staff (Art. 9(9), 37); `hotline list courses` and `training-records` show it.

Practice happens in the training tenant (docs/adr/0031); only points come from there into the real record.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

import typer
from google.type.date_pb2 import Date
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import training_pb2
from hotline.knowledge.v1 import training_service_pb2 as training

from hotline_cli.client import Hotline, new_request_id
from hotline_cli.output import Format, Output, console, show
from hotline_cli.practice.exercise import LEAST, MOST, Caller, callers
from hotline_cli.practice.marking import Marks, mark, points_of
from hotline_cli.session import connection
from hotline_cli.session import person as somebody
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

Course = Annotated[str, typer.Argument(help="courses/…, as `hotline list courses` names it")]
Seed = Annotated[int, typer.Option(min=0, max=999_999, help="the same number gives the same callers")]
Number = Annotated[int, typer.Option(min=LEAST, max=MOST, help="how many call")]


@app.command()
def plan(
    title: Annotated[str, typer.Argument(help="what it is called")],
    *,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="when")],
    trainer: Annotated[str, typer.Option(help="who teaches it")],
    kind: Annotated[str, typer.Option(help="ethics or skills")] = "skills",
    material: Annotated[list[str] | None, typer.Option(help="entries/… to learn from; may be repeated")] = None,
    pass_score: Annotated[int, typer.Option(min=0, max=100, help="points that pass; 0: the setting's")] = 0,
    output: Output = Format.TEXT,
) -> None:
    """Put a course into the plan."""
    request = training.PlanCourseRequest(
        title=title,
        kind=Word(training_pb2.CourseKind, "COURSE_KIND").value(kind, "--kind"),
        plan_date=Date(year=day.year, month=day.month, day=day.day),
        trainer=trainer,
        materials=material or [],
        pass_score=pass_score,
        request_id=new_request_id(),
    )
    with somebody("office") as office:
        show(office.training.PlanCourse(request), output)


@app.command()
def hold(
    course: Course,
    *,
    attendee: Annotated[list[str], typer.Option(help="who came, as their token names them; may be repeated")],
    output: Output = Format.TEXT,
) -> None:
    """Put on record who came."""
    request = training.HoldCourseRequest(name=course, attendees=attendee, request_id=new_request_id())
    with somebody("office") as office:
        show(office.training.HoldCourse(request), output)


@app.command()
def cancel(course: Course, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT) -> None:
    """Say that a course will not take place."""
    request = training.CancelCourseRequest(name=course, reason=reason, request_id=new_request_id())
    with somebody("office") as office:
        show(office.training.CancelCourse(request), output)


@app.command("test")
def record_test(
    course: Course,
    *,
    person: Annotated[str, typer.Option(help="who was tested, as their token names them")],
    score: Annotated[int, typer.Option(min=0, max=100, help="points of 100")],
    output: Output = Format.TEXT,
) -> None:
    """Put a test on record; every try stays."""
    request = training.RecordTestRequest(course=course, person=person, score=score, request_id=new_request_id())
    with somebody("office") as office:
        show(office.training.RecordTest(request), output)


@app.command()
def exercise(*, seed: Seed, number: Number = 6, output: Output = Format.TEXT) -> None:
    """Show the invented callers of an exercise, to be worked on with `hotline --training …`."""
    for caller in callers(seed=seed, number=number):
        told = {"name": caller.name, "phone": caller.phone, "address": caller.address, "text": caller.text}
        show(told, output)
        if output is Format.TEXT:
            console.print()


@app.command("mark")
def mark_exercise(
    course: Course,
    *,
    person: Annotated[str, typer.Option(help="who practised, as their tokens name them")],
    seed: Seed,
    number: Number = 6,
    output: Output = Format.TEXT,
) -> None:
    """Mark what somebody did in the training tenant, and enter the points into their real record."""
    with connection(training=True) as tenant:
        marks = {
            caller: mark(caller=caller, appeal=appeal, person=person)
            for caller, appeal in _worked_on(tenant, callers(seed=seed, number=number))
        }
    request = training.RecordTestRequest(
        course=course, person=person, score=points_of(marks), request_id=new_request_id()
    )
    with somebody("office") as office:
        record = office.training.RecordTest(request)
    show({"person": person, "points": points_of(marks), "passed": record.passed, "callers": _shown(marks)}, output)


def _worked_on(tenant: Hotline, those: list[Caller]) -> Iterator[tuple[Caller, appeal_pb2.Appeal | None]]:
    office = tenant.person("office").intake
    for caller in those:
        found = office.ListAppeals(intake.ListAppealsRequest(phone=caller.phone, page_size=1)).appeals  # the newest
        yield caller, next(iter(found), None)


def _shown(marks: Mapping[Caller, Marks]) -> list[dict[str, object]]:
    return [
        {"phone": caller.phone, "points": each.points, "remarks": list(each.remarks)} for caller, each in marks.items()
    ]
