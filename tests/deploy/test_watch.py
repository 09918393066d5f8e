"""The platform watched: a real Prometheus scrapes every process, and the shipped rules wake somebody.

Every duration is divided by one number (`tests.support.prometheus`). It has a platform of its own, so that nothing is
amiss on it but what happens here.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.operations.v1 import delivery_service_pb2 as delivery
from hotline_cli.client import SERVICES, new_request_id, pages
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, PROCESSES, Instance
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import wait_until
from hotline_kernel import calendar, topology
from hotline_kernel.calendar import ZONE
from kombu.messaging import Producer

from tests.deploy.test_dashboards import FOUND, expressions
from tests.regulation.city import City
from tests.regulation.test_art_16_alert import Lines
from tests.regulation.test_art_16_answer_rate import ABANDONED, OFFERED, QUEUED, event, tell
from tests.regulation.test_art_23_directives import instruct
from tests.support.live import LiveHotline
from tests.support.prometheus import Alertmanager, Prometheus
from tests.support.workers import run_directory

RUN = run_directory("watch")
MONDAY_MORNING = datetime(2026, 3, 2, 8, 30, tzinfo=ZONE)
AN_EVENING_BEFORE = datetime(2026, 2, 26, 18, 0, tzinfo=ZONE)
EXPECTED = {
    "HotlineAbandonRateHigh": "intake",
    "HotlineAnswerRateLow": "intake",
    "HotlineCallersWait": "intake",
    "HotlineDirectiveWaiting": "dispatch",
    "HotlineInboxDead": "sla",
}
"""What goes wrong here, and in which service."""


@pytest.fixture(scope="module")
def city(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A platform of its own, with a backup of today and a calendar that does not end soon, whatever today is."""
    files = tmp_path_factory.mktemp("watch")
    (files / "stamp").write_text(datetime.now(UTC).isoformat())
    years = range(calendar.load(None).known_until().year + 1, datetime.now(ZONE).year + 2)
    published = [f"{year}-01-01" for year in years]
    (files / "calendar.yaml").write_text(f"published_years: {[*years]}\nholidays: [{', '.join(published)}]\n")
    instance = Instance(
        directory=RUN,
        servers=servers,
        name=f"watch_{secrets.token_hex(4)}",
        clock="virtual",
        start=MONDAY_MORNING,
        settings={
            **NO_RATE_LIMIT,
            "backup_stamp": str(files / "stamp"),
            "calendar_file": str(files / "calendar.yaml"),
        },
    )
    with seeded(instance):
        live = LiveHotline(instance)
        yield City(live)
        live.close()


def targets(city: City) -> list[str]:
    """The metrics of every process."""
    environments = (city.hotline.instance.environment(service, kind) for service in SERVICES for kind in PROCESSES)
    return [f"127.0.0.1:{environ['HOTLINE_METRICS_PORT']}" for environ in environments]


class Trouble:
    """What goes wrong, and how it is put right."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._lines = Lines(AN_EVENING_BEFORE)
        self._waiting = [f"waits-{n}" for n in range(3)]
        self._order = ""

    def a_minute(self, callers: int) -> None:
        """Of that evening: ten seats carry three calls a minute, and not eight."""
        assert not tell(self._city, self._lines.next_minute(callers=callers)).rejected

    def begin(self) -> None:
        """An urgent order waits for its directive, callers wait, and somebody publishes what cannot be read."""
        self._order = self._city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_URGENT).name
        self._city.pass_by(minutes=61)
        queued = [event(name, kind, self._city.now) for name in self._waiting for kind in (OFFERED, QUEUED)]
        assert not tell(self._city, queued).rejected
        self._city.pass_by(seconds=30)
        with topology.connected(self._city.hotline.instance.broker_url) as connection:
            queue = topology.queue_name("intake", "sla")
            Producer(connection.default_channel).publish("nonsense", exchange="", routing_key=queue)

    def end(self) -> None:
        """The directive comes, the callers hang up, and the event is passed over."""
        instruct(self._city, self._order)
        assert not tell(self._city, [event(name, ABANDONED, self._city.now) for name in self._waiting]).rejected
        engineer = self._city.hotline.person("engineer").delivery["sla"]
        for page in pages(engineer.ListDeadEvents, delivery.ListDeadEventsRequest()):
            for dead in page.events:
                engineer.DropEvent(
                    delivery.DropEventRequest(
                        position=dead.position, reason="not one of ours", request_id=new_request_id()
                    )
                )


class TestThePlatformWatched:
    def test_wakes_somebody_for_what_is_wrong_and_for_nothing_else(self, city: City, tmp_path: Path) -> None:
        """Silent in calm minutes; five things go wrong and five alerts come; three are put right and end."""
        trouble = Trouble(city)
        with ExitStack() as stack:
            alertmanager = stack.enter_context(Alertmanager(tmp_path / "alertmanager"))
            prometheus = stack.enter_context(
                Prometheus(tmp_path / "prometheus", targets=targets(city), alertmanager=alertmanager)
            )

            def minutes(callers: int, until: Callable[[], bool], *, most: int) -> None:
                for _ in range(most):
                    trouble.a_minute(callers)
                    prometheus.next_scrape()
                    if until():
                        return
                pytest.fail(f"after {most} minutes: {alertmanager.fires()}, {prometheus.alerts()}")

            calm = count()
            minutes(3, lambda: next(calm) == 5, most=20)
            assert not alertmanager.told
            trouble.begin()
            minutes(8, lambda: alertmanager.fires() == EXPECTED.keys(), most=120)
            for alert in alertmanager.told:
                assert alert["labels"]["service"] == EXPECTED[alert["labels"]["alertname"]]
                assert alert["annotations"]["runbook_url"].endswith(f"{alert['labels']['alertname']}.md")
            for board in FOUND:
                for query in expressions(board):
                    prometheus.ask(query)
            trouble.end()
            put_right = {"HotlineCallersWait", "HotlineDirectiveWaiting", "HotlineInboxDead"}
            wait_until(
                lambda: not alertmanager.fires() & put_right, seconds=60, failure="what was put right does not end"
            )
            assert alertmanager.fired() == prometheus.ever_fired() == EXPECTED.keys()
