"""The record of who did and who read what, sealed in batches into a signed hash chain (Art. 36).

Entries are written by `Transaction.record` in the transaction of the deed. The pump seals them within a second: no
chain inside the deeds' transactions, which would put all writes of a service in one line. Other services keep the
signed heads, so that a chain rewritten at home is seen.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from hotline.operations.events.v1.audit_events_pb2 import AuditSealed
from hotline.operations.v1.audit_service_pb2 import AuditEntry

from hotline_kernel import audit_chain, telemetry

if TYPE_CHECKING:
    from hotline_kernel.clock import Clock
    from hotline_kernel.db import Database, Transaction
    from hotline_kernel.inbox import Envelope
    from hotline_kernel.pump import Ticker

BATCH = 2000
"""Most entries in one seal: what is sealed within the statement timeout even on a slow disk."""

_INTERVAL_SECONDS = 0.8


class HeadRefused(Exception):
    """An announced head cannot be kept: it is not signed by its key, or another head of that seal is kept already.

    The event is given up and alerts: either way, somebody has tampered with a record.
    """


def load_key(path: Path) -> Ed25519PrivateKey:
    """Return the key a service signs its seals with; ValueError if the PEM file holds another kind of key."""
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")  # noqa: TRY004  (the file is wrong, not an argument's type)
    return key


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Return the key of a local run, made at the first start; in a cluster the key is mounted."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_key(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return load_key(path)


# One statement, so that what is hashed is what is marked. In a seal, entries stand in order of position; over seals
# they need not, because a transaction may commit after a later one was sealed.
_TAKE = """
UPDATE audit_entry SET seal = %(seal)s
 WHERE position IN (SELECT position FROM audit_entry WHERE seal IS NULL ORDER BY position LIMIT %(limit)s)
RETURNING position, time, actor, roles, action, resource, purpose, details, trace_id, seal
"""
_ADD_SEAL = """
INSERT INTO audit_seal (seal, entries, hash, signature, public_key)
VALUES (%(seal)s, %(entries)s, %(hash)s, %(signature)s, %(public_key)s)
"""


def seal(*, tx: "Transaction", service: str, key: Ed25519PrivateKey, now: datetime) -> int:
    """Seal the oldest entries, `BATCH` at most, announce the new head, and return how many were sealed.

    There is one sealer at a time: 0 also means that another one is at it.
    """
    locked = tx.one("SELECT pg_try_advisory_xact_lock(hashtextextended('audit_seal', 0)) AS locked")
    if not (locked and locked["locked"]):
        return 0
    before = tx.one("SELECT seal, hash FROM audit_seal ORDER BY seal DESC LIMIT 1")
    number, previous = (before["seal"] + 1, before["hash"]) if before else (1, audit_chain.GENESIS)
    rows = tx.all(_TAKE, {"seal": number, "limit": BATCH})
    if not rows:
        return 0
    entries = sorted((entry_of(row) for row in rows), key=lambda entry: entry.position)
    link = audit_chain.link_hash(previous, entries)
    head = AuditSealed(
        seal=number,
        entries=len(entries),
        hash=link,
        signature=key.sign(audit_chain.signed_text(service=service, seal=number, link=link)),
        public_key=key.public_key().public_bytes_raw(),
    )
    tx.run(_ADD_SEAL, _columns(head))
    tx.publish(head, aggregate=f"audit/{service}", time=now)
    return len(entries)


def entry_of(row: Mapping[str, Any]) -> AuditEntry:
    """Return a row of audit_entry as the API shows it, and as it is hashed."""
    entry = AuditEntry(
        position=row["position"],
        actor=row["actor"],
        roles=row["roles"],
        action=row["action"],
        resource=row["resource"],
        purpose=row["purpose"],
        # PostgreSQL keeps jsonb in an order of its own, so the text is made anew, always alike.
        details=json.dumps(row["details"], ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        trace_id=row["trace_id"],
        seal=row["seal"] or 0,
    )
    entry.time.FromDatetime(row["time"])
    return entry


def sealing_ticker(*, database: "Database[Any]", clock: "Clock", service: str, key: Ed25519PrivateKey) -> "Ticker":
    """Return what the pump runs to seal the record: twice a second, and at once again while there is a full batch."""
    from hotline_kernel.pump import Ticker  # noqa: PLC0415  (whoever only reads the record needs no pump)

    def run() -> bool:
        with database.transaction() as tx:
            _measure(tx, service=service, now=clock.now())
        with database.transaction() as tx:
            return seal(tx=tx, service=service, key=key, now=clock.now()) == BATCH

    return Ticker(name="audit_sealing", interval_seconds=_INTERVAL_SECONDS, run=run)


def _measure(tx: "Transaction", *, service: str, now: datetime) -> None:
    # Before sealing and in a transaction of its own, so that the gauges rise when sealing fails.
    row = tx.one("SELECT count(*) AS entries, min(time) AS oldest FROM audit_entry WHERE seal IS NULL")
    entries, oldest = (row["entries"], row["oldest"]) if row else (0, None)
    telemetry.AUDIT_UNSEALED.labels(service).set(entries)
    age_seconds = (now - oldest).total_seconds() if oldest else 0.0
    telemetry.AUDIT_OLDEST_UNSEALED_SECONDS.labels(service).set(age_seconds)


CHECK_SEALS = 250
"""Most seals gone over in one turn."""
CHECK_ENTRIES = 5000
"""After so many entries a turn ends."""
_CHECK_SECONDS = 10.0
_SEALS_BACK = """
SELECT seal, entries, hash, signature, public_key FROM audit_seal
 WHERE seal <= %(last)s ORDER BY seal DESC LIMIT %(limit)s
"""
_SEALED = """
SELECT position, time, actor, roles, action, resource, purpose, details, trace_id, seal
  FROM audit_entry WHERE seal BETWEEN %(first)s AND %(last)s ORDER BY seal, position
"""


class Patrol:
    """Goes over a service's own chain again and again, from the newest seal back to the first, some at a time.

    It sees what was changed at home; that a chain was cut short or rewritten as a whole, the kept heads show.
    """

    def __init__(self, *, service: str, limit: int = CHECK_SEALS) -> None:
        """Begins at the newest seal. limit -- most seals of a turn."""
        self._service = service
        self._limit = limit
        self._next: int | None = None
        self.broken: set[int] = set()
        """Numbers of the seals that were not as they must be when they were last gone over."""

    def turn(self, *, tx: "Transaction") -> int:
        """Go over the next seals; returns how many."""
        last = 2**62 if self._next is None else self._next
        rows = tx.all(_SEALS_BACK, {"last": last, "limit": self._limit + 1})
        checked, entries = 0, 0
        while checked < min(len(rows), self._limit) and (not checked or entries < CHECK_ENTRIES):
            entries += rows[checked]["entries"]
            checked += 1
        if not checked:
            self._next = None
            return 0
        span = {"first": rows[checked - 1]["seal"], "last": rows[0]["seal"]}
        sealed: dict[int, list[AuditEntry]] = {}
        for row in tx.all(_SEALED, span):
            sealed.setdefault(row["seal"], []).append(entry_of(row))
        hashes = {row["seal"]: bytes(row["hash"]) for row in rows} | {0: audit_chain.GENESIS}
        seen = {row["seal"] for row in rows[:checked]}
        for row in rows[:checked]:
            if self._is_whole(row, hashes.get(row["seal"] - 1), sealed.get(row["seal"], [])):
                self.broken.discard(row["seal"])
            else:
                self.broken.add(row["seal"])
        self.broken |= sealed.keys() - seen  # entries of a seal that is gone
        self._next = span["first"] - 1 or None
        return checked

    def _is_whole(self, row: Mapping[str, Any], previous: bytes | None, entries: list[AuditEntry]) -> bool:
        return (
            previous is not None
            and len(entries) == row["entries"]
            and audit_chain.link_hash(previous, entries) == bytes(row["hash"])
            and audit_chain.is_signed(
                service=self._service,
                seal=row["seal"],
                link=bytes(row["hash"]),
                signature=row["signature"],
                public_key=row["public_key"],
            )
        )


def checking_ticker(*, database: "Database[Any]", service: str) -> "Ticker":
    """Return what the pump runs so that a broken chain is known before an auditor walks it."""
    from hotline_kernel.pump import Ticker  # noqa: PLC0415  (whoever only reads the record needs no pump)

    patrol = Patrol(service=service)

    def run() -> bool:
        with database.transaction() as tx:
            checked = patrol.turn(tx=tx)
        telemetry.AUDIT_CHECKED_SEALS.labels(service).inc(checked)
        telemetry.AUDIT_BROKEN_SEALS.labels(service).set(len(patrol.broken))
        return False

    return Ticker(name="audit_checking", interval_seconds=_CHECK_SECONDS, run=run)


_FIRST_USED = """
WITH RECURSIVE halves AS (
  SELECT 1::bigint AS low, max(seal) AS high FROM audit_seal
   WHERE (SELECT public_key FROM audit_seal ORDER BY seal DESC LIMIT 1) = %(key)s
  UNION ALL
  SELECT CASE WHEN s.public_key = %(key)s THEN h.low ELSE s.seal + 1 END,
         CASE WHEN s.public_key = %(key)s THEN s.seal ELSE h.high END
    FROM halves h JOIN audit_seal s ON s.seal = (h.low + h.high) / 2 WHERE h.low < h.high
)
SELECT s.seal_time FROM halves h JOIN audit_seal s ON s.seal = h.low WHERE h.low = h.high LIMIT 1
"""


def first_used(*, tx: "Transaction", key: Ed25519PrivateKey) -> datetime | None:
    """When the newest seals' key made its first seal; None if it is another key, or there is no seal.

    Keys follow one another, so that halving finds it: a year has tens of millions of seals.
    """
    row = tx.one(_FIRST_USED, {"key": key.public_key().public_bytes_raw()})
    return row["seal_time"] if row else None


_KEEP = """
INSERT INTO audit_kept_head (source, seal, entries, hash, signature, public_key)
VALUES (%(source)s, %(seal)s, %(entries)s, %(hash)s, %(signature)s, %(public_key)s)
ON CONFLICT (source, seal) DO NOTHING
"""
_KEPT = """
SELECT hash, public_key FROM audit_kept_head WHERE source = %(source)s AND seal = %(seal)s
"""


def keep_head(
    event: AuditSealed,
    *,
    tx: "Transaction",
    now: datetime,  # noqa: ARG001  (passed to every event handler; when a head was kept is real time)
    envelope: "Envelope",
) -> None:
    """Keep the head another service announced, against the day its chain is rewritten at home.

    Raises HeadRefused for a wrong signature, and for another head of a seal that is kept already.
    """
    source = envelope.source
    if not audit_chain.is_signed(
        service=source, seal=event.seal, link=event.hash, signature=event.signature, public_key=event.public_key
    ):
        raise HeadRefused(f"seal {event.seal} of {source} is not signed by its key")
    head = {"source": source, **_columns(event)}
    if tx.count(_KEEP, head):
        return
    kept = tx.one(_KEPT, head)
    if kept is None or (kept["hash"], kept["public_key"]) != (event.hash, event.public_key):
        raise HeadRefused(f"another head of seal {event.seal} of {source} is kept already")


def _columns(head: AuditSealed) -> dict[str, Any]:
    return {name: getattr(head, name) for name in ("seal", "entries", "hash", "signature", "public_key")}
