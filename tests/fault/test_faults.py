"""Processes, broker and database die under a stream of commands: nothing is lost, nothing happens twice.

Each test compares what was acknowledged to the clients with what the platform holds, and proves the books.
HOTLINE_TEST_COMMANDS sets how many commands run through each fault (`make soak` raises it).
"""

import os
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Hotline, pages
from hotline_cli.local.instance import Instance
from hotline_cli.local.servers import Servers
from hotline_cli.quiet import Quiet
from hotline_cli.verify import verify

from tests.support.lives import Ledger, Stream

COMMANDS = int(os.environ.get("HOTLINE_TEST_COMMANDS", "2000"))
STRIKES = 3
SEED = int(os.environ.get("HOTLINE_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)


def _killing(kind: str) -> Callable[[Instance, Servers, random.Random], None]:
    def strike(platform: Instance, _: Servers, chance: random.Random) -> None:
        platform.kill(chance.choice(sorted(name for name in platform.processes if name.endswith(kind))))

    return strike


def _restart_broker(_: Instance, servers: Servers, __: random.Random) -> None:
    servers.rabbitmq.stop()
    servers.rabbitmq.start()


def _kill_broker(_: Instance, servers: Servers, __: random.Random) -> None:
    servers.rabbitmq.kill()
    servers.rabbitmq.start()


def _restart_database(_: Instance, servers: Servers, __: random.Random) -> None:
    servers.postgres.stop()
    servers.postgres.start()


def _kill_database(_: Instance, servers: Servers, __: random.Random) -> None:
    servers.postgres.kill()
    servers.postgres.start()


@pytest.mark.timeout(900 + COMMANDS // 2)
@pytest.mark.parametrize(
    "strike",
    [
        pytest.param(_killing(".serve"), id="serve-killed"),
        pytest.param(_killing(".listen"), id="listen-killed"),
        pytest.param(_killing(".pump"), id="pump-killed"),
        pytest.param(_restart_broker, id="broker-restarted"),
        pytest.param(_kill_broker, id="broker-killed"),
        pytest.param(_restart_database, id="database-restarted"),
        pytest.param(_kill_database, id="database-killed"),
    ],
)
def test_nothing_is_lost_and_nothing_happens_twice(
    platform: Instance,
    own_servers: Servers,
    hotline: Hotline,
    strike: Callable[[Instance, Servers, random.Random], None],
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    before = _appeals(hotline)
    stream = Stream(hotline, clients=10)
    stream.start()
    for number in range(1, STRIKES + 1):
        stream.wait_for(COMMANDS * number // (STRIKES + 1), seconds=300)
        strike(platform, own_servers, chance)
    stream.wait_for(COMMANDS, seconds=300)
    ledger = stream.finish()

    platform.wait_ready()
    Quiet(hotline).wait(seconds=300)
    assert verify(hotline).findings == []
    _compare(ledger, before, _appeals(hotline))


def _compare(ledger: Ledger, before: dict[str, appeal_pb2.Appeal], after: dict[str, appeal_pb2.Appeal]) -> None:
    acknowledged = Counter(ledger.registered)
    assert max(acknowledged.values()) == 1
    came = after.keys() - before.keys()
    assert came == acknowledged.keys(), "an acknowledged appeal is missing, or one came that nobody sent"
    closed = {name for name in came if after[name].state == appeal_pb2.APPEAL_STATE_CLOSED}
    assert closed == acknowledged.keys(), "every life was lived to its end"
    assert len(ledger.reported) == len(set(ledger.reported)) == len(acknowledged)
    assert len(ledger.completed) == len(set(ledger.completed)) == len(acknowledged)


def _appeals(hotline: Hotline) -> dict[str, appeal_pb2.Appeal]:
    request = intake.ListAppealsRequest(page_size=1000)
    auditor = hotline.person("auditor").intake
    return {appeal.name: appeal for page in pages(auditor.ListAppeals, request) for appeal in page.appeals}
