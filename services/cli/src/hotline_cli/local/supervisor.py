"""Keeps processes running: starts them, restarts what dies, stops them in order."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

import structlog

from hotline_cli.local.servers import ServerError

_log = structlog.get_logger(__name__)
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 10.0
_GOOD_SECONDS = 10.0  # who ran as long as this starts again without delay
_STOP_SECONDS = 40.0


class Process:
    """One process that is started again whenever it ends without being told to."""

    def __init__(
        self, *, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, health_url: str
    ) -> None:
        """name -- `sla.pump`;  health_url -- answers 200 as soon as the process does its work."""
        self.name = name
        self.log = log
        self.restarts = 0
        self._command = ["setpriv", "--pdeathsig", "TERM", *command]  # should we be killed, it ends too
        self._environment = dict(environment)
        self._health_url = health_url
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = Event()
        self._ending = signal.SIGTERM
        self._keeper: Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def start(self) -> None:
        """Start it, and again whenever it ends, until `stop`."""
        if self._keeper is None:
            self._stopping.clear()
            self._keeper = Thread(target=self._keep, name=f"keeper of {self.name}", daemon=True)
            self._keeper.start()

    def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Tell it to finish and wait; one that does not obey in time is killed, at 0 seconds without being told."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        self._ending = signal.SIGTERM if seconds else signal.SIGKILL
        self._stopping.set()
        self.signal(self._ending)
        keeper.join(seconds)
        if keeper.is_alive():
            self.kill()
            keeper.join()

    def kill(self) -> None:
        """Kill it with SIGKILL; it is started again."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens while it does not run."""
        child = self._child
        if child is not None:
            child.send_signal(number)

    def is_ready(self) -> bool:
        """Tell whether it runs and says that it works."""
        if self.pid is None:
            return False
        try:
            with urllib.request.urlopen(self._health_url, timeout=5) as answer:  # noqa: S310 -- our own process
                return bool(answer.status == 200)
        except OSError:  # URLError is one
            return False

    def wait_ready(self, *, seconds: float = 60) -> None:
        """Wait until it works; ServerError with the end of its log when it does not in time."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} is not ready; the end of {self.log}:\n{_tail(self.log)}")
            time.sleep(0.05)

    def _keep(self) -> None:
        """Run it until told to stop. The kernel ties the child to the life of this thread (pdeathsig)."""
        delay = 0.0
        while not self._stopping.wait(delay):
            begun = time.monotonic()
            with self.log.open("ab") as log:
                self._child = subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for the supervisor, which stops it in order
                )
            if self._stopping.is_set():  # told while it was being started
                self._child.send_signal(self._ending)
            self._child.wait()
            if not self._stopping.is_set():
                self.restarts += 1
                _log.warning("process_ended", process=self.name, status=self._child.returncode, log=str(self.log))
            good = time.monotonic() - begun > _GOOD_SECONDS
            delay = 0.0 if good else min(max(delay * 2, _FIRST_DELAY_SECONDS), _LONGEST_DELAY_SECONDS)


class Supervisor:
    """A group of processes, started together and stopped in the reverse of the order of their kinds."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.processes = dict(processes)

    def start(self, *, on_ready: Callable[[Process], None] = lambda _: None, seconds: float = 120) -> None:
        """Start all and wait until each works, telling of each as it becomes ready."""
        for process in self.processes.values():
            process.start()
        waiting = list(self.processes.values())
        deadline = time.monotonic() + seconds
        while waiting:
            for process in [process for process in waiting if process.is_ready()]:
                waiting.remove(process)
                on_ready(process)
            if time.monotonic() > deadline:
                waiting[0].wait_ready(seconds=0)
            time.sleep(0.05)

    def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Stop whoever takes calls first, then those who work off what was taken; each has so long for it."""
        for kind in ("serve", "pump", "listen"):
            group = [process for name, process in self.processes.items() if name.endswith(f".{kind}")]
            threads = [Thread(target=process.stop, kwargs={"seconds": seconds}) for process in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


def _tail(path: Path, lines: int = 20) -> str:
    if not path.exists():
        return "(nothing)"
    with path.open("rb") as file:
        file.seek(max(0, os.path.getsize(path) - 20_000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
