"""Sketches and links of repeats in PostgreSQL."""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.errors import ResourceNotFound
from psycopg.rows import DictRow

from hotline_intake.domain import repeat as domain
from hotline_intake.domain.repeat import Group, Repeat, RepeatKind, Sketched
from hotline_intake.handlers.ports import ToSketch

_TO_SKETCH = """
SELECT appeal.id AS appeal_id, appeal.citizen_id, appeal.create_time, appeal.category, appeal.region, appeal.title,
       appeal.sealed_text, citizen.wrapped_key
  FROM appeal JOIN citizen ON citizen.id = appeal.citizen_id
 WHERE appeal.id = %(id)s AND NOT EXISTS (SELECT 1 FROM appeal_sketch WHERE appeal_id = %(id)s)
"""
# Those of a band are found first and put in order then: else PostgreSQL reads every sketch, in the order of ids.
NEAR = """
WITH alike AS MATERIALIZED (
  SELECT appeal_id, citizen_id, create_time, place, sketch FROM appeal_sketch
   WHERE is_head AND bands && %(bands)s::bigint[] AND create_time >= %(since)s
)
(SELECT true AS own, appeal_id, citizen_id, create_time, place, sketch FROM appeal_sketch
  WHERE citizen_id = %(citizen_id)s AND create_time >= %(since)s ORDER BY appeal_id DESC LIMIT 20)
UNION ALL
(SELECT false, appeal_id, citizen_id, create_time, place, sketch FROM alike ORDER BY appeal_id LIMIT 50)
"""
"""What an appeal may repeat: the citizen's own, and heads of the same bands."""
_ADD_SKETCH = """
INSERT INTO appeal_sketch (appeal_id, citizen_id, create_time, place, sketch, bands, is_head)
VALUES (%(appeal_id)s, %(citizen_id)s, %(create_time)s, %(place)s, %(sketch)s, %(bands)s,
        %(is_head)s AND NOT EXISTS
          (SELECT 1 FROM appeal_repeat WHERE appeal_id = %(appeal_id)s AND undo_time IS NULL))
"""
_ADD = """
INSERT INTO appeal_repeat (id, appeal_id, earlier_id, kind, similarity, reason, actor, create_time)
SELECT %(id)s, %(appeal_id)s, %(earlier_id)s, %(kind)s, %(similarity)s, %(reason)s, %(actor)s, %(create_time)s
"""
# What people took apart stays apart.
_ADD_FOUND = f"""{_ADD}
 WHERE NOT EXISTS (SELECT 1 FROM appeal_repeat WHERE appeal_id = %(appeal_id)s AND undo_time IS NOT NULL)
ON CONFLICT (appeal_id) WHERE undo_time IS NULL DO NOTHING
"""  # noqa: S608
_END = """
UPDATE appeal_repeat SET undo_actor = %(undo_actor)s, undo_reason = %(undo_reason)s, undo_time = %(undo_time)s
 WHERE id = %(id)s
"""
_SET_HEAD = "UPDATE appeal_sketch SET is_head = %(is_head)s WHERE appeal_id = %(appeal_id)s"
_UP = """
RECURSIVE above AS (
  SELECT %(id)s::uuid AS id
  UNION SELECT link.earlier_id FROM above JOIN appeal_repeat link
     ON link.appeal_id = above.id AND link.undo_time IS NULL
), head AS (
  SELECT id FROM above
   WHERE NOT EXISTS (SELECT 1 FROM appeal_repeat link WHERE link.appeal_id = above.id AND link.undo_time IS NULL)
)"""
_GROUP = f"""WITH {_UP}, member AS (
  SELECT id FROM head
  UNION SELECT link.appeal_id FROM member JOIN appeal_repeat link
     ON link.earlier_id = member.id AND link.undo_time IS NULL
)"""  # noqa: S608
_COUNT = f"""{_GROUP}
SELECT (SELECT id FROM head) AS head_id, count(*)::int AS appeals, count(DISTINCT appeal.citizen_id)::int AS people
  FROM member JOIN appeal USING (id)
"""  # noqa: S608
_LIST = f"""{_GROUP}
SELECT link.* FROM appeal_repeat link
 WHERE (link.appeal_id IN (SELECT id FROM member) OR link.earlier_id IN (SELECT id FROM member))
   AND (%(with_undone)s OR link.undo_time IS NULL) AND (%(after)s::uuid IS NULL OR link.id > %(after)s)
 ORDER BY link.id LIMIT %(limit)s
"""  # noqa: S608


class RepeatTransaction(Transaction):
    """The repeats' part of `hotline_intake.handlers.ports.Store`."""

    def to_sketch(self, *, appeal_id: UUID) -> ToSketch | None:
        row = self.one(_TO_SKETCH, {"id": appeal_id})
        return ToSketch(**row) if row else None

    def sketches_near(
        self, *, citizen_id: UUID, place: str, bands: Sequence[int], since: datetime
    ) -> tuple[list[Sketched], list[Sketched]]:
        self.run("SELECT pg_advisory_xact_lock(hashtextextended(%(place)s, 961890))", {"place": place})
        rows = self.all(NEAR, {"citizen_id": citizen_id, "bands": list(bands), "since": since})
        own = [_sketched(row) for row in rows if row["own"]]
        return own, [_sketched(row) for row in rows if not row["own"]]

    def add_sketch(self, *, sketched: Sketched, bands: Sequence[int], is_head: bool) -> None:
        packed = {"sketch": array("I", sketched.sketch).tobytes(), "bands": list(bands), "is_head": is_head}
        self.run(_ADD_SKETCH, vars(sketched) | packed)

    def similarity(self, *, one: UUID, other: UUID) -> float | None:
        rows = self.all(
            "SELECT appeal_id, citizen_id, create_time, place, sketch FROM appeal_sketch"
            " WHERE appeal_id = ANY(%(ids)s)",
            {"ids": [one, other]},
        )
        if len(rows) < 2:
            return None
        first, second = (_sketched(row) for row in rows)
        return domain.similarity(one=first.sketch, other=second.sketch)

    def add_repeat(self, *, repeat: Repeat) -> None:
        self.run(_ADD, _params(repeat))
        self.run(_SET_HEAD, {"appeal_id": repeat.appeal_id, "is_head": False})

    def add_found_repeat(self, *, repeat: Repeat) -> bool:
        if self.count(_ADD_FOUND, _params(repeat)) == 0:
            return False
        self.run(_SET_HEAD, {"appeal_id": repeat.appeal_id, "is_head": False})
        return True

    def repeat_to_change(self, *, repeat_id: UUID) -> Repeat:
        row = self.one("SELECT * FROM appeal_repeat WHERE id = %(id)s FOR UPDATE", {"id": repeat_id})
        if row is None:
            raise ResourceNotFound(resource=f"repeats/{repeat_id}")
        return _repeat(row)

    def end_repeat(self, *, repeat: Repeat) -> None:
        self.run(_END, _params(repeat))
        self.run(_SET_HEAD, {"appeal_id": repeat.appeal_id, "is_head": True})

    def head_of(self, *, appeal_id: UUID) -> UUID:
        row = self.one(f"WITH {_UP} SELECT id FROM head", {"id": appeal_id})  # noqa: S608
        assert row
        head: UUID = row["id"]
        return head

    def group_of(self, *, appeal_id: UUID) -> Group:
        row = self.one(_COUNT, {"id": appeal_id})
        assert row
        return Group(**row)

    def repeats(self, *, appeal_id: UUID, with_undone: bool, after: UUID | None, limit: int) -> list[Repeat]:
        params = {"id": appeal_id, "with_undone": with_undone, "after": after, "limit": limit}
        return [_repeat(row) for row in self.all(_LIST, params)]

    def forget_sketch(self, *, appeal_id: UUID) -> None:
        self.run("DELETE FROM appeal_sketch WHERE appeal_id = %(id)s", {"id": appeal_id})

    def forget_sketches(self, *, citizen_id: UUID) -> None:
        self.run("DELETE FROM appeal_sketch WHERE citizen_id = %(id)s", {"id": citizen_id})


def _params(repeat: Repeat) -> dict[str, Any]:
    return vars(repeat) | {"kind": repeat.kind.value}


def _sketched(row: DictRow) -> Sketched:
    sketch = array("I")
    sketch.frombytes(row["sketch"])
    return Sketched(
        appeal_id=row["appeal_id"],
        citizen_id=row["citizen_id"],
        create_time=row["create_time"],
        place=row["place"],
        sketch=tuple(sketch),
    )


def _repeat(row: DictRow) -> Repeat:
    return Repeat(**row | {"kind": RepeatKind(row["kind"])})
