"""Orders as far as their units are assessed by them, and the counts of the units."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.assessment import COUNT_NAMES, Counts, Order, Verdict, shifts
from hotline_sla.domain.deadline import State

_ORDER = (
    "work_order, number, unit, request_type, category, region, round, received_time, key_supervision, contact,"
    " handling, contacted_late, handled_late, extended, reopened, reminded, supervised, verdict, verdict_round,"
    " excused, filed, circulated, leave_time, sent_back"
)

_ORDER_COLUMNS = _ORDER.replace(" ", "").split(",")
_SAVE_ORDER = """
INSERT INTO {table} ({columns})
VALUES ({values})
ON CONFLICT ({key}) DO UPDATE SET {sets}"""
_SAVE_HELD, _SAVE_LEFT = (
    _SAVE_ORDER.format(
        table=table,
        columns=_ORDER,
        values=", ".join(f"%({name})s" for name in _ORDER_COLUMNS),
        key=key,
        sets=", ".join(f"{name} = excluded.{name}" for name in _ORDER_COLUMNS if name not in key.split(", ")),
    )
    for table, key in (("work_order", "work_order"), ("work_order_left", "work_order, unit"))
)

_COUNTS = ", ".join(COUNT_NAMES)
_SAVE_SHIFT = f"""
INSERT INTO unit_day_shift (unit, day, {_COUNTS})
VALUES (%(unit)s, %(day)s, {", ".join(f"%({name})s" for name in COUNT_NAMES)})"""  # noqa: S608

# Sorted, so that two pumps that add up at once cannot wait for each other.
_ADD_UP = f"""
WITH taken AS (
  DELETE FROM unit_day_shift
   WHERE id IN (SELECT id FROM unit_day_shift ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
  RETURNING unit, day, {_COUNTS}
), added AS (
  INSERT INTO unit_day AS u (unit, day, {_COUNTS})
  SELECT unit, day, {", ".join(f"sum({name})" for name in COUNT_NAMES)}
    FROM taken GROUP BY unit, day ORDER BY unit, day
  ON CONFLICT (unit, day) DO UPDATE SET {", ".join(f"{name} = u.{name} + excluded.{name}" for name in COUNT_NAMES)}
)
SELECT count(*) AS taken FROM taken"""  # noqa: S608

_COUNTS_BY_UNIT = """
SELECT unit, {sums}
  FROM (SELECT unit, {counts} FROM unit_day
         WHERE day BETWEEN %(start)s AND %(end)s AND unit > %(after)s {own}
        UNION ALL
        SELECT unit, {counts} FROM unit_day_shift
         WHERE day BETWEEN %(start)s AND %(end)s AND unit > %(after)s {own}) both_tables
 GROUP BY unit HAVING sum(received) > 0
 ORDER BY unit LIMIT %(limit)s"""


class Assessments(Tables):
    """Reads and writes orders and counts."""

    def orders(self, work_orders: Sequence[str]) -> dict[str, Order]:
        """Orders by name, locked; unknown ones are left out."""
        rows = self.all(
            f"SELECT {_ORDER} FROM work_order WHERE work_order = ANY (%(names)s)"  # noqa: S608
            " ORDER BY work_order FOR UPDATE",
            {"names": list(work_orders)},
        )
        return {row["work_order"]: _order(row) for row in rows}

    def left_order(self, work_order: str, unit: str) -> Order | None:
        """An order as it stood when a unit left it; None if it never did, or holds it again."""
        row = self.one(
            f"SELECT {_ORDER} FROM work_order_left WHERE work_order = %(work_order)s AND unit = %(unit)s"  # noqa: S608
            " FOR UPDATE",
            {"work_order": work_order, "unit": unit},
        )
        return None if row is None else _order(row)

    def save_orders(self, changed: Sequence[tuple[Order | None, Order]]) -> None:
        """Store orders, before and after, and what changes in the counts of their units.

        What a unit left is kept beside what it became for the next; what it took back is so no more.
        """
        different = [(before, after) for before, after in changed if before != after]
        self._many(_SAVE_HELD, [asdict(after) for _, after in different if not after.has_left])
        if left := [asdict(after) for _, after in different if after.has_left]:
            self._many(_SAVE_LEFT, left)
        if taken := [after for before, after in different if before and before.has_left and not after.has_left]:
            self._many(
                "DELETE FROM work_order_left WHERE work_order = %(work_order)s AND unit = %(unit)s",
                [asdict(order) for order in taken],
            )
        self._many(
            _SAVE_SHIFT,
            [
                {"unit": unit, "day": day} | asdict(counts)
                for before, after in different
                for unit, day, counts in shifts(before=before, after=after)
            ],
        )

    def counts_by_unit(
        self, *, start: date, end: date, unit: str | None, after: str, limit: int
    ) -> list[tuple[str, Counts]]:
        """What became of the orders received in a period, by unit; both days count."""
        sql = _COUNTS_BY_UNIT.format(
            sums=", ".join(f"sum({name})::int AS {name}" for name in COUNT_NAMES),
            counts=_COUNTS,
            own="" if unit is None else "AND unit = %(unit)s",
        )
        rows = self.all(sql, {"start": start, "end": end, "unit": unit, "after": after, "limit": limit})
        return [(row["unit"], Counts(**{name: row[name] for name in COUNT_NAMES})) for row in rows]

    def add_up_counts(self, *, limit: int) -> int:
        """Fold appended changes of the counts into the sums; tell how many there were."""
        row = self.one(_ADD_UP, {"limit": limit})
        return int(row["taken"]) if row else 0


def _order(row: Mapping[str, Any]) -> Order:
    enums = {
        "contact": State(row["contact"]),
        "handling": State(row["handling"]),
        "verdict": Verdict(row["verdict"]),
    }
    return Order(**{**row, **enums})
