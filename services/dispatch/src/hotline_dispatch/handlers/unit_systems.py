"""Units' own systems: where they are called, and what they are told (Art. 10(2))."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.refusals import NotOwnUnit, UnitUnknown
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.domain.webhook import (
    Delivery,
    DeliveryState,
    Destinations,
    Outcome,
    OutcomeKind,
    Patience,
    Webhook,
    WebhooksEnough,
    WebhookState,
    WebhookStateNotAllowed,
    secret_of,
)
from hotline_dispatch.handlers.orders import restricted_to

_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class SealedWebhook:
    """A webhook as stored; old_sealed_secret -- None without an old one."""

    webhook: Webhook
    wrapped_key: bytes
    sealed_secret: bytes
    old_sealed_secret: bytes | None = None


class Key(Protocol):
    """A webhook's key, open."""

    def seal(self, *, plain: str, place: str) -> bytes: ...
    def open(self, *, sealed: bytes, place: str) -> str: ...


class Envelopes(Protocol):
    """Makes and opens webhooks' keys."""

    def issue(self) -> tuple[bytes, Key]: ...
    def unlock(self, *, wrapped_key: bytes) -> Key: ...


class Store(Protocol):
    """What is needed of a transaction."""

    actor: Principal

    def find_unit(self, name: str, *, for_update: bool = False) -> Unit | None: ...
    def add_webhook(self, sealed: SealedWebhook) -> None: ...
    def find_webhook(self, webhook_id: UUID, *, for_update: bool = False) -> SealedWebhook | None: ...
    def count_webhooks(self, unit: str) -> int: ...
    def save_webhook(self, webhook: Webhook) -> None: ...
    def save_secret(self, sealed: SealedWebhook, *, overlap: timedelta) -> Webhook: ...
    def delete_webhook(self, webhook_id: UUID) -> None: ...
    def find_delivery(self, delivery_id: UUID, *, for_update: bool = False) -> Delivery | None: ...
    def replay_delivery(self, delivery_id: UUID) -> Delivery: ...


class Line(Protocol):
    """What is needed of a transaction to put a call's outcome on record."""

    def save_arrived(self, delivery: Delivery) -> None: ...
    def save_refused(self, delivery: Delivery, *, error: str, pause: timedelta, give_up: timedelta) -> None: ...
    def save_unreached(self, delivery: Delivery, *, error: str, pause: timedelta, give_up: timedelta) -> None: ...


def create_webhook(
    *, unit: str, url: str, limit: int, destinations: Destinations, tx: Store, envelopes: Envelopes, now: datetime
) -> Webhook:
    """Enters where a unit's system is called, with a fresh secret.

    Raises `NotOwnUnit`, `WebhookUrlRefused`, `UnitUnknown`, `WebhooksEnough`.
    """
    _require_own(tx, unit)
    destinations.check(url)
    if tx.find_unit(unit, for_update=True) is None:  # locked: the limit holds for two at once
        raise UnitUnknown(unit=unit)
    if tx.count_webhooks(unit) >= limit:
        raise WebhooksEnough(limit=str(limit))
    webhook = Webhook(id=uuid7(), unit=unit, url=url, state=WebhookState.ACTIVE, create_time=now)
    wrapped_key, key = envelopes.issue()
    tx.add_webhook(SealedWebhook(webhook=webhook, wrapped_key=wrapped_key, sealed_secret=_fresh_secret(key, webhook)))
    return webhook


def get_webhook(*, webhook_id: UUID, tx: Store) -> Webhook:
    """One webhook. Raises `ResourceNotFound`, `NotOwnUnit`."""
    return _load(tx, webhook_id, for_update=False).webhook


def issued_secret(*, webhook_id: UUID, etag: str, tx: Store, envelopes: Envelopes) -> str:
    """The secret of a webhook that was entered or changed just now; empty if something happened to it since."""
    sealed = tx.find_webhook(webhook_id)
    if sealed is None or str(sealed.webhook.version) != etag:
        return ""
    return secrets_of(sealed, envelopes)[0]


def rotate_secret(*, webhook_id: UUID, etag: str, overlap: timedelta, tx: Store, envelopes: Envelopes) -> Webhook:
    """A fresh secret; the one before signs beside it for a while.

    Raises `ResourceNotFound`, `NotOwnUnit`, `EtagMismatch`.
    """
    sealed = _load_for_change(tx, webhook_id, etag)
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    rotated = replace(
        sealed,
        webhook=replace(sealed.webhook, version=sealed.webhook.version + 1),
        sealed_secret=_fresh_secret(key, sealed.webhook),
        old_sealed_secret=sealed.sealed_secret if overlap else None,
    )
    return tx.save_secret(rotated, overlap=overlap)


def suspend_webhook(*, webhook_id: UUID, etag: str, tx: Store) -> Webhook:
    """It is not called for now. Raises `ResourceNotFound`, `NotOwnUnit`, `EtagMismatch`, `WebhookStateNotAllowed`."""
    webhook = _load_for_change(tx, webhook_id, etag).webhook.suspended()
    tx.save_webhook(webhook)
    return webhook


def resume_webhook(*, webhook_id: UUID, etag: str, tx: Store) -> Webhook:
    """It is called again. Raises `ResourceNotFound`, `NotOwnUnit`, `EtagMismatch`, `WebhookStateNotAllowed`."""
    webhook = _load_for_change(tx, webhook_id, etag).webhook.resumed()
    tx.save_webhook(webhook)
    return webhook


def delete_webhook(*, webhook_id: UUID, etag: str, tx: Store) -> Webhook:
    """It is forgotten, with what waits for it. Raises `ResourceNotFound`, `NotOwnUnit`, `EtagMismatch`."""
    webhook = _load_for_change(tx, webhook_id, etag).webhook
    tx.delete_webhook(webhook_id)
    return webhook


def replay_delivery(*, delivery_id: UUID, tx: Store) -> Delivery:
    """A dead delivery is tried again. Raises `ResourceNotFound`, `NotOwnUnit`, `WebhookStateNotAllowed`."""
    delivery = tx.find_delivery(delivery_id, for_update=True)
    if delivery is None:
        raise ResourceNotFound(resource=f"webhookDeliveries/{delivery_id}")
    _require_own(tx, delivery.change.unit)
    if delivery.state is not DeliveryState.DEAD:
        raise WebhookStateNotAllowed(resource=delivery.name, state=delivery.state)
    return tx.replay_delivery(delivery_id)


def secrets_of(sealed: SealedWebhook, envelopes: Envelopes) -> Sequence[str]:
    """What signs: the secret, and the one before it as long as the store gives it out."""
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    stored = (sealed.sealed_secret, sealed.old_sealed_secret)
    return [key.open(sealed=one, place=_place(sealed.webhook)) for one in stored if one is not None]


def settle(*, delivery: Delivery, failures: int, outcome: Outcome, tx: Line, patience: Patience, chance: float) -> None:
    """Puts on record how a call went, and when it is tried again.

    failures -- of the line before this call;  chance -- from 0 to 1, see `Patience.pause`.
    """
    match outcome.kind:
        case OutcomeKind.ARRIVED:
            tx.save_arrived(delivery)
        case OutcomeKind.REFUSED:
            pause = patience.pause(delivery.attempts + 1, chance=chance)
            tx.save_refused(delivery, error=outcome.error, pause=pause, give_up=patience.give_up)
        case OutcomeKind.UNREACHED:
            pause = patience.pause(failures + 1, chance=chance)
            tx.save_unreached(delivery, error=outcome.error, pause=pause, give_up=patience.give_up)


def followed_unit(principal: Principal) -> str:
    """The unit whose changes somebody follows: their own. Raises `NotOwnUnit`."""
    if not principal.unit:
        raise NotOwnUnit
    return principal.unit


def _load(tx: Store, webhook_id: UUID, *, for_update: bool) -> SealedWebhook:
    sealed = tx.find_webhook(webhook_id, for_update=for_update)
    if sealed is None:
        raise ResourceNotFound(resource=f"webhooks/{webhook_id}")
    _require_own(tx, sealed.webhook.unit)
    return sealed


def _load_for_change(tx: Store, webhook_id: UUID, etag: str) -> SealedWebhook:
    sealed = _load(tx, webhook_id, for_update=True)
    if etag and etag != str(sealed.webhook.version):
        raise EtagMismatch(resource=sealed.webhook.name)
    return sealed


def _require_own(tx: Store, unit: str) -> None:
    own = restricted_to(tx.actor)
    if own is not None and own != unit:
        raise NotOwnUnit


def _fresh_secret(key: Key, webhook: Webhook) -> bytes:
    return key.seal(plain=secret_of(os.urandom(_SECRET_BYTES)), place=_place(webhook))


def _place(webhook: Webhook) -> str:
    return f"{webhook.name}/secret"
