"""From the commit in intake to the commit of its effect in sla, at 100 appeals a second with everything running;
then the highest rate at which a backlog drains.

PostgreSQL itself tells when each transaction committed (`track_commit_timestamp`), so no process's clock is asked: the
citizen's row is written once, with the appeal; the first history row of its one-hour clock is sla's effect.
"""

import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import psycopg
from hotline_cli.client import Hotline
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet

from tests.support.bench import describe_machine, emit, platforms, quantile, say

RATE, SECONDS, CLIENTS = 100, 30, 2
BACKLOG_SECONDS = 20
_HERE = Path(__file__).parent

_REGISTERED = """
SELECT 'appeals/' || appeal.id AS subject, pg_xact_commit_timestamp(citizen.xmin) AS committed
  FROM appeal JOIN citizen ON citizen.id = appeal.citizen_id WHERE appeal.create_time >= %s
"""
_TOOK_EFFECT = """
SELECT deadline.subject, pg_xact_commit_timestamp(change.xmin) AS committed
  FROM deadline JOIN deadline_change change ON change.deadline = deadline.id AND change.change = 'opened'
 WHERE deadline.kind = 'ANSWER'
"""


def main() -> None:
    """Measures and prints."""
    describe_machine()
    with platforms("events") as (instance,):
        hotline = Hotline(instance.running)
        _lag(instance, hotline)
        _drain(instance, hotline)
        hotline.close()


def _lag(instance: Instance, hotline: Hotline) -> None:
    _load(instance, RATE / CLIENTS, 5)  # plans, pools and caches are warm
    Quiet(hotline).wait()
    with psycopg.connect(instance.database_url("intake")) as connection:
        row = connection.execute("SELECT now()").fetchone()
        assert row is not None
        begin = row[0]
    sent = _load(instance, RATE / CLIENTS, SECONDS)
    Quiet(hotline).wait()
    with psycopg.connect(instance.database_url("intake")) as connection:
        registered: dict[str, datetime] = dict(connection.execute(_REGISTERED, (begin,)).fetchall())
    with psycopg.connect(instance.database_url("sla")) as connection:
        effects: dict[str, datetime] = dict(connection.execute(_TOOK_EFFECT).fetchall())
    lags = [(effects[subject] - committed).total_seconds() * 1000 for subject, committed in registered.items()]
    emit("event_lag_p50", quantile(lags, 0.5), "ms", rate=round(sent / SECONDS, 1), events=len(lags))
    emit("event_lag_p99", quantile(lags, 0.99), "ms", rate=round(sent / SECONDS, 1), most=round(max(lags), 1))


def _drain(instance: Instance, hotline: Hotline) -> None:
    consumers = [name for name in instance.processes if name.endswith((".pump", ".listen"))]
    for name in consumers:
        instance.processes[name].stop()
    _load(instance, 1000, BACKLOG_SECONDS)
    before = _handled(instance)
    begin = time.monotonic()
    for name in consumers:
        instance.processes[name].start()
    instance.wait_ready()
    Quiet(hotline).wait(seconds=600)
    seconds = time.monotonic() - begin
    handled = _handled(instance) - before
    emit("backlog_drained", handled / seconds, "deliveries/s", deliveries=handled, seconds=round(seconds, 1))


def _handled(instance: Instance) -> int:
    total = 0
    for service in ("intake", "dispatch", "sla", "feedback", "knowledge"):
        with psycopg.connect(instance.database_url(service)) as connection:
            row = connection.execute("SELECT coalesce(sum(handled), 0) FROM inbox_lane").fetchone()
            assert row is not None
            total += int(row[0])
    return total


def _load(instance: Instance, rate: float, seconds: float) -> int:
    running = instance.running
    command = [sys.executable, f"{_HERE}/paced_clients.py", running.address("intake"), str(running.ca)]
    command += [running.token(roles=["operator"]), str(rate), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(_HERE.parent.parent)}
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(CLIENTS)]
    answers = [json.loads(client.communicate()[0]) for client in clients]
    calls = sum(int(answer["calls"]) for answer in answers)
    say(f"{calls} appeals in {seconds} s, {sum(answer['errors'] for answer in answers)} errors")
    return calls


if __name__ == "__main__":
    main()
