"""A whole platform with servers of its own, so that they can be stopped and killed."""

import os
from collections.abc import Iterator

import pytest
from hotline_cli.client import Hotline
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import Servers

from tests.support.workers import run_directory

# A poison event dies within seconds, yet outlives the restart of a process that a handler asks.
_TRIES = {"max_attempts": "8", "retry_delay_seconds": "0.25", "retry_delay_max_seconds": "4"}
_DIRECTORY = run_directory("fault")


@pytest.fixture(scope="session")
def own_servers() -> Iterator[Servers]:
    """A PostgreSQL and a RabbitMQ that no other suite uses."""
    with Servers(_DIRECTORY) as servers:
        yield servers


@pytest.fixture(scope="session")
def platform(own_servers: Servers) -> Iterator[Instance]:
    """Every process, on an empty record and the invented city."""
    instance = Instance(
        directory=_DIRECTORY,
        servers=own_servers,
        name=f"fault_{os.getpid()}",
        settings=NO_RATE_LIMIT | _TRIES | {"trace_file": ""},
    )
    with seeded(instance):
        yield instance


@pytest.fixture
def hotline(platform: Instance) -> Iterator[Hotline]:
    """A connection of one test."""
    connection = Hotline(platform.running)
    yield connection
    connection.close()
