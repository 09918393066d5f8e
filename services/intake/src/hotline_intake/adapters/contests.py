"""Contests and holds in PostgreSQL."""

from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from hotline_kernel.errors import ResourceNotFound
from psycopg.rows import DictRow

from hotline_intake.domain.citizen import CitizenErased
from hotline_intake.domain.contest import Contest, ContestedAlready, ContestState
from hotline_intake.domain.hold import CitizenHeld, Hold

_CONTEST = """
id, appeal_id, decliner, decline_time, create_time, state, reviewer, decision, decide_time
"""
_ADD_CONTEST = """
INSERT INTO contest (id, appeal_id, decliner, decline_time, sealed_reason, create_time, state)
VALUES (%(id)s, %(appeal_id)s, %(decliner)s, %(decline_time)s, %(sealed_reason)s, %(create_time)s, %(state)s)
ON CONFLICT (appeal_id, decline_time) DO NOTHING
"""
_SAVE_CONTEST = """
UPDATE contest SET state = %(state)s, reviewer = %(reviewer)s, decision = %(decision)s, decide_time = %(decide_time)s
 WHERE id = %(id)s
"""
_ADD_HOLD = """
INSERT INTO citizen_hold (id, citizen_id, reason, actor, create_time)
VALUES (%(id)s, %(citizen_id)s, %(reason)s, %(actor)s, %(create_time)s)
"""
_SAVE_HOLD = """
UPDATE citizen_hold SET release_actor = %(release_actor)s, release_reason = %(release_reason)s,
  release_time = %(release_time)s
 WHERE id = %(id)s
"""


class ContestTransaction(Transaction):
    """The contests' part of `hotline_intake.handlers.ports.Store`."""

    def add_contest(self, *, contest: Contest, sealed_reason: bytes) -> None:
        if self.count(_ADD_CONTEST, _contest_params(contest) | {"sealed_reason": sealed_reason}) == 0:
            raise ContestedAlready(appeal=f"appeals/{contest.appeal_id}")

    def contest(self, *, contest_id: UUID) -> tuple[Contest, bytes]:
        row = self.one(f"SELECT {_CONTEST}, sealed_reason FROM contest WHERE id = %(id)s", {"id": contest_id})  # noqa: S608
        if row is None:
            raise ResourceNotFound(resource=f"contests/{contest_id}")
        sealed: bytes = row.pop("sealed_reason")
        return _contest(row), sealed

    def save_contest(self, *, contest: Contest) -> None:
        self.run(_SAVE_CONTEST, _contest_params(contest))

    def contests(self, *, state: ContestState | None, before: UUID | None, limit: int) -> list[Contest]:
        conditions = ["true"] + (["state = %(state)s"] if state else []) + (["id < %(before)s"] if before else [])
        statement = f"SELECT {_CONTEST} FROM contest WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608
        rows = self.all(statement, {"state": state and state.value, "before": before, "limit": limit})
        return [_contest(row) for row in rows]


class HoldTransaction(Transaction):
    """The holds' part of `hotline_intake.handlers.ports.Store`."""

    def require_citizen(self, *, citizen_id: UUID) -> None:
        row = self.one("SELECT wrapped_key FROM citizen WHERE id = %(id)s FOR UPDATE", {"id": citizen_id})
        if row is None:
            raise ResourceNotFound(resource=f"citizens/{citizen_id}")
        if row["wrapped_key"] is None:
            raise CitizenErased(resource=f"citizens/{citizen_id}")

    def require_no_hold(self, *, citizen_id: UUID) -> None:
        standing = "SELECT 1 FROM citizen_hold WHERE citizen_id = %(id)s AND release_time IS NULL LIMIT 1"
        if self.one(standing, {"id": citizen_id}):
            raise CitizenHeld(resource=f"citizens/{citizen_id}")

    def add_hold(self, *, hold: Hold) -> None:
        self.run(_ADD_HOLD, vars(hold))

    def hold_to_change(self, *, hold_id: UUID) -> Hold:
        row = self.one("SELECT * FROM citizen_hold WHERE id = %(id)s FOR UPDATE", {"id": hold_id})
        if row is None:
            raise ResourceNotFound(resource=f"holds/{hold_id}")
        return Hold(**row)

    def save_hold(self, *, hold: Hold) -> None:
        self.run(_SAVE_HOLD, vars(hold))

    def holds(self, *, citizen_id: UUID | None, with_released: bool, before: UUID | None, limit: int) -> list[Hold]:
        conditions = ["true"]
        conditions += ["citizen_id = %(citizen_id)s"] if citizen_id else []
        conditions += [] if with_released else ["release_time IS NULL"]
        conditions += ["id < %(before)s"] if before else []
        statement = f"SELECT * FROM citizen_hold WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608
        params = {"citizen_id": citizen_id, "before": before, "limit": limit}
        return [Hold(**row) for row in self.all(statement, params)]


def _contest_params(contest: Contest) -> dict[str, Any]:
    return vars(contest) | {"state": contest.state.value}


def _contest(row: DictRow) -> Contest:
    return Contest(**row | {"state": ContestState(row["state"])})
