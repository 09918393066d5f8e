"""Searches of staff that found nothing, counted as gaps without making anybody wait (Art. 9(4))."""

import threading
import time
from collections import deque
from dataclasses import dataclass

import psycopg
import structlog
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.errors import Unavailable

from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.domain.gap import counts_by_itself, key_of
from hotline_knowledge.handlers.gaps import count_missed

SETTLE_SECONDS = 2.0
"""Who searches on within it was still typing, or found other words: the last search that found nothing counts."""
_LOOK_SECONDS = 0.5
_MOST_SEARCHERS = 10_000
_MOST_WAITING = 1_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Miss:
    query: str
    time: float


class Misses:
    """A thread that writes what was missed; the search itself only leaves a word in memory.

    Who searched is kept for the seconds of settling alone, and never written. What is in memory when the process is
    killed is not counted, and what does not fit is let go: a gap that matters is asked for again.
    """

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, _Miss] = {}
        self._waiting: deque[str] = deque(maxlen=_MOST_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="misses", daemon=True)

    def start(self) -> None:
        """Counts from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when what was missed is written."""
        self._stopped.set()
        self._thread.join()

    def searched(self, subject: str, query: str, *, found: bool) -> None:
        """Somebody of the staff searched; takes microseconds."""
        with self._lock:
            before = self._last.pop(subject, None)
            if found:  # with other words, or a letter later
                return
            if before and not key_of(query).startswith(key_of(before.query)):
                self._waiting.append(before.query)
            if counts_by_itself(query) and len(self._last) < _MOST_SEARCHERS:
                self._last[subject] = _Miss(query, time.monotonic())

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            self._write(settled_before=time.monotonic() - SETTLE_SECONDS)
        self._write(settled_before=time.monotonic())

    def _write(self, *, settled_before: float) -> None:
        with self._lock:
            settled = [subject for subject, miss in self._last.items() if miss.time <= settled_before]
            queries = [*self._waiting, *(self._last.pop(subject).query for subject in settled)]
            self._waiting.clear()
        if not queries:
            return
        try:
            with self._database.transaction() as tx:
                for query in sorted(
                    queries, key=key_of
                ):  # in one order, so that two servers cannot wait for each other
                    count_missed(query=query, tx=tx, now=self._clock.now())
        except (Unavailable, psycopg.Error) as error:
            _log.warning("misses_not_counted", count=len(queries), error=type(error).__name__)
