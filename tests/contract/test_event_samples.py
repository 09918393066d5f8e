"""Every event, version 1, as it is on the wire: written by every release of its source, read by every consumer.

A sample is added, never changed. `operations` holds what every service announces; among those of dispatch is what
crosses between a city and its counties, which may be one minor version apart.
"""

import importlib
import json
from pathlib import Path

import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from hotline.dispatch.county.v1 import county_messages_pb2
from hotline.dispatch.events.v1 import work_order_events_pb2
from hotline.feedback.events.v1 import callback_events_pb2
from hotline.intake.events.v1 import appeal_events_pb2
from hotline.knowledge.events.v1 import bulletin_events_pb2, contribution_events_pb2, entry_events_pb2
from hotline.operations.events.v1 import audit_events_pb2
from hotline.sla.events.v1 import deadline_events_pb2

SAMPLES = Path(__file__).parent / "samples"
SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")
_PARTS = {"DeadlineSet", "OrderText", "ResultText"}  # messages inside events, or sealed in them
EVENTS: dict[str, Descriptor] = {
    event.full_name: event
    for file in (
        appeal_events_pb2,
        work_order_events_pb2,
        county_messages_pb2,
        deadline_events_pb2,
        callback_events_pb2,
        bulletin_events_pb2,
        contribution_events_pb2,
        entry_events_pb2,
        audit_events_pb2,
    )
    for event in file.DESCRIPTOR.message_types_by_name.values()
    if event.name not in _PARTS
}

every_event = pytest.mark.parametrize("event", EVENTS.values(), ids=list(EVENTS))


def sample_of(event: Descriptor) -> Path:
    """Where the sample of an event stands: `<source>/<event>.json`."""
    return SAMPLES / event.full_name.split(".")[1] / f"{event.name}.json"


def read(event: Descriptor, payload: str) -> Message:
    """The event as a consumer's pump reads it."""
    return json_format.Parse(payload, message_factory.GetMessageClass(event)(), ignore_unknown_fields=True)


@every_event
def test_an_event_is_written_as_its_sample_says_with_every_field(event: Descriptor) -> None:
    sample = json.loads(sample_of(event).read_text())
    message = json_format.ParseDict(sample, message_factory.GetMessageClass(event)())
    assert json_format.MessageToDict(message) == sample
    assert {field.name for field, _ in message.ListFields()} == set(event.fields_by_name)


@every_event
def test_what_a_later_release_adds_is_passed_over(event: Descriptor) -> None:
    sample = json.loads(sample_of(event).read_text())
    later = sample | {"addedLater": {"deep": [1, "二"]}}
    assert read(event, json.dumps(later)) == read(event, json.dumps(sample))


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_that_a_service_hears_has_a_sample(service: str) -> None:
    heard = {kind.DESCRIPTOR.full_name for kind in importlib.import_module(f"hotline_{service}.handlers").ON_EVENT}
    assert heard
    assert heard <= EVENTS.keys()


def test_every_sample_is_of_an_event_that_there_is() -> None:
    assert set(SAMPLES.glob("*/*.json")) == {sample_of(event) for event in EVENTS.values()}
