"""Circulars and what they name."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.circular import Circular, Undone

_CIRCULAR = "id, number, unit, text, points, grave, publish_time"
_UNDONE = "work_order, number, round, due_time, supervision, notice, notice_time, acknowledge_time"

_LEFT_UNDONE = """
SELECT s.work_order, o.number, s.round, d.due_time, 'supervisions/' || s.id AS supervision, s.notice,
       s.issue_time AS notice_time, s.acknowledge_time
  FROM deadline d
  JOIN supervision s ON s.work_order = d.subject AND s.round = d.round AND s.step = 'WRITTEN' AND s.unit = d.unit
  JOIN work_order o ON o.work_order = d.subject
 WHERE d.unit = %(unit)s AND d.state = 'OVERDUE' AND d.kind = 'HANDLING'
   AND NOT EXISTS (SELECT FROM circular_order c JOIN circular k ON k.id = c.circular
                    WHERE c.work_order = d.subject AND c.round = d.round AND k.unit = d.unit)
 ORDER BY d.due_time, d.id
 LIMIT %(limit)s"""

MOST_ORDERS = 1000
"""How many orders one circular names at most; the oldest come first."""


class Circulars(Tables):
    """Reads and writes circulars."""

    def left_undone(self, unit: str) -> list[Undone]:
        """Overdue orders of a unit that were supervised in writing and are in no circular about it of their round."""
        return [_undone(row) for row in self.all(_LEFT_UNDONE, {"unit": unit, "limit": MOST_ORDERS})]

    def next_circular_serial(self) -> int:
        """The next number of a circular."""
        row = self.one("SELECT nextval('circular_serial') AS serial")
        return int(row["serial"]) if row else 0

    def add_circular(self, circular: Circular) -> None:
        """Keep a circular with its orders."""
        self.run(
            f"INSERT INTO circular ({_CIRCULAR}) VALUES (%(id)s, %(number)s, %(unit)s, %(text)s,"  # noqa: S608
            " %(points)s, %(grave)s, %(publish_time)s)",
            {name: getattr(circular, name) for name in _CIRCULAR.split(", ")},
        )
        self._many(
            f"INSERT INTO circular_order (circular, unit, {_UNDONE}) VALUES (%(circular)s, %(unit)s, %(work_order)s,"  # noqa: S608
            " %(number)s, %(round)s, %(due_time)s, %(supervision)s, %(notice)s, %(notice_time)s, %(acknowledge_time)s)",
            [{"circular": circular.id, "unit": circular.unit} | asdict(order) for order in circular.orders],
        )

    def circular(self, circular: UUID) -> Circular | None:
        """One circular with its orders."""
        row = self.one(f"SELECT {_CIRCULAR} FROM circular WHERE id = %(id)s", {"id": circular})  # noqa: S608
        if row is None:
            return None
        orders = self.all(
            f"SELECT {_UNDONE} FROM circular_order WHERE circular = %(id)s ORDER BY number",  # noqa: S608
            {"id": circular},
        )
        return Circular(**row, orders=tuple(_undone(order) for order in orders))

    def list_circulars(self, *, unit: str | None, after: UUID | None, limit: int) -> list[Circular]:
        """Circulars without their orders, newest first."""
        conditions = [sql for sql, value in (("unit = %(unit)s", unit), ("id < %(after)s", after)) if value is not None]
        rows = self.all(
            f"SELECT {_CIRCULAR} FROM circular WHERE {' AND '.join(conditions) or 'true'}"  # noqa: S608
            " ORDER BY id DESC LIMIT %(limit)s",
            {"unit": unit, "after": after, "limit": limit},
        )
        return [Circular(**row) for row in rows]


def _undone(row: Mapping[str, Any]) -> Undone:
    return Undone(**row)
