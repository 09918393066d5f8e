"""An event that no handler can digest dies alone: everybody else's events go on."""

import time

import psycopg
from google.protobuf.json_format import MessageToJson
from hotline.intake.events.v1 import appeal_events_pb2
from hotline.operations.v1 import delivery_service_pb2 as delivery
from hotline.operations.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_kernel.outbox import lane_of
from uuid_utils.compat import uuid7

from tests.support.lives import Stream

_PUT = """
WITH s AS (INSERT INTO outbox_sequence (aggregate, sequence) VALUES (%(aggregate)s, 1))
INSERT INTO outbox (event_id, aggregate, sequence, lane, type, payload, occurred_time)
VALUES (%(event_id)s, %(aggregate)s, 1, %(lane)s, %(type)s, %(payload)s, now())
"""


def test_a_poison_event_ends_dead_and_delays_nobody_else(platform: Instance, hotline: Hotline) -> None:
    engineer = hotline.person("engineer").delivery["dispatch"]
    poison = f"appeals/{uuid7()}"  # refers to an appeal that intake does not have: dispatch cannot ask its text
    event = appeal_events_pb2.AppealReferred(appeal=poison, number="130100-20260101-000000")
    with psycopg.connect(platform.database_url("intake")) as connection:
        connection.execute(
            _PUT,
            {
                "aggregate": poison,
                "event_id": uuid7(),
                "lane": lane_of(poison),
                "type": event.DESCRIPTOR.full_name,
                "payload": MessageToJson(event, indent=None),
            },
        )

    # Lives of other appeals are lived to their end while the poison is being tried.
    stream = Stream(hotline, clients=4, give_up_seconds=30)
    stream.start()
    stream.wait_for(80, seconds=60)
    assert len(stream.finish().completed) >= 20

    dead = _await_dead(engineer, poison)
    assert dead.attempts > 1
    assert dead.error
    dropped = engineer.DropEvent(
        delivery.DropEventRequest(position=dead.position, reason="test", request_id=new_request_id())
    )
    assert dropped.state == "dropped"
    Quiet(hotline).wait(seconds=60)


def _await_dead(engineer: DeliveryServiceStub, aggregate: str) -> delivery.DeadEvent:
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        events = engineer.ListDeadEvents(delivery.ListDeadEventsRequest()).events
        found = [event for event in events if event.aggregate == aggregate]
        if found:
            return found[0]
        time.sleep(0.2)  # between two looks
    raise AssertionError("the poison event never died")
