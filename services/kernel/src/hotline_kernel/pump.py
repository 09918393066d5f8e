"""The pump: plain threads that carry events in and out and look for what is due. It may be killed at any instruction.

Workers handle the inbox, the relay publishes the outbox, tickers run periodic tasks. A batch of events shares one
transaction; if one fails the batch is undone, the try is counted against that event alone, and the others run again.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

import psycopg
import structlog
from google.protobuf import json_format
from google.protobuf.message import Message

from hotline_kernel import housekeeping, inbox, telemetry, topology
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database, Transaction
from hotline_kernel.errors import NotYet, Unavailable
from hotline_kernel.relay import Relay
from hotline_kernel.settings import Settings

EventHandler = Callable[..., None]
"""Called as `handler(event, tx=tx, now=now, envelope=envelope)`; it commits nothing and uses no other connection."""

BATCH = 100
BATCH_LANES = 8
"""Lanes one worker takes at once, so that the others find some too."""
BATCH_SECONDS = 1.0
"""A batch commits what it has after this time, so that slow handlers do not hold lanes for long."""
POLL_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.1
PARK_SECONDS = 30.0
"""Longest pause before an early event is looked at again; until then it is as long as the event is old."""
NOT_YET_SECONDS = 2.0
"""The same for an event that waits for one of another source."""
UNHEARD_SECONDS = 60.0
"""So long an early event that is not for us to hear waits for the one before it, if that one is not here."""

WENT_BACK = (
    "another event of this number was handled before: its source went back to an earlier moment"
    " (docs/how-to/restore.md)"
)

Tx = TypeVar("Tx", bound=Transaction)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ticker:
    """A periodic task; `run` returns True when there is more to do at once."""

    name: str
    interval_seconds: float
    run: Callable[[], bool]


class Bell:
    """Wakes sleeping workers one by one; a ring while all are busy is not forgotten."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rings = 0

    def ring(self) -> None:
        """Wake one sleeper."""
        with self._condition:
            self.rings += 1
            self._condition.notify()

    def ring_all(self) -> None:
        """Wake everybody, to stop."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def sleep(self, *, seen: int, seconds: float) -> None:
        """Sleep until there is a ring after the `seen` ones, at most so long."""
        with self._condition:
            self._condition.wait_for(lambda: self.rings != seen, timeout=seconds)


class _EventFailed(Exception):
    """A handler raised; its cause says what."""

    def __init__(self, row: inbox.Row, *, connection_lost: bool) -> None:
        super().__init__()
        self.row = row
        self.connection_lost = connection_lost


class Worker(Generic[Tx]):
    """Handles batches of the inbox; any number of them, in any number of processes."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database[Tx],
        clock: Clock,
        subscriptions: Mapping[type[Message], EventHandler],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._handlers = {type_.DESCRIPTOR.full_name: (type_, handler) for type_, handler in subscriptions.items()}
        self._limit = BATCH
        self._left_some = False

    def run(self, stop: threading.Event, bell: Bell) -> None:
        """Work until told to stop; the database may come and go."""
        while not stop.is_set():
            seen = bell.rings
            try:
                self.handle_batch(stop)
            except (Unavailable, psycopg.OperationalError) as error:
                _log.warning("inbox_interrupted", **telemetry.failure(error))
                stop.wait(POLL_SECONDS)
                continue
            if self._left_some:
                bell.ring()
            else:
                bell.sleep(seen=seen, seconds=self._nap_seconds())

    def handle_batch(self, stop: threading.Event) -> int:
        """Handle due events of lanes that nobody else holds; returns how many rows were due.

        Raises `Unavailable` or `psycopg.OperationalError` when the database is away; nothing is counted then.
        """
        rows: list[inbox.Row] = []
        self._left_some = True
        try:
            with self._database.transaction() as tx:
                lanes = inbox.lock_lanes(tx, limit=BATCH_LANES)
                rows = inbox.read_due(tx, lanes=lanes, limit=self._limit) if lanes else []
                settlement = self._handle(rows, tx, stop)
                woken = inbox.settle(tx, settlement) if settlement.settled else None
                if settlement.parked:
                    inbox.park(tx, settlement.parked)
                for other in settlement.others:
                    inbox.fail(tx, other, error=WENT_BACK, dead=True, delay_seconds=0)
        except _EventFailed as failed:
            if isinstance(failed.__cause__, psycopg.Error) and len(rows) > 1:
                self._limit = 1  # statements are pipelined: it may have been another event's that was refused
            else:
                self._count_failure(failed.row, failed.__cause__, connection_lost=failed.connection_lost)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:
            # The flush or the commit refused what some event of the batch did: find out which, one by one.
            if not rows:
                raise
            if len(rows) == 1:
                self._count_failure(rows[0], error, connection_lost=False)
            self._limit = 1
        else:
            more_lanes = len(lanes) == BATCH_LANES or len(rows) == self._limit
            unhandled = len(settlement.settled) + len(settlement.parked) + len(settlement.others) < len(rows)
            row = woken.fetchone() if woken else None
            self._left_some = more_lanes or unhandled or bool(row and row["woken"])
            self._limit = min(BATCH, 2 * self._limit)
            self._observe(settlement)
        return len(rows)

    def _handle(self, rows: Sequence[inbox.Row], tx: Tx, stop: threading.Event) -> inbox.Settlement:
        settlement = inbox.Settlement()
        until = monotonic() + BATCH_SECONDS
        for row in sorted(rows, key=lambda row: (row.stream, row.sequence)):
            cursor = settlement.cursors.get(row.stream, row.handled)
            after = row.comes_after(self._settings.service)
            if 1 <= row.sequence <= cursor:
                known = settlement.committed.get(row.stream, row.handled_committed)
                is_another = row.is_another(handled_committed=known)
                (settlement.others if is_another else settlement.settled).append(row)
            elif after is None:  # not for us to hear: a queue of a release before, which is still bound to everything
                # Two listeners share the queue then, and may store it before the one that it comes after. It must not
                # be missing when that is handled: the release before waits for each number.
                if row.sequence == cursor + 1:
                    settlement.advance(row)
                elif row.age_seconds < UNHEARD_SECONDS or inbox.has_earlier(tx, row, cursor=cursor):
                    settlement.parked.append((row, _pause(row, PARK_SECONDS)))
                else:
                    settlement.settled.append(row)
            elif after > cursor:
                settlement.parked.append((row, _pause(row, PARK_SECONDS)))
            elif stop.is_set() or monotonic() > until:
                break
            else:
                try:
                    self._handle_one(row, tx)
                except NotYet:
                    settlement.parked.append((row, _pause(row, NOT_YET_SECONDS)))
                else:
                    settlement.advance(row, heard="after" in row.headers)
        return settlement

    def _handle_one(self, row: inbox.Row, tx: Tx) -> None:
        try:
            envelope = row.envelope()
            subscription = self._handlers.get(row.type)
            if subscription is None:
                return
            type_, handler = subscription
            event = json_format.Parse(row.payload, type_(), ignore_unknown_fields=True)
            with telemetry.span(f"handle {row.type}", traceparent=envelope.traceparent):
                handler(event, tx=tx, now=self._clock.now(), envelope=envelope)
        except NotYet:
            raise
        except Exception as error:
            raise _EventFailed(row, connection_lost=tx.connection.closed) from error

    def _count_failure(self, row: inbox.Row, cause: BaseException | None, *, connection_lost: bool) -> None:
        if connection_lost or isinstance(cause, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            return  # not the event's fault
        self._limit = max(1, self._limit // 4)
        settings = self._settings
        # A service that cannot be reached is no reason to give up; whoever restores it restores all that waits.
        dead = row.attempts + 1 >= settings.max_attempts and not isinstance(cause, Unavailable)
        delay = min(settings.retry_delay_seconds * 2.0 ** min(row.attempts, 30), settings.retry_delay_max_seconds)
        details = telemetry.failure(cause) if cause else {}
        with self._database.transaction() as tx:
            inbox.fail(tx, row, error="; ".join(details.values()), dead=dead, delay_seconds=delay)
        telemetry.INBOX_FAILED.labels(settings.service, row.source).inc()
        _log.warning(
            "event_dead" if dead else "event_failed",
            source=row.source,
            type=row.type,
            subject=row.aggregate,
            sequence=row.sequence,
            attempt=row.attempts + 1,
            **details,
        )

    def _observe(self, settlement: inbox.Settlement) -> None:
        for row in settlement.others:
            telemetry.INBOX_FAILED.labels(self._settings.service, row.source).inc()
            _log.error(
                "source_went_back", source=row.source, type=row.type, subject=row.aggregate, sequence=row.sequence
            )
        for row in settlement.settled:
            telemetry.EVENT_LAG.labels(self._settings.service, row.source).observe(row.lag_seconds)
        for (source, _), handled in settlement.counted.items():
            telemetry.INBOX_HANDLED.labels(self._settings.service, source).inc(handled)

    def _nap_seconds(self) -> float:
        return min(POLL_SECONDS, self._settings.retry_delay_seconds)


class Pump(Generic[Tx]):
    """Everything a service does without being asked."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database[Tx],
        clock: Clock,
        subscriptions: Mapping[type[Message], EventHandler],
        tickers: Sequence[Ticker] = (),
    ) -> None:
        """The database is open and migrated; nothing starts before `run`."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self._subscriptions = subscriptions
        self._tickers = [
            *tickers,
            Ticker(name="housekeeping", interval_seconds=600, run=lambda: housekeeping.tidy(database, settings)),
            Ticker(name="gauges", interval_seconds=5, run=lambda: housekeeping.measure(database, settings)),
            Ticker(name="queue-gauges", interval_seconds=15, run=lambda: housekeeping.measure_queues(settings)),
        ]
        for ticker in self._tickers:  # counted from nought, so that the first failure is seen to be one more
            telemetry.TICKER_FAILED.labels(settings.service, ticker.name)
        self._bell = Bell()
        self._crashed: list[BaseException] = []

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand; a defect in a thread ends the process with it."""
        with self._database.transaction() as tx:
            inbox.open_lanes(tx, sources=topology.sources_of(self._settings.service, profile=self._settings.profile))
        loops: list[tuple[str, Callable[[], None]]] = [
            ("relay", lambda: Relay(settings=self._settings).run(stop)),
            ("inbox-bell", lambda: self._listen(stop)),
            *(
                (f"worker-{n}", lambda: self._worker().run(stop, self._bell))
                for n in range(self._settings.worker_threads)
            ),
            *((f"ticker-{ticker.name}", _tick_loop(ticker, stop, self._settings)) for ticker in self._tickers),
        ]
        threads = [threading.Thread(target=self._guard, args=(loop, stop), name=name) for name, loop in loops]
        for thread in threads:
            thread.start()
        while not stop.wait(1.0):
            telemetry.beat(service=self._settings.service, process="pump")
        self._bell.ring_all()
        for thread in threads:
            thread.join()
        if self._crashed:
            raise self._crashed[0]

    def _worker(self) -> Worker[Tx]:
        return Worker(
            settings=self._settings, database=self._database, clock=self._clock, subscriptions=self._subscriptions
        )

    def _guard(self, loop: Callable[[], None], stop: threading.Event) -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001  (raised again by `run`)
            self._crashed.append(error)
            stop.set()

    def _listen(self, stop: threading.Event) -> None:
        """Ring the bell whenever the listener stored something."""
        while not stop.is_set():
            try:
                with psycopg.connect(
                    self._settings.database_url.get_secret_value(), autocommit=True, connect_timeout=5
                ) as connection:
                    connection.execute(f"LISTEN {inbox.CHANNEL}")
                    self._bell.ring()
                    while not stop.is_set():
                        for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                            self._bell.ring()
            except psycopg.OperationalError as error:
                _log.warning("bell_disconnected", **telemetry.failure(error))
                stop.wait(POLL_SECONDS)


def _tick_loop(ticker: Ticker, stop: threading.Event, settings: Settings) -> Callable[[], None]:
    def loop() -> None:
        while not stop.is_set():
            more = False
            try:
                more = ticker.run()
            except Exception as error:  # noqa: BLE001  (it is tried again, and counted)
                telemetry.TICKER_FAILED.labels(settings.service, ticker.name).inc()
                _log.warning("ticker_failed", ticker=ticker.name, **telemetry.failure(error))
            if not more:
                stop.wait(ticker.interval_seconds)

    return loop


def _pause(row: inbox.Row, longest_seconds: float) -> float:
    return min(max(row.age_seconds, SHORTEST_PAUSE_SECONDS), longest_seconds)
