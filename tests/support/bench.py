"""What benchmarks share: a platform of their own, one JSON object a line, medians with their interval."""

import json
import logging
import os
import platform as machine
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import structlog
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seeded
from hotline_cli.local.servers import Servers

DIRECTORY = Path(__file__).parents[2] / ".run" / "bench"


def emit(
    name: str, value: float, unit: str, *, baseline: float | None = None, ratio: float | None = None, **more: Any
) -> None:
    """Prints one result."""
    line: dict[str, Any] = {"name": name, "value": round(value, 3), "unit": unit}
    if baseline is not None:
        line["baseline"] = round(baseline, 3)
    if ratio is not None:
        line["ratio"] = round(ratio, 3)
    print(json.dumps(line | more, ensure_ascii=False), flush=True)


def say(what: str) -> None:
    """Tells a person how far it is; not a result."""
    print(what, file=sys.stderr, flush=True)


def describe_machine() -> None:
    """Prints where the figures come from."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), machine.processor())  # fmt: skip
    emit("machine", os.cpu_count() or 0, "cores", memory_gib=round(memory, 1), cpu=cpu, load=os.getloadavg()[0])


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that at least a share of them does not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(len(values) * share) - 1)]


def spread(values: Sequence[float]) -> Mapping[str, float]:
    """Median, least and most of repeated measurements."""
    return {"median": round(median(values), 3), "min": round(min(values), 3), "max": round(max(values), 3)}


def processor_seconds(instance: Instance) -> Mapping[str, float]:
    """What each kind of process of an instance, and its servers, have used of the processor since they started."""
    used: dict[str, float] = defaultdict(float)
    for name, process in instance.processes.items():
        if process.pid is not None:
            used[name.partition(".")[2]] += _processor_seconds(process.pid)
    assert isinstance(instance.servers, Servers)
    for server in (instance.servers.postgres, instance.servers.rabbitmq):
        if server.pid is not None:
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            used[server.name] = sum(map(_processor_seconds, [server.pid, *map(int, children)]))
    return used


def _processor_seconds(pid: int) -> float:
    try:
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")  # own, and of children that ended


@contextmanager
def platforms(*names: str) -> Iterator[list[Instance]]:
    """Fresh instances side by side on one pair of servers, with the invented city, and gone afterwards."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # stdout is for results
    with Servers(DIRECTORY) as servers, ExitStack() as standing:
        yield [
            # Spans are for people who look at one life; at full speed they would be measured instead.
            standing.enter_context(
                seeded(
                    Instance(
                        directory=DIRECTORY, servers=servers, name=name, settings=NO_RATE_LIMIT | {"trace_file": ""}
                    )
                )
            )
            for name in names
        ]
