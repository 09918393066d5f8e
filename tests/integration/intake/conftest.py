"""intake on a real PostgreSQL, called as its server calls it."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_intake import bootstrap
from hotline_intake.adapters.postgres import Store
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.settings import Settings
from hotline_kernel import migrate, sealing
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.process import Application


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    """Legal time: Friday 2026-05-08, nine in the morning, until a test sets another."""
    return VirtualClock.create(tmp_path / "clock", datetime(2026, 5, 8, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def migrated(servers: Endpoints) -> Iterator[str]:
    """Name of a migrated database that every test gets a copy of."""
    name = f"test_intake_{secrets.token_hex(6)}"
    servers.create_database(name)
    environ = {"HOTLINE_DATABASE_URL": servers.database_url(name), "HOTLINE_BROKER_URL": "amqp://none"}
    settings = Settings.load(service="intake", environ=environ)
    migrate.run(settings=settings, package="hotline_intake", phase="pre")
    migrate.run(settings=settings, package="hotline_intake", phase="post")
    yield name
    servers.drop_database(name)


@pytest.fixture
def application(servers: Endpoints, migrated: str, clock: VirtualClock, tmp_path: Path) -> Iterator[Application[Store]]:
    """The service as its processes run it, with a fresh vault and a database of this test."""
    for name in ("keys", "lookup"):
        (tmp_path / name).write_text(sealing.new_key_line(key_id=name))
        (tmp_path / name).chmod(0o600)
    name = f"test_intake_{secrets.token_hex(6)}"
    with psycopg.connect(servers.database_url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"'.encode())
    environ = {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
        "HOTLINE_DATABASE_URL": servers.database_url(name),
        "HOTLINE_BROKER_URL": "amqp://none",
        "HOTLINE_VAULT_KEY": str(tmp_path / "keys"),
        "HOTLINE_VAULT_LOOKUP_KEY": str(tmp_path / "lookup"),
    }
    application = bootstrap.build(Settings.load(service="intake", environ=environ))
    application.database.open()
    application.database.wait_ready(timeout_seconds=10)
    yield application
    application.database.close()
    servers.drop_database(name)


@pytest.fixture
def database(application: Application[Store]) -> Database[Store]:
    """Its database."""
    return application.database


@pytest.fixture
def servicer(application: Application[Store]) -> IntakeServicer:
    """Its RPCs."""
    [servicer] = [each for each in application.servicers.values() if isinstance(each, IntakeServicer)]
    return servicer


@pytest.fixture
def by() -> Callable[..., Call]:
    """A caller: `by("operator", "intake.appeals.register")`, `by("unit", …, unit="units/heat")`."""

    def call(role: str, permission: str = "intake.test", *, unit: str = "") -> Call:
        principal = Principal(f"{role}-1", frozenset({role}), unit, "130100")
        return Call(principal, f"/{permission}", permission, "0" * 32)

    return call
