"""Lists of orders: the right ones, newest first, and never at the cost of all there are."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline_dispatch.adapters.postgres import OrderFilter, Store, page_of_orders
from hotline_dispatch.domain.record import State
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_kernel.auth import Principal
from hotline_kernel.db import Connection, Database
from hotline_kernel.errors import FieldInvalid, PageTokenInvalid

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
LIMIT = 51

FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "held": {"state": State.HELD},
    "awaiting lead": {"state": State.AWAITING_LEAD},
    "dispatched": {"state": State.DISPATCHED},
    "reported": {"state": State.REPORTED},
    "closed": {"state": State.CLOSED},
    "region": {"region": "130105"},
    "unit": {"unit": "units/u3"},
    "own unit": {"visible_to": "units/u3"},
    "number": {"number": "130100-20260511-00000400"},
    "overdue": {"overdue": True},
    "extension": {"extension_requested": True},
    "due soon": {"due_by": date(2026, 5, 9)},
    "due later": {"due_by": date(2026, 6, 30)},
    "to look at": {"look_by": date(2026, 6, 30)},
}
PAIRS = [
    {**FILTERS[one], **FILTERS[other]}
    for one, other in combinations(FILTERS, 2)
    if one != "all" and not FILTERS[one].keys() & FILTERS[other].keys()
]

# Ten years leave nearly all orders closed and the newest open.
_ORDERS = """
INSERT INTO work_order (id, number, appeal, title, text, request_type, category, region, confidential, create_time,
  directive, proposed_lead, proposed_supporting, state, lead_unit, supporting_units, due_date, due_time,
  due_provisional, extension_cutoff_time, first_contact, result, extension, send_backs, past_rounds, round,
  key_supervision, dispatch_time, close_time, overdue, waits_for_extension, version, filing, look_date)
SELECT (lpad(to_hex(1500000000000 + i * 1000), 12, '0') || '7' || substr(md5(i::text), 1, 3)
        || '8' || substr(md5(i::text), 4, 15))::uuid,
  '130100-20260511-' || lpad(i::text, 8, '0'), md5('appeal' || i)::uuid, '暖气不热', repeat('请查看供热情况', 10),
  'COMPLAINT', '城乡建设/供热', (130101 + i %% 22)::text, false, day, NULL, '', '{}', state,
  CASE WHEN is_out THEN 'units/u' || hash %% units ELSE '' END,
  CASE WHEN is_out AND i %% 4 = 0 THEN ARRAY['units/u' || (hash + 1) %% units] ELSE '{}' END,
  (day + interval '7 days')::date, day + interval '7 days', false, day + interval '6 days', NULL, NULL, NULL,
  '[]', '[]', 1, false, day, NULL, is_open AND i %% 9 = 0, state = 'DISPATCHED' AND i %% 50 = 0, 1,
  CASE WHEN look IS NOT NULL THEN jsonb_build_object('obstacle', '冻土', 'understood', true, 'look_date', look)
  END, look
FROM (
  SELECT i, units, is_open, day, hashint8(i) & 1048575 AS hash, state,
         state IN ('DISPATCHED', 'REPORTED', 'CLOSED') AS is_out,
         CASE WHEN state IN ('REPORTED', 'CLOSED') AND i %% 5 = 0 THEN date '2026-06-01' + (i %% 10)::int END AS look
  FROM (
    SELECT i, %(units)s::int AS units, i > %(orders)s - %(open)s AS is_open,
      timestamptz '2026-05-11 01:00Z' - (%(orders)s - i) * interval '10 days' / %(open)s AS day,
      CASE WHEN i <= %(orders)s - %(open)s THEN CASE WHEN i %% 100 = 0 THEN 'REPORTED' ELSE 'CLOSED' END
           WHEN i %% 40 = 0 THEN 'HELD' WHEN i %% 40 < 5 THEN 'AWAITING_LEAD' ELSE 'DISPATCHED' END AS state
    FROM generate_series(1, %(orders)s::bigint) i
  ) made
) stated
"""
_UNITS = """
INSERT INTO work_order_unit (unit, work_order, region, is_open)
SELECT unnest(lead_unit || supporting_units), id, region, state = 'DISPATCHED' FROM work_order WHERE lead_unit <> ''
"""


def fill(connection: Connection, *, orders: int, still_open: int, units: int) -> None:
    """Makes orders one second apart, the last of them open, ten days of deadlines among the open."""
    connection.execute(_ORDERS, {"orders": orders, "open": still_open, "units": units})
    connection.execute(_UNITS)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE) work_order, work_order_unit")


def matches(order: WorkOrder, wanted: OrderFilter) -> bool:
    """The slow, obvious filter."""
    units = order.assignment.units if order.assignment else ()
    return (
        wanted.state in (None, order.state)
        and (wanted.unit is None or wanted.unit in units)
        and (wanted.visible_to is None or wanted.visible_to in units)
        and wanted.region in (None, order.region)
        and wanted.number in (None, order.number)
        and (order.overdue or not wanted.overdue)
        and (wanted.due_by is None or (order.is_open and order.due is not None and order.due.due_date <= wanted.due_by))
        and (wanted.look_by is None or _look_date(order) <= wanted.look_by)
    )


def _look_date(order: WorkOrder) -> date:
    return order.filing.look_date if order.filing and order.filing.look_date else date.max


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from scans(part)


class TestPages:
    @pytest.fixture
    def orders(self, database: Database[Store]) -> Iterator[tuple[Store, list[WorkOrder]]]:
        """400 orders, a third of them open, and all of them read at once."""
        with database.transaction() as tx:
            fill(tx.connection, orders=400, still_open=150, units=5)
            yield tx, tx.list_orders(wanted=OrderFilter(), after=None, limit=1000)

    def test_hold_every_order_that_matches_once_newest_first(self, orders: tuple[Store, list[WorkOrder]]) -> None:
        tx, every = orders
        assert [order.id for order in every] == sorted((order.id for order in every), reverse=True)
        seldom = []
        for fields in [*FILTERS.values(), *PAIRS]:
            wanted = OrderFilter(**fields)
            found: list[UUID] = []
            while page := tx.list_orders(wanted=wanted, after=found[-1] if found else None, limit=7):
                found += [order.id for order in page]
            if wanted.extension_requested:
                waiting = tx.all("SELECT id FROM work_order WHERE waits_for_extension")
                expected = {row["id"] for row in waiting}
            else:
                expected = {order.id for order in every}
            assert found == [order.id for order in every if order.id in expected and matches(order, wanted)], fields
            if not found:
                seldom.append(fields)
        assert len(seldom) <= len(PAIRS) / 2


class TestPlans:
    def test_read_little_of_many_orders(self, database: Database[Store]) -> None:
        with database.transaction() as tx:
            fill(tx.connection, orders=50_000, still_open=2_000, units=40)
            middle = tx.one("SELECT id FROM work_order WHERE number = '130100-20260511-00025000'")
            assert middle is not None
            for fields in FILTERS.values():
                for after in (None, middle["id"]):
                    sql, params = page_of_orders(wanted=OrderFilter(**fields), after=after, limit=LIMIT)
                    row = tx.one(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                    assert row is not None
                    self.assert_thrifty(row["QUERY PLAN"][0]["Plan"], f"{fields} after {after}")

    def assert_thrifty(self, plan: dict[str, Any], what: str) -> None:
        days = 14
        for node in scans(plan):
            rows = node["Actual Rows"] * node["Actual Loops"]
            assert node["Node Type"] != "Seq Scan", what
            if "Scan" in node["Node Type"]:
                assert rows + node.get("Rows Removed by Filter", 0) * node["Actual Loops"] <= 2 * days * LIMIT, what
            if node["Node Type"] in ("Sort", "Incremental Sort"):
                assert rows <= days * LIMIT, what


class TestListWorkOrders:
    def test_goes_on_where_the_page_before_ended(self, dispatch: Any) -> None:
        made = [dispatch.refer(lead_unit="units/heating").name for _ in range(5)]
        request = rpc.ListWorkOrdersRequest(page_size=2)
        found = []
        while True:
            answer = dispatch.call("ListWorkOrders", request, OFFICE)
            found += [order.name for order in answer.work_orders]
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        assert found == made[::-1]

    def test_knows_no_token_of_other_filters(self, dispatch: Any) -> None:
        for _ in range(2):
            dispatch.refer()
        answer = dispatch.call("ListWorkOrders", rpc.ListWorkOrdersRequest(page_size=1), OFFICE)
        request = rpc.ListWorkOrdersRequest(page_size=1, page_token=answer.next_page_token, region="130102")
        with pytest.raises(PageTokenInvalid):
            dispatch.call("ListWorkOrders", request, OFFICE)

    def test_shows_a_unit_its_own_alone(self, dispatch: Any) -> None:
        led = dispatch.refer(lead_unit="units/heating", supporting_units=["units/water"])
        dispatch.refer(lead_unit="units/roads")
        dispatch.refer(lead_unit="units/water", directive_kind=1)
        water = Principal("staff-8", frozenset({"unit"}), "units/water", "")
        for request in (rpc.ListWorkOrdersRequest(), rpc.ListWorkOrdersRequest(unit="units/heating")):
            assert [order.name for order in dispatch.call("ListWorkOrders", request, water).work_orders] == [led.name]
        request = rpc.ListWorkOrdersRequest(unit="units/roads")
        assert dispatch.call("ListWorkOrders", request, water).work_orders == []
        nobody = Principal("staff-0", frozenset({"unit"}), "", "")
        assert dispatch.call("ListWorkOrders", rpc.ListWorkOrdersRequest(), nobody).work_orders == []

    def test_refuses_a_day_that_is_none(self, dispatch: Any) -> None:
        request = rpc.ListWorkOrdersRequest()
        request.due_by.year, request.due_by.month, request.due_by.day = 2026, 2, 30
        with pytest.raises(FieldInvalid) as refused:
            dispatch.call("ListWorkOrders", request, OFFICE)
        assert refused.value.violations[0][0] == "due_by"
