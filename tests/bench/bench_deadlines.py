"""One tick of the deadline engine with 100 moments due, among 10,000 and among 10,000,000 open clocks, in turns.

The tick is the pump's own, on databases that hold nothing but clocks; the other processes do not run.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg
from hotline_cli.local.servers import Servers
from hotline_kernel import calendar, migrate
from hotline_kernel.db import Database
from hotline_kernel.settings import Settings
from hotline_sla import handlers
from hotline_sla.adapters.postgres import Store
from hotline_sla.domain.deadline import Law, Terms

from tests.support.bench import DIRECTORY, describe_machine, emit, quantile, say, spread

SMALL, LARGE = 10_000, int(os.environ.get("HOTLINE_BENCH_CLOCKS", "10000000"))
DUE, ROUNDS = 100, 40
_PORTION = 1_000_000
_NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)

_CLOCKS = """
INSERT INTO deadline (id, subject, kind, unit, state, round, start_time, hold_time, working_days, due_time, due_date,
                      provisional)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       'appeals/00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'ANSWER', '', 'RUNNING', 1,
       %(now)s, %(now)s, 0, %(now)s + interval '1 hour' + n * interval '1 second',
       (%(now)s + interval '1 hour' + n * interval '1 second')::date, false
  FROM generate_series(%(first)s::int, %(last)s::int) n
"""
_MOMENTS = """
INSERT INTO due_moment (deadline, action, due_time)
SELECT id, 'MISS', due_time FROM deadline ON CONFLICT DO NOTHING
"""
# Clocks from the whole span become due at once, as after a quiet night.
_MAKE_DUE = """
WITH picked AS (
  SELECT id FROM deadline
   WHERE id = ANY (SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
                     FROM generate_series(%(first)s::int, %(most)s::int, %(step)s::int) n)
)
UPDATE due_moment SET due_time = %(now)s - interval '1 second' FROM picked WHERE deadline = picked.id
"""


def main() -> None:
    """Measures and prints."""
    describe_machine()
    law = Law(terms=Terms(), calendar=calendar.load(None))
    with Servers(DIRECTORY) as servers, _clocks(servers, SMALL) as small, _clocks(servers, LARGE) as large:
        waits: dict[int, list[float]] = {SMALL: [], LARGE: []}
        for number in range(ROUNDS):
            for open_clocks, (database, url) in ((SMALL, small), (LARGE, large)):
                _make_due(url, open_clocks, number)
                waits[open_clocks].append(_tick(database, law))
    ratios = [after / before for before, after in zip(waits[SMALL], waits[LARGE], strict=True)]
    emit(
        "deadline_tick", median(waits[LARGE]), "ms", baseline=median(waits[SMALL]), ratio=median(ratios),
        due=DUE, open_clocks=LARGE, baseline_open_clocks=SMALL, p90=round(quantile(waits[LARGE], 0.9), 2),
        spread=spread(waits[LARGE]), baseline_spread=spread(waits[SMALL]),
    )  # fmt: skip


@contextmanager
def _clocks(servers: Servers, clocks: int) -> Iterator[tuple[Database[Store], str]]:
    name = f"clocks_{clocks}"
    servers.drop_database(name)
    servers.create_database(name)
    url = servers.database_url(name)
    settings = Settings.model_validate(
        {"service": "sla", "environment": "local", "database_url": url, "broker_url": servers.broker_url("unused")}
    )
    for phase in ("pre", "post"):
        migrate.run(settings=settings, package="hotline_sla", phase=phase)
    _fill(url, clocks)
    database = Database(conninfo=url, transaction=Store, audience={}, pool_size=2, statement_timeout_seconds=60)
    database.open()
    try:
        yield database, url
    finally:
        database.close()
        servers.drop_database(name)


def _fill(url: str, clocks: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('deadline', 'due_moment')"
            " AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        for first in range(1, clocks + 1, _PORTION):
            last = min(first + _PORTION - 1, clocks)
            connection.execute(_CLOCKS, {"first": first, "last": last, "now": _NOW})
            say(f"{last:,} of {clocks:,} clocks")
        connection.execute(_MOMENTS)
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE")


def _make_due(url: str, clocks: int, number: int) -> None:
    step = clocks // DUE
    with psycopg.connect(url) as connection:
        touched = connection.execute(
            _MAKE_DUE, {"first": 1 + number, "most": 1 + number + step * (DUE - 1), "step": step, "now": _NOW}
        ).rowcount
        assert touched == DUE, touched


def _tick(database: Database[Store], law: Law) -> float:
    begin = time.perf_counter()
    with database.transaction() as tx:
        acted = handlers.act_on_due_moments(tx=tx, now=_NOW + timedelta(seconds=1), law=law, limit=200)
    wait = (time.perf_counter() - begin) * 1000
    assert acted == DUE, acted
    return wait


if __name__ == "__main__":
    main()
