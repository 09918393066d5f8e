"""ListAppeals reads a page and no more, whatever the filter (plans and pages over many appeals)."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as pb
from hotline_intake.adapters.postgres import Store, list_statement
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_kernel.call import Call
from hotline_kernel.db import Database
from hotline_kernel.errors import PageTokenInvalid

By = Callable[..., Call]
APPEALS = 20_000
_CITIZENS = """
INSERT INTO citizen (id, wrapped_key)
SELECT md5('citizen' || i)::uuid, '\\x00' FROM generate_series(0, 3999) i
"""
# Ten years of one city in small: nearly all of it over, the newest hundred open; one county of another city.
_APPEALS = """
INSERT INTO appeal (id, version, number, tracking_code, channel, kind, request_type, asker, category, region, title,
  state, create_time, confidential, anonymous, emergency, transfer_line, transfer_reference, citizen_id,
  sealed_contact, sealed_text, decline_ground, decline_referral, decline_actor, decline_time, answer_text,
  answer_entry, answer_actor, answer_time, draft_proposed, draft_released, draft_operator)
SELECT (lpad(to_hex(1500000000000 + i), 12, '0') || '7000' || '8' || substr(md5(i::text), 1, 15))::uuid, 1,
  '130100-20260508-' || i, 'CODE-' || i,
  (ARRAY['PHONE', 'PHONE', 'PHONE', 'PHONE', 'PHONE', 'PHONE', 'WECHAT', 'WEB', 'APP', 'SMS'])[1 + b %% 10],
  'CITY', 'HELP', 'PERSON', '城乡建设/供热',
  CASE WHEN c %% 500 = 0 THEN '130202' ELSE (130101 + c %% 23)::text END, '暖气不热', state, now(), false, false, false,
  CASE WHEN c %% 50 = 1 THEN '12345' END, CASE WHEN c %% 50 = 1 THEN 'R-' || i END, md5('citizen' || a %% 4000)::uuid,
  '\\x00', decode(repeat('00', 300), 'hex'),
  CASE WHEN state = 'DECLINED' THEN (ARRAY['EMERGENCY', 'CIVIL_DISPUTE', 'MILITARY'])[1 + c %% 3] END, '', '', now(),
  CASE WHEN state = 'ANSWERED' THEN '已答复' END, '', '', now(), draft,
  CASE WHEN state IN ('REFERRED', 'CLOSED') THEN draft END, 'operator-1'
FROM (
  SELECT i, a, b, c, CASE WHEN state IN ('DRAFTED', 'REFERRED', 'CLOSED')
    THEN '{"text": "x", "lead_unit": "", "supporting_units": [], "directive_kind": "UNSPECIFIED"}'::jsonb END AS draft,
    state
  FROM (
    SELECT i, a, b, c,
      CASE WHEN a %% 100 < 5 THEN 'DECLINED' WHEN a %% 100 < 45 THEN 'ANSWERED' WHEN i <= %(appeals)s - 100
           THEN 'CLOSED' ELSE (ARRAY['REGISTERED', 'DRAFTED', 'REFERRED'])[1 + a %% 3] END AS state
    FROM (
      SELECT i, hashint8extended(i, 1) & 65535 AS a, hashint8extended(i, 2) & 65535 AS b,
             hashint8extended(i, 3) & 65535 AS c
      FROM generate_series(1, %(appeals)s::int) i
    ) hashed
  ) stated
) drafted
"""
_ORDERS = """
INSERT INTO work_order (id, appeal_id, lead_unit, due_date)
SELECT md5('order' || id)::uuid, id, 'units/heat', date '2026-05-12' FROM appeal WHERE draft_released IS NOT NULL
"""
VALUES: dict[str, list[str]] = {
    "state": ["REGISTERED", "DRAFTED", "DECLINED", "ANSWERED", "REFERRED", "CLOSED"],
    "channel": ["PHONE", "SMS", "WECHAT"],
    "decline_ground": ["CIVIL_DISPUTE", "MILITARY"],
    "county": ["130102", "130202", "659001"],
    "city": ["1301", "1302", "6590"],
    "province": ["13", "65"],
    "number": ["130100-20260508-77"],
    "transfer_reference": ["R-1", "R-2"],
    "category_0": ["城乡建设/供热", "城乡建设/供水"],
    "citizen_id": [str(UUID(bytes=b"\x00" * 16))],
}
COMBINATIONS = [
    *[{name: value} for name, values in VALUES.items() for value in values],
    *[{"state": a, "channel": b} for a, b in product(VALUES["state"], VALUES["channel"])],
    *[{"state": a, "county": b} for a, b in product(VALUES["state"], VALUES["county"])],
    *[{"state": a, "city": b} for a, b in product(VALUES["state"], VALUES["city"])],
    *[{"state": a, "category_0": "城乡建设/供热", "category_1": "城乡建设/采暖"} for a in VALUES["state"]],
    {f"category_{n}": f"城乡建设/供热/{n}" for n in range(30)} | {"category_30": "城乡建设/供热"},
    *[{"channel": a, "decline_ground": b} for a, b in product(VALUES["channel"], VALUES["decline_ground"])],
    *[{"state": a, "channel": b, "county": "130102"} for a, b in product(VALUES["state"], VALUES["channel"])],
    {},
]


@pytest.fixture
def filled(database: Database[Store]) -> Database[Store]:
    """Many appeals."""
    with database.transaction() as tx:
        tx.run("SET LOCAL statement_timeout = 0")
        tx.run(_CITIZENS)
        tx.run(_APPEALS, {"appeals": APPEALS})
        tx.run(_ORDERS)
        tx.run("ANALYZE citizen, appeal, work_order")
    return database


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def test_no_filter_reads_much_more_than_its_page(filled: Database[Store]) -> None:
    deep = UUID(f"{1500000000000 + APPEALS // 2:012x}70008{'0' * 15}")
    costly = []
    with filled.transaction() as tx:
        for combination, before in product(COMBINATIONS, (None, deep)):
            params: dict[str, Any] = {**combination, **({"before": before} if before else {}), "limit": 51}
            statement = list_statement(conditions=[name for name in params if name != "limit"])
            rows = tx.connection.execute(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".encode(), params, prepare=False
            ).fetchone()
            assert rows
            plan = rows["QUERY PLAN"][0]["Plan"]
            scanned = [node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "appeal"]
            removed = sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in nodes(plan))
            pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            if "Seq Scan" in scanned or removed > 2000 or pages > 1200:
                costly.append((combination, bool(before), scanned, removed, pages))
    assert costly == []


def test_pages_follow_each_other_without_gap_or_repeat(
    filled: Database[Store], servicer: IntakeServicer, by: By
) -> None:
    with filled.transaction() as tx:
        rows = tx.all(
            "SELECT id FROM appeal WHERE state = 'DECLINED' AND region LIKE '1301%%' ORDER BY id DESC", {"x": 1}
        )
    expected = [f"appeals/{row['id']}" for row in rows]
    found: list[str] = []
    request = pb.ListAppealsRequest(state=appeal_pb2.APPEAL_STATE_DECLINED, region="130100", page_size=300)
    while True:
        page = servicer.ListAppeals(request, by("operator"))
        found += [appeal.name for appeal in page.appeals]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == expected
    assert len(found) > 600


def test_a_token_is_good_for_its_filters_alone(filled: Database[Store], servicer: IntakeServicer, by: By) -> None:
    first = servicer.ListAppeals(pb.ListAppealsRequest(page_size=10), by("operator"))
    other = pb.ListAppealsRequest(channel=appeal_pb2.CHANNEL_SMS, page_token=first.next_page_token)
    with pytest.raises(PageTokenInvalid):
        servicer.ListAppeals(other, by("operator"))


def test_a_region_stands_for_everything_below_it(filled: Database[Store], servicer: IntakeServicer, by: By) -> None:
    for region, counties in (("130000", 24), ("130100", 23), ("130202", 1), ("130200", 1), ("650000", 0)):
        listed = servicer.ListAppeals(pb.ListAppealsRequest(region=region, page_size=1000), by("operator")).appeals
        assert len({appeal.region for appeal in listed}) == counties, region


def test_filters_that_exclude_each_other_find_nothing(
    filled: Database[Store], servicer: IntakeServicer, by: By
) -> None:
    asked = pb.ListAppealsRequest(
        state=appeal_pb2.APPEAL_STATE_ANSWERED, decline_ground=appeal_pb2.DECLINE_GROUND_MILITARY
    )
    assert not servicer.ListAppeals(asked, by("operator")).appeals
    asked.state = appeal_pb2.APPEAL_STATE_DECLINED
    assert servicer.ListAppeals(asked, by("operator")).appeals
