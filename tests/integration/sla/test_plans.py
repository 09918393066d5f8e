"""Cost grows with what is due, and every filter finds its index: plans over many clocks (benchmarks measure times)."""

from typing import Any
from uuid import UUID

from hotline_sla.adapters.postgres import CLAIM_MOMENTS, CLAIM_PROVISIONAL, DeadlineFilter, deadlines_query
from hotline_sla.domain.deadline import Kind, State

from tests.integration.sla.office import Office, shanghai

CLOCKS = 40_000
PAGE = 51
_FILL = """
INSERT INTO deadline (id, subject, kind, unit, state, round, start_time, hold_time, working_days, due_time, due_date,
                      provisional, settle_time)
SELECT md5(i::text)::uuid, 'workOrders/' || md5('order' || i / 2)::uuid,
       CASE i %% 2 WHEN 0 THEN 'HANDLING' ELSE 'FIRST_CONTACT' END, 'units/u' || i / 2 %% 300,
       CASE WHEN i < %(clocks)s - 5000 THEN 'MET' ELSE 'RUNNING' END, 1, day, day, 7, day + interval '7 days',
       (day + interval '7 days')::date, i %% 1000 = 0, NULL
  FROM (SELECT i, timestamptz '2026-05-01' + i * interval '20 s' AS day FROM generate_series(0, %(clocks)s) i) made
"""


def fill(office: Office) -> None:
    with office.database.transaction() as tx:
        tx.run(_FILL, {"clocks": CLOCKS})
        tx.run("INSERT INTO due_moment SELECT id, 'MISS', due_time FROM deadline")
    with office.database.transaction() as tx:
        tx.run("ANALYZE deadline, due_moment")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan] + [node for part in plan.get("Plans", []) for node in nodes(part)]


def planned(office: Office, sql: str, params: dict[str, Any]) -> tuple[list[str], int]:
    """The indexes that are used, and how many rows are read."""
    with office.database.transaction() as tx:
        row = tx.one("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, params)
    assert row is not None
    found = nodes(row["QUERY PLAN"][0]["Plan"])
    assert not [node for node in found if node["Node Type"] == "Seq Scan"]
    rows = [
        int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
        for node in found
        if "Scan" in node["Node Type"]
    ]
    return [node["Index Name"] for node in found if "Index Name" in node], sum(rows)


def test_cost_grows_with_what_is_due_and_asked_for_not_with_what_there_is(office: Office) -> None:
    fill(office)
    for now, due in (("2026-05-08 08:02", 7), ("2026-12-01 00:00", 200)):
        indexes, rows = planned(office, CLAIM_MOMENTS, {"now": shanghai(now), "limit": 200})
        assert indexes == ["due_moment_by_time", "deadline_pkey"]
        assert due <= rows <= 2 * 200
    indexes, rows = planned(
        office, CLAIM_PROVISIONAL, {"known_until": shanghai("2026-12-31 00:00").date(), "limit": 200}
    )
    assert indexes == ["deadline_provisional"]
    assert rows <= 200
    for matching in _filters():
        for start in (None, "2026-05-09 00:00", "2026-05-15 00:00"):
            sql, params = deadlines_query(matching, paged=start is not None)
            position = {"due_time": start and shanghai(start), "last": UUID(int=0)}
            _, rows = planned(office, sql, params | position | {"limit": PAGE})
            assert rows <= 20 * PAGE, (matching, start)


def _filters() -> list[DeadlineFilter]:
    before = shanghai("2026-05-10 00:00")
    return [
        DeadlineFilter(unit=unit, kind=kind, state=state, due_before=end)
        for unit in (None, "units/u7")
        for kind in (None, Kind.HANDLING, Kind.ANSWER)
        for state in (None, State.RUNNING, State.MET, State.OVERDUE)
        for end in (None, before)
    ]
