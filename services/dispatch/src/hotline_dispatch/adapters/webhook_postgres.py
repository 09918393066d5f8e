"""What changed for which unit, and the calls to units' own systems, whose times are real: back-off and leases."""
# ruff: noqa: S608  (only names and fragments of this module are put into a statement; values are parameters)

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from psycopg.rows import DictRow
from pydantic import TypeAdapter

from hotline_dispatch.domain.change import Change, changes_of
from hotline_dispatch.domain.webhook import Delivery, DeliveryState, Line, Webhook, WebhookState
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.unit_systems import SealedWebhook

_CHANGES: TypeAdapter[list[Change]] = TypeAdapter(list[Change])
_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)

# One statement for all that follow an order: the latest change of each, and a delivery for each webhook.
_TELL = """
WITH told AS (SELECT c ->> 'unit' AS unit, c AS change FROM jsonb_array_elements(%(changes)s::jsonb) c),
latest AS (
  INSERT INTO work_order_change (unit, work_order, change)
  SELECT unit, %(order)s, change FROM told
  ON CONFLICT (unit, work_order) DO UPDATE SET change = excluded.change, change_time = now(), position = NULL
)
INSERT INTO webhook_delivery (webhook, work_order, version, change)
SELECT w.id, %(order)s, %(version)s, t.change FROM told t JOIN webhook w USING (unit)
"""
# Rows that somebody is writing are left for the next round: the numberer waits for nobody.
_NUMBER = """
UPDATE work_order_change c SET position = late.position
  FROM (SELECT unit, work_order, nextval('work_order_change_position') AS position FROM (
          SELECT unit, work_order FROM work_order_change WHERE position IS NULL
           ORDER BY change_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED) unnumbered) late
 WHERE c.unit = late.unit AND c.work_order = late.work_order
"""
_FOLLOW = """
SELECT position, change FROM work_order_change
 WHERE unit = %(unit)s AND position > %(after)s ORDER BY position LIMIT %(limit)s
"""

_WEBHOOK = """
w.id, w.unit, w.url, w.state, w.create_time, w.version, w.wrapped_key, w.sealed_secret,
CASE WHEN w.old_secret_until > now() THEN w.old_sealed_secret END AS old_sealed_secret,
CASE WHEN w.old_secret_until > now() THEN w.old_secret_until END AS old_secret_until,
l.failures, l.error, l.retry_time"""
_WEBHOOKS = f"SELECT {_WEBHOOK} FROM webhook w JOIN webhook_line l ON l.webhook = w.id"
_ADD_WEBHOOK = """
WITH added AS (
  INSERT INTO webhook (id, unit, url, state, create_time, wrapped_key, sealed_secret, version)
  VALUES (%(id)s, %(unit)s, %(url)s, %(state)s, %(create_time)s, %(wrapped_key)s, %(sealed_secret)s, %(version)s)
  RETURNING id
)
INSERT INTO webhook_line (webhook) SELECT id FROM added
"""
_SAVE_SEALED = """
UPDATE webhook SET sealed_secret = %(sealed_secret)s, old_sealed_secret = %(old_sealed_secret)s,
  old_secret_until = CASE WHEN %(old_sealed_secret)s::bytea IS NOT NULL THEN now() + %(overlap)s END,
  version = %(version)s
 WHERE id = %(id)s
"""

_DELIVERY = "d.id, d.sequence, d.webhook, d.change, d.state, d.attempts, d.error, d.create_time, d.deliver_time"
# Those that may be sent now: the oldest of their order, dead ones included.
_READY = """
d.state = 'PENDING' AND d.retry_time <= now()
AND NOT EXISTS (SELECT FROM webhook_delivery e WHERE e.webhook = d.webhook AND e.work_order = d.work_order
                   AND e.version < d.version AND e.state <> 'DELIVERED')"""
# Whoever was served longest ago comes first, so that no slow one is always before the others. A lease, and not a lock:
# no transaction stays open while somebody far away is asked.
_CLAIM = f"""
WITH free AS (
  SELECT l.webhook FROM webhook_line l JOIN webhook w ON w.id = l.webhook
   WHERE w.state = 'ACTIVE' AND l.lease_until <= now() AND (l.retry_time IS NULL OR l.retry_time <= now())
     AND EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook = l.webhook AND {_READY})
   ORDER BY l.lease_until LIMIT 1 FOR NO KEY UPDATE OF l SKIP LOCKED
), taken AS (
  UPDATE webhook_line l SET lease_until = now() + %(lease)s FROM free WHERE l.webhook = free.webhook RETURNING l.*
)
SELECT {_WEBHOOK} FROM webhook w JOIN taken l ON l.webhook = w.id
"""
_NEXT = f"""
SELECT {_DELIVERY} FROM webhook_delivery d WHERE d.webhook = %(webhook)s AND {_READY}
 ORDER BY d.sequence LIMIT 1
"""
_FAIL = """
UPDATE webhook_delivery SET attempts = attempts + 1, error = %(error)s, retry_time = now() + %(pause)s,
  state = CASE WHEN now() - tried_since > %(give_up)s THEN 'DEAD' ELSE 'PENDING' END
 WHERE id = %(id)s AND state = 'PENDING'
"""
_LOOSE = """
UPDATE webhook_line SET failures = failures + 1, error = %(error)s, retry_time = now() + %(pause)s
 WHERE webhook = %(webhook)s
"""
_SOUND = """
UPDATE webhook_line SET failures = 0, error = '', retry_time = NULL WHERE webhook = %(webhook)s AND failures > 0
"""
_REPLAY = f"""
UPDATE webhook_delivery d SET state = 'PENDING', attempts = 0, retry_time = now(), tried_since = now()
 WHERE d.id = %(id)s RETURNING {_DELIVERY}
"""
_MEASURE = """
SELECT (SELECT count(*) FROM (SELECT FROM webhook_delivery WHERE state = 'DEAD' LIMIT 1000) dead) AS dead,
       (SELECT coalesce(max(extract(epoch FROM now() - oldest.create_time)), 0)::float8
          FROM webhook w CROSS JOIN LATERAL (
            SELECT create_time FROM webhook_delivery WHERE webhook = w.id AND state = 'PENDING'
             ORDER BY sequence LIMIT 1) oldest
         WHERE w.state = 'ACTIVE') AS oldest_seconds
"""
_FORGET = """
DELETE FROM webhook_delivery WHERE id IN (
  SELECT id FROM webhook_delivery WHERE state = 'DELIVERED' AND deliver_time < now() - make_interval(days => %(days)s)
   ORDER BY deliver_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""


class UnitSystems(Transaction):
    """The part of a transaction that knows units' own systems."""

    def tell(self, order: WorkOrder, *, before: Collection[str]) -> None:
        """Writes down what each unit is told of an order that is saved in this transaction; before -- who had it."""
        changes = changes_of(order, before=before)
        if changes:
            told = _CHANGES.dump_json(changes).decode()
            self.run(_TELL, {"changes": told, "order": order.id, "version": order.version})

    def number_changes(self, *, limit: int) -> int:
        """Gives committed changes their positions, in which they are followed; tells how many."""
        row = self.one("SELECT pg_try_advisory_xact_lock(hashtextextended('work_order_change', 0)) AS got")
        return self.count(_NUMBER, {"limit": limit}) if row and row["got"] else 0

    def follow_changes(self, *, unit: str, after: int, limit: int) -> list[tuple[int, Change]]:
        """What changed for a unit beyond a position."""
        rows = self.all(_FOLLOW, {"unit": unit, "after": after, "limit": limit})
        return [(row["position"], _CHANGE.validate_python(row["change"])) for row in rows]

    # webhooks

    def add_webhook(self, sealed: SealedWebhook) -> None:
        """Keeps a new webhook."""
        self.run(_ADD_WEBHOOK, _params(sealed))

    def find_webhook(self, webhook_id: UUID, *, for_update: bool = False) -> SealedWebhook | None:
        """A webhook; nobody else changes it until the end of the transaction if it is to be changed."""
        lock = "FOR NO KEY UPDATE OF w" if for_update else ""
        row = self.one(f"{_WEBHOOKS} WHERE w.id = %(id)s {lock}", {"id": webhook_id})
        return _sealed(row) if row else None

    def count_webhooks(self, unit: str) -> int:
        """How many webhooks a unit has, which are few."""
        row = self.one("SELECT count(*) AS webhooks FROM webhook WHERE unit = %(unit)s", {"unit": unit})
        return int(row["webhooks"]) if row else 0

    def list_webhooks(self, *, unit: str | None, after: UUID | None, limit: int) -> list[Webhook]:
        """Webhooks, newest first, older than `after`."""
        conditions = ["TRUE"]
        if unit is not None:
            conditions.append("w.unit = %(unit)s")
        if after is not None:
            conditions.append("w.id < %(after)s")
        rows = self.all(
            f"{_WEBHOOKS} WHERE {' AND '.join(conditions)} ORDER BY w.id DESC LIMIT %(limit)s",
            {"unit": unit, "after": after, "limit": limit},
        )
        return [_sealed(row).webhook for row in rows]

    def save_webhook(self, webhook: Webhook) -> None:
        """Keeps whether it is called."""
        self.run(
            "UPDATE webhook SET state = %(state)s, version = %(version)s WHERE id = %(id)s",
            {"id": webhook.id, "state": webhook.state.value, "version": webhook.version},
        )

    def save_secret(self, sealed: SealedWebhook, *, overlap: timedelta) -> Webhook:
        """Keeps a fresh secret, and the old one for so long."""
        self.run(_SAVE_SEALED, _params(sealed) | {"overlap": overlap})
        row = self.one(f"{_WEBHOOKS} WHERE w.id = %(id)s", {"id": sealed.webhook.id})
        assert row
        return _sealed(row).webhook

    def delete_webhook(self, webhook_id: UUID) -> None:
        """Forgets it, its line and its deliveries."""
        self.run("DELETE FROM webhook WHERE id = %(id)s", {"id": webhook_id})

    # deliveries

    def list_deliveries(
        self, *, webhook: UUID, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[Delivery]:
        """Deliveries of a webhook, newest first, written before that one."""
        sql, params = page_of_deliveries(webhook=webhook, state=state, before=before, limit=limit)
        return [_delivery(row) for row in self.all(sql, params)]

    def find_delivery(self, delivery_id: UUID, *, for_update: bool = False) -> Delivery | None:
        """A delivery; locked until the end of the transaction if it is to be changed."""
        lock = "FOR UPDATE" if for_update else ""
        row = self.one(f"SELECT {_DELIVERY} FROM webhook_delivery d WHERE d.id = %(id)s {lock}", {"id": delivery_id})
        return _delivery(row) if row else None

    def replay_delivery(self, delivery_id: UUID) -> Delivery:
        """Its tries begin again; the webhook is tried at once."""
        row = self.one(_REPLAY, {"id": delivery_id})
        assert row
        self.run("UPDATE webhook_line SET retry_time = NULL WHERE webhook = %(webhook)s", {"webhook": row["webhook"]})
        return _delivery(row)

    def claim_webhook(self, *, lease: timedelta) -> SealedWebhook | None:
        """One webhook for which something waits, for so long nobody else's; None if there is none now."""
        row = self.one(_CLAIM, {"lease": lease})
        return _sealed(row) if row else None

    def release_webhook(self, webhook_id: UUID) -> None:
        """It may be claimed again."""
        self.run("UPDATE webhook_line SET lease_until = now() WHERE webhook = %(id)s", {"id": webhook_id})

    def next_delivery(self, webhook_id: UUID) -> Delivery | None:
        """The oldest that is to be sent now and waits behind none of its order."""
        row = self.one(_NEXT, {"webhook": webhook_id})
        return _delivery(row) if row else None

    def save_arrived(self, delivery: Delivery) -> None:
        """It arrived."""
        self.run(
            "UPDATE webhook_delivery SET state = 'DELIVERED', deliver_time = now(), attempts = attempts + 1, error = ''"
            " WHERE id = %(id)s AND state <> 'DELIVERED'",
            {"id": delivery.id},
        )
        self.run(_SOUND, {"webhook": delivery.webhook})

    def save_refused(self, delivery: Delivery, *, error: str, pause: timedelta, give_up: timedelta) -> None:
        """It was answered and not taken: it pauses alone, or is dead."""
        self.run(_FAIL, {"id": delivery.id, "error": error, "pause": pause, "give_up": give_up})
        self.run(_SOUND, {"webhook": delivery.webhook})

    def save_unreached(self, delivery: Delivery, *, error: str, pause: timedelta, give_up: timedelta) -> None:
        """Nobody answered: all that waits for the webhook pauses."""
        self.run(_FAIL, {"id": delivery.id, "error": error, "pause": pause, "give_up": give_up})
        self.run(_LOOSE, {"webhook": delivery.webhook, "error": error, "pause": pause})

    def measure_deliveries(self) -> tuple[int, float]:
        """The dead, counted up to 1,000, and the age in seconds of the oldest that waits to be sent."""
        row = self.one(_MEASURE)
        return (row["dead"], row["oldest_seconds"]) if row else (0, 0.0)

    def forget_deliveries(self, *, older_than_days: int, limit: int) -> int:
        """Forgets what arrived long ago; tells how many."""
        return self.count(_FORGET, {"days": older_than_days, "limit": limit})


def page_of_deliveries(
    *, webhook: UUID, state: DeliveryState | None, before: int | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement that reads a page of deliveries, and its parameters."""
    conditions: Sequence[str] = [
        "d.webhook = %(webhook)s",
        *(["d.state = %(state)s"] if state else []),
        *(["d.sequence < %(before)s"] if before is not None else []),
    ]
    rows = f"SELECT {_DELIVERY} FROM webhook_delivery d WHERE {' AND '.join(conditions)}"
    params = {"webhook": webhook, "state": state and state.value, "before": before, "limit": limit}
    return f"{rows} ORDER BY d.sequence DESC LIMIT %(limit)s", params


def _params(sealed: SealedWebhook) -> dict[str, Any]:
    webhook = sealed.webhook
    values = {name: getattr(webhook, name) for name in ("id", "unit", "url", "create_time", "version")}
    sealings = {name: getattr(sealed, name) for name in ("wrapped_key", "sealed_secret", "old_sealed_secret")}
    return values | sealings | {"state": webhook.state.value}


def _sealed(row: DictRow) -> SealedWebhook:
    sealings = {name: row.pop(name) for name in ("wrapped_key", "sealed_secret", "old_sealed_secret")}
    line = Line(**{name: row.pop(name) for name in ("failures", "error", "retry_time")})
    return SealedWebhook(webhook=Webhook(**row | {"state": WebhookState(row["state"]), "line": line}), **sealings)


def _delivery(row: DictRow) -> Delivery:
    change = _CHANGE.validate_python(row["change"])
    return Delivery(**row | {"change": change, "state": DeliveryState(row["state"])})
