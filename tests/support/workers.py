"""Where a test run keeps its servers and platforms: each of pytest's workers in a folder of its own."""

import os
from pathlib import Path

_RUN = Path(__file__).parents[2] / ".run"


def run_directory(suite: str) -> Path:
    """The folder of a suite's servers, of this worker alone if there are several."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    return _RUN / (f"{suite}-{worker}" if worker else suite)


def share_of(ports: range) -> range:
    """Ports of this worker alone: a process that is started again must find its own still free."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    size = len(ports) // count
    first = int(worker.removeprefix("gw") or 0) * size
    return ports[first : first + size]
