"""Directives that urgent orders wait for: asked for again when they do not come in time (Art. 23; ours)."""

from datetime import datetime, timedelta

import structlog
from hotline.dispatch.events.v1.work_order_events_pb2 import DirectiveChased
from hotline.intake.v1 import appeal_pb2
from hotline_kernel import telemetry

from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import stamp
from hotline_dispatch.handlers.ports import Store

_log = structlog.get_logger()


def watch(order: WorkOrder, *, every: timedelta, now: datetime) -> None:
    """An urgent order that waits is raised at once, and its directive is asked for again after a while."""
    if order.watch_directive(every=every, now=now):
        _log.warning("urgent_order_held", work_order=order.name)


def chase(*, tx: Store, every: timedelta, now: datetime, limit: int) -> int:
    """Asks again for the directives that are late; tells how many."""
    late = tx.claim_chases(now=now, limit=limit)
    for order in late:
        chases = order.chase(now=now, every=every)
        tx.save_order(order)
        kind = appeal_pb2.DirectiveKind.Value("DIRECTIVE_KIND_URGENT")
        event = DirectiveChased(
            work_order=order.name, appeal=order.appeal, directive_kind=kind, chases=chases, chase_time=stamp(now)
        )
        tx.publish(event, aggregate=order.name, time=now)
        telemetry.DIRECTIVES_CHASED.labels("dispatch").inc()
        _log.warning("directive_late", work_order=order.name, chases=chases)
    return len(late)
