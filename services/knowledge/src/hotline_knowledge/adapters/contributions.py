"""The table of contributions, and contributions as messages."""

from typing import Any
from uuid import UUID

from hotline.knowledge.v1 import contribution_pb2
from hotline_kernel.db import Transaction
from hotline_kernel.timestamps import timestamp
from psycopg.rows import DictRow

from hotline_knowledge.domain.contribution import Contribution, ContributionState
from hotline_knowledge.domain.screening import Ground

_CONTRIBUTION = """
    SELECT id, receipt, title, text, credit, original_title, original_text, state, grounds, reason, entry, version,
           create_time, update_time
      FROM contribution"""
_LAST = UUID(int=2**128 - 1)


class ContributionStore(Transaction):
    """What a transaction does with contributions."""

    def add_contribution(self, contribution: Contribution) -> None:
        """Adds a new one."""
        self.run(
            """INSERT INTO contribution (id, receipt, title, text, credit, original_title, original_text, state,
                 grounds, reason, entry, version, create_time, update_time)
               VALUES (%(id)s, %(receipt)s, %(title)s, %(text)s, %(credit)s, %(original_title)s, %(original_text)s,
                 %(state)s, %(grounds)s, '', '', %(version)s, %(create_time)s, %(update_time)s)""",
            _params(contribution),
        )

    def save_contribution(self, contribution: Contribution) -> None:
        """Saves what it says and where it stands."""
        self.run(
            """UPDATE contribution SET title = %(title)s, text = %(text)s, credit = %(credit)s,
                 original_title = %(original_title)s, original_text = %(original_text)s, state = %(state)s,
                 grounds = %(grounds)s, reason = %(reason)s, entry = %(entry)s, version = %(version)s,
                 update_time = %(update_time)s
               WHERE id = %(id)s""",
            _params(contribution),
        )

    def contribution(self, contribution_id: UUID) -> Contribution | None:
        """As it stands."""
        row = self.one(f"{_CONTRIBUTION} WHERE id = %(id)s", {"id": contribution_id})
        return _to_contribution(row) if row else None

    def contribution_of_receipt(self, receipt: UUID) -> Contribution | None:
        """The one that its contributor holds the receipt of."""
        row = self.one(f"{_CONTRIBUTION} WHERE receipt = %(receipt)s", {"receipt": receipt})
        return _to_contribution(row) if row else None

    def contribution_to_change(self, contribution_id: UUID) -> Contribution | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_CONTRIBUTION} WHERE id = %(id)s FOR UPDATE", {"id": contribution_id})
        return _to_contribution(row) if row else None

    def contributions(self, *, state: ContributionState | None, after: UUID | None, limit: int) -> list[Contribution]:
        """Those in that state, or in any, newest first."""
        in_state = "state = %(state)s AND " if state else ""
        rows = self.all(
            f"{_CONTRIBUTION} WHERE {in_state}id < %(after)s ORDER BY id DESC LIMIT %(limit)s",
            {"state": state, "after": after or _LAST, "limit": limit},
        )
        return [_to_contribution(row) for row in rows]


def contribution_message(contribution: Contribution) -> contribution_pb2.Contribution:
    """A contribution as staff see it."""
    return contribution_pb2.Contribution(
        name=contribution.name,
        title=contribution.title,
        text=contribution.text,
        credit=contribution.credit,
        original_title=contribution.original_title,
        original_text=contribution.original_text,
        state=state_value(contribution.state),
        grounds=[contribution_pb2.HoldGround.Value(f"HOLD_GROUND_{ground}") for ground in contribution.grounds],
        reason=contribution.reason,
        entry=contribution.entry,
        create_time=timestamp(contribution.create_time),
        update_time=timestamp(contribution.update_time),
        etag=str(contribution.version),
    )


def state_value(state: ContributionState) -> contribution_pb2.ContributionState.ValueType:
    """A state as it goes out."""
    return contribution_pb2.ContributionState.Value(f"CONTRIBUTION_STATE_{state}")


def state_of(value: contribution_pb2.ContributionState.ValueType) -> ContributionState | None:
    """A state; None if it is not set."""
    if not value:
        return None
    return ContributionState(contribution_pb2.ContributionState.Name(value).removeprefix("CONTRIBUTION_STATE_"))


def _params(contribution: Contribution) -> dict[str, Any]:
    return {**vars(contribution), "grounds": list(contribution.grounds)}


def _to_contribution(row: DictRow) -> Contribution:
    fields = dict(row)
    fields["state"] = ContributionState(row["state"])
    fields["grounds"] = tuple(Ground(ground) for ground in row["grounds"])
    return Contribution(**fields)
