"""When citizens are forgotten, and who was, in PostgreSQL."""

from datetime import date, datetime
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.db import Transaction

from hotline_intake.domain.appeal import Kind
from hotline_intake.domain.retention import Kept
from hotline_intake.handlers.ports import Erased, Forgotten

_STANDING = "SELECT FROM citizen_hold h WHERE h.citizen_id = c.id AND h.release_time IS NULL"
_CLAIM = f"""
SELECT c.id FROM citizen c
 WHERE c.forget_date <= %(today)s AND NOT EXISTS ({_STANDING})
 ORDER BY c.forget_date, c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED
"""  # noqa: S608  (constants of this module)
_KEPT = """
SELECT a.kind, a.end_time,
       EXISTS (SELECT FROM contest WHERE contest.appeal_id = a.id AND contest.state = 'OPEN') AS contested
  FROM appeal a WHERE a.citizen_id = %(id)s
"""


class RetentionTransaction(Transaction):
    """The retention's part of `hotline_intake.handlers.ports.Store`."""

    def claim_forgettable(self, *, today: date, limit: int) -> list[UUID]:
        return [row["id"] for row in self.all(_CLAIM, {"today": today, "limit": limit})]

    def kept_by(self, *, citizen_id: UUID) -> list[Kept]:
        return [
            Kept(
                kind=Kind(row["kind"]),
                end_date=row["end_time"].astimezone(ZONE).date() if row["end_time"] else None,
                contested=row["contested"],
            )
            for row in self.all(_KEPT, {"id": citizen_id})
        ]

    def look_at_retention(self, *, citizen_id: UUID, on: date | None) -> None:
        self.run(
            "UPDATE citizen SET forget_date = %(on)s WHERE id = %(id)s AND wrapped_key IS NOT NULL",
            {"id": citizen_id, "on": on},
        )

    def forgettable(self, *, due_by: date | None, after: tuple[date, UUID] | None, limit: int) -> list[Forgotten]:
        conditions = ["c.forget_date IS NOT NULL"]
        conditions += ["c.forget_date <= %(due_by)s"] if due_by else []
        conditions += ["(c.forget_date, c.id) > (%(day)s, %(last)s)"] if after else []
        day, last = after or (None, None)
        rows = self.all(
            f"SELECT c.id AS citizen_id, c.forget_date, EXISTS ({_STANDING}) AS held FROM citizen c"  # noqa: S608
            f" WHERE {' AND '.join(conditions)} ORDER BY c.forget_date, c.id LIMIT %(limit)s",
            {"due_by": due_by, "day": day, "last": last, "limit": limit},
        )
        return [Forgotten(**row) for row in rows]

    def erasures(self, *, since: datetime | None, after: tuple[datetime, UUID] | None, limit: int) -> list[Erased]:
        conditions = ["erase_time IS NOT NULL"]
        conditions += ["erase_time >= %(since)s"] if since else []
        conditions += ["(erase_time, id) > (%(time)s, %(last)s)"] if after else []
        time, last = after or (None, None)
        rows = self.all(
            f"SELECT id AS citizen_id, erase_time FROM citizen WHERE {' AND '.join(conditions)}"  # noqa: S608
            " ORDER BY erase_time, id LIMIT %(limit)s",
            {"since": since, "time": time, "last": last, "limit": limit},
        )
        return [Erased(**row) for row in rows]

    def is_erased(self, *, citizen_id: UUID) -> bool | None:
        row = self.one(
            "SELECT wrapped_key IS NULL AS erased FROM citizen WHERE id = %(id)s FOR UPDATE", {"id": citizen_id}
        )
        return row["erased"] if row else None
