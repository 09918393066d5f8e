"""Directives: what waits for one, and those of urgent orders asked for again when they do not come (Art. 23)."""

from datetime import datetime, timedelta

import structlog
from hotline.dispatch.events.v1.work_order_events_pb2 import DirectiveChased
from hotline.intake.v1 import appeal_pb2
from hotline_kernel import telemetry
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.record import DirectiveKind
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import load_for_change, ready, saved_and_announced
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Store

_log = structlog.get_logger()


def watch(order: WorkOrder, *, every: timedelta, now: datetime) -> None:
    """An urgent order that waits is raised at once, and its directive is asked for again after a while."""
    if order.watch_directive(every=every, now=now):
        _log.warning("urgent_order_held", work_order=order.name)


def hold_work_order(
    *, name: str, etag: str, kind: DirectiveKind, chase_every: timedelta, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """The office recognised one of the four kinds before the order was out (Art. 23). Raises what the order raises."""
    order = load_for_change(tx, name, etag)
    order.hold(kind=kind)
    watch(order, every=chase_every, now=now)
    order.watch_office(patience=patience, now=now)
    return saved_and_announced(tx, order, now)


def record_directive(
    *, name: str, etag: str, text: str, authority: str, patience: Patience, tx: Store, now: datetime
) -> WorkOrder:
    """The directive came; the order goes out to the unit that was proposed, if it can lead (Art. 23).

    What the proposed unit, or another, gave back already goes to the office.
    """
    order = load_for_change(tx, name, etag)
    assignment = None if order.send_backs else ready(tx, order, order.proposed)
    order.record_directive(text=text, authority=authority, assignment=assignment, now=now)
    order.watch_office(patience=patience, now=now)
    return saved_and_announced(tx, order, now)


def chase(*, tx: Store, every: timedelta, now: datetime, limit: int) -> int:
    """Asks again for the directives that are late; tells how many."""
    late = tx.claim_chases(now=now, limit=limit)
    for order in late:
        chases = order.chase(now=now, every=every)
        tx.save_order(order)
        kind = appeal_pb2.DirectiveKind.Value("DIRECTIVE_KIND_URGENT")
        event = DirectiveChased(
            work_order=order.name, appeal=order.appeal, directive_kind=kind, chases=chases, chase_time=timestamp(now)
        )
        tx.publish(event, aggregate=order.name, time=now)
        telemetry.DIRECTIVES_CHASED.labels("dispatch").inc()
        _log.warning("directive_late", work_order=order.name, chases=chases)
    return len(late)
