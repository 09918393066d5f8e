"""One platform with the limits that it ships with, and what an attacker and a witness need."""

import secrets
from collections.abc import Iterator

import pytest
from hotline_cli.client import SERVICES, Hotline
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import Instance
from hotline_cli.local.seed import seeded
from hotline_cli.quiet import Quiet
from hotline_kernel import rpc_client

from tests.security.books import Books
from tests.security.life import Life, live_a_life
from tests.support.wire import Wire
from tests.support.workers import run_directory

_RUN = run_directory("security")


@pytest.fixture(scope="session")
def platform(servers: Endpoints) -> Iterator[Instance]:
    """Every process, and the invented city."""
    instance = Instance(directory=_RUN, servers=servers, name=f"security_{secrets.token_hex(4)}")
    with seeded(instance):
        yield instance


@pytest.fixture(scope="session")
def hotline(platform: Instance) -> Iterator[Hotline]:
    """Honest clients."""
    connection = Hotline(platform.running)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def wires(platform: Instance) -> Iterator[dict[str, Wire]]:
    """Bare bytes to the public port of each service."""
    running = platform.running
    channels = {name: rpc_client.channel(running.address(name), ca=running.ca) for name in SERVICES}
    yield {name: Wire(channel) for name, channel in channels.items()}
    for channel in channels.values():
        channel.close()


@pytest.fixture(scope="session")
def internal_wires(platform: Instance) -> Iterator[dict[str, Wire]]:
    """Bare bytes to the internal port of each service, with a certificate of dispatch."""
    running = platform.running
    tls = platform.directory / "tls"
    channels = {
        name: rpc_client.channel(
            running.internal_address(name), ca=running.ca, certificate=tls / "dispatch.crt", key=tls / "dispatch.key"
        )
        for name in SERVICES
    }
    yield {name: Wire(channel) for name, channel in channels.items()}
    for channel in channels.values():
        channel.close()


@pytest.fixture(scope="session")
def quiet(hotline: Hotline) -> Quiet:
    """Waits until every event took its effect."""
    return Quiet(hotline)


@pytest.fixture(scope="session")
def books(platform: Instance, quiet: Quiet) -> Iterator[Books]:
    """What stands in the five databases."""
    with Books({service: platform.database_url(service) for service in SERVICES}, quiet) as found:
        yield found


@pytest.fixture(scope="session")
def life(hotline: Hotline, quiet: Quiet) -> Life:
    """Names of one thing of each kind, so that refusals are not only for what is not there."""
    return live_a_life(hotline, quiet)
