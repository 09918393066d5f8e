"""The table of quality reviews."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_feedback.adapters.postgres.rates import moments
from hotline_feedback.adapters.postgres.statements import LAST, listed, to_hand
from hotline_feedback.domain.rates import Period
from hotline_feedback.domain.review import QualityReview, Responsibility, ReviewOutcome, ReviewReading
from hotline_feedback.domain.scorecard import Grade

_REVIEW = """
    SELECT id, origin, work_order, appeal, unit, operator, create_time, outcome, cause, responsibility, remedy,
           conclude_time, second_wanted, hand_person, hand_until_time, version
      FROM review"""
_READING = """
    SELECT review, number, reviewer, version, marks, score, outcome, responsibility, cause, read_time
      FROM review_reading"""


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
                 responsibility = %(responsibility)s, remedy = %(remedy)s, conclude_time = %(conclude_time)s,
                 second_wanted = %(second_wanted)s, hand_person = %(hand_person)s,
                 hand_until_time = %(hand_until_time)s, version = %(version)s
               WHERE id = %(id)s""",
            vars(review)
            | {
                "hand_person": review.hand.person if review.hand else None,
                "hand_until_time": review.hand.until_time if review.hand else None,
            },
        )
        for number, reading in enumerate(review.readings, start=1):
            self.run(
                """INSERT INTO review_reading (review, number, reviewer, version, marks, score, outcome,
                     responsibility, cause, read_time)
                   VALUES (%(review)s, %(number)s, %(reviewer)s, %(version)s, %(marks)s, %(score)s, %(outcome)s,
                     %(responsibility)s, %(cause)s, %(read_time)s)
                   ON CONFLICT (review, number) DO NOTHING""",
                vars(reading) | {"review": review.id, "number": number, "marks": Jsonb(dict(reading.marks))},
            )

    def review(self, review_id: UUID) -> QualityReview | None:
        """As it stands."""
        return self._one_review(f"{_REVIEW} WHERE id = %(id)s", {"id": review_id})

    def review_to_change(self, review_id: UUID) -> QualityReview | None:
        """Locked until the end of the transaction."""
        return self._one_review(f"{_REVIEW} WHERE id = %(id)s FOR UPDATE", {"id": review_id})

    def review_in_hand(self, *, person: str, now: datetime) -> QualityReview | None:
        """What somebody took and nobody else has until then, locked until the end of the transaction."""
        return self._one_review(
            f"""{_REVIEW} WHERE hand_person = %(person)s AND hand_until_time > %(now)s
                ORDER BY id LIMIT 1 FOR UPDATE""",
            {"person": person, "now": now},
        )

    def next_review(self, *, besides_of: str, now: datetime) -> QualityReview | None:
        """The oldest open one that nobody has, locked until the end of the transaction.

        besides_of -- not about this person's own work.
        """
        return self._one_review(
            f"""{_REVIEW} WHERE outcome IS NULL AND (hand_until_time IS NULL OR hand_until_time <= %(now)s)
                AND operator <> %(person)s ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED""",
            {"person": besides_of, "now": now},
        )

    def next_second_reading(self, *, besides_of: str, now: datetime) -> QualityReview | None:
        """The oldest that waits for a second reading and nobody has, locked until the end of the transaction.

        besides_of -- neither about this person's own work nor read by them.
        """
        return self._one_review(
            f"""{_REVIEW} WHERE second_wanted AND (hand_until_time IS NULL OR hand_until_time <= %(now)s)
                AND operator <> %(person)s AND NOT EXISTS (SELECT FROM review_reading AS reading
                  WHERE reading.review = review.id AND reading.reviewer = %(person)s)
                ORDER BY id LIMIT 1 FOR UPDATE OF review SKIP LOCKED""",
            {"person": besides_of, "now": now},
        )

    def reviews(
        self, *, is_open: bool, second_wanted: bool, unit: str, after: UUID | None, limit: int
    ) -> list[QualityReview]:
        """Those that fit every filter that is set, newest first."""
        statement = reviews_statement(is_open=is_open, second_wanted=second_wanted, unit=unit)
        return self._reviews(self.all(statement, {"unit": unit, "after": after or LAST, "limit": limit}))

    def review_pairs_in(self, period: Period) -> list[tuple[ReviewReading, ReviewReading]]:
        """First and second readings, by the time of the second."""
        rows = self.all(
            f"""{_READING} WHERE number = 2 AND read_time >= %(start)s AND read_time < %(end)s
                ORDER BY read_time, review""",
            moments(period),
        )
        read = self._readings([row["review"] for row in rows])
        return [(read[row["review"]][0], read[row["review"]][1]) for row in rows]

    def _one_review(self, statement: str, params: dict[str, Any]) -> QualityReview | None:
        row = self.one(statement, params)
        return self._reviews([row])[0] if row else None

    def _reviews(self, rows: Sequence[DictRow]) -> list[QualityReview]:
        read = self._readings([row["id"] for row in rows if row["outcome"]])
        return [_to_review(row, read.get(row["id"], ())) for row in rows]

    def _readings(self, reviews: Sequence[UUID]) -> dict[UUID, tuple[ReviewReading, ...]]:
        if not reviews:
            return {}
        rows = self.all(f"{_READING} WHERE review = ANY(%(reviews)s) ORDER BY review, number", {"reviews": reviews})
        read: dict[UUID, tuple[ReviewReading, ...]] = {}
        for row in rows:
            read[row["review"]] = (*read.get(row["review"], ()), _to_reading(row))
        return read


def reviews_statement(*, is_open: bool, second_wanted: bool, unit: str) -> str:
    """The statement of `Store.reviews`."""
    return listed(
        _REVIEW,
        {"outcome IS NULL": is_open, "second_wanted": second_wanted, "unit = %(unit)s": bool(unit)},
        "id < %(after)s ORDER BY id DESC",
    )


def _to_reading(row: DictRow) -> ReviewReading:
    return ReviewReading(
        reviewer=row["reviewer"],
        version=row["version"],
        marks={key: Grade(grade) for key, grade in row["marks"].items()},
        score=row["score"],
        outcome=ReviewOutcome(row["outcome"]),
        responsibility=Responsibility(row["responsibility"]),
        cause=row["cause"],
        read_time=row["read_time"],
    )


def _to_review(row: DictRow, readings: tuple[ReviewReading, ...]) -> QualityReview:
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
        readings=readings,
        second_wanted=row["second_wanted"],
        hand=to_hand(row),
        version=row["version"],
    )
