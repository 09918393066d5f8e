"""What units and the hotline office do with work orders (Art. 22-26)."""

from datetime import datetime
from typing import Annotated

import typer
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2

from hotline_cli.client import Hotline, Person, new_request_id
from hotline_cli.output import Format, Output, show, show_list
from hotline_cli.session import connection, person
from hotline_cli.words import Word, civil_date

app = typer.Typer(no_args_is_help=True)

STUDY_GROUND = Word(work_order_pb2.StudyGround, "STUDY_GROUND")
Order = Annotated[str, typer.Argument(help="workOrders/…, as `hotline list orders` names it")]


def lead_unit(hotline: Hotline, order: str) -> Person:
    """A handler of the unit that leads the order; with a token of a cluster, whoever the token says."""
    found = hotline.person("office").dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order))
    return hotline.person("unit", unit=found.lead_unit)


@app.command()
def suggest(
    *,
    order: Annotated[str, typer.Option(help="workOrders/… whose place, subject and text are taken")] = "",
    region: Annotated[str, typer.Option(help="or the division code of where it is")] = "",
    category: Annotated[str, typer.Option(help="and its subject")] = "",
    text: Annotated[str, typer.Option(help="and what it is about")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Suggest who should lead, with reasons; you decide (Art. 3)."""
    if bool(order) == bool(region):
        raise typer.BadParameter("give exactly one of --order, --region")
    with person("office") as office:
        request = dispatch.SuggestLeadRequest(region=region, category=category, text=text)
        if order:
            found = office.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order))
            request = dispatch.SuggestLeadRequest(
                region=found.region, category=found.category, text=f"{found.title} {found.text}"[:4000]
            )
        answer = office.dispatch.SuggestLead(request)
    columns = ("unit", "display_name", "confidence", "reasons")
    show_list(answer.suggestions, columns, output, empty="nobody is known for it: the office decides", more=False)


@app.command("dispatch")
def dispatch_order(
    order: Order,
    *,
    lead: Annotated[str, typer.Option(help="the unit that leads, units/…")],
    supporting: Annotated[list[str] | None, typer.Option(help="a unit that supports; may be repeated")] = None,
    study: Annotated[list[str] | None, typer.Option(help="why its principal must study it (Art. 25)")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Name the lead and supporting units of an order that waits for them (Art. 7, 22)."""
    request = dispatch.DispatchWorkOrderRequest(
        name=order, lead_unit=lead, supporting_units=supporting or [], request_id=new_request_id()
    )
    request.study_grounds.extend(STUDY_GROUND.value(ground, "--study") for ground in study or [])
    with person("office") as office:
        show(office.dispatch.DispatchWorkOrder(request), output)


@app.command("send-back")
def send_back(
    order: Order, *, reason: Annotated[str, typer.Option(help="why it is not yours")], output: Output = Format.TEXT
) -> None:
    """Give an order back to the office, as its lead unit (Art. 22)."""
    request = dispatch.SendBackWorkOrderRequest(name=order, reason=reason, request_id=new_request_id())
    with connection() as hotline:
        show(lead_unit(hotline, order).dispatch.SendBackWorkOrder(request), output)


@app.command()
def directive(
    order: Order,
    *,
    text: Annotated[str, typer.Option(help="what it says")],
    authority: Annotated[str, typer.Option(help="who gave it")],
    output: Output = Format.TEXT,
) -> None:
    """Put a directive on record; the order goes out (Art. 23)."""
    request = dispatch.RecordDirectiveRequest(name=order, text=text, authority=authority, request_id=new_request_id())
    with person("office") as office:
        show(office.dispatch.RecordDirective(request), output)


@app.command()
def hold(
    order: Order,
    *,
    kind: Annotated[str, typer.Option(help="urgent, complex, common or stalled (Art. 23)")],
    reason: Annotated[str, typer.Option(help="by what it was recognised; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Make an order that is not out yet wait for a directive (Art. 23)."""
    request = dispatch.HoldWorkOrderRequest(
        name=order,
        directive_kind=Word(appeal_pb2.DirectiveKind, "DIRECTIVE_KIND").value(kind, "--kind"),
        reason=reason,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.dispatch.HoldWorkOrder(request), output)


@app.command()
def contact(
    order: Order, *, note: Annotated[str, typer.Option(help="what the citizen was told")], output: Output = Format.TEXT
) -> None:
    """Record the first contact; the office does it for a confidential order and one about a unit (Art. 24(1))."""
    request = dispatch.RecordFirstContactRequest(name=order, note=note, request_id=new_request_id())
    with connection() as hotline:
        office = hotline.person("office")
        found = office.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order))
        who = office if found.confidential or found.about_unit else lead_unit(hotline, order)
        show(who.dispatch.RecordFirstContact(request), output)


@app.command()
def report(
    order: Order,
    *,
    text: Annotated[str, typer.Option(help="what was done")],
    reply: Annotated[str, typer.Option(help="what the citizen was told (Art. 24(2))")] = "",
    means: Annotated[str, typer.Option(help="how: phone, visit, written or relayed")] = "phone",
    outcome: Annotated[str, typer.Option(help="solved, explained or filed")] = "solved",
    obstacle: Annotated[str, typer.Option(help="filed: what stands in the way (Art. 27)")] = "",
    understood: Annotated[bool, typer.Option("--understood", help="filed: the citizen accepted it (Art. 27)")] = False,
    look_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="filed: look again then")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Report the result, with the reply to the citizen, as the lead unit (Art. 24(2))."""
    request = dispatch.ReportResultRequest(
        name=order,
        outcome=Word(work_order_pb2.Outcome, "OUTCOME").value(outcome, "--outcome"),
        text=text,
        reply_means=Word(work_order_pb2.ReplyMeans, "REPLY_MEANS").value(means, "--means"),
        reply_text=reply,
        obstacle=obstacle,
        understood=understood,
        look_date=civil_date(look_date),
        request_id=new_request_id(),
    )
    with connection() as hotline:
        show(lead_unit(hotline, order).dispatch.ReportResult(request), output)


@app.command()
def extend(
    order: Order,
    *,
    days: Annotated[int, typer.Option(help="ask for so many working days, as the lead unit")] = 0,
    grant: Annotated[bool, typer.Option("--grant", help="grant what was asked, as the office")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="refuse what was asked, as the office")] = False,
    reason: Annotated[str, typer.Option(help="why; the citizen is told when it is granted")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Ask for a later deadline, or decide on it (Art. 26)."""
    if (days > 0) + grant + refuse != 1:
        raise typer.BadParameter("give exactly one of --days, --grant, --refuse")
    with connection() as hotline:
        if days:
            ask = dispatch.RequestExtensionRequest(
                name=order, working_days=days, reason=reason, request_id=new_request_id()
            )
            show(lead_unit(hotline, order).dispatch.RequestExtension(ask), output)
        else:
            decide = dispatch.DecideExtensionRequest(
                name=order, granted=grant, note=reason, request_id=new_request_id()
            )
            show(hotline.person("office").dispatch.DecideExtension(decide), output)
