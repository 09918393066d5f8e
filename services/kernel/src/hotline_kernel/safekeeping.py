"""The ages of what somebody must renew in time: certificates, keys, backups. Everything here is real time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from math import inf
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_kernel import audit, telemetry
from hotline_kernel.db import Database
from hotline_kernel.pump import Ticker
from hotline_kernel.sealing import read_key_file
from hotline_kernel.settings import Settings

INTERVAL_SECONDS = 60.0


def ticker(
    *, database: Database[Any], settings: Settings, audit_key: Ed25519PrivateKey, key_rings: Mapping[str, Path]
) -> Ticker:
    """Return what the pump runs once a minute. key_rings -- files of keys, by what their ages are told under."""
    service = settings.service

    def run() -> bool:
        for name, path in (("tls", settings.tls_certificate), ("ca", settings.tls_ca)):
            telemetry.CERTIFICATE_EXPIRY.labels(service, name).set(expiry(path).timestamp())
        made = {name: made_on(path) for name, path in key_rings.items()}
        with database.transaction() as tx:
            made["audit"] = audit.first_used(tx=tx, key=audit_key)
        for name, moment in made.items():
            if moment is not None:
                telemetry.KEY_MADE.labels(service, name).set(moment.timestamp())
        if settings.backup_stamp is not None:
            telemetry.BACKUP_AGE_SECONDS.labels(service).set(backup_age(settings.backup_stamp, now=datetime.now(UTC)))
        return False

    return Ticker(name="ages", interval_seconds=INTERVAL_SECONDS, run=run)


def expiry(path: Path) -> datetime:
    """The earliest last moment of the certificates in a PEM file."""
    return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(path.read_bytes()))


def made_on(path: Path) -> datetime | None:
    """The day that the id of a file's newest key begins with, `2026-11-27…`; None if it begins with something else."""
    newest = list(read_key_file(path))[-1]
    try:
        return datetime.combine(date.fromisoformat(newest[:10]), time(), UTC)
    except ValueError:
        return None


def backup_age(path: Path, *, now: datetime) -> float:
    """Seconds since the moment in the file; infinite where there is no file or no moment in it."""
    try:
        return (now - datetime.fromisoformat(path.read_text().strip())).total_seconds()
    except (OSError, ValueError, TypeError):  # TypeError: a moment without a zone
        return inf
