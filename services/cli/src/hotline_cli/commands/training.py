"""The training of the hotline's staff (Art. 9(9), 37); `hotline list courses` and `training-records` show it."""

from datetime import datetime
from typing import Annotated

import typer
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import training_pb2
from hotline.knowledge.v1 import training_service_pb2 as training

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person as somebody
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

Course = Annotated[str, typer.Argument(help="courses/…, as `hotline list courses` names it")]


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
