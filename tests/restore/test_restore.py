"""A city is backed up under load, its databases are destroyed, and all goes back to a moment (docs/how-to/restore.md).

By the tools with which CloudNativePG makes and restores the backups of `hotline-data`, on a storage that speaks S3.
"""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.intake.v1 import retention_service_pb2 as retention
from hotline.operations.v1 import delivery_service_pb2 as delivery
from hotline_cli.client import SERVICES, Hotline, new_request_id, pages
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seed_city
from hotline_cli.local.servers import Servers, wait_until
from hotline_cli.quiet import Quiet
from hotline_cli.verify import verify
from hotline_kernel import topology
from hotline_kernel.errors import Refused
from hotline_kernel.timestamps import timestamp

from tests.support.backup import (
    ObjectStorage,
    archive,
    back_up,
    destroy,
    object_storage,
    prepare,
    restore,
    wait_archived,
)
from tests.support.lives import Stream, registration
from tests.support.workers import run_directory

_DIRECTORY = run_directory("restore")


@pytest.fixture
def storage() -> Iterator[ObjectStorage]:
    """Where backups go."""
    with object_storage() as found:
        yield found


@pytest.fixture
def archived(storage: ObjectStorage) -> Iterator[Servers]:
    """A PostgreSQL whose log can be archived, and a RabbitMQ; of this test alone, as it destroys them."""
    servers = Servers(_DIRECTORY)
    with servers:
        prepare(servers)
        yield servers
    servers.destroy()


@pytest.fixture
def platform(archived: Servers) -> Iterator[Instance]:
    """Prepared, and nothing runs yet."""
    settings = NO_RATE_LIMIT | {"trace_file": "", "drain_seconds": "3"}
    instance = Instance(directory=_DIRECTORY, servers=archived, name="restored", settings=settings)
    instance.prepare()
    yield instance
    instance.stop()


@pytest.mark.timeout(600)
def test_back_up_destroy_restore_to_a_moment(archived: Servers, platform: Instance, storage: ObjectStorage) -> None:
    platform.start()
    hotline = Hotline(platform.running)
    seed_city(hotline)
    stream = Stream(hotline, clients=1)
    stream.start()
    stream.wait_for(8, seconds=120)
    archive(archived, storage)
    back_up(archived, storage)
    stream.wait_for(stream.ledger.commands + 8, seconds=120)
    # Published before the moment, and stored by its consumer only after it.
    platform.processes["sla.listen"].signal(signal.SIGSTOP)
    on_its_way = _register(hotline)
    wait_until(lambda: _waits(archived, "intake", "sla"), seconds=30, failure="nothing waits at the broker")
    before = list(stream.ledger.registered)
    moment = _now(archived)
    platform.processes["sla.listen"].signal(signal.SIGCONT)
    stream.wait_for(stream.ledger.commands + 8, seconds=120)
    ledger = stream.finish()
    assert len(before) < len(ledger.registered)
    Quiet(hotline).wait()
    erased = _erase(hotline, before[0])
    listed = _erasures(hotline)
    assert erased in listed
    # Announced after the moment, and still at the broker when everything goes back to it.
    platform.processes["sla.listen"].signal(signal.SIGSTOP)
    undone = [_register(hotline) for _ in range(3)]
    wait_until(lambda: _waits(archived, "intake", "sla"), seconds=30, failure="nothing waits at the broker")
    wait_archived(archived)
    hotline.close()
    destroy(archived)
    platform.processes["sla.listen"].signal(signal.SIGCONT)
    platform.stop()

    restore(archived, storage, until=moment)
    archived.drop_vhost("restored")  # what it holds is of a time that never was
    platform.prepare()
    platform.start(processes=["serve"])
    assert {name for name, process in platform.processes.items() if process.pid} == {f"{s}.serve" for s in SERVICES}
    hotline = Hotline(platform.running)
    engineer = hotline.person("engineer")
    replay = retention.ReplayErasuresRequest(citizens=listed, reason="恢复演练", request_id=new_request_id())
    assert engineer.retention.ReplayErasures(replay).erased == 1, "the restore had brought somebody back"
    republish = delivery.RepublishEventsRequest(since=timestamp(datetime(2026, 1, 1, tzinfo=UTC)), reason="恢复演练")
    for service in SERVICES:
        republish.request_id = new_request_id()
        engineer.delivery[service].RepublishEvents(republish)
    platform.start(processes=["pump", "listen"])
    Quiet(hotline).wait(seconds=120)
    assert verify(hotline).findings == []
    appeals = _appeals(hotline)
    assert appeals >= {*before, on_its_way}, "what was acknowledged before the moment is there"
    assert not appeals & {*undone, ledger.registered[-1]}, "what came after it is not"
    with pytest.raises(Refused, match="erased"):
        hotline.person("office").intake.RevealContact(intake.RevealContactRequest(name=before[0], purpose="核实"))
    Stream(hotline, clients=1).life(1)
    Quiet(hotline).wait(seconds=120)
    assert verify(hotline).findings == [], "and life goes on"
    hotline.close()


def _register(hotline: Hotline) -> str:
    return hotline.person("operator").intake.RegisterAppeal(registration(draft=False)).name


def _appeals(hotline: Hotline) -> set[str]:
    request = intake.ListAppealsRequest(page_size=1000)
    auditor = hotline.person("auditor").intake
    return {appeal.name for page in pages(auditor.ListAppeals, request) for appeal in page.appeals}


def _erase(hotline: Hotline, appeal: str) -> str:
    citizen = hotline.person("auditor").intake.GetAppeal(intake.GetAppealRequest(name=appeal)).citizen
    request = intake.EraseCitizenRequest(name=citizen, reason="本人申请", request_id=new_request_id())
    hotline.person("office").intake.EraseCitizen(request)
    return citizen


def _erasures(hotline: Hotline) -> list[str]:
    engineer = hotline.person("engineer").retention
    request = retention.ListErasuresRequest(page_size=1000)
    return [each.citizen for page in pages(engineer.ListErasures, request) for each in page.erasures]


def _now(servers: Servers) -> datetime:
    with psycopg.connect(f"{servers.postgres_url}/postgres") as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row
        moment: datetime = row[0]
        return moment


def _waits(servers: Servers, source: str, consumer: str) -> bool:
    with topology.connected(servers.broker_url("restored")) as connection:
        queue = connection.default_channel.queue_declare(topology.queue_name(source, consumer), passive=True)
    return bool(queue.message_count)
