"""How soon a county's status is at the city; how soon both agree after a cut with 10,000 events waiting.

PostgreSQL itself tells when each transaction committed (`track_commit_timestamp`): the bureau's row of an order is
written once, when the county's office names the bureau; the inbox row of its status is done with the effect at the
city.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count

import psycopg
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.instance import Instance

from tests.support.bench import DIRECTORY, describe_machine, emit, platforms, quantile, say
from tests.support.county import BUREAU, RealCounty, refer

STATUSES, A_SECOND = 300, 5.0
WAITING = int(os.environ.get("HOTLINE_BENCH_WAITING", "10000"))
CLIENTS = 4
_NUMBERS = count(5_000_000)
_NAMED = "SELECT work_order, pg_xact_commit_timestamp(xmin) FROM work_order_unit WHERE unit = %s"
_KNOWN = """
SELECT replace(payload::json->>'errand', 'errands/', '')::uuid, pg_xact_commit_timestamp(xmin) FROM inbox
 WHERE type LIKE '%%.CountyStatus' AND state = 'done' AND payload::json->>'state' = 'WORK_ORDER_STATE_DISPATCHED'
   AND 1 = %s
"""
_UNDONE = """
SELECT (SELECT count(*) FROM errand WHERE contact = 'WANTED') + (SELECT count(*) FROM errand_change)
     + (SELECT count(*) FROM county_message WHERE published_time IS NULL)
     + (SELECT count(*) FROM inbox WHERE state = 'open')
"""


def main() -> None:
    """Measures and prints."""
    describe_machine()
    with platforms("county") as (instance,):
        city = Hotline(instance.running)
        county = RealCounty(city=instance, servers=instance.servers, name="xinji", directory=DIRECTORY)
        try:
            county.prepare()
            county.start()
            county.enrol(city)
            _line_up(instance, city, county)
            _cut(instance, city, county)
        finally:
            county.destroy()
            city.close()


def _line_up(instance: Instance, city: Hotline, county: RealCounty) -> None:
    _give(city, county, STATUSES)
    _wait(lambda: len(_waiting_for_lead(county)) == STATUSES, seconds=300)
    office = county.connection.person("office").dispatch
    begin = time.monotonic()
    for number, order in enumerate(_waiting_for_lead(county)):
        time.sleep(max(0.0, begin + number / A_SECOND - time.monotonic()))  # the rate is part of what is measured
        office.DispatchWorkOrder(
            dispatch.DispatchWorkOrderRequest(name=order, lead_unit=BUREAU, request_id=new_request_id())
        )
    _wait(lambda: len(_commits(instance, _KNOWN, 1)) == STATUSES, seconds=60)
    named, known = _commits(county.instance, _NAMED, BUREAU), _commits(instance, _KNOWN, 1)
    lags = [(known[order] - moment).total_seconds() for order, moment in named.items()]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        emit(f"county.status_at_city.{name}", quantile(lags, share), "s", statuses=len(lags), a_second=A_SECOND)


def _cut(instance: Instance, city: Hotline, county: RealCounty) -> None:
    county.link.cut()
    orders = 0
    while _waiting_to_cross(instance) < WAITING:
        _give(city, county, 200)
        orders += 200
        # All that follows from these has happened at the city, so that what waits, and nothing else, is measured.
        _wait(lambda: _number(instance, "SELECT count(*) FROM errand") == STATUSES + orders, seconds=120)  # noqa: B023
        _wait(lambda: _number(instance, _UNDONE) == 0, seconds=120)
        say(f"{_waiting_to_cross(instance)} messages wait")
    waiting = _waiting_to_cross(instance)
    county.link.mend()
    begin = time.monotonic()
    _wait(lambda: _agree(instance, county), seconds=600)
    emit("county.agree_after_cut", time.monotonic() - begin, "s", waiting=waiting)


def _give(city: Hotline, county: RealCounty, orders: int) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda _: refer(city, next(_NUMBERS), unit=county.unit), range(orders)))


def _waiting_for_lead(county: RealCounty) -> list[str]:
    request = dispatch.ListWorkOrdersRequest(state=work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD, page_size=1000)
    return [order.name for order in county.connection.person("office").dispatch.ListWorkOrders(request).work_orders]


def _waiting_to_cross(instance: Instance) -> int:
    """Sent by the city after all of which it knows that the county has them."""
    return _number(
        instance,
        "SELECT count(*) FROM county_message m WHERE position > coalesce((SELECT max(position) FROM county_message"
        " WHERE errand IN (SELECT id FROM errand WHERE record->>'other_number' <> '')), 0)",
    )


def _agree(instance: Instance, county: RealCounty) -> bool:
    """Every order of the city is one of the county's, the city knows its number, and nothing waits on either side."""
    unknown = _number(instance, "SELECT count(*) FROM errand WHERE record->>'other_number' = ''")
    at_rest = (
        "SELECT (SELECT count(*) FROM errand_change)"
        " + (SELECT count(*) FROM county_message WHERE published_time IS NULL)"
        " + (SELECT count(*) FROM inbox WHERE state IN ('open', 'dead') AND source LIKE 'county.%%')"
    )
    return unknown == 0 and all(_number(side, at_rest) == 0 for side in (instance, county.instance))


def _commits(instance: Instance, sql: str, parameter: object) -> dict[object, datetime]:
    with psycopg.connect(instance.database_url("dispatch")) as connection:
        return dict(connection.execute(sql, (parameter,)).fetchall())


def _number(instance: Instance, sql: str) -> int:
    with psycopg.connect(instance.database_url("dispatch")) as connection:
        row = connection.execute(sql.replace("%%", "%")).fetchone()
        assert row is not None
        return int(row[0])


def _wait(condition: Callable[[], bool], *, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"not after {seconds:.0f} s"
        time.sleep(0.05)


if __name__ == "__main__":
    main()
