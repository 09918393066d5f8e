"""Whole lives (register → dispatch → result → close, four calls and their events) a second with everything on this
machine, at 0, 100,000 and 1,000,000 existing orders, in turns; then a spike of 1 → 15 → 25 → 35 arrivals a second.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from hotline_cli.client import Hotline
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_cli.verify import verify

from tests.support.bench import describe_machine, emit, platforms, processor_seconds, quantile, say, spread
from tests.support.bulk import write_past

SIZES = {"empty": 0, "hundred_thousand": 100_000, "million": 1_000_000}
ROUNDS, SECONDS, CLIENTS = int(os.environ.get("HOTLINE_BENCH_ROUNDS", "5")), 20, 96
SPIKE = ((1, 10), (15, 30), (1, 10), (25, 30), (2, 10), (35, 30), (1, 20))  # arrivals a second, seconds
_HERE = Path(__file__).parent


def main() -> None:
    """Measures and prints."""
    describe_machine()
    sizes = dict(list(SIZES.items())[: int(os.environ.get("HOTLINE_BENCH_SIZES", "3"))])
    with platforms(*sizes) as instances:
        for instance in instances:
            write_past(instance.database_url, orders=sizes[instance.name])
        rates: dict[str, list[float]] = {instance.name: [] for instance in instances}
        lives, used = 0, defaultdict[str, float](float)
        for number in range(ROUNDS):
            for instance in instances[:: 1 if number % 2 else -1]:
                before = processor_seconds(instance)
                answer = _run(instance, "closed", str(SECONDS), str(CLIENTS))
                lives += answer["completed"]
                for part, seconds in processor_seconds(instance).items():
                    used[part] += seconds - before[part]
                rates[instance.name].append(answer["completed"] / answer["seconds"])
                say(f"round {number + 1}: {instance.name} {rates[instance.name][-1]:.1f} lives/s")
        for name, orders in sizes.items():
            ratios = [rate / empty for rate, empty in zip(rates[name], rates["empty"], strict=True)]
            emit(
                "lives", median(rates[name]), "lives/s", baseline=median(rates["empty"]), ratio=median(ratios),
                orders=orders, spread=spread(rates[name]), ratio_spread=spread(ratios),
            )  # fmt: skip
        parts = {part: round(seconds * 1000 / lives, 1) for part, seconds in used.items()}
        emit("processor_time_of_a_life", sum(parts.values()), "ms", lives=lives, parts=parts)
        _spike(instances[0])


def _spike(instance: Instance) -> None:
    answer = _run(instance, "spike", *[f"{rate}x{seconds}" for rate, seconds in SPIKE])
    hotline = Hotline(instance.running)
    begin = time.monotonic()
    Quiet(hotline).wait(seconds=300)
    recovered = time.monotonic() - begin
    findings = len(verify(hotline).findings)
    hotline.close()
    emit("spike_lives", answer["completed"], "lives", errors=answer["errors"], findings=findings)
    emit(
        "spike_life_p95",
        quantile(answer["life_seconds"], 0.95),
        "s",
        p50=round(quantile(answer["life_seconds"], 0.5), 3),
    )
    emit("spike_call_p95", quantile(answer["call_ms"], 0.95), "ms")
    emit("spike_recovery", recovered, "s", after="the last arrival's life ended")


def _run(instance: Instance, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(_HERE.parent.parent)}
    command = [sys.executable, f"{_HERE}/living_clients.py", f"{instance.directory}/instance.json", *arguments]
    answered = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    answer: dict[str, Any] = json.loads(answered.stdout)
    return answer


if __name__ == "__main__":
    main()
