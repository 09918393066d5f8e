"""Meetings about the hotline's work (Art. 8, 9(8)); `hotline list meetings` and `meeting-actions` show them."""

from datetime import datetime
from typing import Annotated

import typer
from google.type.date_pb2 import Date
from hotline.sla.v1 import meeting_service_pb2 as meetings

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import connection
from hotline_cli.session import person as somebody

app = typer.Typer(no_args_is_help=True)

_DAY = "%Y-%m-%d"
Meeting = Annotated[str, typer.Argument(help="meetings/…, as `hotline list meetings` names it")]


@app.command()
def plan(
    title: Annotated[str, typer.Argument(help="what it is called")],
    *,
    day: Annotated[datetime, typer.Option(formats=[_DAY], help="when")],
    first: Annotated[datetime, typer.Option(formats=[_DAY], help="first day of receipt of the orders in its figures")],
    last: Annotated[datetime, typer.Option(formats=[_DAY], help="last day of receipt")],
    topic: Annotated[list[str] | None, typer.Option(help="what is talked about besides; may be repeated")] = None,
    notice: Annotated[
        list[str] | None, typer.Option(help="statisticsNotices/… or workNotices/… to be talked about; may be repeated")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Put a meeting into the plan, with the figures of a period."""
    request = meetings.PlanMeetingRequest(
        title=title,
        plan_date=_date(day),
        start_date=_date(first),
        end_date=_date(last),
        topics=topic or [],
        notices=notice or [],
        request_id=new_request_id(),
    )
    with somebody("office") as office:
        show(office.meetings.PlanMeeting(request), output)


@app.command()
def hold(
    meeting: Meeting,
    *,
    participant: Annotated[list[str], typer.Option(help="who took part; may be repeated")],
    decision: Annotated[list[str] | None, typer.Option(help="what was decided; may be repeated")] = None,
    action: Annotated[
        list[str] | None, typer.Option(help="units/…=YYYY-MM-DD=what it has to do by then; may be repeated")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Take down the minutes: who came, what was decided, who does what by when."""
    request = meetings.HoldMeetingRequest(
        name=meeting,
        participants=participant,
        decisions=decision or [],
        actions=[_action(words) for words in action or []],
        request_id=new_request_id(),
    )
    with somebody("office") as office:
        show(office.meetings.HoldMeeting(request), output)


@app.command()
def cancel(meeting: Meeting, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT) -> None:
    """Say that a meeting will not take place."""
    request = meetings.CancelMeetingRequest(name=meeting, reason=reason, request_id=new_request_id())
    with somebody("office") as office:
        show(office.meetings.CancelMeeting(request), output)


@app.command()
def finish(
    action: Annotated[str, typer.Argument(help="meetingActions/…, as `hotline list meeting-actions` names it")],
    *,
    unit: Annotated[str, typer.Option(help="the unit that did it, units/…")],
    report: Annotated[str, typer.Option(help="what was done")],
    output: Output = Format.TEXT,
) -> None:
    """Report an action as done, as the unit that owns it."""
    request = meetings.FinishMeetingActionRequest(name=action, report=report, request_id=new_request_id())
    with connection() as hotline:
        show(hotline.person("unit", unit=unit).meetings.FinishMeetingAction(request), output)


def _action(words: str) -> meetings.ActionDraft:
    owner, _, rest = words.partition("=")
    day, _, text = rest.partition("=")
    try:
        due_date = _date(datetime.strptime(day, _DAY))  # noqa: DTZ007  a day, not a moment
    except ValueError as error:
        raise typer.BadParameter("is units/…=YYYY-MM-DD=text", param_hint="--action") from error
    return meetings.ActionDraft(owner=owner, due_date=due_date, text=text)


def _date(day: datetime) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
