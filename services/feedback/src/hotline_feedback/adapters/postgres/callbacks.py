"""The tables of callbacks and of the clocks that came before them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_feedback.adapters.postgres.statements import FIRST, listed, to_hand
from hotline_feedback.domain.callback import Attempt, AttemptOutcome, Callback, CallbackState, Means, Verdict

CALLBACK = """
    SELECT id, work_order, round, appeal, number, unit, category, region, state, create_time, due_time, overdue,
           attempts, verdict, solved, note, means, complete_time, declined, do_not_call, hand_person, hand_until_time,
           version
      FROM callback"""


class Callbacks(Transaction):
    """The part of a transaction that knows callbacks."""

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
                """INSERT INTO callback (id, work_order, round, appeal, number, unit, category, region, state,
                     create_time, due_time, overdue, attempts, verdict, solved, note, means,
                     complete_time, declined, do_not_call, version)
                   VALUES (%(id)s, %(work_order)s, %(round)s, %(appeal)s, %(number)s, %(unit)s,
                     %(category)s, %(region)s, %(state)s,
                     %(create_time)s, %(due_time)s, %(overdue)s, %(attempts)s, %(verdict)s, %(solved)s, %(note)s,
                     %(means)s, %(complete_time)s, %(declined)s, %(do_not_call)s, %(version)s)
                   ON CONFLICT (work_order, round) DO NOTHING""",
                _callback_params(callback),
            )
        )

    def save_callback(self, callback: Callback) -> None:
        """Saves what can change of it."""
        self.run(
            """UPDATE callback SET state = %(state)s, due_time = %(due_time)s, overdue = %(overdue)s,
                 attempts = %(attempts)s, verdict = %(verdict)s, solved = %(solved)s, note = %(note)s,
                 means = %(means)s, complete_time = %(complete_time)s, declined = %(declined)s,
                 hand_person = %(hand_person)s, hand_until_time = %(hand_until_time)s, version = %(version)s
               WHERE id = %(id)s""",
            _callback_params(callback),
        )

    def callback(self, callback_id: UUID) -> Callback | None:
        """As it stands."""
        row = self.one(f"{CALLBACK} WHERE id = %(id)s", {"id": callback_id})
        return to_callback(row) if row else None

    def callback_to_change(self, callback_id: UUID) -> Callback | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{CALLBACK} WHERE id = %(id)s FOR UPDATE", {"id": callback_id})
        return to_callback(row) if row else None

    def callback_in_hand(self, *, person: str, now: datetime) -> Callback | None:
        """What somebody took and nobody else has until then, locked until the end of the transaction."""
        row = self.one(
            f"""{CALLBACK} WHERE hand_person = %(person)s AND hand_until_time > %(now)s AND state = 'WAITING'
                ORDER BY id LIMIT 1 FOR UPDATE""",
            {"person": person, "now": now},
        )
        return to_callback(row) if row else None

    def next_callback(self, *, may_call: bool, rested: datetime, now: datetime) -> Callback | None:
        """The earliest that nobody has, locked until the end of the transaction.

        may_call -- otherwise only who is asked by message;  rested -- nobody who was tried after it.
        """
        row = self.one(
            f"""{CALLBACK} WHERE state = 'WAITING' AND (hand_until_time IS NULL OR hand_until_time <= %(now)s)
                AND (do_not_call OR %(may_call)s)
                AND (attempts = '[]' OR (attempts -> -1 ->> 'time')::timestamptz <= %(rested)s)
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED""",
            {"may_call": may_call, "rested": rested, "now": now},
        )
        return to_callback(row) if row else None

    def callback_of(self, *, work_order: str, round_: int) -> Callback | None:
        """The one of an order's round, locked until the end of the transaction."""
        row = self.one(
            f"{CALLBACK} WHERE work_order = %(work_order)s AND round = %(round)s FOR UPDATE",
            {"work_order": uuid_of(work_order), "round": round_},
        )
        return to_callback(row) if row else None

    def has_declined(self, appeal: str) -> bool:
        """Whether the citizen declined to be asked about this appeal before."""
        statement = "SELECT FROM callback WHERE appeal = %(appeal)s AND declined LIMIT 1"
        return self.one(statement, {"appeal": uuid_of(appeal)}) is not None

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
            {"state": state, "unit": unit, "work_order": work_order, "after": after or FIRST, "limit": limit},
        )
        return [to_callback(row) for row in rows]


def callbacks_statement(*, state: CallbackState | None, unit: str, work_order: UUID | None, overdue: bool) -> str:
    """The statement of `Store.callbacks`; each combination of filters ends in an index on the keyset."""
    return listed(
        CALLBACK,
        {
            "state = %(state)s": state is not None,
            "unit = %(unit)s": bool(unit),
            "work_order = %(work_order)s": work_order is not None,
            "overdue": overdue,
        },
        "id > %(after)s ORDER BY id",
    )


def _callback_params(callback: Callback) -> dict[str, Any]:
    attempts = [asdict(attempt) | {"time": attempt.time.isoformat()} for attempt in callback.attempts]
    return vars(callback) | {
        "work_order": uuid_of(callback.work_order),
        "appeal": uuid_of(callback.appeal),
        "attempts": Jsonb(attempts),
        "hand_person": callback.hand.person if callback.hand else None,
        "hand_until_time": callback.hand.until_time if callback.hand else None,
    }


def to_callback(row: DictRow) -> Callback:
    """A row of `CALLBACK`."""
    return Callback(
        id=row["id"],
        work_order=f"workOrders/{row['work_order']}",
        appeal=f"appeals/{row['appeal']}",
        number=row["number"],
        unit=row["unit"],
        category=row["category"],
        region=row["region"],
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
                means=Means(attempt.get("means", Means.PHONE)),
            )
            for attempt in row["attempts"]
        ),
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        solved=row["solved"],
        note=row["note"],
        means=Means(row["means"]) if row["means"] else None,
        complete_time=row["complete_time"],
        declined=row["declined"],
        do_not_call=row["do_not_call"],
        hand=to_hand(row),
        version=row["version"],
    )
