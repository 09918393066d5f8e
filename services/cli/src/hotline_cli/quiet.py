"""Tells when a platform has come to rest: nothing published on its way, nothing received or due left undone."""

import time
from collections.abc import Mapping

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

    def __init__(self, hotline: Hotline, *, profile: str = "city") -> None:
        """profile -- of the topology that says who listens to whom."""
        self._engineer = hotline.person("engineer")
        self._pairs = [
            (source, consumer) for source in SERVICES for consumer in topology.consumers_of(source, profile=profile)
        ]
        self._order = list(SERVICES)

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
        for name in self._order:
            delivery = self._engineer.delivery[name].GetDelivery(delivery_service_pb2.GetDeliveryRequest())
            deliveries[name] = delivery
            busy = [pair for pair in self._pairs if name in pair and not self._all_heard(pair, deliveries)]
            if delivery.unpublished or busy:
                # They are asked first the next time: most looks end there.
                self._order.sort(key=lambda each: each != name and not any(each in pair for pair in busy))
                return None
        return tuple(deliveries[name].published_total for name in SERVICES)

    @staticmethod
    def _all_heard(pair: tuple[str, str], deliveries: Mapping[str, delivery_service_pb2.Delivery]) -> bool:
        """Unless one of the two has not been asked yet."""
        source, consumer = pair
        if source not in deliveries or consumer not in deliveries:
            return True
        published = {each.consumer: each.heard_total for each in deliveries[source].consumers}
        heard = {each.source: each.heard_total for each in deliveries[consumer].sources}
        return published.get(consumer, 0) == heard.get(source, 0)
