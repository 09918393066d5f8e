"""The table of quality reviews."""

from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from psycopg.rows import DictRow

from hotline_feedback.adapters.postgres.statements import LAST, listed
from hotline_feedback.domain.review import QualityReview, Responsibility, ReviewOutcome

_REVIEW = """
    SELECT id, origin, work_order, appeal, unit, operator, create_time, outcome, cause, responsibility, remedy,
           conclude_time, version
      FROM review"""


class Reviews(Transaction):
    """The part of a transaction that knows quality reviews."""

    def add_review(self, review: QualityReview) -> bool:
        """Adds it; False if the callback or evaluation has one already."""
        return bool(
            self.count(
                """INSERT INTO review (id, origin, work_order, appeal, unit, operator, create_time, outcome, cause,
                     responsibility, remedy, conclude_time, version)
                   VALUES (%(id)s, %(origin)s, %(work_order)s, %(appeal)s, %(unit)s, %(operator)s, %(create_time)s,
                     %(outcome)s, %(cause)s, %(responsibility)s, %(remedy)s, %(conclude_time)s, %(version)s)
                   ON CONFLICT (origin) DO NOTHING""",
                vars(review)
                | {
                    "appeal": uuid_of(review.appeal),
                    "work_order": uuid_of(review.work_order) if review.work_order else None,
                },
            )
        )

    def save_review(self, review: QualityReview) -> None:
        """Saves what can change of it."""
        self.run(
            """UPDATE review SET operator = %(operator)s, outcome = %(outcome)s, cause = %(cause)s,
                 responsibility = %(responsibility)s,
                 remedy = %(remedy)s, conclude_time = %(conclude_time)s, version = %(version)s
               WHERE id = %(id)s""",
            vars(review),
        )

    def review(self, review_id: UUID) -> QualityReview | None:
        """As it stands."""
        row = self.one(f"{_REVIEW} WHERE id = %(id)s", {"id": review_id})
        return _to_review(row) if row else None

    def review_to_change(self, review_id: UUID) -> QualityReview | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_REVIEW} WHERE id = %(id)s FOR UPDATE", {"id": review_id})
        return _to_review(row) if row else None

    def reviews(self, *, is_open: bool, unit: str, after: UUID | None, limit: int) -> list[QualityReview]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            reviews_statement(is_open=is_open, unit=unit), {"unit": unit, "after": after or LAST, "limit": limit}
        )
        return [_to_review(row) for row in rows]


def reviews_statement(*, is_open: bool, unit: str) -> str:
    """The statement of `Store.reviews`."""
    return listed(
        _REVIEW, {"outcome IS NULL": is_open, "unit = %(unit)s": bool(unit)}, "id < %(after)s ORDER BY id DESC"
    )


def _to_review(row: DictRow) -> QualityReview:
    return QualityReview(
        id=row["id"],
        origin=row["origin"],
        appeal=f"appeals/{row['appeal']}",
        create_time=row["create_time"],
        work_order=f"workOrders/{row['work_order']}" if row["work_order"] else "",
        unit=row["unit"],
        operator=row["operator"],
        outcome=ReviewOutcome(row["outcome"]) if row["outcome"] else None,
        cause=row["cause"],
        responsibility=Responsibility(row["responsibility"]) if row["responsibility"] else None,
        remedy=row["remedy"],
        conclude_time=row["conclude_time"],
        version=row["version"],
    )
