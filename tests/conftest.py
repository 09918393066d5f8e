"""The real servers that tests share, and the rooms made in them for one test.

Without further ado a private pair of servers is started under `.run/test`, and stopped at the end; each of pytest's
workers (`-n 2`) has a pair of its own. To use a pair that runs already, name it: HOTLINE_TEST_POSTGRES
(postgresql://user@host:port/) and HOTLINE_TEST_RABBITMQ (http://user:secret@host:port of its management plugin; AMQP
is asked from it).
"""

import os
import secrets
from collections.abc import Iterator
from datetime import datetime

import pytest
import structlog
from hotline_cli.local import servers as local_servers
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import Servers
from hotline_kernel.calendar import ZONE
from hypothesis import settings

from tests.support.live import LiveHotline
from tests.support.workers import run_directory, share_of

settings.register_profile("hotline", deadline=None)  # how fast the machine is today is nothing that a test asserts
settings.load_profile("hotline")
local_servers.PORTS = share_of(local_servers.PORTS)

_RUN = run_directory("test")
_MONDAY_MORNING = datetime(2026, 3, 2, 8, 30, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Logging as a command or a process sets it up ends with the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def servers() -> Iterator[Endpoints]:
    """A real PostgreSQL and RabbitMQ."""
    named = os.environ.get("HOTLINE_TEST_POSTGRES"), os.environ.get("HOTLINE_TEST_RABBITMQ")
    if named[0] is not None and named[1] is not None:
        yield Endpoints.of_running(postgres_url=named[0], management_url=named[1])
    else:
        with Servers(_RUN / "servers") as own:
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


@pytest.fixture(scope="session")
def hotline(servers: Endpoints) -> Iterator[LiveHotline]:
    """All services on a virtual clock that begins on a Monday morning, with the invented city; shared by all tests."""
    instance = Instance(
        directory=_RUN,
        servers=servers,
        name=f"live_{secrets.token_hex(4)}",
        clock="virtual",
        start=_MONDAY_MORNING,
        settings=NO_RATE_LIMIT,
    )
    with seeded(instance):
        live = LiveHotline(instance)
        yield live
        live.close()
