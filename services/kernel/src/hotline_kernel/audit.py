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
