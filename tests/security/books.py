"""The five databases seen from behind: what stands in each table, to show that a refused call changes nothing."""

import time
from collections.abc import Mapping
from typing import Self

import psycopg
from hotline_cli.quiet import Quiet
from psycopg import sql

# Sealing follows each record within a second, whoever made it, and its heads travel: no sign of a change by itself.
# Neither is that sla adds up its counts every few seconds: what they count stands in its orders.
# Nor are the positions of changes and the tries of calls to units' systems: of what changed, their orders tell.
_BACKGROUND = frozenset(
    {
        "audit_seal",
        "audit_kept_head",
        "unit_day",
        "unit_day_shift",
        "work_order_change",
        "webhook_line",
        "webhook_delivery",
    }
)
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
_SEALING = """
SELECT (SELECT count(*) FROM audit_entry WHERE seal IS NULL), (SELECT count(*) FROM audit_seal)
"""


class Books:
    """One connection to each database."""

    def __init__(self, urls: Mapping[str, str], quiet: Quiet) -> None:
        self._quiet = quiet
        self._connections = {
            service: psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=on")
            for service, url in urls.items()
        }
        self._tables = {
            service: [name for (name,) in connection.execute(_TABLES)]
            for service, connection in self._connections.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()

    def state(self, service: str) -> dict[str, tuple[int, int]]:
        """Rows of each table and a sum over their contents."""
        parts = [
            sql.SQL("SELECT {label}, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t").format(
                label=sql.Literal(table), table=sql.Identifier(table)
            )
            for table in self._tables[service]
            if table not in _BACKGROUND
        ]
        rows = self._connections[service].execute(sql.SQL(" UNION ALL ").join(parts))
        return {table: (rows_of, int(total)) for table, rows_of, total in rows}

    def at_rest(self, *services: str) -> list[dict[str, tuple[int, int]]]:
        """The same of each, once all is sealed everywhere and every event, heads of chains too, has been handled."""
        give_up = time.monotonic() + 20
        while True:
            before = self._sealing()
            self._quiet.wait()
            if before == self._sealing() and not any(unsealed for unsealed, _ in before):
                return [self.state(service) for service in services]
            assert time.monotonic() < give_up, f"sealing does not come to rest: {before}"
            time.sleep(0.05)

    def _sealing(self) -> list[tuple[int, int]]:
        return [
            (unsealed, seals)
            for connection in self._connections.values()
            for unsealed, seals in connection.execute(_SEALING)
        ]

    def rows(self, service: str, table: str, column: str, value: object) -> list[dict[str, object]]:
        """Rows in which a column has this value."""
        query = sql.SQL("SELECT to_jsonb(t) FROM {table} t WHERE {column} = {value}").format(
            table=sql.Identifier(table), column=sql.Identifier(column), value=sql.Literal(value)
        )
        return [row for (row,) in self._connections[service].execute(query)]

    def dump(self) -> dict[tuple[str, str], bytes]:
        """Every table of every database as text and in binary, by service and table; binary shows what bytea hides."""
        found = {}
        for service, connection in self._connections.items():
            for table in self._tables[service]:
                query = sql.SQL("COPY (SELECT * FROM {table}) TO STDOUT").format(table=sql.Identifier(table))
                binary = sql.SQL("{query} (FORMAT binary)").format(query=query)
                parts = []
                for statement in (query, binary):
                    with connection.cursor().copy(statement) as copy:
                        parts += [bytes(block) for block in copy]
                found[service, table] = b"".join(parts)
        return found
