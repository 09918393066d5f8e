"""intake on a real PostgreSQL, called as its server calls it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hotline_intake.adapters import vault
from hotline_intake.adapters.postgres import Store
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.settings import Settings
from hotline_kernel import migrate
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    """Legal time: Friday 2026-05-08, nine in the morning, until a test sets another."""
    return VirtualClock.create(tmp_path / "clock", datetime(2026, 5, 8, 1, 0, tzinfo=UTC))


@pytest.fixture
def database(database_url: str) -> Iterator[Database[Store]]:
    """A migrated database of this test."""
    environ = {"HOTLINE_DATABASE_URL": database_url, "HOTLINE_BROKER_URL": "amqp://none"}
    settings = Settings.load(service="intake", environ=environ)
    migrate.run(settings=settings, package="hotline_intake", phase="pre")
    migrate.run(settings=settings, package="hotline_intake", phase="post")
    database = Database(conninfo=database_url, transaction=Store)
    database.open()
    database.wait_ready(timeout_seconds=10)
    yield database
    database.close()


@pytest.fixture
def servicer(database: Database[Store], clock: VirtualClock, tmp_path: Path) -> IntakeServicer:
    """The service with a fresh vault."""
    keys, lookup = tmp_path / "keys", tmp_path / "lookup"
    keys.write_text(vault.new_key_line(key_id="first"))
    lookup.write_text(vault.new_key_line(key_id="lookup"))
    safe = vault.from_files(keys=keys, lookup_key=lookup)
    return IntakeServicer(database=database, clock=clock, vault=safe, division="130100")


@pytest.fixture
def by() -> Callable[..., Call]:
    """A caller: `by("operator", "intake.appeals.register")`, `by("unit", …, unit="units/heat")`."""

    def call(role: str, permission: str = "intake.test", *, unit: str = "") -> Call:
        principal = Principal(f"{role}-1", frozenset({role}), unit, "130100")
        return Call(principal, f"/{permission}", permission, "0" * 32)

    return call
