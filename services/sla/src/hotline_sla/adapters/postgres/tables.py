"""What the tables of sla share."""

from collections.abc import Mapping, Sequence
from typing import Any

from hotline_kernel.db import Transaction

SERVICE = "sla"
"""Label of the counters. What is undone and done again counts twice in them; the books do not."""


class Tables(Transaction):
    """A transaction that can run one statement for many rows."""

    def _many(self, sql: str, params: Sequence[Mapping[str, Any]]) -> None:
        if len(params) == 1:  # the usual case, and faster than a batch of one
            self.connection.execute(sql, params[0])
        elif params:
            with self.connection.cursor() as cursor:
                cursor.executemany(sql, params)
