"""The tables of feedback."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_feedback.domain import (
    Attempt,
    AttemptOutcome,
    Callback,
    CallbackState,
    Evaluation,
    QualityReview,
    Responsibility,
    ReviewOutcome,
    Verdict,
)

_CALLBACK = """
    SELECT id, work_order, round, appeal, number, unit, state, create_time, due_time, overdue, attempts, verdict,
           solved, note, complete_time, version
      FROM callback"""
_EVALUATION = "SELECT id, appeal, operator, create_time, verdict, evaluate_time FROM evaluation"
_REVIEW = """
    SELECT id, origin, work_order, appeal, unit, create_time, outcome, cause, responsibility, remedy, conclude_time,
           version
      FROM review"""
_FIRST = UUID(int=0)
_LAST = UUID(int=2**128 - 1)


class Store(Transaction):
    """A transaction of feedback."""

    def lock_order(self, work_order: str) -> None:
        """Makes the facts about one order wait for each other: they come from two sources at once."""
        self.run("SELECT pg_advisory_xact_lock(hashtextextended(%(work_order)s, 0))", {"work_order": work_order})

    def keep_clock(self, *, work_order: str, round_: int, due_time: datetime, missed: bool) -> None:
        """Keeps a clock that was announced before its callback was."""
        self.run(
            """INSERT INTO early_clock AS c (work_order, round, due_time, missed)
               VALUES (%(work_order)s, %(round)s, %(due_time)s, %(missed)s)
               ON CONFLICT (work_order, round)
               DO UPDATE SET due_time = excluded.due_time, missed = c.missed OR excluded.missed""",
            {"work_order": uuid_of(work_order), "round": round_, "due_time": due_time, "missed": missed},
        )

    def take_clock(self, *, work_order: str, round_: int) -> tuple[datetime, bool] | None:
        """The end of the clock that was kept, and whether it was missed; None if none was."""
        row = self.one(
            """DELETE FROM early_clock WHERE work_order = %(work_order)s AND round = %(round)s
               RETURNING due_time, missed""",
            {"work_order": uuid_of(work_order), "round": round_},
        )
        return (row["due_time"], row["missed"]) if row else None

    def add_callback(self, callback: Callback) -> bool:
        """Adds it; False if the order has one for this round already."""
        return bool(
            self.count(
                """INSERT INTO callback (id, work_order, round, appeal, number, unit, state, create_time, due_time,
                     overdue, attempts, verdict, solved, note, complete_time, version)
                   VALUES (%(id)s, %(work_order)s, %(round)s, %(appeal)s, %(number)s, %(unit)s, %(state)s,
                     %(create_time)s, %(due_time)s, %(overdue)s, %(attempts)s, %(verdict)s, %(solved)s, %(note)s,
                     %(complete_time)s, %(version)s)
                   ON CONFLICT (work_order, round) DO NOTHING""",
                _callback_params(callback),
            )
        )

    def save_callback(self, callback: Callback) -> None:
        """Saves what can change of it."""
        self.run(
            """UPDATE callback SET state = %(state)s, due_time = %(due_time)s, overdue = %(overdue)s,
                 attempts = %(attempts)s, verdict = %(verdict)s, solved = %(solved)s, note = %(note)s,
                 complete_time = %(complete_time)s, version = %(version)s
               WHERE id = %(id)s""",
            _callback_params(callback),
        )

    def callback(self, callback_id: UUID) -> Callback | None:
        """As it stands."""
        row = self.one(f"{_CALLBACK} WHERE id = %(id)s", {"id": callback_id})
        return _to_callback(row) if row else None

    def callback_to_change(self, callback_id: UUID) -> Callback | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_CALLBACK} WHERE id = %(id)s FOR UPDATE", {"id": callback_id})
        return _to_callback(row) if row else None

    def callback_of(self, *, work_order: str, round_: int) -> Callback | None:
        """The one of an order's round, locked until the end of the transaction."""
        row = self.one(
            f"{_CALLBACK} WHERE work_order = %(work_order)s AND round = %(round)s FOR UPDATE",
            {"work_order": uuid_of(work_order), "round": round_},
        )
        return _to_callback(row) if row else None

    def callbacks(
        self,
        *,
        state: CallbackState | None,
        unit: str,
        work_order: UUID | None,
        overdue: bool,
        after: UUID | None,
        limit: int,
    ) -> list[Callback]:
        """Those that fit every filter that is set, the earliest result first."""
        rows = self.all(
            callbacks_statement(state=state, unit=unit, work_order=work_order, overdue=overdue),
            {"state": state, "unit": unit, "work_order": work_order, "after": after or _FIRST, "limit": limit},
        )
        return [_to_callback(row) for row in rows]

    def add_evaluation(self, evaluation: Evaluation) -> bool:
        """Adds it; False if the appeal has one already."""
        return bool(
            self.count(
                """INSERT INTO evaluation (id, appeal, operator, create_time, verdict, evaluate_time)
                   VALUES (%(id)s, %(appeal)s, %(operator)s, %(create_time)s, %(verdict)s, %(evaluate_time)s)
                   ON CONFLICT (appeal) DO NOTHING""",
                vars(evaluation) | {"appeal": uuid_of(evaluation.appeal)},
            )
        )

    def save_evaluation(self, evaluation: Evaluation) -> None:
        """Saves what can change of it."""
        self.run(
            "UPDATE evaluation SET verdict = %(verdict)s, evaluate_time = %(evaluate_time)s WHERE id = %(id)s",
            vars(evaluation),
        )

    def evaluation_of(self, appeal: UUID) -> Evaluation | None:
        """The one of an appeal, locked until the end of the transaction."""
        row = self.one(f"{_EVALUATION} WHERE appeal = %(appeal)s FOR UPDATE", {"appeal": appeal})
        return _to_evaluation(row) if row else None

    def evaluations(
        self, *, appeal: UUID | None, verdict: Verdict | None, after: UUID | None, limit: int
    ) -> list[Evaluation]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            evaluations_statement(appeal=appeal, verdict=verdict),
            {"appeal": appeal, "verdict": verdict, "after": after or _LAST, "limit": limit},
        )
        return [_to_evaluation(row) for row in rows]

    def add_review(self, review: QualityReview) -> bool:
        """Adds it; False if the callback or evaluation has one already."""
        return bool(
            self.count(
                """INSERT INTO review (id, origin, work_order, appeal, unit, create_time, outcome, cause,
                     responsibility, remedy, conclude_time, version)
                   VALUES (%(id)s, %(origin)s, %(work_order)s, %(appeal)s, %(unit)s, %(create_time)s, %(outcome)s,
                     %(cause)s, %(responsibility)s, %(remedy)s, %(conclude_time)s, %(version)s)
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
            """UPDATE review SET outcome = %(outcome)s, cause = %(cause)s, responsibility = %(responsibility)s,
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
            reviews_statement(is_open=is_open, unit=unit), {"unit": unit, "after": after or _LAST, "limit": limit}
        )
        return [_to_review(row) for row in rows]


def callbacks_statement(*, state: CallbackState | None, unit: str, work_order: UUID | None, overdue: bool) -> str:
    """The statement of `Store.callbacks`; each combination of filters ends in an index on the keyset."""
    return _listed(
        _CALLBACK,
        {
            "state = %(state)s": state is not None,
            "unit = %(unit)s": bool(unit),
            "work_order = %(work_order)s": work_order is not None,
            "overdue": overdue,
        },
        "id > %(after)s ORDER BY id",
    )


def evaluations_statement(*, appeal: UUID | None, verdict: Verdict | None) -> str:
    """The statement of `Store.evaluations`."""
    return _listed(
        _EVALUATION,
        {"appeal = %(appeal)s": appeal is not None, "verdict = %(verdict)s": verdict is not None},
        "id < %(after)s ORDER BY id DESC",
    )


def reviews_statement(*, is_open: bool, unit: str) -> str:
    """The statement of `Store.reviews`."""
    return _listed(
        _REVIEW, {"outcome IS NULL": is_open, "unit = %(unit)s": bool(unit)}, "id < %(after)s ORDER BY id DESC"
    )


def _listed(select: str, filters: Mapping[str, bool], keyset: str) -> str:
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return f"{select} WHERE {' AND '.join([*wanted, keyset])} LIMIT %(limit)s"


def _callback_params(callback: Callback) -> dict[str, Any]:
    attempts = [asdict(attempt) | {"time": attempt.time.isoformat()} for attempt in callback.attempts]
    return vars(callback) | {
        "work_order": uuid_of(callback.work_order),
        "appeal": uuid_of(callback.appeal),
        "attempts": Jsonb(attempts),
    }


def _to_callback(row: DictRow) -> Callback:
    return Callback(
        id=row["id"],
        work_order=f"workOrders/{row['work_order']}",
        appeal=f"appeals/{row['appeal']}",
        number=row["number"],
        unit=row["unit"],
        round=row["round"],
        create_time=row["create_time"],
        due_time=row["due_time"],
        overdue=row["overdue"],
        state=CallbackState(row["state"]),
        attempts=tuple(
            Attempt(
                time=datetime.fromisoformat(attempt["time"]),
                outcome=AttemptOutcome(attempt["outcome"]),
                actor=attempt["actor"],
            )
            for attempt in row["attempts"]
        ),
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        solved=row["solved"],
        note=row["note"],
        complete_time=row["complete_time"],
        version=row["version"],
    )


def _to_evaluation(row: DictRow) -> Evaluation:
    return Evaluation(
        id=row["id"],
        appeal=f"appeals/{row['appeal']}",
        operator=row["operator"],
        create_time=row["create_time"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        evaluate_time=row["evaluate_time"],
    )


def _to_review(row: DictRow) -> QualityReview:
    return QualityReview(
        id=row["id"],
        origin=row["origin"],
        appeal=f"appeals/{row['appeal']}",
        create_time=row["create_time"],
        work_order=f"workOrders/{row['work_order']}" if row["work_order"] else "",
        unit=row["unit"],
        outcome=ReviewOutcome(row["outcome"]) if row["outcome"] else None,
        cause=row["cause"],
        responsibility=Responsibility(row["responsibility"]) if row["responsibility"] else None,
        remedy=row["remedy"],
        conclude_time=row["conclude_time"],
        version=row["version"],
    )
