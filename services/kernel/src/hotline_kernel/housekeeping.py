"""Partitions made ahead and dropped when spent, remembered requests forgotten, and the gauges of delivery.

Everything here runs on real time.
"""

from datetime import date, timedelta
from typing import TypeVar

import structlog

from hotline_kernel import telemetry, topology
from hotline_kernel.db import Database, Transaction
from hotline_kernel.settings import Settings

DAYS_AHEAD = 7
REQUESTS_A_TURN = 5000
_log = structlog.get_logger(__name__)
Tx = TypeVar("Tx", bound=Transaction)

# Of each partitioned table, what must not be dropped, and the column that decides the partition.
_UNFINISHED = {"outbox": "published_time IS NULL", "inbox": "state IN ('open', 'dead')"}
_COLUMN = {"outbox": "created_time", "inbox": "received_time"}


def tidy(database: Database[Tx], settings: Settings) -> bool:
    """One round; safe when several processes do it at once."""
    retention = {"outbox": settings.outbox_retention_days, "inbox": settings.inbox_retention_days}
    for table, days in retention.items():
        make_partitions(database, table)
        drop_partitions(database, table, older_than_days=days)
    return forget_requests(database, older_than_days=settings.request_retention_days)


def make_partitions(database: Database[Tx], table: str) -> None:
    """Daily partitions from today to a week ahead."""
    with database.transaction() as tx:
        today, present = _today(tx), _partitions(tx, table)
    for day in (today + timedelta(days=n) for n in range(DAYS_AHEAD + 1)):
        if _name(table, day) not in present:
            _make_partition(database, table, day)


def _make_partition(database: Database[Tx], table: str, day: date) -> None:
    first, after = f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z"
    with database.transaction() as tx:
        # Rows that came before housekeeping did stay in the default partition for this one day.
        if not _lock(tx) or _holds(
            tx, f"{table}_default", f"{_COLUMN[table]} >= '{first}' AND {_COLUMN[table]} < '{after}'"
        ):
            return
        tx.run(
            f"CREATE TABLE IF NOT EXISTS {_name(table, day)} PARTITION OF {table}"
            f" FOR VALUES FROM ('{first}') TO ('{after}')"
        )


def drop_partitions(database: Database[Tx], table: str, *, older_than_days: int) -> None:
    """Drop days past their retention in which nothing is unpublished, open or dead."""
    with database.transaction() as tx:
        before = _today(tx) - timedelta(days=older_than_days)
        spent = sorted(name for name in _partitions(tx, table) if name < _name(table, before))
    for name in spent:
        with database.transaction() as tx:
            if not _lock(tx) or name not in _partitions(tx, table):
                continue
            tx.run(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
            if _holds(tx, name, _UNFINISHED[table]):
                _log.warning("partition_kept", partition=name)
                continue
            tx.run(f"DROP TABLE {name}")
            _log.info("partition_dropped", partition=name)
    with database.transaction() as tx:
        tx.run(
            f"DELETE FROM {table}_default WHERE {_COLUMN[table]} < %(before)s AND NOT ({_UNFINISHED[table]})",  # noqa: S608
            {"before": before},
        )


def forget_requests(database: Database[Tx], *, older_than_days: int) -> bool:
    """Forget old answers, some at a time; returns whether there is more."""
    with database.transaction() as tx:
        gone = tx.count(
            "DELETE FROM request WHERE ctid IN (SELECT ctid FROM request"
            " WHERE created_time < now() - make_interval(days => %(days)s) LIMIT %(limit)s FOR UPDATE SKIP LOCKED)",
            {"days": older_than_days, "limit": REQUESTS_A_TURN},
        )
    return gone == REQUESTS_A_TURN


def measure(database: Database[Tx], settings: Settings) -> bool:
    """Set the gauges that alerts look at."""
    service = settings.service
    with database.transaction() as tx:
        out = tx.one(
            "SELECT count(*) AS unpublished, coalesce(extract(epoch FROM now() - min(created_time)), 0)::float8"
            " AS oldest FROM outbox WHERE published_time IS NULL"
        )
        held = tx.all(
            """
            SELECT source, sum(open)::bigint AS open, sum(dead)::bigint AS dead,
                   coalesce(extract(epoch FROM now() - min(received_time) FILTER (WHERE open = 1)), 0)::float8 AS oldest
            FROM (SELECT source, 1 AS open, 0 AS dead, received_time FROM inbox WHERE state = 'open'
                  UNION ALL SELECT source, 0, 1, received_time FROM inbox WHERE state = 'dead') AS counts
            GROUP BY source
            """
        )
        sources = topology.sources_of(service, profile=settings.profile)
        seals = tx.one(
            "SELECT coalesce(max(seal), 0) AS last,"
            " (SELECT jsonb_object_agg(source, (SELECT coalesce(max(seal), 0) FROM audit_kept_head k"
            "   WHERE k.source = s.source)) FROM unnest(%(sources)s::text[]) s(source)) AS kept FROM audit_seal",
            {"sources": sources},
        )
    if out:
        telemetry.OUTBOX_UNPUBLISHED.labels(service).set(out["unpublished"])
        telemetry.OUTBOX_OLDEST_SECONDS.labels(service).set(out["oldest"])
    counts = dict.fromkeys(sources, (0, 0, 0.0))
    counts |= {row["source"]: (row["open"], row["dead"], row["oldest"]) for row in held}
    for source, (open_, dead, oldest) in counts.items():
        telemetry.INBOX_OPEN.labels(service, source).set(open_)
        telemetry.INBOX_DEAD.labels(service, source).set(dead)
        telemetry.INBOX_OLDEST_SECONDS.labels(service, source).set(oldest)
    if seals:
        telemetry.AUDIT_LAST_SEAL.labels(service).set(seals["last"])
        for source, kept in (seals["kept"] or {}).items():
            telemetry.AUDIT_LAST_KEPT_SEAL.labels(service, source).set(kept)
    return False


def measure_queues(settings: Settings) -> bool:
    """Set the gauge of what waits at the broker; raises an OSError or `amqp.AMQPError` if there is none."""
    with topology.connected(settings.broker_url.get_secret_value(), ca=settings.broker_ca) as connection:
        for source in topology.sources_of(settings.service, profile=settings.profile):
            name = topology.queue_name(source, settings.service)
            found = connection.default_channel.queue_declare(queue=name, passive=True)
            telemetry.QUEUE_MESSAGES.labels(settings.service, source).set(found.message_count)
    return False


def _holds(tx: Transaction, table: str, condition: str) -> bool:
    return tx.one(f"SELECT 1 AS found FROM {table} WHERE {condition} LIMIT 1") is not None  # noqa: S608


def _lock(tx: Transaction) -> bool:
    row = tx.one("SELECT pg_try_advisory_xact_lock(hashtext('hotline_housekeeping')) AS got")
    tx.run("SET LOCAL lock_timeout = '1s'")  # rather later than in everybody's way
    return bool(row and row["got"])


def _today(tx: Transaction) -> date:
    row = tx.one("SELECT (now() AT TIME ZONE 'UTC')::date AS today")
    assert row
    today: date = row["today"]
    return today


def _name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _partitions(tx: Transaction, table: str) -> set[str]:
    rows = tx.all(
        "SELECT relid::regclass::text AS name FROM pg_partition_tree(%(table)s::regclass) WHERE isleaf",
        {"table": table},
    )
    return {row["name"] for row in rows} - {f"{table}_default"}
