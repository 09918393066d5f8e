"""An upgrade, and a rollback, while people work: both releases side by side, as a rolling update has them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import SERVICES, Hotline, pages
from hotline_cli.local.running import Running
from hotline_cli.local.servers import wait_until
from hotline_kernel.issuer import LocalIssuer

from tests.migration.conftest import ROOT, Platform
from tests.support.link import Link
from tests.support.lives import Stream

_A_WHILE = 20
"""Commands on each stretch of the way."""


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[LocalIssuer]:
    """Of the city, as in a cluster: no part of a release."""
    own = LocalIssuer(tmp_path / "issuer")
    own.start()
    yield own
    own.stop()


class Doors:
    """A door to each service, which leads to whoever serves there now."""

    def __init__(self, first: Running) -> None:
        self._links = {service: Link(first.address(service)) for service in SERVICES}
        self.running = replace(first, addresses={service: link.address for service, link in self._links.items()})

    def lead_to(self, *releases: Running) -> None:
        """Who knocks from now on finds the first of them that answers."""
        for service, link in self._links.items():
            link.targets = [release.address(service) for release in releases]

    def close(self) -> None:
        """Nobody comes in any more."""
        for link in self._links.values():
            link.close()


@pytest.mark.timeout(900)
def test_an_upgrade_and_a_rollback_lose_nothing_under_load(
    platform: Platform, released: Path, issuer: LocalIssuer
) -> None:
    with ExitStack() as before, ExitStack() as after, ExitStack() as again:
        old = before.enter_context(platform.processes(released, under=issuer))
        doors = Doors(old)
        hotline = Hotline(doors.running)
        stream = Stream(hotline, clients=2)

        def live_on() -> None:
            stream.wait_for(stream.ledger.commands + _A_WHILE, seconds=180)

        stream.start()
        live_on()
        new = after.enter_context(platform.processes(ROOT, like=old, under=issuer))
        doors.lead_to(new, old)
        live_on()
        before.close()
        live_on()
        rolled_back = again.enter_context(platform.processes(released, like=old, under=issuer))
        doors.lead_to(rolled_back, new)
        live_on()
        after.close()
        live_on()
        ledger = stream.finish()

        closed = dict.fromkeys(ledger.registered, appeal_pb2.APPEAL_STATE_CLOSED)
        wait_until(lambda: _states(hotline) == closed, seconds=180, failure="not every appeal is closed, once")
        assert len(ledger.registered) == len(set(ledger.reported)) == len(set(ledger.completed))
        hotline.close()
        doors.close()


def _states(hotline: Hotline) -> dict[str, appeal_pb2.AppealState.ValueType]:
    listed = pages(hotline.person("auditor").intake.ListAppeals, intake.ListAppealsRequest(page_size=1000))
    return {appeal.name: appeal.state for page in listed for appeal in page.appeals}
