"""The relay on a real database and broker: order, doubles, and what is away."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from hotline.operations.events.v1.audit_events_pb2 import AuditSealed
from hotline.sla.events.v1.deadline_events_pb2 import CircularPublished, DeadlineMoved, DeadlinesOpened
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import inbox, outbox, topology
from hotline_kernel.pump import Bell
from hotline_kernel.relay import Publisher, Relay

if TYPE_CHECKING:
    from .conftest import House

AGGREGATES = 40
NOW = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)


class TestRelay:
    def test_keeps_each_aggregates_order_with_three_at_once(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        relays = [Relay(settings=house.settings("intake")).run for _ in range(3)]
        with running(*relays):
            for start in (1, 6, 11, 16):
                for n in range(AGGREGATES):
                    house.announce(f"appeals/{n}", range(start, start + 5))
            waiting(lambda: house.queue_depth() == 20 * AGGREGATES)
            waiting(lambda: not unpublished(house))
        seen = defaultdict(list)
        for headers in house.wire():
            seen[headers["subject"]].append(headers["sequence"])
        assert dict(seen) == {f"appeals/{n}": list(range(1, 21)) for n in range(AGGREGATES)}
        assert house.effects.query("SELECT sum(published) FROM outbox_lane") == [(20 * AGGREGATES,)]

    def test_writes_attributes_into_headers_and_proto_json_into_the_body(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        with running(Relay(settings=house.settings("intake")).run):
            house.announce("appeals/1", [7])
            waiting(lambda: house.queue_depth() == 1)
        (headers,) = house.wire()
        assert headers.pop("body") == '{"seal": "7"}'
        assert {name: headers[name] for name in ("type", "source", "subject", "time", "sequence")} == {
            "type": "hotline.operations.events.v1.AuditSealed",
            "source": "intake",
            "subject": "appeals/1",
            "time": "2026-05-08T01:00:00+00:00",
            "sequence": 1,
        }

    def test_killed_between_publishing_and_marking_doubles_on_the_wire_but_not_in_effect(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        house.announce("appeals/1", [1, 2, 3])
        with topology.connected(house.broker) as broker, psycopg.connect(house.url) as connection:
            events = outbox.read_unpublished(connection, lanes=outbox.take_lanes(connection), limit=100)
            queues = [topology.queue_name("intake", to) for to in topology.consumers_of("intake", profile="city")]
            audience = topology.audience("intake", profile="city")
            publisher = Publisher(broker, source="intake", exchange="intake.events", queues=queues, audience=audience)
            assert publisher.publish(events) == (events, None)
            connection.rollback()  # what is left when the process is gone
        with running(Relay(settings=house.settings("intake")).run):
            waiting(lambda: not unpublished(house))
        messages = house.wire()
        assert [headers["sequence"] for headers in messages] == [1, 2, 3, 1, 2, 3]

        received = [
            inbox.Received.read(
                source="intake", body=headers.pop("body"), content_type="application/json", headers=headers
            )
            for headers in messages
        ]
        with house.database.transaction() as tx:
            tx.run(inbox.STORE, inbox.store_params(received))
        worker = house.worker()
        with running(lambda stop: worker.run(stop, Bell())):
            waiting(lambda: {state for _, _, state, _ in house.states()} == {"done"})
        assert house.effects.of("appeals/1") == [1, 2, 3]
        assert house.effects.query("SELECT sum(handled) FROM inbox_lane") == [(3,)]

    def test_publishes_nothing_until_every_expected_queue_exists(
        self,
        house: "House",
        running: Callable[..., Any],
        waiting: Callable[..., None],
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        with topology.connected(house.broker) as connection:
            connection.default_channel.queue_delete(topology.queue_name("intake", "knowledge"))
        house.announce("appeals/1", [1])
        seen: list[str] = []

        def refused() -> bool:
            seen.append(capfd.readouterr().out)
            return "evt-intake-#--knowledge.on_event is not declared" in "".join(seen)

        with running(Relay(settings=house.settings("intake")).run):
            waiting(refused)
            assert house.queue_depth() == 0
            topology.declare(settings=house.settings())
            waiting(lambda: house.queue_depth("knowledge") == 1)
        assert house.queue_depth() == 1

    def test_takes_an_unroutable_event_as_published_where_nobody_is_expected_to_listen(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        with topology.connected(house.broker) as connection:
            for queue in topology.queues(profile="city"):
                connection.default_channel.queue_delete(queue.name)
        house.announce("appeals/1", [1])
        with running(Relay(settings=house.settings("intake", profile="county")).run):
            waiting(lambda: not unpublished(house))

    def test_goes_on_when_the_broker_closes_its_connection(
        self, house: "House", servers: Endpoints, running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        with running(Relay(settings=house.settings("intake")).run):
            house.announce("appeals/1", [1])
            waiting(lambda: house.queue_depth() == 1)
            waiting(lambda: close_connections(house, servers) > 0)
            house.announce("appeals/1", [2])
            waiting(lambda: not unpublished(house))
        assert {headers["sequence"] for headers in house.wire()} == {1, 2}

    def test_goes_on_when_the_database_closes_its_connection(
        self, house: "House", running: Callable[..., Any], waiting: Callable[..., None]
    ) -> None:
        with running(Relay(settings=house.settings("intake")).run):
            house.announce("appeals/1", [1])
            waiting(lambda: house.queue_depth() == 1)
            house.effects.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'intake-relay'"
                " AND datname = current_database()"
            )
            house.announce("appeals/1", [2])
            waiting(lambda: house.queue_depth() == 2)


def unpublished(house: "House") -> list[Any]:
    return house.effects.query("SELECT position FROM outbox WHERE published_time IS NULL")


def close_connections(house: "House", servers: Endpoints) -> int:
    """Close every connection to the test's virtual host; tells how many the broker knew of."""
    vhost = house.broker.rsplit("/", 1)[1]
    connections: Any = servers.manage("GET", f"vhosts/{vhost}/connections")
    for connection in connections:
        servers.manage("DELETE", "connections/" + quote(connection["name"], safe=""))
    return len(connections)


class TestAudience:
    """What is heard of `sla`: intake and dispatch hear of a moved deadline, feedback does not."""

    def test_hears_what_it_handles_and_each_event_says_what_came_before_for_whom(self, house: "House") -> None:
        opened, moved, sealed = DeadlinesOpened(subject="x"), DeadlineMoved(), AuditSealed(seal=1)
        with house.database.transaction() as tx:
            for event in (opened, moved, moved):
                tx.publish(event, aggregate="appeals/1", time=NOW)
        with house.database.transaction() as tx:
            for other in (CircularPublished(), opened, sealed):
                tx.publish(other, aggregate="appeals/1", time=NOW)
        assert published(house) == 6
        assert [after(message) for message in house.wire("feedback", source="sla")] == [(1, 0), (5, 1), (6, 5)]
        assert [after(message, "dispatch") for message in house.wire("dispatch", source="sla")] == [
            (1, 0), (2, 1), (3, 2), (5, 3), (6, 5),
        ]  # fmt: skip
        assert house.effects.query("SELECT consumer, sum(published) FROM outbox_heard GROUP BY 1 ORDER BY 1") == [
            ("dispatch", 5), ("feedback", 3), ("intake", 5),
        ]  # fmt: skip

    def test_of_an_aggregate_that_a_release_before_wrote_everybody_heard_all(self, house: "House") -> None:
        house.announce("appeals/1", [1])
        house.effects.query("UPDATE outbox_sequence SET sequence = 7")  # six more, by code that keeps no such books
        house.announce("appeals/1", [8])
        house.announce("appeals/1", [9])
        assert published(house) == 3
        assert [after(message) for message in house.wire("feedback", source="sla")] == [(1, 0), (8, 7), (9, 8)]

    def test_hears_of_a_topic_only_what_it_asked_for(self, house: "House") -> None:
        with house.database.transaction() as tx:
            for topic in ("ANSWER", "HANDLING", "CALLBACK", "PART", None):
                tx.publish(DeadlinesOpened(subject="x"), aggregate="appeals/1", time=NOW, topic=topic)
        assert published(house) == 5
        heard = {consumer: house.wire(consumer, source="sla") for consumer in ("intake", "dispatch", "feedback")}
        assert {consumer: [after(message, consumer) for message in heard[consumer]] for consumer in heard} == {
            "intake": [(1, 0), (2, 1), (5, 2)],
            "dispatch": [(2, 0), (5, 2)],
            "feedback": [(3, 0), (5, 3)],
        }
        assert house.effects.query("SELECT consumer, sum(published) FROM outbox_heard GROUP BY 1 ORDER BY 1") == [
            ("dispatch", 2), ("feedback", 2), ("intake", 3),
        ]  # fmt: skip

    def test_also_says_it_for_whom_only_a_relay_of_another_release_sends_it_to(self, house: "House") -> None:
        with house.database.transaction() as tx:
            for topic in ("HANDLING", "PART", "CALLBACK"):
                tx.publish(DeadlinesOpened(subject="x"), aggregate="appeals/1", time=NOW, topic=topic)
        with psycopg.connect(house.url, autocommit=True) as connection:
            lanes = outbox.take_lanes(connection)
            events = outbox.read_unpublished(connection, lanes=lanes, limit=9)
        assert [event.comes_after("dispatch") for event in events] == [0, 1, 1]
        assert [event.comes_after("feedback") for event in events] == [0, 0, 0]

    def test_a_queue_that_was_bound_to_everything_is_narrowed(self, house: "House") -> None:
        with topology.connected(house.broker) as connection:
            connection.default_channel.queue_bind(topology.queue_name("sla", "feedback"), "sla.events", "#")
        with house.database.transaction() as tx:
            tx.publish(DeadlineMoved(), aggregate="appeals/1", time=NOW)
        assert published(house) == 1
        assert [json.loads(message["after"]) for message in house.wire("feedback", source="sla")] == [
            {"intake": 0, "dispatch": 0}
        ]
        topology.narrow(settings=house.settings())
        topology.narrow(settings=house.settings())  # safe to repeat
        with house.database.transaction() as tx:
            tx.publish(DeadlineMoved(), aggregate="appeals/1", time=NOW)
        assert published(house) == 1
        assert house.wire("feedback", source="sla") == []


def published(house: "House") -> int:
    with topology.connected(house.broker) as broker, psycopg.connect(house.url, autocommit=True) as connection:
        publisher = Publisher(
            broker, source="sla", exchange="sla.events", queues=[], audience=topology.audience("sla", profile="city")
        )
        return Relay(settings=house.settings()).publish_batch(connection, publisher, outbox.take_lanes(connection))


def after(message: dict[str, Any], consumer: str = "feedback") -> tuple[int, int]:
    return message["sequence"], json.loads(message["after"])[consumer]
