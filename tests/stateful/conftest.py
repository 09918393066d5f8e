"""One house for all machines; each run of a machine empties it first."""

import secrets
from collections.abc import Iterator

import pytest
from hotline_cli.local.endpoints import Endpoints

from tests.stateful.house import House, build
from tests.stateful.orders import START


@pytest.fixture(scope="session")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Intake, dispatch, sla and feedback, wired."""
    directory = tmp_path_factory.mktemp("house")
    yield from build(servers=servers, directory=directory, name=f"test_{secrets.token_hex(6)}", start=START)
