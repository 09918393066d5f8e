"""The table of evaluations."""

from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from psycopg.rows import DictRow

from hotline_feedback.adapters.postgres.statements import LAST, listed
from hotline_feedback.domain.callback import Verdict
from hotline_feedback.domain.evaluation import Evaluation, EvaluationMeans

_EVALUATION = "SELECT id, appeal, operator, create_time, verdict, means, evaluate_time FROM evaluation"


class Evaluations(Transaction):
    """The part of a transaction that knows evaluations."""

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
            """UPDATE evaluation SET verdict = %(verdict)s, means = %(means)s, evaluate_time = %(evaluate_time)s
               WHERE id = %(id)s""",
            vars(evaluation),
        )

    def evaluation_of(self, appeal: UUID) -> Evaluation | None:
        """The one of an appeal, locked until the end of the transaction."""
        row = self.one(f"{_EVALUATION} WHERE appeal = %(appeal)s FOR UPDATE", {"appeal": appeal})
        return _to_evaluation(row) if row else None

    def evaluations(
        self, *, appeal: UUID | None, verdict: Verdict | None, is_open: bool, after: UUID | None, limit: int
    ) -> list[Evaluation]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            evaluations_statement(appeal=appeal, verdict=verdict, is_open=is_open),
            {"appeal": appeal, "verdict": verdict, "after": after or LAST, "limit": limit},
        )
        return [_to_evaluation(row) for row in rows]


def evaluations_statement(*, appeal: UUID | None, verdict: Verdict | None, is_open: bool) -> str:
    """The statement of `Store.evaluations`."""
    return listed(
        _EVALUATION,
        {
            "appeal = %(appeal)s": appeal is not None,
            "verdict = %(verdict)s": verdict is not None,
            "verdict IS NULL": is_open,
        },
        "id < %(after)s ORDER BY id DESC",
    )


def _to_evaluation(row: DictRow) -> Evaluation:
    return Evaluation(
        id=row["id"],
        appeal=f"appeals/{row['appeal']}",
        operator=row["operator"],
        create_time=row["create_time"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        means=EvaluationMeans(row["means"]) if row["means"] else None,
        evaluate_time=row["evaluate_time"],
    )
