"""A service hears what it handles and nothing else: what nobody would handle is not sent to it."""

from importlib import import_module

import pytest
from hotline_kernel import topology

SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")


def _without_topic(routing_key: str) -> str:
    return ".".join(routing_key.split(".")[:4])


@pytest.mark.parametrize("consumer", SERVICES)
def test_a_service_hears_what_it_handles(consumer: str) -> None:
    handlers = import_module(f"hotline_{consumer}.handlers").ON_EVENT
    heard = {
        f"hotline.{_without_topic(key)}"
        for source in topology.sources_of(consumer, profile="city")
        for key in topology.routing_keys(source, consumer, profile="city")
    }
    assert heard == {event.DESCRIPTOR.full_name for event in handlers} | {"hotline.operations.events.v1.AuditSealed"}
