"""sla on a real database, made once and emptied for each test."""

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import migrate
from hotline_kernel.db import Database
from hotline_sla.adapters.postgres import Store
from hotline_sla.settings import Settings

from tests.integration.sla.office import Office

_EMPTY = """
DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I', tablename), ', ') || ' RESTART IDENTITY'
             FROM pg_tables
            WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic_version%' AND tablename NOT LIKE 'audit_%');
  ALTER SEQUENCE notice_serial RESTART;
END $$"""


@pytest.fixture(scope="session")
def sla_url(servers: Endpoints) -> Iterator[str]:
    name = f"test_sla_{secrets.token_hex(6)}"
    servers.create_database(name)
    url = servers.database_url(name)
    settings = Settings.model_validate({"service": "sla", "database_url": url, "broker_url": "amqp://unused"})
    migrate.run(settings=settings, package="hotline_sla", phase="pre")
    yield url
    servers.drop_database(name)


@pytest.fixture
def make_database(sla_url: str) -> Iterator[Callable[[type[Store]], Database[Store]]]:
    with psycopg.connect(sla_url, autocommit=True) as connection:
        connection.execute(_EMPTY)
    made: list[Database[Store]] = []

    def make(transaction: type[Store]) -> Database[Store]:
        database = Database(conninfo=sla_url, transaction=transaction, audience={}, statement_timeout_seconds=120)
        database.open()
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture
def office(make_database: Callable[[type[Store]], Database[Store]]) -> Office:
    return Office(database=make_database(Store))
