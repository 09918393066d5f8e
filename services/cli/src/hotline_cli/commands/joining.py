"""Several orders of one appeal, and one order that works for many (Art. 7, 22, 23(3))."""

from typing import Annotated

import typer
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import repeat_service_pb2 as repeats

from hotline_cli.client import Person, new_request_id, pages
from hotline_cli.commands.orders import Order
from hotline_cli.output import Format, Output, show, show_list
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="why; goes on record")]


@app.command()
def split(
    order: Order,
    *,
    title: Annotated[str, typer.Option(help="what the further order is about, without identity")],
    text: Annotated[str, typer.Option(help="what its units should do, without identity")],
    lead: Annotated[str, typer.Option(help="the unit that leads it, units/…")],
    reason: Reason,
    supporting: Annotated[list[str] | None, typer.Option(help="a unit that supports it; may be repeated")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Make a further order of the same appeal, with a lead and a deadline of its own (Art. 7, 22)."""
    request = dispatch.SplitWorkOrderRequest(
        name=order,
        title=title,
        text=text,
        lead_unit=lead,
        supporting_units=supporting or [],
        reason=reason,
        request_id=new_request_id(),
    )
    with person("office") as office:
        show(office.dispatch.SplitWorkOrder(request), output)


@app.command()
def withdraw(order: Order, *, reason: Reason, output: Output = Format.TEXT) -> None:
    """Take back an order that was split from another and has no result."""
    request = dispatch.WithdrawWorkOrderRequest(name=order, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.dispatch.WithdrawWorkOrder(request), output)


@app.command()
def join(
    into: Annotated[str, typer.Argument(help="the order that works for all, workOrders/…")],
    orders: Annotated[list[str] | None, typer.Argument(help="the orders that are joined, workOrders/…")] = None,
    *,
    reason: Reason,
    repeated: Annotated[
        bool, typer.Option("--repeats", help="all that are out of appeals linked with its own (Art. 23(3))")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Let one order work for others too; each citizen is called back (Art. 23(3))."""
    with person("office") as office:
        wanted = [*(orders or []), *(_orders_of_repeats(office, into) if repeated else [])]
        joined = [
            office.dispatch.JoinWorkOrder(
                dispatch.JoinWorkOrderRequest(name=order, into=into, reason=reason, request_id=new_request_id())
            )
            for order in dict.fromkeys(wanted)
        ]
    show_list(joined, ("number", "state", "title", "name"), output, empty="nothing to join", more=False)


@app.command()
def separate(order: Order, *, reason: Reason, output: Output = Format.TEXT) -> None:
    """Take a joined order out again, while there is no result."""
    request = dispatch.SeparateWorkOrderRequest(name=order, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.dispatch.SeparateWorkOrder(request), output)


def _orders_of_repeats(office: Person, into: str) -> list[str]:
    appeal = office.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=into)).appeal
    listed = pages(office.repeats.ListRepeats, repeats.ListRepeatsRequest(appeal=appeal, page_size=1000))
    appeals = {name for page in listed for each in page.repeats for name in (each.appeal, each.earlier)}
    found = [
        order
        for name in sorted(appeals - {appeal})
        for order in office.dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=name)).work_orders
    ]
    return [order.name for order in found if order.state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED]
