"""Tells when a platform has come to rest: nothing published on its way, nothing received or due left undone."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from hotline.operations.v1 import delivery_service_pb2
from hotline.sla.v1 import sla_service_pb2
from hotline_kernel import topology

from hotline_cli.client import SERVICES, Hotline

_PAUSE_SECONDS = (0.004, 0.064)
"""Shortest and longest between two looks: who looks all the time takes the processor from those who are waited for."""


class NotQuiet(Exception):
    """Events were still on their way after a long wait: a process is missing or an event is dead."""


class Quiet:
    """Waits for rest, by the delivery's own counters."""

    def __init__(self, hotline: Hotline) -> None:
        """Of a city: all services are there."""
        self._engineer = hotline.person("engineer")
        self._pairs = [
            (source, consumer) for source in SERVICES for consumer in topology.consumers_of(source, profile="city")
        ]
        self._pool = ThreadPoolExecutor(len(SERVICES))
        self._busy: list[str] = []
        """Who was at work at the last look and is asked first: most looks end there."""

    def wait(self, *, seconds: float = 120.0) -> None:
        """Waits until every event took effect everywhere and no moment that is due waits. Raises `NotQuiet`."""
        give_up = time.monotonic() + seconds
        before: tuple[int, ...] | None = None
        pause, longest = _PAUSE_SECONDS
        while True:
            totals = self._totals_if_quiet()
            if totals is not None and totals == before:
                return
            before = totals
            if totals is None:
                if time.monotonic() > give_up:
                    raise NotQuiet(f"no rest within {seconds:.0f} s; see `hotline events dead`")
                time.sleep(pause)
                pause = min(2 * pause, longest)

    def _totals_if_quiet(self) -> tuple[int, ...] | None:
        # Totals only grow, so two equal readings in a row mean that nothing moved between them.
        if self._engineer.sla.GetSchedule(sla_service_pb2.GetScheduleRequest()).lagging:
            return None
        deliveries: dict[str, delivery_service_pb2.Delivery] = {}
        for names in (self._busy, [name for name in SERVICES if name not in self._busy]):
            deliveries |= zip(names, self._pool.map(self._delivery, names), strict=True)
            busy = self._busy_among(deliveries)
            if busy:
                self._busy = busy
                return None
        return tuple(deliveries[name].published_total for name in SERVICES)

    def _delivery(self, name: str) -> delivery_service_pb2.Delivery:
        return self._engineer.delivery[name].GetDelivery(delivery_service_pb2.GetDeliveryRequest())

    def _busy_among(self, deliveries: Mapping[str, delivery_service_pb2.Delivery]) -> list[str]:
        """Who has something to publish, or the two ends of something not heard; empty if none of those asked has."""
        for name, delivery in deliveries.items():
            if delivery.unpublished:
                return [name]
        for source, consumer in self._pairs:
            if source in deliveries and consumer in deliveries:
                published = {each.consumer: each.heard_total for each in deliveries[source].consumers}
                heard = {each.source: each.heard_total for each in deliveries[consumer].sources}
                if published.get(consumer, 0) != heard.get(source, 0):
                    return [source, consumer]
        return []
