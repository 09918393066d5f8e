"""DeliveryService on a real database: counts, streams, and settling what was given up."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hotline.operations.v1 import delivery_service_pb2 as pb
from hotline.sla.events.v1.deadline_events_pb2 import DeadlineMoved
from hotline_kernel import outbox, topology
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import SystemClock
from hotline_kernel.db import Transaction
from hotline_kernel.delivery_servicer import DeliveryServicer, EarlierEventOpen
from hotline_kernel.errors import StateNotAllowed
from hotline_kernel.inbox import Envelope
from hotline_kernel.relay import Relay
from hotline_kernel.timestamps import timestamp

if TYPE_CHECKING:
    from .conftest import House

EVER = Event()
ENGINEER = Principal("engineer-1", frozenset({"engineer"}), "", "")


def call(method: str, permission: str = "operations.events.replay") -> Call:
    return Call(ENGINEER, f"/hotline.operations.v1.DeliveryService/{method}", permission, "0" * 32)


@pytest.fixture
def service(house: "House") -> DeliveryServicer[Transaction]:
    return DeliveryServicer(
        service="sla",
        database=house.database,
        clock=SystemClock(),
        audience=topology.audience("sla", profile="city"),
    )


@pytest.fixture
def dead(house: "House", service: DeliveryServicer[Transaction], waiting: Callable[..., None]) -> pb.DeadEvent:
    """`appeals/1` has a dead first event and an open second one."""
    house.receive("appeals/1", 1)
    house.receive("appeals/1", 2)
    worker = house.worker(refuse)

    def is_dead() -> bool:
        worker.handle_batch(EVER)
        return ("appeals/1", 1, "dead", 3) in house.states()

    waiting(is_dead)
    (event,) = service.ListDeadEvents(pb.ListDeadEventsRequest(), call("ListDeadEvents")).events
    return event


def refuse(*_: object, envelope: Envelope, **__: object) -> None:
    if envelope.sequence == 1:
        raise KeyError("a citizen's name")


class TestGetDelivery:
    def test_counts_what_was_published_received_handled_and_given_up(
        self, house: "House", service: DeliveryServicer[Transaction], dead: pb.DeadEvent
    ) -> None:
        house.receive("appeals/2", 1)
        house.worker().handle_batch(EVER)
        house.announce("deadlines/1", [1, 2])
        delivery = service.GetDelivery(pb.GetDeliveryRequest(), call("GetDelivery"))
        assert (delivery.service, delivery.unpublished, delivery.published_total, delivery.unsealed) == ("sla", 2, 0, 0)
        assert {source.source: (source.handled_total, source.open, source.dead) for source in delivery.sources} == {
            "dispatch": (0, 0, 0),
            "feedback": (0, 0, 0),
            "intake": (1, 1, 1),
        }


class TestListStreams:
    def test_pages_through_outbox_and_inbox_in_order_of_aggregate(
        self, house: "House", service: DeliveryServicer[Transaction]
    ) -> None:
        for n in (3, 1, 2):
            house.announce(f"deadlines/{n}", range(n))
            house.receive(f"appeals/{n}", 1)
        house.worker().handle_batch(EVER)
        seen = []
        token = ""
        while True:
            page = service.ListStreams(pb.ListStreamsRequest(page_size=2, page_token=token), call("ListStreams"))
            seen += [(stream.aggregate, stream.sequence) for stream in page.streams]
            token = page.next_page_token
            if not token:
                break
        assert seen == [("deadlines/1", 1), ("deadlines/2", 2), ("deadlines/3", 3)]
        with house.database.transaction() as tx:
            tx.publish(DeadlineMoved(), aggregate="deadlines/3", time=SystemClock().now())
        for consumer, last in (("feedback", 3), ("dispatch", 4)):
            heard = service.ListStreams(pb.ListStreamsRequest(consumer=consumer), call("ListStreams")).streams
            assert [(stream.aggregate, stream.sequence) for stream in heard] == [*seen[:2], ("deadlines/3", last)]
        inbox = service.ListStreams(pb.ListStreamsRequest(source="intake"), call("ListStreams"))
        assert [(stream.aggregate, stream.sequence) for stream in inbox.streams] == [
            (f"appeals/{n}", 1) for n in (1, 2, 3)
        ]


class TestDeadEvents:
    def test_are_listed_with_what_went_wrong_but_without_text_that_could_quote_a_citizen(
        self, dead: pb.DeadEvent
    ) -> None:
        assert (dead.source, dead.aggregate, dead.sequence, dead.state, dead.attempts) == (
            "intake",
            "appeals/1",
            1,
            "dead",
            3,
        )
        assert "KeyError" in dead.error
        assert "citizen's name" not in dead.error
        assert dead.HasField("receive_time")

    def test_replayed_has_its_tries_back_and_its_followers_run_after_it(
        self, house: "House", service: DeliveryServicer[Transaction], dead: pb.DeadEvent, waiting: Callable[..., None]
    ) -> None:
        request = pb.ReplayEventRequest(position=dead.position, request_id=str(uuid4()))
        replayed = service.ReplayEvent(request, call("ReplayEvent"))
        assert (replayed.state, replayed.attempts) == ("open", 0)
        worker = house.worker()
        waiting(lambda: worker.handle_batch(EVER) > 0)
        worker.handle_batch(EVER)
        assert house.effects.of("appeals/1") == [1, 2]
        assert service.ReplayEvent(request, call("ReplayEvent")) == replayed, "a repeat is harmless"
        assert house.effects.query("SELECT actor, action, resource FROM audit_entry") == [
            ("engineer-1", "operations.events.replay", f"events/{dead.position}")
        ]

    def test_dropped_lets_its_aggregate_go_on_and_is_recorded_with_the_reason(
        self, house: "House", service: DeliveryServicer[Transaction], dead: pb.DeadEvent
    ) -> None:
        request = pb.DropEventRequest(position=dead.position, reason="test data", request_id=str(uuid4()))
        assert service.DropEvent(request, call("DropEvent")).state == "dropped"
        house.worker().handle_batch(EVER)
        assert house.effects.of("appeals/1") == [2]
        assert house.effects.query("SELECT sum(handled) FROM inbox_lane") == [(2,)]
        assert house.effects.query("SELECT details ->> 'reason' FROM audit_entry") == [("test data",)]

    def test_cannot_be_dropped_before_an_earlier_one_of_the_aggregate(
        self, house: "House", service: DeliveryServicer[Transaction]
    ) -> None:
        house.receive("appeals/1", 2)
        house.effects.query("UPDATE inbox SET state = 'dead'")
        request = pb.DropEventRequest(position=1, reason="test", request_id=str(uuid4()))
        with pytest.raises(EarlierEventOpen):
            service.DropEvent(request, call("DropEvent"))

    def test_that_could_not_be_read_can_be_dropped(
        self, house: "House", service: DeliveryServicer[Transaction]
    ) -> None:
        house.effects.query(
            "INSERT INTO inbox (source, aggregate, sequence, lane, type, payload, state)"
            " VALUES ('intake', '', 0, %s, '', 'x', 'dead')",
            outbox.lane_of(""),
        )
        request = pb.DropEventRequest(position=1, reason="noise", request_id=str(uuid4()))
        assert service.DropEvent(request, call("DropEvent")).state == "dropped"
        assert house.effects.query("SELECT * FROM inbox_cursor") == []

    def test_replay_and_drop_are_refused_for_an_event_that_is_not_dead(
        self, house: "House", service: DeliveryServicer[Transaction]
    ) -> None:
        house.receive("appeals/1", 1)
        with pytest.raises(StateNotAllowed):
            service.ReplayEvent(pb.ReplayEventRequest(position=1, request_id=str(uuid4())), call("ReplayEvent"))
        with pytest.raises(StateNotAllowed):
            service.DropEvent(pb.DropEventRequest(position=1, reason="r", request_id=str(uuid4())), call("DropEvent"))


class TestRepublishEvents:
    def test_publishes_again_what_was_committed_since_and_published_and_counts_it_once(
        self,
        house: "House",
        service: DeliveryServicer[Transaction],
        running: Callable[..., Any],
        waiting: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("hotline_kernel.delivery_servicer.REPUBLISH_AT_ONCE", 1)

        def unpublished() -> int:
            return service.GetDelivery(pb.GetDeliveryRequest(), call("GetDelivery")).unpublished

        def counts() -> tuple[int, dict[str, int]]:
            delivery = service.GetDelivery(pb.GetDeliveryRequest(), call("GetDelivery"))
            return delivery.published_total, {each.consumer: each.heard_total for each in delivery.consumers}

        house.announce("deadlines/1", [1, 2])
        with running(Relay(settings=house.settings()).run):
            waiting(lambda: not unpublished())
            begin = datetime.now(UTC)
            house.announce("deadlines/1", [3])
            house.announce("deadlines/2", [1])
            waiting(lambda: not unpublished())
        known = counts()
        assert known[0] == 4
        house.announce("deadlines/3", [1])

        request = pb.RepublishEventsRequest(since=timestamp(begin), reason="restore", request_id=str(uuid4()))
        answer = service.RepublishEvents(request, call("RepublishEvents"))
        assert (answer.republished, answer.last_position) == (1, 3)
        assert service.RepublishEvents(request, call("RepublishEvents")) == answer, "a repeat is harmless"
        assert counts()[0] == 3
        request.after_position, request.request_id = answer.last_position, str(uuid4())
        answer = service.RepublishEvents(request, call("RepublishEvents"))
        assert (answer.republished, answer.last_position) == (1, 4)
        request.after_position, request.request_id = answer.last_position, str(uuid4())
        assert service.RepublishEvents(request, call("RepublishEvents")) == pb.RepublishEventsResponse()
        with running(Relay(settings=house.settings()).run):
            waiting(lambda: not unpublished())
        heard = {consumer: total + 1 for consumer, total in known[1].items()}
        assert counts() == (5, heard), "those of the second time are counted once"
        assert [(m["subject"], m["sequence"]) for m in house.wire("dispatch", source="sla")] == [
            ("deadlines/1", 1), ("deadlines/1", 2), ("deadlines/1", 3), ("deadlines/2", 1),
            ("deadlines/1", 3), ("deadlines/2", 1), ("deadlines/3", 1),
        ]  # fmt: skip
        assert house.effects.query("SELECT details ->> 'reason', details ->> 'republished' FROM audit_entry") == [
            ("restore", "1"), ("restore", "1")
        ]  # fmt: skip
