"""What it costs to be watched: a scrape of every process, and the gauges behind it, over a year's data."""

import importlib
import time
import urllib.request
from typing import Any

import psycopg
from hotline_cli.client import SERVICES
from hotline_cli.local.instance import PROCESSES, Instance
from hotline_kernel import housekeeping
from hotline_kernel.settings import PREFIX

from tests.support.bench import describe_machine, emit, platforms, quantile
from tests.support.bulk import write_past

ORDERS, SCRAPES, ROUNDS = 1_000_000, 1000, 10
OVERDUE, RUNNING = 20_000, 150_000
_OPEN = """
UPDATE deadline SET state = %(state)s, settle_time = NULL, due_time = now() + %(shift)s::interval * random()
 WHERE id IN (SELECT id FROM deadline WHERE kind = 'HANDLING' AND state = 'MET' LIMIT %(limit)s)
"""


def main() -> None:
    """Measures and prints."""
    describe_machine()
    with platforms("scrape") as (instance,):
        write_past(instance.database_url, orders=ORDERS)
        _open_clocks(instance.database_url("sla"))
        for service in SERVICES:
            _gauges(instance, service)
        worst = max(_scrapes(instance, service, kind) for service in SERVICES for kind in PROCESSES)
        emit("scrape.worst", worst * 1000, "ms", limit=100, orders=ORDERS)


def _open_clocks(url: str) -> None:
    """What a city has on its desks: ten days of work that runs, and some that is late."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_OPEN, {"state": "RUNNING", "shift": "15 days", "limit": RUNNING})
        connection.execute(_OPEN, {"state": "OVERDUE", "shift": "-30 days", "limit": OVERDUE})
        connection.execute("VACUUM ANALYZE deadline")


def _scrapes(instance: Instance, service: str, kind: str) -> float:
    """The longest of a process's scrapes."""
    port = instance.environment(service, kind)[f"{PREFIX}METRICS_PORT"]
    taken, size = [], 0
    for _ in range(SCRAPES):
        begun = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            size = len(answer.read())
        taken.append(time.perf_counter() - begun)
    more = {"p99_ms": round(quantile(taken, 0.99) * 1000, 2), "most_ms": round(max(taken) * 1000, 2), "bytes": size}
    emit(f"scrape.{service}.{kind}", quantile(taken, 0.5) * 1000, "ms", **more)
    return max(taken)


def _gauges(instance: Instance, service: str) -> None:
    """The tickers that measure, run here on the same databases."""
    environ = instance.environment(service, "pump")
    settings_type: Any = importlib.import_module(f"hotline_{service}.settings").Settings
    settings = settings_type.load(service=service, environ=environ)
    application = importlib.import_module(f"hotline_{service}.bootstrap").build(settings)
    application.database.open()
    try:
        tickers = {each.name: each.run for each in application.tickers if "gauge" in each.name}
        tickers["delivery-gauges"] = lambda: housekeeping.measure(application.database, settings)
        for name, run in tickers.items():
            taken = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                run()
                taken.append(time.perf_counter() - begun)
            emit(f"gauges.{service}.{name}", quantile(taken, 0.5) * 1000, "ms", most_ms=round(max(taken) * 1000, 2))
    finally:
        application.database.close()


if __name__ == "__main__":
    main()
