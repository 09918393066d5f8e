"""Tells when a platform has come to rest: nothing published on its way, nothing received or due left undone."""

import time

from hotline.operations.v1 import delivery_service_pb2
from hotline.sla.v1 import sla_service_pb2
from hotline_kernel import topology

from hotline_cli.client import SERVICES, Hotline

_POLL_SECONDS = 0.004


class NotQuiet(Exception):
    """Events were still on their way after a long wait: a process is missing or an event is dead."""


class Quiet:
    """Waits for rest, by the delivery's own counters."""

    def __init__(self, hotline: Hotline, *, profile: str = "city") -> None:
        """profile -- of the topology that says who listens to whom."""
        self._engineer = hotline.person("engineer")
        self._pairs = [
            (source, consumer) for source in SERVICES for consumer in topology.consumers_of(source, profile=profile)
        ]

    def wait(self, *, seconds: float = 120.0) -> None:
        """Waits until every event took effect everywhere and no moment that is due waits. Raises `NotQuiet`."""
        give_up = time.monotonic() + seconds
        before: tuple[int, ...] | None = None
        while True:
            totals = self._totals_if_quiet()
            if totals is not None and totals == before:
                return
            before = totals
            if totals is None:
                if time.monotonic() > give_up:
                    raise NotQuiet(f"no rest within {seconds:.0f} s; see `hotline events dead`")
                time.sleep(_POLL_SECONDS)

    def _totals_if_quiet(self) -> tuple[int, ...] | None:
        # Totals only grow, so two equal readings in a row mean that nothing moved between them.
        if self._engineer.sla.GetSchedule(sla_service_pb2.GetScheduleRequest()).lagging:
            return None
        request = delivery_service_pb2.GetDeliveryRequest()
        deliveries = {name: self._engineer.delivery[name].GetDelivery(request) for name in SERVICES}
        if any(delivery.unpublished for delivery in deliveries.values()):
            return None
        handled = {
            (source.source, name): source.heard_total
            for name, delivery in deliveries.items()
            for source in delivery.sources
        }
        published = {
            (name, consumer.consumer): consumer.heard_total
            for name, delivery in deliveries.items()
            for consumer in delivery.consumers
        }
        for pair in self._pairs:
            if handled.get(pair, 0) != published.get(pair, 0):
                return None
        return tuple(delivery.published_total for delivery in deliveries.values())
