"""The past that benchmarks write straight into the databases suits the schema as it is now."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import migrate
from hotline_kernel.settings import Settings

from tests.support.bulk import SERVICES_WITH_A_PAST, write_past

ORDERS = 100
_ONE_AN_ORDER = {"intake": "appeal", "dispatch": "work_order", "sla": "work_order", "feedback": "callback"}


@pytest.fixture
def urls(servers: Endpoints) -> Iterator[dict[str, str]]:
    """A migrated database of each service that has a past."""
    names = {service: f"past_{service}_{secrets.token_hex(4)}" for service in SERVICES_WITH_A_PAST}
    for service, name in names.items():
        servers.create_database(name)
        settings = Settings.model_validate(
            {"service": service, "database_url": servers.database_url(name), "broker_url": "amqp://unused"}
        )
        migrate.run(settings=settings, package=f"hotline_{service}", phase="pre")
    yield {service: servers.database_url(name) for service, name in names.items()}
    for name in names.values():
        servers.drop_database(name)


def test_it_holds_as_many_of_everything_as_orders(urls: dict[str, str]) -> None:
    write_past(urls.__getitem__, orders=ORDERS)
    for service, table in _ONE_AN_ORDER.items():
        with psycopg.connect(urls[service]) as connection:
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (ORDERS,)
