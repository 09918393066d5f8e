"""A service hears what it handles and nothing else: what nobody would handle is not sent to it."""

from importlib import import_module

import pytest
from hotline_kernel import topology
from hotline_sla.domain.deadline import Kind

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


@pytest.mark.parametrize("profile", ["city", "county"])
def test_what_is_told_of_clocks_is_heard_by_the_kind_of_clock(profile: str) -> None:
    """sla announces by kind (ADR 0045): without one, or by a kind that there is not, nothing would be heard."""
    for consumer in topology.consumers_of("sla", profile=profile):
        keys = [key.split(".")[3:] for key in topology.routing_keys("sla", consumer, profile=profile)]
        of_clocks = [key for key in keys if key[0].startswith("Deadline")]
        topics = [key for key in of_clocks if len(key) == 2]
        assert {topic for _, topic in topics} <= set(Kind)
        assert {name for name, _ in topics} == {key[0] for key in of_clocks} != set(), consumer
