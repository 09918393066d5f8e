"""The table of gaps, and gaps as messages."""

from uuid import UUID

from hotline.knowledge.v1 import gap_pb2
from hotline_kernel.db import Transaction
from hotline_kernel.timestamps import timestamp
from psycopg.rows import DictRow

from hotline_knowledge.domain.gap import Gap, GapState

_GAP = "SELECT id, query, key, ask_count, state, unit, entry, reason, version, create_time, update_time FROM gap"
_FIRST = (2**63 - 1, UUID(int=2**128 - 1))


class GapStore(Transaction):
    """What a transaction does with gaps."""

    def add_or_count_gap(self, gap: Gap) -> Gap:
        """Adds a new one, or counts it with the one of the same question that is open; that is returned."""
        row = self.one(
            """INSERT INTO gap AS g (id, query, key, ask_count, state, unit, entry, reason, version, create_time,
                 update_time)
               VALUES (%(id)s, %(query)s, %(key)s, %(ask_count)s, %(state)s, %(unit)s, %(entry)s, %(reason)s,
                 %(version)s, %(create_time)s, %(update_time)s)
               ON CONFLICT (key) WHERE state IN ('OPEN', 'ASSIGNED') DO UPDATE
                 SET ask_count = g.ask_count + excluded.ask_count,
                     update_time = greatest(g.update_time, excluded.update_time)
               RETURNING id, query, key, ask_count, state, unit, entry, reason, version, create_time, update_time""",
            vars(gap),
        )
        return _to_gap(row) if row else gap

    def save_gap(self, gap: Gap) -> None:
        """Saves where it stands."""
        self.run(
            """UPDATE gap SET state = %(state)s, unit = %(unit)s, entry = %(entry)s, reason = %(reason)s,
                 version = %(version)s, update_time = %(update_time)s
               WHERE id = %(id)s""",
            vars(gap),
        )

    def gap_to_change(self, gap_id: UUID) -> Gap | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_GAP} WHERE id = %(id)s FOR UPDATE", {"id": gap_id})
        return _to_gap(row) if row else None

    def gaps(self, *, state: GapState | None, unit: str, after: tuple[int, UUID] | None, limit: int) -> list[Gap]:
        """What was asked most, first."""
        asked, last = after or _FIRST
        rows = self.all(
            gaps_statement(state=state, unit=unit),
            {"state": state, "unit": unit, "asked": asked, "after": last, "limit": limit},
        )
        return [_to_gap(row) for row in rows]


def gaps_statement(*, state: GapState | None, unit: str) -> str:
    """The statement of `GapStore.gaps`; each filter has an index that ends in the keyset."""
    filters = {"state = %(state)s": state is not None, "unit = %(unit)s": bool(unit)}
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return (
        f"{_GAP} WHERE {' AND '.join([*wanted, '(ask_count, id) < (%(asked)s, %(after)s)'])}"
        " ORDER BY ask_count DESC, id DESC LIMIT %(limit)s"
    )


def gap_message(gap: Gap) -> gap_pb2.Gap:
    """A gap as it travels."""
    return gap_pb2.Gap(
        name=gap.name,
        query=gap.query,
        ask_count=gap.ask_count,
        state=gap_pb2.GapState.Value(f"GAP_STATE_{gap.state}"),
        unit=gap.unit,
        entry=gap.entry,
        reason=gap.reason,
        create_time=timestamp(gap.create_time),
        update_time=timestamp(gap.update_time),
        etag=str(gap.version),
    )


def gap_state_of(value: "gap_pb2.GapState.ValueType") -> GapState | None:
    """A state; None if it is not set."""
    return GapState(gap_pb2.GapState.Name(value).removeprefix("GAP_STATE_")) if value else None


def _to_gap(row: DictRow) -> Gap:
    return Gap(**{**row, "state": GapState(row["state"])})
