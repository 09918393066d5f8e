"""The real servers that tests share, and the rooms made in them for one test.

Without further ado a private pair of servers is started under `.run/test`, and stopped at the end. To use a pair
that runs already, name it: HOTLINE_TEST_POSTGRES (postgresql://user@host:port/) and HOTLINE_TEST_RABBITMQ
(http://user:secret@host:port of its management plugin; AMQP is asked from it).
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.servers import Servers

_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def servers() -> Iterator[Endpoints]:
    """A real PostgreSQL and RabbitMQ."""
    named = os.environ.get("HOTLINE_TEST_POSTGRES"), os.environ.get("HOTLINE_TEST_RABBITMQ")
    if named[0] is not None and named[1] is not None:
        yield Endpoints.of_running(postgres_url=named[0], management_url=named[1])
    else:
        with Servers(_ROOT / ".run" / "test") as own:
            yield own


@pytest.fixture
def database_url(servers: Endpoints) -> Iterator[str]:
    """An empty database of one test."""
    name = f"test_{secrets.token_hex(6)}"
    servers.create_database(name)
    yield servers.database_url(name)
    servers.drop_database(name)


@pytest.fixture
def broker_url(servers: Endpoints) -> Iterator[str]:
    """An empty virtual host of one test."""
    name = f"test_{secrets.token_hex(6)}"
    servers.create_vhost(name)
    yield servers.broker_url(name)
    servers.drop_vhost(name)
