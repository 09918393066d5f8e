"""The pump on a real database: order, doubles, gaps, poison, and a database that goes away."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from hotline.operations.events.v1.audit_events_pb2 import AuditSealed
from hotline_kernel import housekeeping
from hotline_kernel.clock import SystemClock
from hotline_kernel.db import Transaction
from hotline_kernel.errors import Unavailable
from hotline_kernel.inbox import Envelope
from hotline_kernel.pump import Bell, Pump, Ticker

if TYPE_CHECKING:
    from .conftest import House

EVER = Event()
"""A stop that never comes."""
NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)


class PoisonError(Exception):
    pass


def poison_in(house: "House", aggregate: str) -> Callable[..., None]:
    """A handler that has its effect first and then fails, for the first event of one aggregate."""

    def handle(event: AuditSealed, *, tx: Transaction, now: object, envelope: Envelope) -> None:
        tx.run(
            "INSERT INTO effect (aggregate, sequence) VALUES (%(aggregate)s, %(sequence)s)",
            {"aggregate": envelope.aggregate, "sequence": envelope.sequence},
        )
        tx.publish(event, aggregate=f"effects/{envelope.aggregate}", time=envelope.time)
        if envelope.aggregate == aggregate and envelope.sequence == 1:
            raise PoisonError("no")

    return handle


class TestWorker:
    def test_handles_each_aggregate_in_order_however_the_events_came(self, house: "House") -> None:
        for sequence in (2, 1, 3):
            house.receive("appeals/1", sequence)
        assert house.worker().handle_batch(EVER) == 3
        assert house.effects.of("appeals/1") == [1, 2, 3]

    def test_handles_a_double_once(self, house: "House") -> None:
        for sequence in (1, 1, 2):
            house.receive("appeals/1", sequence)
        worker = house.worker()
        worker.handle_batch(EVER)
        house.receive("appeals/1", 1)
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 2]
        assert {state for _, _, state, _ in house.states()} == {"done"}
        assert house.effects.query("SELECT sum(handled) FROM inbox_lane") == [(2,)]

    @pytest.mark.parametrize(("later", "state"), [(timedelta(minutes=5), "dead"), (timedelta(seconds=1), "done")])
    def test_shows_another_event_of_a_number_that_was_handled(
        self, house: "House", later: timedelta, state: str
    ) -> None:
        """Its source went back to an earlier moment and counts on from there; a double is as old as it was."""
        for sequence in (1, 2, 3):
            house.receive("appeals/1", sequence, committed=NOW)
        worker = house.worker()
        worker.handle_batch(EVER)
        house.receive("appeals/1", 2, committed=NOW + later)
        house.receive("appeals/1", 3, committed=NOW - timedelta(days=1))
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 2, 3]
        assert [each for _, _, each, _ in house.states()[3:]] == [state, "done"]
        told = house.effects.query("SELECT count(*) FROM inbox WHERE error LIKE '%%went back%%'")
        assert told == [(int(state == "dead"),)]
        house.receive("appeals/1", 4, committed=NOW + later)
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 2, 3, 4], "the others go on"

    def test_shows_it_within_one_batch_too(self, house: "House") -> None:
        for later in (timedelta(0), timedelta(minutes=5)):
            house.receive("appeals/1", 1, committed=NOW + later)
        house.worker().handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1]
        assert sorted(state for _, _, state, _ in house.states()) == ["dead", "done"]

    def test_takes_nothing_for_another_whose_cursor_was_moved_by_hand(self, house: "House") -> None:
        house.receive("appeals/1", 1, committed=NOW)
        worker = house.worker()
        worker.handle_batch(EVER)
        house.effects.query("UPDATE inbox_cursor SET sequence = 2 RETURNING 1")  # a drop, or the release before
        house.receive("appeals/1", 2, committed=NOW + timedelta(minutes=5))
        worker.handle_batch(EVER)
        assert {state for _, _, state, _ in house.states()} == {"done"}

    def test_parks_an_early_event_and_runs_it_at_once_when_the_gap_is_filled(self, house: "House") -> None:
        house.receive("appeals/1", 2)
        worker = house.worker()
        worker.handle_batch(EVER)
        assert worker.handle_batch(EVER) == 0, "it is parked"
        assert house.effects.of("appeals/1") == []
        house.receive("appeals/1", 1)
        worker.handle_batch(EVER)
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 2]

    def test_waits_for_the_event_that_it_hears_before_and_for_no_other(self, house: "House") -> None:
        house.receive("appeals/1", 9, after={"sla": 4})
        worker = house.worker()
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [], "it is parked"
        house.receive("appeals/1", 4, after={"sla": 0, "feedback": 3})
        worker.handle_batch(EVER)
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [4, 9]
        assert house.effects.query("SELECT sum(handled), sum(heard) FROM inbox_lane") == [(2, 2)]

    def test_has_no_use_for_an_event_that_is_not_for_it_to_hear(self, house: "House") -> None:
        house.receive("appeals/1", 1, after={"sla": 0})
        house.receive("appeals/1", 2, after={"feedback": 1}, event=StringValue(value="x"))
        house.receive("appeals/1", 9, after={"feedback": 2}, event=StringValue(value="x"))
        worker = house.worker()
        worker.handle_batch(EVER)
        house.receive("appeals/1", 10, after={"sla": 1})
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 10]
        house.grow_older()
        worker.handle_batch(EVER)
        assert {state for _, _, state, _ in house.states()} == {"done"}
        assert house.effects.query("SELECT sum(heard) FROM inbox_lane") == [(2,)]

    def test_leaves_no_gap_where_an_event_that_is_not_for_it_came_too_early(self, house: "House") -> None:
        """While two releases run, their listeners share a queue, and the one before counts every number."""
        house.receive("appeals/1", 2, after={"feedback": 1}, event=StringValue(value="x"))
        worker = house.worker()
        worker.handle_batch(EVER)
        house.receive("appeals/1", 1, after={"sla": 0})
        worker.handle_batch(EVER)
        worker.handle_batch(EVER)
        assert house.effects.query("SELECT sequence FROM inbox_cursor") == [(2,)]
        house.receive("appeals/1", 3)  # as the release before announces it
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 3]

    def test_waits_in_vain_for_a_gap_before_what_is_not_for_it_to_hear_only_for_a_while(self, house: "House") -> None:
        house.receive("appeals/1", 9, after={"feedback": 2}, event=StringValue(value="x"))
        worker = house.worker()
        worker.handle_batch(EVER)
        assert house.states() == [("appeals/1", 9, "open", 0)]
        house.grow_older()
        worker.handle_batch(EVER)
        assert house.states() == [("appeals/1", 9, "done", 0)]

    @pytest.mark.parametrize("state", ["open", "dead"])
    def test_waits_as_long_as_an_earlier_one_is_here(self, house: "House", state: str) -> None:
        """Else it would be missing when that is replayed, and the release before counts every number."""
        house.receive("appeals/1", 1)
        house.effects.query(
            f"UPDATE inbox SET state = '{state}', next_attempt_time = now() + interval '1 day' RETURNING 1"
        )
        house.receive("appeals/1", 2, after={"feedback": 1}, event=StringValue(value="x"))
        worker = house.worker()
        house.grow_older(sequence=2)
        worker.handle_batch(EVER)
        assert [state for _, sequence, state, _ in house.states() if sequence == 2] == ["open"]
        house.effects.query("UPDATE inbox SET state = 'open', next_attempt_time = now() RETURNING 1")
        worker.handle_batch(EVER)
        assert house.effects.query("SELECT sequence FROM inbox_cursor") == [(2,)]

    def test_waits_for_none_that_would_move_no_cursor(self, house: "House") -> None:
        """One that is dead because its number was handled before."""
        house.receive("appeals/1", 3, after={"sla": 0})
        worker = house.worker()
        worker.handle_batch(EVER)
        house.receive("appeals/1", 2)
        house.effects.query("UPDATE inbox SET state = 'dead' WHERE sequence = 2 RETURNING 1")
        house.receive("appeals/1", 9, after={"feedback": 2}, event=StringValue(value="x"))
        house.grow_older(sequence=9)
        worker.handle_batch(EVER)
        assert [state for _, sequence, state, _ in house.states() if sequence == 9] == ["done"]

    def test_passes_over_a_type_that_nobody_handles(self, house: "House") -> None:
        house.receive("appeals/1", 1, event=StringValue(value="x"))
        house.receive("appeals/1", 2)
        house.worker().handle_batch(EVER)
        assert house.effects.of("appeals/1") == [2]
        assert house.effects.query("SELECT sequence FROM inbox_cursor") == [(2,)]

    def test_ignores_fields_it_does_not_know(self, house: "House") -> None:
        house.receive("appeals/1", 1, payload='{"seal": "1", "fieldOfNextYear": {"a": [1]}}')
        house.worker().handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1]

    def test_gives_up_poison_after_bounded_tries_and_delays_nobody_else(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        for sequence in (1, 2):
            for n in range(20):
                house.receive(f"appeals/{n}", sequence)
        workers = [house.worker(poison_in(house, "appeals/7")) for _ in range(2)]
        with running(*(lambda stop, w=w: w.run(stop, Bell()) for w in workers)):
            waiting(lambda: ("appeals/7", 1, "dead", 3) in house.states())
            waiting(lambda: all(house.effects.of(f"appeals/{n}") == [1, 2] for n in range(20) if n != 7))
        assert house.effects.of("appeals/7") == []
        assert house.effects.query("SELECT state FROM inbox WHERE aggregate = 'appeals/7' AND sequence = 2") == [
            ("open",)
        ]
        assert house.effects.query("SELECT 1 FROM outbox WHERE aggregate = 'effects/appeals/7'") == []
        assert house.effects.query("SELECT count(*) FROM outbox") == [(38,)]

    def test_counts_a_failure_at_commit_against_the_event_that_caused_it(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        house.effects.query("ALTER TABLE effect ADD CONSTRAINT once UNIQUE (sequence) DEFERRABLE INITIALLY DEFERRED")
        house.effects.query("INSERT INTO effect (aggregate, sequence) VALUES ('other', 1)")
        house.receive("appeals/1", 1)
        house.receive("appeals/2", 1, event=AuditSealed(seal=2))
        house.receive("appeals/3", 1, event=AuditSealed(seal=3))
        worker = house.worker()
        with running(lambda stop: worker.run(stop, Bell())):
            waiting(lambda: ("appeals/1", 1, "dead", 3) in house.states())
            waiting(lambda: house.effects.of("appeals/2") == [2] and house.effects.of("appeals/3") == [3])

    def test_never_gives_up_while_another_service_is_away(self, house: "House", waiting: Callable[..., None]) -> None:
        away = [True]

        def handle(event: AuditSealed, *, tx: Transaction, now: object, envelope: Envelope) -> None:
            if away[0]:
                raise Unavailable
            house.effects.handle(event, tx=tx, now=now, envelope=envelope)  # type: ignore[arg-type]

        house.receive("appeals/1", 1)
        worker = house.worker(handle)

        def tried_often() -> bool:
            worker.handle_batch(EVER)
            return house.states()[0][3] > 5

        waiting(tried_often)
        assert house.states()[0][2] == "open"
        away[0] = False
        waiting(lambda: worker.handle_batch(EVER) == 1)
        assert house.effects.of("appeals/1") == [1]

    def test_counts_nothing_when_its_connection_is_lost(self, house: "House") -> None:
        lost = [False]

        def handle(event: AuditSealed, *, tx: Transaction, now: object, envelope: Envelope) -> None:
            if not lost[0]:
                lost[0] = True
                house.effects.query("SELECT pg_terminate_backend(%s)", tx.connection.info.backend_pid)
            house.effects.handle(event, tx=tx, now=now, envelope=envelope)  # type: ignore[arg-type]

        house.receive("appeals/1", 1)
        worker = house.worker(handle)
        with suppress(Unavailable):  # raised or not, as the lost connection is seen by the handler or by the commit
            worker.handle_batch(EVER)
        assert house.states() == [("appeals/1", 1, "open", 0)]
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1]

    def test_commits_what_it_has_when_told_to_stop(self, house: "House") -> None:
        stop = Event()

        def handle(event: AuditSealed, *, tx: Transaction, now: object, envelope: Envelope) -> None:
            house.effects.handle(event, tx=tx, now=now, envelope=envelope)  # type: ignore[arg-type]
            stop.set()

        for sequence in (1, 2):
            house.receive("appeals/1", sequence)
        house.worker(handle).handle_batch(stop)
        assert house.effects.of("appeals/1") == [1]
        assert [state for _, _, state, _ in house.states()] == ["done", "open"]

    def test_keeps_order_with_many_workers(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        workers = [house.worker() for _ in range(4)]
        with running(*(lambda stop, w=w: w.run(stop, Bell()) for w in workers)):
            for sequence in range(1, 11):
                for n in range(12):
                    house.receive(f"appeals/{n}", sequence)
            waiting(lambda: house.effects.query("SELECT count(*) FROM effect") == [(120,)])
        assert all(house.effects.of(f"appeals/{n}") == list(range(1, 11)) for n in range(12))


class TestPump:
    def test_carries_an_event_from_one_service_to_another_and_stops_when_told(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        ticked = Event()

        def tick() -> bool:
            ticked.set()
            return False

        ticker = Ticker(name="test", interval_seconds=0.01, run=tick)
        pump = Pump(
            settings=house.settings(),
            database=house.database,
            clock=SystemClock(),
            subscriptions={AuditSealed: poison_in(house, "")},
            tickers=[ticker],
        )
        with running(pump.run):
            house.receive("appeals/1", 1)
            waiting(lambda: house.queue_depth("intake", source="sla") == 1)
            waiting(ticked.is_set)
        (headers,) = house.wire("intake", source="sla")
        assert (headers["source"], headers["subject"], headers["sequence"]) == ("sla", "effects/appeals/1", 1)

    def test_ends_with_the_defect_of_a_thread(self, house: "House") -> None:
        house.effects.query("DROP TABLE inbox")
        pump = Pump(settings=house.settings(), database=house.database, clock=SystemClock(), subscriptions={})
        with pytest.raises(psycopg.errors.UndefinedTable):
            pump.run(Event())


class TestHousekeeping:
    def test_makes_partitions_ahead_in_which_new_rows_go(self, house: "House") -> None:
        housekeeping.tidy(house.database, house.settings())
        housekeeping.tidy(house.database, house.settings())
        house.receive("appeals/1", 1)
        house.announce("appeals/1", [1])
        for table in ("inbox", "outbox"):
            assert house.effects.query(f"SELECT count(*) FROM {table}_default") == [(0,)]
            assert house.effects.query("SELECT count(*) FROM pg_partition_tree(%s) WHERE isleaf", table) == [(9,)]

    def test_leaves_a_day_in_the_default_partition_that_has_rows_of_it(self, house: "House") -> None:
        house.receive("appeals/1", 1)
        housekeeping.tidy(house.database, house.settings())
        assert house.effects.query("SELECT count(*) FROM inbox_default") == [(1,)]
        assert house.effects.query("SELECT count(*) FROM pg_partition_tree('inbox') WHERE isleaf") == [(8,)]

    def test_drops_a_spent_day_but_never_one_with_something_open(self, house: "House") -> None:
        for day, state in (("20200101", "done"), ("20200102", "open"), ("20200103", "dead")):
            house.effects.query(
                f"CREATE TABLE inbox_{day} PARTITION OF inbox"
                f" FOR VALUES FROM ('{day}T00:00:00Z') TO ('{day}T23:59:59Z')"
            )
            house.effects.query(
                "INSERT INTO inbox (received_time, source, aggregate, sequence, lane, type, payload, state)"
                " VALUES (%s, 'intake', 'appeals/1', 1, 5, 't', '{}', %s)",
                f"{day}T12:00:00Z",
                state,
            )
        housekeeping.tidy(house.database, house.settings())
        kept = house.effects.query("SELECT tableoid::regclass::text FROM inbox ORDER BY 1")
        assert kept == [("inbox_20200102",), ("inbox_20200103",)]

    def test_forgets_old_requests(self, house: "House") -> None:
        house.effects.query(
            "INSERT INTO request (caller, method, request_id, body_hash, response, created_time)"
            " SELECT 'c', 'm', gen_random_uuid(), '', '', now() - make_interval(days => d)"
            " FROM unnest('{1,100}'::int[]) AS d"
        )
        housekeeping.tidy(house.database, house.settings())
        assert house.effects.query("SELECT count(*) FROM request") == [(1,)]
