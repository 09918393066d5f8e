"""Every event of intake, version 1, as it is on the wire: read by every consumer, written by every release.

A sample is added, never changed.
"""

import json
from pathlib import Path

import pytest
from google.protobuf import json_format, message_factory
from hotline.intake.events.v1 import appeal_events_pb2

SAMPLES = Path(__file__).parent / "samples"
EVENTS = appeal_events_pb2.DESCRIPTOR.message_types_by_name


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_read_and_written_as_its_sample_says(name: str) -> None:
    sample = json.loads((SAMPLES / f"{name}.json").read_text())
    event = json_format.ParseDict(sample, message_factory.GetMessageClass(EVENTS[name])())
    assert json_format.MessageToDict(event) == sample
    assert {field.name for field, _ in event.ListFields()} == set(EVENTS[name].fields_by_name)


def test_every_sample_is_of_an_event_that_there_is() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EVENTS)
