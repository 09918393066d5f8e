"""The tables of criteria and scorecards."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.errors import ResourceNotFound
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_feedback.adapters.postgres.rates import moments
from hotline_feedback.adapters.postgres.statements import LAST, listed
from hotline_feedback.domain.rates import Period
from hotline_feedback.domain.scorecard import Criteria, Criterion, Grade, Scope, Scorecard

_CRITERIA_OF = {Scope.OPERATOR: "criteria", Scope.UNIT: "unit_criteria"}
_CARD = """
    SELECT id, subject, operator, version, marks, score, note, reviewer, create_time, first, second_wanted
      FROM scorecard"""


class Scorecards(Transaction):
    """The part of a transaction that knows criteria and scorecards."""

    def lock_criteria(self) -> None:
        """Makes publications wait for each other."""
        self.run("SELECT pg_advisory_xact_lock(hashtextextended('criteria', 0))")

    def criteria_in_force(self, scope: Scope) -> Criteria:
        """The latest version; there is one from the migration of the scope on."""
        [criteria] = self.criteria(scope=scope, before=2**31 - 1, limit=1)
        return criteria

    def criteria_of(self, version: int, scope: Scope) -> Criteria:
        """A version as it was published."""
        row = self.one(f"{_criteria(scope)} WHERE version = %(version)s", {"version": version})
        if row is None:
            raise ResourceNotFound(resource=f"criteria/{version}")
        return _to_criteria(row, scope)

    def criteria(self, *, scope: Scope, before: int, limit: int) -> list[Criteria]:
        """Versions, the latest first."""
        statement = f"{_criteria(scope)} WHERE version < %(before)s ORDER BY version DESC LIMIT %(limit)s"
        return [_to_criteria(row, scope) for row in self.all(statement, {"before": before, "limit": limit})]

    def add_criteria(self, criteria: Criteria) -> None:
        """Adds a version."""
        self.run(
            f"INSERT INTO {_CRITERIA_OF[criteria.scope]} (version, criteria, note, publisher, publish_time)"  # noqa: S608
            " VALUES (%(version)s, %(criteria)s, %(note)s, %(publisher)s, %(publish_time)s)",
            vars(criteria) | {"criteria": Jsonb([asdict(criterion) for criterion in criteria.criteria])},
        )

    def cards_of(self, subject: str) -> list[Scorecard]:
        """The first and the second reading of a subject, which nobody else reads until the end of the transaction."""
        self.run("SELECT pg_advisory_xact_lock(hashtextextended(%(subject)s, 0))", {"subject": subject})
        rows = self.all(f"{_CARD} WHERE subject = %(subject)s ORDER BY id", {"subject": subject})
        return [_to_card(row) for row in rows]

    def add_card(self, card: Scorecard) -> None:
        """Adds it."""
        self.run(
            """INSERT INTO scorecard (id, subject, operator, version, marks, score, note, reviewer, create_time, first,
                 second_wanted)
               VALUES (%(id)s, %(subject)s, %(operator)s, %(version)s, %(marks)s, %(score)s, %(note)s, %(reviewer)s,
                 %(create_time)s, %(first)s, %(second_wanted)s)""",
            vars(card) | {"marks": Jsonb(dict(card.marks))},
        )

    def end_second_reading(self, card: Scorecard) -> None:
        """The second reading is there."""
        self.run("UPDATE scorecard SET second_wanted = false WHERE id = %(id)s", {"id": card.id})

    def cards(self, *, operator: str, second_wanted: bool, after: UUID | None, limit: int) -> list[Scorecard]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            cards_statement(operator=operator, second_wanted=second_wanted),
            {"operator": operator, "after": after or LAST, "limit": limit},
        )
        return [_to_card(row) for row in rows]

    def cards_in(self, period: Period) -> list[Scorecard]:
        """Every card of a period, the earliest first."""
        statement = f"{_CARD} WHERE create_time >= %(start)s AND create_time < %(end)s ORDER BY create_time, id"
        return [_to_card(row) for row in self.all(statement, moments(period))]

    def pairs_in(self, period: Period) -> list[tuple[Scorecard, Scorecard]]:
        """First and second readings, by the time of the second."""
        seconds = [card for card in self.cards_in(period) if card.first is not None]
        rows = self.all(f"{_CARD} WHERE id = ANY(%(ids)s)", {"ids": [card.first for card in seconds]})
        firsts = {row["id"]: _to_card(row) for row in rows}
        return [(firsts[card.first], card) for card in seconds if card.first is not None]

    def answerable_reviews(self, period: Period) -> dict[str, int]:
        """How many reviews of a period found that an operator answers for the dissatisfaction, by operator."""
        rows = self.all(
            """SELECT operator, count(*) AS reviews FROM review
                WHERE responsibility = 'OPERATOR' AND conclude_time >= %(start)s AND conclude_time < %(end)s
                GROUP BY operator""",
            moments(period),
        )
        return {row["operator"]: row["reviews"] for row in rows}


def cards_statement(*, operator: str, second_wanted: bool) -> str:
    """The statement of `Scorecards.cards`."""
    return listed(
        _CARD,
        {"operator = %(operator)s": bool(operator), "second_wanted": second_wanted},
        "id < %(after)s ORDER BY id DESC",
    )


def _criteria(scope: Scope) -> str:
    return f"SELECT version, criteria, note, publisher, publish_time FROM {_CRITERIA_OF[scope]}"  # noqa: S608


def _to_criteria(row: DictRow, scope: Scope) -> Criteria:
    publish_time: datetime = row["publish_time"]
    return Criteria(
        scope=scope,
        version=row["version"],
        criteria=tuple(Criterion(**criterion) for criterion in row["criteria"]),
        note=row["note"],
        publisher=row["publisher"],
        publish_time=publish_time,
    )


def _to_card(row: DictRow) -> Scorecard:
    return Scorecard(**row | {"marks": {key: Grade(grade) for key, grade in row["marks"].items()}})
