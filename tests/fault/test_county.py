"""A city and two counties, each with a broker of its own: the line is cut under load, processes die, the books agree.

HOTLINE_TEST_ORDERS sets how many orders each county is given, HOTLINE_TEST_CUT_HOURS how much legal time passes while
the line is away (`make soak-county` raises both).
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from random import SystemRandom
from typing import Any
from urllib.parse import quote, urlsplit

import amqp
import psycopg
import pytest
from hotline.dispatch.v1 import county_service_pb2 as counties
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline_cli.client import Hotline, new_request_id, pages
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import Servers
from hotline_kernel.calendar import ZONE
from hotline_kernel.clock import VirtualClock
from kombu.connection import Connection

from tests.support.county import Clerks, RealCounty, errands, insist, refer
from tests.support.lives import unlike
from tests.support.workers import run_directory

ORDERS = int(os.environ.get("HOTLINE_TEST_ORDERS", "20"))
CUT = timedelta(hours=float(os.environ.get("HOTLINE_TEST_CUT_HOURS", "3")))
_MONDAY_MORNING = datetime(2026, 3, 2, 8, 30, tzinfo=ZONE)
_DIRECTORY = run_directory("fault")
_NUMBERS = count(SystemRandom().randrange(10**7))


@pytest.fixture(scope="module")
def platform(own_servers: Servers) -> Iterator[Instance]:
    """The city's processes, on a clock that the test moves."""
    instance = Instance(
        directory=_DIRECTORY,
        servers=own_servers,
        name=f"city_{os.getpid()}",
        clock="virtual",
        start=_MONDAY_MORNING,
        settings=NO_RATE_LIMIT | {"trace_file": ""},
    )
    with seeded(instance):
        yield instance


@pytest.fixture(scope="module")
def city(platform: Instance) -> Iterator[Hotline]:
    """The city, whose counties are in this module."""
    connection = Hotline(platform.running)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def both(platform: Instance, own_servers: Servers, city: Hotline) -> Iterator[list[RealCounty]]:
    """Two counties, started side by side and enrolled."""
    made = [
        RealCounty(city=platform, servers=own_servers, name=name, directory=_DIRECTORY, start=_MONDAY_MORNING)
        for name in ("xinji", "dingzhou")
    ]
    with ThreadPoolExecutor(2) as pool:
        try:
            list(pool.map(lambda county: county.rabbitmq.start(), made))
            for county in made:
                county.prepare()
            list(pool.map(RealCounty.start, made))
            for county in made:
                county.enrol(city)
            yield made
        finally:
            list(pool.map(RealCounty.destroy, made))


def wait_until(condition: Callable[[], bool], what: Callable[[], str], *, seconds: float = 60) -> None:
    """what -- says how things stand when it does not come in time."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"after {seconds:.0f} s: {what()}"
        time.sleep(0.1)


def pass_time(sides: list[Instance], passed: timedelta) -> None:
    """The same on every side's clock."""
    for side in sides:
        assert isinstance(side.clock, VirtualClock)
        side.clock.set(side.clock.now() + passed)


def standing(city: Hotline, sides: list[Instance]) -> str:
    """Errands by state, and what waits or is dead on each side."""
    said = [str(Counter((each.county, each.state, each.other_state, each.refused) for each in errands(city)))]
    for side in sides:
        waiting = read(
            side,
            "SELECT source, state, type, error, count(*) FROM inbox WHERE state IN ('open', 'dead')"
            " GROUP BY source, state, type, error LIMIT 20",
        )
        said.append(f"{side.name}: {waiting}")
    return "\n".join(said)


def read(instance: Instance, sql: str, **params: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(instance.database_url("dispatch")) as connection:
        return connection.execute(sql, params).fetchall()


def at_rest(instance: Instance) -> bool:
    """Nothing waits to be compared, sent or handled."""
    [(waiting,)] = read(
        instance,
        "SELECT (SELECT count(*) FROM errand_change)"
        " + (SELECT count(*) FROM county_message WHERE published_time IS NULL)"
        " + (SELECT count(*) FROM inbox WHERE state IN ('open', 'dead') AND source LIKE 'county.%%')",
    )
    return bool(waiting == 0)


@pytest.mark.timeout(900 + 2 * ORDERS)
class TestTwoCounties:
    def test_agree_with_the_city_after_a_cut_under_load(
        self, platform: Instance, city: Hotline, both: list[RealCounty]
    ) -> None:
        sides = [platform, *(county.instance for county in both)]
        clerks = [Clerks(county) for county in both]
        for each in clerks:
            each.start()
        appeals: list[tuple[str, str]] = []

        def give(orders: int) -> None:
            units = [county.unit for county in both] * orders
            appeals.extend((refer(city, next(_NUMBERS), unit=unit), unit) for unit in units)

        give(ORDERS // 4)
        seen = city.person("engineer").counties.ListCounties
        wait_until(
            lambda: all(county.line_up for county in seen(counties.ListCountiesRequest()).counties),
            lambda: str(seen(counties.ListCountiesRequest())),
        )
        # Each side has its first orders before the legal time passes, however slow it is.
        wait_until(
            lambda: all(read(side, "SELECT count(*) FROM work_order") > [(0,)] for side in sides),
            lambda: standing(city, sides),
        )
        for county in both:
            county.link.cut()
        cut_at = time.monotonic()
        give(ORDERS // 4)
        self.take_some_back(city, appeals)
        platform.kill("dispatch.pump")
        for county in both:
            county.instance.kill("dispatch.pump")
        for _ in range(ORDERS // 4):
            give(1)
            pass_time(sides, CUT / (ORDERS // 4))
        away = time.monotonic() - cut_at
        view = city.person("engineer").counties.GetCounty(counties.GetCountyRequest(name="counties/xinji"))
        assert view.view_age_seconds >= away - 0.2  # the city says how old its view is
        for county in both:
            county.link.mend()
        give(ORDERS - 3 * (ORDERS // 4))

        def converged() -> bool:
            known = errands(city)
            done = {counties.ERRAND_STATE_HANDED_BACK, counties.ERRAND_STATE_WITHDRAWN}
            reported = self.reported(city)
            return len({each.work_order for each in known}) == len(appeals) and all(
                each.state in done or each.work_order in reported for each in known
            )

        wait_until(converged, lambda: standing(city, sides), seconds=120 + ORDERS)
        for each in clerks:
            each.finish()

        def agree() -> bool:
            """Nothing waits on either side, nor on the line between."""
            told = {each.name: each.state for county in both for each in errands(county.connection)}
            return all(at_rest(side) for side in sides) and told == {each.name: each.state for each in errands(city)}

        wait_until(agree, lambda: standing(city, sides))
        self.compare_books(platform, city, both, appeals)
        assert sum(each.state == counties.ERRAND_STATE_WITHDRAWN for each in errands(city)) >= 4
        for side in sides:  # each worked through all of the legal time that passed
            [(lived,)] = read(side, "SELECT max(create_time) - min(create_time) FROM work_order")
            assert lived >= CUT

    @staticmethod
    def reported(city: Hotline) -> set[str]:
        """Orders with a result."""
        request = dispatch.ListWorkOrdersRequest(state=work_order_pb2.WORK_ORDER_STATE_REPORTED, page_size=1000)
        office = city.person("office").dispatch
        return {
            order.name
            for page in pages(lambda asked: insist(office.ListWorkOrders, asked), request)
            for order in page.work_orders
        }

    @staticmethod
    def take_some_back(city: Hotline, appeals: list[tuple[str, str]]) -> None:
        """The office gives the last orders to another unit while their counties cannot hear of it."""
        office = city.person("office").dispatch
        for appeal, _ in appeals[-4:]:
            begun: list[str] = []

            def is_begun(appeal: str = appeal, begun: list[str] = begun) -> bool:
                found = insist(office.ListWorkOrders, dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders
                asked = {each.work_order for each in errands(city)}
                begun[:] = [order.name for order in found if order.name in asked]
                return bool(begun)

            wait_until(is_begun, lambda: "no county was asked")
            request = dispatch.ReassignWorkOrderRequest(
                name=begun[0], lead_unit="units/heating-office", reason="改派", request_id=new_request_id()
            )
            insist(office.ReassignWorkOrder, request)

    @staticmethod
    def compare_books(
        platform: Instance, city: Hotline, both: list[RealCounty], appeals: list[tuple[str, str]]
    ) -> None:
        """Nothing is lost, nothing is doubled, nobody has what is another's."""
        led = Counter(unit for _, unit in appeals)
        for county in both:
            at_city = {each.name: each for each in errands(city, county.name)}
            in_county = {each.name: each for each in errands(county.connection)}
            assert at_city.keys() == in_county.keys()  # none lost, and none of another's
            assert len(at_city) == led[county.unit]
            numbers = dict(read(county.instance, "SELECT id::text, number FROM work_order"))
            assert len(numbers) == len(in_county)
            for name, errand in at_city.items():
                theirs = in_county[name]
                assert errand.other_number == numbers[theirs.work_order.removeprefix("workOrders/")]
                assert (errand.state, errand.refused in ("", "WITHDRAWN_BEFORE")) == (theirs.state, True)
            results = read(county.instance, "SELECT id::text, result->>'text' FROM work_order WHERE state = 'REPORTED'")
            reported = {
                each.work_order: text
                for each in at_city.values()
                for order, text in results
                if each.name == f"errands/{order}"
            }
            held = read(
                platform,
                "SELECT id::text, result->>'text' FROM work_order WHERE lead_unit = %(u)s AND state = 'REPORTED'",
                u=county.unit,
            )
            assert reported == {f"workOrders/{order}": text for order, text in held}
        doubled = read(
            platform,
            "SELECT aggregate, type, count(*) FROM outbox WHERE type LIKE '%%.ResultReported'"
            " OR type LIKE '%%.FirstContactRecorded' GROUP BY 1, 2 HAVING count(*) > 1",
        )
        assert doubled == []


@pytest.mark.timeout(300)
class TestALineNumberedAnew:
    def test_is_answered_by_the_other_side_and_heard_again(self, city: Hotline, both: list[RealCounty]) -> None:
        county = both[0]
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        assert county.at_city("resync", county.name, "--restored-to", moment)["resync_open"]
        seen = city.person("engineer").counties.GetCounty
        name = counties.GetCountyRequest(name=f"counties/{county.name}")
        wait_until(lambda: not seen(name).resync_open, lambda: str(seen(name)))
        before = {each.name for each in errands(city, county.name)}
        refer(city, next(_NUMBERS), unit=county.unit)

        def is_known() -> bool:
            return any(each.other_number for each in errands(city, county.name) if each.name not in before)

        wait_until(is_known, lambda: str(errands(city, county.name)[:1]))


@pytest.mark.timeout(300)
class TestOneCountysCredentials:
    """Whoever has a county's credentials on the city's broker has its two queues, and nothing of anybody else."""

    def test_read_its_queue_and_write_its_exchange_alone(
        self, own_servers: Servers, platform: Instance, both: list[RealCounty]
    ) -> None:
        mine, other = both
        own = mine.credentials
        there = urlsplit(own_servers.amqp_url)

        def refused(vhost: str, deed: Callable[[amqp.Channel], object]) -> bool:
            account = f"{quote(own['user'], safe='')}:{own['password']}"
            url = f"amqp://{account}@{there.hostname}:{there.port}/{quote(vhost, safe='')}"
            try:
                with Connection(url, connect_timeout=5) as connection:
                    channel = connection.channel()
                    channel.confirm_select()
                    deed(channel)
            except (amqp.AccessRefused, amqp.NotAllowed, amqp.exceptions.AMQPError):
                return True
            return False

        def publish(exchange: str, key: str = "") -> Callable[[amqp.Channel], object]:
            def deed(channel: amqp.Channel) -> object:
                channel.basic_publish(amqp.Message(b"{}"), exchange, key)
                return channel.connection.drain_events(timeout=5)

            return deed

        vhost = own["user"]
        assert not refused(vhost, lambda channel: channel.queue_declare("county.down", passive=True))
        assert refused(vhost, lambda channel: channel.basic_get("county.up"))
        assert refused(vhost, lambda channel: channel.queue_purge("county.up"))
        assert refused(vhost, lambda channel: channel.queue_declare("mine"))
        assert refused(vhost, lambda channel: channel.queue_bind("county.down", "county.up"))
        assert refused(vhost, publish("county.down"))
        assert refused(vhost, publish("", "county.up"))
        for elsewhere in (platform.name, other.credentials["user"], "/"):
            assert refused(elsewhere, lambda channel: channel.queue_declare("county.down", passive=True))

    def test_find_nothing_to_read_in_the_broker(
        self, own_servers: Servers, city: Hotline, both: list[RealCounty]
    ) -> None:
        mine = both[0]
        mine.link.cut()
        try:
            number = next(_NUMBERS)
            refer(city, number, unit=mine.unit)
            found: list[str] = []

            def has_contact() -> bool:
                found[:] = waiting_messages(own_servers, mine.credentials["user"])
                return any("sealedContact" in each for each in found)

            wait_until(has_contact, lambda: f"no contact among {len(found)} messages")
            said = "".join(json.dumps(json.loads(each), ensure_ascii=False) for each in found)
            for secret in ("甄好听", f"139{number % 10**8:08d}", "暖气不热", "入户测温", unlike(number)):
                assert secret not in said
        finally:
            mine.link.mend()

    def test_carry_nothing_while_the_county_is_suspended(self, city: Hotline, both: list[RealCounty]) -> None:
        mine, other = both
        assert mine.at_city("suspend", mine.name, on_broker=True)["state"] == "COUNTY_STATE_SUSPENDED"
        before = len(errands(mine.connection))
        refer(city, next(_NUMBERS), unit=mine.unit)
        theirs = len(errands(other.connection))
        refer(city, next(_NUMBERS), unit=other.unit)
        wait_until(lambda: len(errands(other.connection)) > theirs, lambda: "the other county heard nothing")
        assert len(errands(mine.connection)) == before
        assert mine.at_city("resume", mine.name, on_broker=True)["state"] == "COUNTY_STATE_ACTIVE"
        wait_until(lambda: len(errands(mine.connection)) > before, lambda: "what waited did not cross")
        status = mine.at_city("status", mine.name)
        assert status["line_up"]


def waiting_messages(servers: Servers, vhost: str) -> list[str]:
    """What waits in the city's broker for a county, as its administrator sees it."""
    with Connection(servers.broker_url(vhost)) as connection:
        channel = connection.channel()
        found = []
        while (message := channel.basic_get("county.down")) is not None:
            body = message.body
            found.append(body if isinstance(body, str) else bytes(body).decode())
        return found  # unacknowledged: the broker has them back when we close
