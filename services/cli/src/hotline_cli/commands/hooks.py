"""Units' own systems: where they are called, and what they are told (Art. 10(2))."""

from typing import Annotated

import typer
from hotline.dispatch.v1 import unit_system_service_pb2 as unit_systems

from hotline_cli.client import new_request_id, pages
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Webhook = Annotated[str, typer.Argument(help="webhooks/…, as `hotline list webhooks` names it")]


@app.command()
def create(
    unit: Annotated[str, typer.Argument(help="units/… whose system it is")],
    url: Annotated[str, typer.Argument(help="where it is called, https://…")],
    output: Output = Format.TEXT,
) -> None:
    """Enter where a unit's system is called; the secret that signs is shown this once."""
    request = unit_systems.CreateWebhookRequest(unit=unit, url=url, request_id=new_request_id())
    with person("office") as office:
        show(office.unit_systems.CreateWebhook(request), output)


@app.command()
def rotate(
    webhook: Webhook,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="how long the old secret signs too; 0 ends it at once")
    ] = 24,
    output: Output = Format.TEXT,
) -> None:
    """Give a webhook a new secret, shown this once."""
    request = unit_systems.RotateWebhookSecretRequest(
        name=webhook, overlap_hours=overlap_hours, request_id=new_request_id()
    )
    with person("office") as office:
        show(office.unit_systems.RotateWebhookSecret(request), output)


@app.command()
def suspend(webhook: Webhook, output: Output = Format.TEXT) -> None:
    """Send nothing for now; what happens meanwhile waits."""
    request = unit_systems.SuspendWebhookRequest(name=webhook, request_id=new_request_id())
    with person("office") as office:
        show(office.unit_systems.SuspendWebhook(request), output)


@app.command()
def resume(webhook: Webhook, output: Output = Format.TEXT) -> None:
    """Send again, what waited first."""
    request = unit_systems.ResumeWebhookRequest(name=webhook, request_id=new_request_id())
    with person("office") as office:
        show(office.unit_systems.ResumeWebhook(request), output)


@app.command()
def delete(webhook: Webhook) -> None:
    """Forget a webhook and what waits for it."""
    request = unit_systems.DeleteWebhookRequest(name=webhook, request_id=new_request_id())
    with person("office") as office:
        office.unit_systems.DeleteWebhook(request)
    console.print(f"{webhook} is forgotten")


@app.command()
def replay(webhook: Webhook, output: Output = Format.TEXT) -> None:
    """Try again everything dead of a webhook, when the unit's system is back."""
    request = unit_systems.ListWebhookDeliveriesRequest(
        webhook=webhook, state=unit_systems.WEBHOOK_DELIVERY_STATE_DEAD, page_size=1000
    )
    with person("engineer") as engineer:
        listed = list(pages(engineer.unit_systems.ListWebhookDeliveries, request))
        replayed = [
            engineer.unit_systems.ReplayWebhookDelivery(
                unit_systems.ReplayWebhookDeliveryRequest(name=delivery.name, request_id=new_request_id())
            )
            for page in listed
            for delivery in page.deliveries
        ]
    show_list(replayed, ("name", "state", "error"), output, empty="nothing of it is dead", more=False)


@app.command()
def follow(
    unit: Annotated[str, typer.Argument(help="units/… whose orders are followed")],
    *,
    after: Annotated[str, typer.Option(help="resume token of the last time; none: from the first change")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Show what changed for a unit, as its system learns it when it asks by itself."""
    request = unit_systems.FollowWorkOrdersRequest(resume_token=after, page_size=1000)
    with person("unit", unit=unit) as system:
        answer = system.unit_systems.FollowWorkOrders(request)
    columns = ("number", "part", "state", "version", "due_time", "work_order")
    show_list(answer.changes, columns, output, empty="nothing changed since", more=answer.more)
    if output is Format.TEXT and answer.resume_token:
        console.print(f"go on with --after {answer.resume_token}")
