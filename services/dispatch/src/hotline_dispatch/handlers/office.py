"""What the hotline office owes orders: asked for again when it is late with it (Art. 22, 23, 26; ours)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from hotline.dispatch.events.v1.work_order_events_pb2 import OfficeAsked
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.record import OfficeDuty
from hotline_dispatch.handlers.bookkeeping import duty_value
from hotline_dispatch.handlers.ports import Store

_log = structlog.get_logger()

Patience = Mapping[OfficeDuty, timedelta]
"""After how long the office is asked again for what it owes."""


def ask(*, tx: Store, patience: Patience, now: datetime, limit: int) -> int:
    """Asks the office again for what it is late with; tells for how many orders."""
    late = tx.claim_office_asks(now=now, limit=limit)
    for order in late:
        duty = order.ask_office(patience=patience, now=now)
        tx.save_order(order)
        event = OfficeAsked(
            work_order=order.name,
            appeal=order.appeal,
            duty=duty_value(duty),
            asks=order.office_asks,
            ask_time=timestamp(now),
        )
        tx.publish(event, aggregate=order.name, time=now)
        _log.warning("office_late", work_order=order.name, duty=duty, asks=order.office_asks)
    return len(late)
