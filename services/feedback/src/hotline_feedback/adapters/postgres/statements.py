"""What the statements of several tables share."""

from collections.abc import Mapping
from uuid import UUID

from psycopg.rows import DictRow

from hotline_feedback.domain.hand import Hand

FIRST = UUID(int=0)
LAST = UUID(int=2**128 - 1)


def listed(select: str, filters: Mapping[str, bool], keyset: str) -> str:
    """A page of what fits every filter that is set, in the order of its keyset."""
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return f"{select} WHERE {' AND '.join([*wanted, keyset])} LIMIT %(limit)s"


def to_hand(row: DictRow) -> Hand | None:
    """In whose hand a row is."""
    return Hand(person=row["hand_person"], until_time=row["hand_until_time"]) if row["hand_person"] else None
