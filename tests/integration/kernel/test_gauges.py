"""What alerts look at, measured on a real database and broker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hotline_cli.local.pki import Authority
from hotline_kernel import housekeeping, safekeeping
from hotline_kernel.relay import Relay
from prometheus_client import REGISTRY

if TYPE_CHECKING:
    from .conftest import House

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def metric(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


class TestGauges:
    def test_tell_what_waits_at_the_broker(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        house.announce("appeals/1", [1, 2, 3])
        with running(Relay(settings=house.settings("intake")).run):
            waiting(lambda: house.queue_depth() == 3)
        assert not housekeeping.measure_queues(house.settings("sla"))
        assert metric("hotline_queue_messages", service="sla", source="intake") == 3
        assert metric("hotline_queue_messages", service="sla", source="dispatch") == 0

    def test_tell_the_age_of_the_oldest_event_that_is_not_handled(self, house: "House") -> None:
        house.receive("appeals/1", 1)
        house.receive("appeals/2", 1)
        house.effects.query(
            "UPDATE inbox SET received_time = received_time - interval '90 minutes' WHERE aggregate = 'appeals/1'"
        )
        assert not housekeeping.measure(house.database, house.settings("sla"))
        age = metric("hotline_inbox_oldest_seconds", service="sla", source="intake")
        assert age is not None
        assert 5400 <= age < 5460
        assert metric("hotline_inbox_open", service="sla", source="intake") == 2
        assert metric("hotline_inbox_oldest_seconds", service="sla", source="dispatch") == 0

    def test_tell_the_newest_seal_and_the_newest_head_that_is_kept(self, house: "House") -> None:
        columns = "(seal, entries, hash, signature, public_key)"
        house.effects.query(f"INSERT INTO audit_seal {columns} SELECT n, 1, '', '', '' FROM generate_series(1, 7) n")
        house.effects.query(
            "INSERT INTO audit_kept_head (source, seal, entries, hash, signature, public_key)"
            " SELECT 'intake', n, 1, '', '', '' FROM generate_series(1, 5) n"
        )
        assert not housekeeping.measure(house.database, house.settings("sla"))
        assert metric("hotline_audit_last_seal", service="sla") == 7
        assert metric("hotline_audit_last_kept_seal", service="sla", source="intake") == 5
        assert metric("hotline_audit_last_kept_seal", service="sla", source="dispatch") == 0


class TestAges:
    def test_are_those_of_certificates_keys_and_the_backup(self, house: "House", tmp_path: Path) -> None:
        authority = Authority(tmp_path / "tls")
        certificate, _ = authority.certify("sla")
        (tmp_path / "vault").write_text("2026-05-01-first a\n".replace(" a", " " + "A" * 43 + "="))
        (tmp_path / "stamp").write_text((datetime.now(UTC) - timedelta(hours=5)).isoformat() + "\n")
        settings = house.settings(
            tls_certificate=certificate, tls_ca=authority.certificate, backup_stamp=tmp_path / "stamp"
        )
        rings = {"vault": tmp_path / "vault"}
        ticker = safekeeping.ticker(database=house.database, settings=settings, audit_key=KEY, key_rings=rings)
        assert not ticker.run()
        for name, path in (("tls", certificate), ("ca", authority.certificate)):
            told = metric("hotline_certificate_expiry_timestamp_seconds", service="sla", certificate=name)
            assert told == safekeeping.expiry(path).timestamp()
        made = metric("hotline_key_made_timestamp_seconds", service="sla", key="vault")
        assert made == datetime(2026, 5, 1, tzinfo=UTC).timestamp()
        age = metric("hotline_backup_age_seconds", service="sla")
        assert age is not None
        assert 18_000 <= age < 18_060
