"""What intake carries of deadlines and orders, as their services announce them (Art. 21, 24, 26)."""

from datetime import date, datetime
from uuid import UUID

from hotline_kernel.db import Transaction

from hotline_intake.handlers.ports import Extension

_ORDER = """
INSERT INTO work_order (id, appeal_id, lead_unit) VALUES (%(id)s, %(appeal_id)s, %(lead_unit)s)
ON CONFLICT (id) DO UPDATE SET appeal_id = excluded.appeal_id, lead_unit = excluded.lead_unit, is_done = false,
  joined_into = NULL
"""
_RELAY = """
INSERT INTO work_order (id, appeal_id, relayed) VALUES (%(id)s, %(appeal_id)s, %(relayed)s)
ON CONFLICT (id) DO UPDATE SET appeal_id = excluded.appeal_id, relayed = excluded.relayed
"""
_SPLIT = """
INSERT INTO work_order (id, appeal_id, is_split) VALUES (%(id)s, %(appeal_id)s, true)
ON CONFLICT (id) DO UPDATE SET appeal_id = excluded.appeal_id, is_split = true
"""
_JOINED = "UPDATE work_order SET joined_into = %(into)s, lead_unit = '' WHERE id = %(id)s"
_DONE = "UPDATE work_order SET is_done = true WHERE id = %(id)s"
_OPEN_ORDERS = "SELECT FROM work_order WHERE appeal_id = %(appeal_id)s AND NOT is_done LIMIT 1"
_JOINED_APPEALS = """
SELECT joined.appeal_id FROM work_order one JOIN work_order joined ON joined.joined_into = one.id
 WHERE one.appeal_id = %(appeal_id)s AND NOT joined.is_done ORDER BY joined.appeal_id
"""
_NO_LEAD = "UPDATE work_order SET lead_unit = '' WHERE id = %(id)s"
_DUE_DATE = """
INSERT INTO work_order (id, due_date) VALUES (%(id)s, %(due_date)s)
ON CONFLICT (id) DO UPDATE SET due_date = excluded.due_date
"""
_MOVED = """
INSERT INTO work_order (id, due_date, moved_time) VALUES (%(id)s, %(due_date)s, %(time)s)
ON CONFLICT (id) DO UPDATE SET due_date = excluded.due_date, moved_time = excluded.moved_time
"""
_EXTENSION = """
INSERT INTO work_order (id, extension_reason, extension_time) VALUES (%(id)s, %(reason)s, %(time)s)
ON CONFLICT (id) DO UPDATE SET extension_reason = excluded.extension_reason, extension_time = excluded.extension_time
"""
# A day that moved before the extension was granted moved for another reason: a calendar that became known.
_EXTENSION_TO_TELL = """
WITH complete AS (
  SELECT id, extension_reason FROM work_order
   WHERE id = %(id)s AND appeal_id IS NOT NULL AND moved_time >= extension_time FOR UPDATE
)
UPDATE work_order SET extension_time = NULL, extension_reason = NULL FROM complete WHERE work_order.id = complete.id
RETURNING work_order.appeal_id, work_order.due_date, complete.extension_reason AS reason
"""


class CarriedTransaction(Transaction):
    """The carried part of `hotline_intake.handlers.ports.Store`."""

    def carry_answer_due_time(self, *, appeal_id: UUID, due_time: datetime) -> None:
        self.run(
            "UPDATE appeal SET answer_due_time = %(due_time)s, answer_overdue = false WHERE id = %(id)s",
            {"id": appeal_id, "due_time": due_time},
        )

    def carry_answer_overdue(self, *, appeal_id: UUID, due_time: datetime) -> None:
        self.run(
            "UPDATE appeal SET answer_overdue = true WHERE id = %(id)s AND answer_due_time = %(due_time)s",
            {"id": appeal_id, "due_time": due_time},
        )

    def carry_order(self, *, work_order_id: UUID, appeal_id: UUID, lead_unit: str) -> None:
        self.run(_ORDER, {"id": work_order_id, "appeal_id": appeal_id, "lead_unit": lead_unit})

    def carry_split(self, *, work_order_id: UUID, appeal_id: UUID) -> None:
        self.run(_SPLIT, {"id": work_order_id, "appeal_id": appeal_id})

    def carry_joined(self, *, work_order_id: UUID, into: UUID) -> None:
        self.run(_JOINED, {"id": work_order_id, "into": into})

    def carry_done(self, *, work_order_id: UUID, appeal_id: UUID) -> bool:
        self.run(_DONE, {"id": work_order_id})
        return self.one(_OPEN_ORDERS, {"appeal_id": appeal_id}) is None

    def appeals_joined_to(self, *, appeal_id: UUID) -> list[UUID]:
        return [row["appeal_id"] for row in self.all(_JOINED_APPEALS, {"appeal_id": appeal_id})]

    def carry_no_lead(self, *, work_order_id: UUID) -> None:
        self.run(_NO_LEAD, {"id": work_order_id})

    def carry_relay(self, *, work_order_id: UUID, appeal_id: UUID, relayed: bool) -> None:
        self.run(_RELAY, {"id": work_order_id, "appeal_id": appeal_id, "relayed": relayed})

    def carry_due_date(self, *, work_order_id: UUID, due_date: date) -> None:
        self.run(_DUE_DATE, {"id": work_order_id, "due_date": due_date})

    def carry_moved_due_date(self, *, work_order_id: UUID, due_date: date, time: datetime) -> Extension | None:
        self.run(_MOVED, {"id": work_order_id, "due_date": due_date, "time": time})
        return self._extension_to_tell(work_order_id)

    def carry_extension(self, *, work_order_id: UUID, reason: str, time: datetime) -> Extension | None:
        self.run(_EXTENSION, {"id": work_order_id, "reason": reason, "time": time})
        return self._extension_to_tell(work_order_id)

    def _extension_to_tell(self, work_order_id: UUID) -> Extension | None:
        row = self.one(_EXTENSION_TO_TELL, {"id": work_order_id})
        return Extension(**row) if row else None
