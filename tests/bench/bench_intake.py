"""RegisterAppeal beside a bare grpcio server that does one INSERT: the same clients, TLS and database, in turns."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from hotline_cli.local.instance import Instance
from hotline_cli.local.servers import free_port

from tests.support.bench import describe_machine, emit, platforms, quantile, say, spread

ROUNDS, SECONDS, CLIENTS, THREADS = 5, 8, 2, 8
_HERE = Path(__file__).parent
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(_HERE.parent.parent)}


def main() -> None:
    """Measures and prints."""
    describe_machine()
    with platforms("intake") as (instance,):
        for name, process in instance.processes.items():
            if name != "intake.serve":
                process.stop()
        port = free_port()
        with _bare_server(instance, port) as bare:
            ours_rates, bare_rates, latencies = [], [], []
            for round_number in range(1, ROUNDS + 1):
                bare_rates.append(_rate(instance, f"127.0.0.1:{port}")[0])
                rate, waits = _rate(instance, instance.running.address("intake"))
                ours_rates.append(rate)
                latencies += waits
                say(f"round {round_number}: bare {bare_rates[-1]:.0f}/s, RegisterAppeal {rate:.0f}/s")
            bare.terminate()
    ratios = [ours / bare_rate for ours, bare_rate in zip(ours_rates, bare_rates, strict=True)]
    emit(
        "register_appeal",
        median(ours_rates),
        "requests/s",
        baseline=median(bare_rates),
        ratio=median(ratios),
        ratio_spread=spread(ratios),
        p50_ms=round(quantile(latencies, 0.5), 2),
        p99_ms=round(quantile(latencies, 0.99), 2),
    )


def _bare_server(instance: Instance, port: int) -> subprocess.Popen[bytes]:
    environment = instance.environment("intake", "serve")
    command = [sys.executable, f"{_HERE}/bare_server.py", instance.database_url("intake"), str(port)]
    return subprocess.Popen([*command, environment["HOTLINE_TLS_CERTIFICATE"], environment["HOTLINE_TLS_KEY"]])


def _rate(instance: Instance, address: str) -> tuple[float, list[float]]:
    running = instance.running
    token = running.token(roles=["operator"])
    command = [sys.executable, f"{_HERE}/clients.py", address, str(running.ca), token, str(SECONDS), str(THREADS)]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, env=_ENVIRONMENT) for _ in range(CLIENTS)]
    answers = [json.loads(client.communicate()[0]) for client in clients]
    assert not any(answer["errors"] for answer in answers), answers[0]["errors"]
    calls = sum(answer["calls"] for answer in answers)
    return calls / SECONDS, [wait for answer in answers for wait in answer["latencies_ms"]]


if __name__ == "__main__":
    main()
