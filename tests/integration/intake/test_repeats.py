"""What an appeal is compared with is found by index, however many were sketched before (Art. 23(3), 25(2))."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hotline_intake.adapters.postgres import Store
from hotline_intake.adapters.repeats import NEAR
from hotline_kernel.db import Database

SKETCHES = 20_000
# Heads all, none like another: each in sixteen bands of its own.
_SKETCHES = """
WITH owner AS (
  INSERT INTO citizen (id, wrapped_key) VALUES (md5('owner')::uuid, '\\x00') RETURNING id
), registered AS (
  INSERT INTO appeal (id, version, number, tracking_code, channel, kind, request_type, asker, category, region, title,
    state, create_time, confidential, anonymous, emergency, citizen_id, sealed_contact, sealed_text)
  SELECT md5('appeal' || i)::uuid, 1, 'N-' || i, 'C-' || i, 'PHONE', 'CITY', 'HELP', 'PERSON', '城乡建设/供热',
    '130102', '暖气不热', 'REGISTERED', now(), false, false, false, owner.id, '\\x00', '\\x00'
    FROM owner, generate_series(1, %(sketches)s::int) i RETURNING id
)
INSERT INTO appeal_sketch (appeal_id, citizen_id, create_time, place, sketch, bands, is_head)
SELECT id, gen_random_uuid(), now(), '130102|城乡建设/供热', '\\x00',
  ARRAY(SELECT hashtextextended(id::text, band) FROM generate_series(1, 16) band), true
  FROM registered
"""


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_its_like_are_found_by_their_bands(database: Database[Store], mode: str) -> None:
    with database.transaction() as tx:
        tx.run(_SKETCHES, {"sketches": SKETCHES})
        tx.run("ANALYZE appeal, appeal_sketch")
    params: dict[str, Any] = {
        "citizen_id": UUID(int=1),
        "bands": list(range(16)),
        "since": datetime(2026, 1, 1, tzinfo=UTC),
    }
    with database.transaction() as tx:
        tx.run(f"SET LOCAL plan_cache_mode = {mode}")
        rows = tx.connection.execute(f"EXPLAIN {NEAR}".encode(), params, prepare=True).fetchall()
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "appeal_sketch_bands" in plan, plan
    assert "appeal_sketch_citizen" in plan, plan
    assert "appeal_sketch_pkey" not in plan, plan
    assert "Seq Scan" not in plan, plan
