"""sla on a real database."""

from collections.abc import Callable, Iterator

import pytest
from hotline_kernel import migrate
from hotline_kernel.db import Database
from hotline_sla.adapters.postgres import Store
from hotline_sla.settings import Settings

from tests.integration.sla.office import Office


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.model_validate(
        {"environment": "local", "service": "sla", "database_url": database_url, "broker_url": "amqp://unused"}
    )


@pytest.fixture
def make_database(settings: Settings) -> Iterator[Callable[[type[Store]], Database[Store]]]:
    migrate.run(settings=settings, package="hotline_sla", phase="pre")
    made: list[Database[Store]] = []

    def make(transaction: type[Store]) -> Database[Store]:
        database = Database(
            conninfo=settings.database_url.get_secret_value(), transaction=transaction, statement_timeout_seconds=120
        )
        database.open()
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture
def office(make_database: Callable[[type[Store]], Database[Store]]) -> Office:
    return Office(database=make_database(Store))
