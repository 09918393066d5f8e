"""The relay on a real database and broker: order, doubles, and what is away."""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import inbox, outbox, topology
from hotline_kernel.pump import Bell
from hotline_kernel.relay import Publisher, Relay

if TYPE_CHECKING:
    from .conftest import House

AGGREGATES = 40


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
            publisher = Publisher(broker, source="intake", exchange="intake.events", queues=queues)
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
