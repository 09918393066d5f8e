"""What city IT and the auditor do: dead events, the record, the proof of the books."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer
from hotline.operations.v1 import audit_service_pb2, delivery_service_pb2
from hotline.operations.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from hotline.sla.v1 import sla_service_pb2
from hotline_kernel.timestamps import timestamp

from hotline_cli.client import SERVICES, new_request_id, pages
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import connection, person
from hotline_cli.verify import Proof, verify, verify_audit

app = typer.Typer(no_args_is_help=True)
events = typer.Typer(no_args_is_help=True, help="Look after events that were given up.")
audit = typer.Typer(no_args_is_help=True, help="Read and prove the record (Art. 36).")
app.add_typer(events, name="events")
app.add_typer(audit, name="audit")

Service = Annotated[str, typer.Argument(help=", ".join(SERVICES))]
Position = Annotated[int, typer.Argument(help="the event's position, as `hotline events dead` names it")]
KnownKeys = Annotated[
    list[str] | None,
    typer.Option(
        help="public key, in hex, that seals may be signed with; give all, old and new, after a change of key"
    ),
]


def _known(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"is one of {', '.join(SERVICES)}", param_hint="SERVICE")
    return service


@events.command()
def dead(service: Annotated[str, typer.Argument()] = "", output: Output = Format.TEXT) -> None:
    """List dead events of one service, or of all."""
    found: list[delivery_service_pb2.DeadEvent] = []
    with person("engineer") as engineer:
        for name in [_known(service)] if service else SERVICES:
            request = delivery_service_pb2.ListDeadEventsRequest(page_size=1000)
            for page in pages(engineer.delivery[name].ListDeadEvents, request):
                found += page.events
    columns = ("position", "source", "aggregate", "sequence", "type", "attempts", "error")
    show_list(found, columns, output, empty="no event is dead", more=False)


@events.command()
def replay(service: Service, position: Position, output: Output = Format.TEXT) -> None:
    """Give a dead event its tries back."""
    request = delivery_service_pb2.ReplayEventRequest(position=position, request_id=new_request_id())
    with person("engineer") as engineer:
        show(engineer.delivery[_known(service)].ReplayEvent(request), output)


@events.command()
def drop(
    service: Service,
    position: Position,
    *,
    reason: Annotated[str, typer.Option(help="why; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Pass over a dead event for good; its aggregate goes on."""
    request = delivery_service_pb2.DropEventRequest(position=position, reason=reason, request_id=new_request_id())
    with person("engineer") as engineer:
        show(engineer.delivery[_known(service)].DropEvent(request), output)


@events.command()
def republish(
    service: Annotated[str, typer.Argument()] = "",
    *,
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="committed at or after, 2026-10-08T01:00:00+08:00")
    ],
    reason: Annotated[str, typer.Option(help="which restore; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """After a restore, publish again what one service, or each, had published: whoever lost an event gets it."""
    counts: dict[str, int] = {}
    with person("engineer") as engineer:
        for name in [_known(service)] if service else SERVICES:
            counts[name] = sum(_republished(engineer.delivery[name], since, reason))
    show(counts, output)


def _republished(delivery: DeliveryServiceStub, since: datetime, reason: str) -> Iterator[int]:
    request = delivery_service_pb2.RepublishEventsRequest(since=timestamp(since), reason=reason)
    while True:
        request.request_id = new_request_id()
        answer = delivery.RepublishEvents(request)
        yield answer.republished
        request.after_position = answer.last_position
        if not answer.last_position:
            return


@audit.command("list")
def audit_list(
    service: Service,
    *,
    resource: Annotated[str, typer.Option(help="only about this, for example appeals/…")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    output: Output = Format.TEXT,
) -> None:
    """Show who did and who read what."""
    found: list[audit_service_pb2.AuditEntry] = []
    request = audit_service_pb2.ListAuditEntriesRequest(resource=resource, page_size=min(limit, 1000))
    with person("auditor") as auditor:
        for page in pages(auditor.audit[_known(service)].ListAuditEntries, request):
            found += page.entries
            if len(found) >= limit:
                break
    columns = ("time", "actor", "action", "resource", "purpose", "seal")
    show_list(found[:limit], columns, output, empty="nothing is on record", more=len(found) > limit)


@audit.command("verify")
def audit_verify(known_key: KnownKeys = None, output: Output = Format.TEXT) -> None:
    """Walk every chain and compare it with the heads that other services keep; exit code 1 if one is broken."""
    proof = Proof()
    try:
        known_keys = [bytes.fromhex(key) for key in known_key or ()]
    except ValueError as error:
        raise typer.BadParameter("is a public key in hex", param_hint="--known-key") from error
    with connection() as hotline:
        proof.findings += verify_audit(hotline, proof, known_keys=known_keys)
    _tell(proof, output, "every audit chain is whole")


@app.command()
def schedule(output: Output = Format.TEXT) -> None:
    """Show the legal time and when the next deadline falls due."""
    with person("engineer") as engineer:
        show(engineer.sla.GetSchedule(sla_service_pb2.GetScheduleRequest()), output)


@app.command("verify")
def verify_command(output: Output = Format.TEXT) -> None:
    """Prove the books over the public interfaces; exit code 1 and a line for each thing that is wrong."""
    with connection() as hotline:
        proof = verify(hotline)
    _tell(proof, output, "the books are true")


def _tell(proof: Proof, output: Format, good: str) -> None:
    if output is Format.JSON:
        show({"clean": proof.clean, "counted": dict(proof.counted), "findings": proof.findings}, output)
    else:
        console.print("  ".join(f"{name} {count}" for name, count in proof.counted.items()))
        for finding in proof.findings:
            console.print(f"[red]✗[/red] {finding}")
        if proof.clean:
            console.print(f"[green]✓[/green] {good}")
    if not proof.clean:
        raise typer.Exit(1)
