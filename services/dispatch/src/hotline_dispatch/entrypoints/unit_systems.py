"""The RPCs for units' own systems, and what the pump does to call them (Art. 10(2))."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

import structlog
from google.protobuf.message import Message
from hotline.dispatch.v1 import unit_system_service_pb2 as pb
from hotline_kernel import paging, telemetry
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of

from hotline_dispatch.adapters import webhook_messages as messages
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.webhook import Delivery, Outcome, OutcomeKind, Patience, Webhook, signature
from hotline_dispatch.handlers import unit_systems
from hotline_dispatch.handlers.orders import restricted_to
from hotline_dispatch.handlers.unit_systems import Envelopes, SealedWebhook
from hotline_dispatch.settings import Settings

LEASE = timedelta(seconds=60)
"""How long a webhook is one caller's: longer than its batch and a call beyond it may take."""
BATCH_SECONDS = 5.0
_log = structlog.get_logger()


class UnitSystemServicer:
    """Answers `hotline.dispatch.v1.UnitSystemService`."""

    def __init__(self, *, database: Database[Store], clock: Clock, settings: Settings, envelopes: Envelopes) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._settings = settings
        self._envelopes = envelopes

    def CreateWebhook(self, request: pb.CreateWebhookRequest, call: Call) -> pb.IssuedWebhook:
        """Enters where a unit's system is called."""
        return self._issue(
            request,
            call,
            lambda tx: unit_systems.create_webhook(
                unit=request.unit,
                url=request.url,
                limit=self._settings.webhook_limit,
                destinations=self._settings.destinations,
                tx=tx,
                envelopes=self._envelopes,
                now=self._clock.now(),
            ),
        )

    def GetWebhook(self, request: pb.GetWebhookRequest, call: Call) -> pb.Webhook:
        """One webhook; a unit sees its own alone."""
        with self._database.transaction(actor=call.principal) as tx:
            return messages.webhook(unit_systems.get_webhook(webhook_id=uuid_of(request.name), tx=tx))

    def ListWebhooks(self, request: pb.ListWebhooksRequest, call: Call) -> pb.ListWebhooksResponse:
        """A page of webhooks, newest first; a unit sees its own alone."""
        page = paging.Page.read(request)
        own = restricted_to(call.principal)
        found: list[Webhook] = []
        if own is None or request.unit in ("", own):
            unit = request.unit or None if own is None else own
            with self._database.transaction(actor=call.principal) as tx:
                found = tx.list_webhooks(unit=unit, after=page.after_uuid(), limit=page.size + 1)
        cut, token = page.cut(found, key=lambda webhook: [webhook.id])
        return pb.ListWebhooksResponse(webhooks=[messages.webhook(webhook) for webhook in cut], next_page_token=token)

    def RotateWebhookSecret(self, request: pb.RotateWebhookSecretRequest, call: Call) -> pb.IssuedWebhook:
        """A fresh secret, the one before for a while beside it."""
        return self._issue(
            request,
            call,
            lambda tx: unit_systems.rotate_secret(
                webhook_id=uuid_of(request.name),
                etag=request.etag,
                overlap=timedelta(hours=request.overlap_hours),
                tx=tx,
                envelopes=self._envelopes,
            ),
            {"overlap_hours": str(request.overlap_hours)},
        )

    def SuspendWebhook(self, request: pb.SuspendWebhookRequest, call: Call) -> pb.Webhook:
        """It is not called for now."""
        return self._change(
            request,
            call,
            lambda tx: unit_systems.suspend_webhook(webhook_id=uuid_of(request.name), etag=request.etag, tx=tx),
        )

    def ResumeWebhook(self, request: pb.ResumeWebhookRequest, call: Call) -> pb.Webhook:
        """It is called again."""
        return self._change(
            request,
            call,
            lambda tx: unit_systems.resume_webhook(webhook_id=uuid_of(request.name), etag=request.etag, tx=tx),
        )

    def DeleteWebhook(self, request: pb.DeleteWebhookRequest, call: Call) -> pb.DeleteWebhookResponse:
        """It is forgotten."""

        def work(tx: Store) -> pb.DeleteWebhookResponse:
            gone = unit_systems.delete_webhook(webhook_id=uuid_of(request.name), etag=request.etag, tx=tx)
            self._record(tx, call, gone, {})
            return pb.DeleteWebhookResponse()

        return self._commands.run(request, call, pb.DeleteWebhookResponse, work)

    def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, call: Call
    ) -> pb.ListWebhookDeliveriesResponse:
        """A page of deliveries, newest first; a unit sees its own alone."""
        page = paging.Page.read(request)
        before = page.after_number() if page.after is not None else None
        with self._database.transaction(actor=call.principal) as tx:
            webhook = unit_systems.get_webhook(webhook_id=uuid_of(request.webhook, field="webhook"), tx=tx)
            state = messages.delivery_state(request.state)
            found = tx.list_deliveries(webhook=webhook.id, state=state, before=before, limit=page.size + 1)
        cut, token = page.cut(found, key=lambda delivery: [delivery.sequence])
        return pb.ListWebhookDeliveriesResponse(
            deliveries=[messages.delivery(delivery) for delivery in cut], next_page_token=token
        )

    def ReplayWebhookDelivery(self, request: pb.ReplayWebhookDeliveryRequest, call: Call) -> pb.WebhookDelivery:
        """A dead delivery is tried again."""

        def work(tx: Store) -> pb.WebhookDelivery:
            delivery = unit_systems.replay_delivery(delivery_id=uuid_of(request.name), tx=tx)
            details = {"webhook": f"webhooks/{delivery.webhook}", "unit": delivery.change.unit}
            tx.record(action=call.permission, resource=delivery.name, time=self._clock.now(), details=details)
            return messages.delivery(delivery)

        return self._commands.run(request, call, pb.WebhookDelivery, work)

    def FollowWorkOrders(self, request: pb.FollowWorkOrdersRequest, call: Call) -> pb.FollowWorkOrdersResponse:
        """What changed for the caller's unit since."""
        size = min(request.page_size or 50, paging.MAXIMUM_SIZE)
        after = int(request.resume_token or 0)
        unit = unit_systems.followed_unit(call.principal)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.follow_changes(unit=unit, after=after, limit=size + 1)
        kept = found[:size]
        return pb.FollowWorkOrdersResponse(
            changes=[messages.change(change) for _, change in kept],
            resume_token=str(kept[-1][0]) if kept else request.resume_token,
            more=len(found) > size,
        )

    def _issue(
        self,
        request: Message,
        call: Call,
        decide: Callable[[Store], Webhook],
        details: Mapping[str, str] | None = None,
    ) -> pb.IssuedWebhook:
        def work(tx: Store) -> pb.IssuedWebhook:
            webhook = decide(tx)
            self._record(tx, call, webhook, details or {})
            return pb.IssuedWebhook(webhook=messages.webhook(webhook))

        # The answer is kept for repeats without the secret, which is opened once more for each of them.
        answer = self._commands.run(request, call, pb.IssuedWebhook, work)
        with self._database.transaction(actor=call.principal) as tx:
            answer.secret = unit_systems.issued_secret(
                webhook_id=uuid_of(answer.webhook.name),
                etag=answer.webhook.etag,
                tx=tx,
                envelopes=self._envelopes,
            )
        return answer

    def _change(self, request: Message, call: Call, decide: Callable[[Store], Webhook]) -> pb.Webhook:
        def work(tx: Store) -> pb.Webhook:
            webhook = decide(tx)
            self._record(tx, call, webhook, {})
            return messages.webhook(webhook)

        return self._commands.run(request, call, pb.Webhook, work)

    def _record(self, tx: Store, call: Call, webhook: Webhook, details: Mapping[str, str]) -> None:
        tx.record(
            action=call.permission,
            resource=webhook.name,
            time=self._clock.now(),
            details={"unit": webhook.unit, "url": webhook.url, **details},
        )


class Caller(Protocol):
    """Posts something somewhere."""

    def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> Outcome: ...


class WebhookPump:
    """Calls units' systems; any number at once, each webhook by one of them."""

    def __init__(
        self,
        *,
        database: Database[Store],
        envelopes: Envelopes,
        caller: Caller,
        patience: Patience,
        service: str,
    ) -> None:
        self._database = database
        self._envelopes = envelopes
        self._caller = caller
        self._patience = patience
        self._service = service

    def run(self) -> bool:
        """Serves one webhook for a few seconds at most; True if there was one."""
        with self._database.transaction() as tx:
            claimed = tx.claim_webhook(lease=LEASE)
        if claimed is None:
            return False
        until, failures = time.monotonic() + BATCH_SECONDS, claimed.webhook.line.failures
        while time.monotonic() < until:
            kind = self._serve_next(claimed, failures)
            if kind is None or kind is OutcomeKind.UNREACHED:
                break
            failures = 0
        with self._database.transaction() as tx:
            tx.release_webhook(claimed.webhook.id)
        return True

    def _serve_next(self, claimed: SealedWebhook, failures: int) -> OutcomeKind | None:
        """How the next call went; None if there is none to make."""
        with self._database.transaction() as tx:
            delivery = tx.next_delivery(claimed.webhook.id)
        if delivery is None:
            return None
        outcome = self._call(claimed, delivery)
        with self._database.transaction() as tx:
            unit_systems.settle(
                delivery=delivery,
                failures=failures,
                outcome=outcome,
                tx=tx,
                patience=self._patience,
                chance=random.random(),  # noqa: S311  (keeps callers apart, no secret)
            )
        telemetry.WEBHOOK_CALLS.labels(self._service, outcome.kind.lower()).inc()
        if outcome.kind is not OutcomeKind.ARRIVED:
            _log.warning(
                "webhook_failed",
                webhook=claimed.webhook.name,
                work_order=delivery.change.work_order,
                error=outcome.error,
            )
        return outcome.kind

    def _call(self, claimed: SealedWebhook, delivery: Delivery) -> Outcome:
        body = messages.body(delivery)
        message_id, timestamp = str(delivery.id), int(time.time())
        secrets = unit_systems.secrets_of(claimed, self._envelopes)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secrets=secrets, message_id=message_id, timestamp=timestamp, body=body),
        }
        return self._caller.post(url=claimed.webhook.url, headers=headers, body=body)
