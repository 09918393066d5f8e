"""What became of callbacks, counted; and what an order is about."""

from datetime import datetime, time, timedelta
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of

from hotline_feedback.adapters.postgres.callbacks import CALLBACK, to_callback
from hotline_feedback.adapters.postgres.statements import FIRST
from hotline_feedback.domain.callback import Callback, Verdict
from hotline_feedback.domain.rates import Grouping, Period, Tally

_TALLIES = """
    SELECT {group} AS group, count(*) FILTER (WHERE verdict = 'SATISFIED') AS satisfied,
           count(*) FILTER (WHERE verdict = 'NEUTRAL') AS neutral,
           count(*) FILTER (WHERE verdict = 'DISSATISFIED') AS dissatisfied,
           count(*) FILTER (WHERE solved) AS solved, count(*) FILTER (WHERE state = 'UNREACHABLE') AS unreachable,
           count(*) FILTER (WHERE declined) AS declined
      FROM callback
     WHERE complete_time >= %(start)s AND complete_time < %(end)s
     GROUP BY 1 ORDER BY 1"""
_COLUMNS = {Grouping.UNIT: "unit", Grouping.CATEGORY: "category", Grouping.REGION: "region"}


class Rates(Transaction):
    """The part of a transaction that counts what citizens said."""

    def keep_subject(self, *, work_order: str, category: str, region: str) -> None:
        """Keeps what an order is about, as it was dispatched last."""
        self.run(
            """INSERT INTO order_subject (work_order, category, region)
               VALUES (%(work_order)s, %(category)s, %(region)s)
               ON CONFLICT (work_order) DO UPDATE SET category = excluded.category, region = excluded.region""",
            {"work_order": uuid_of(work_order), "category": category, "region": region},
        )

    def subject_of(self, work_order: str) -> tuple[str, str]:
        """Category and region of an order; empty if it went out before they were kept."""
        row = self.one(
            "SELECT category, region FROM order_subject WHERE work_order = %(work_order)s",
            {"work_order": uuid_of(work_order)},
        )
        return (row["category"], row["region"]) if row else ("", "")

    def tallies(self, *, grouping: Grouping, period: Period) -> list[Tally]:
        """How the callbacks ended that ended in the period, by group."""
        return [Tally(**row) for row in self.all(_TALLIES.format(group=_COLUMNS[grouping]), moments(period))]

    def ended_callbacks(
        self,
        *,
        grouping: Grouping,
        group: str,
        period: Period,
        verdict: Verdict | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Callback]:
        """The callbacks behind a figure, in the order in which they ended."""
        bounds = moments(period)
        time, id_ = after or (bounds["start"], FIRST)
        rows = self.all(
            ended_statement(grouping=grouping, verdict=verdict),
            bounds | {"group": group, "verdict": verdict, "time": time, "id": id_, "limit": limit},
        )
        return [to_callback(row) for row in rows]


def ended_statement(*, grouping: Grouping, verdict: Verdict | None) -> str:
    """The statement of `Rates.ended_callbacks`."""
    with_verdict = " AND verdict = %(verdict)s" if verdict else ""
    return f"""{CALLBACK} WHERE {_COLUMNS[grouping]} = %(group)s AND complete_time >= %(start)s
       AND complete_time < %(end)s AND (complete_time, id) > (%(time)s, %(id)s){with_verdict}
     ORDER BY complete_time, id LIMIT %(limit)s"""


def moments(period: Period) -> dict[str, datetime]:
    """A period as the parameters `start`, included, and `end`, not included."""
    return {
        "start": datetime.combine(period.start, time(0), ZONE),
        "end": datetime.combine(period.end, time(0), ZONE) + timedelta(days=1),
    }
