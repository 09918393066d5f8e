"""What the statements of several tables share."""

from collections.abc import Mapping
from uuid import UUID

FIRST = UUID(int=0)
LAST = UUID(int=2**128 - 1)


def listed(select: str, filters: Mapping[str, bool], keyset: str) -> str:
    """A page of what fits every filter that is set, in the order of its keyset."""
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return f"{select} WHERE {' AND '.join([*wanted, keyset])} LIMIT %(limit)s"
