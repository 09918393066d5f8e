"""What an order is about: kept from what dispatch announces, so that what citizens say can be told apart by it."""

from typing import Protocol

from hotline.dispatch.events.v1.work_order_events_pb2 import WorkOrderDispatched


class Store(Protocol):
    """What is needed of a transaction."""

    def keep_subject(self, *, work_order: str, category: str, region: str) -> None: ...


def keep_subject(event: WorkOrderDispatched, *, tx: Store, **_: object) -> None:
    """An order went out; its result will come later, and in the order's own sequence (Art. 34)."""
    tx.keep_subject(work_order=event.work_order, category=event.category, region=event.region)
