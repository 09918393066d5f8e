"""Matters that a unit's principal must study (Art. 25), and those that are filed (Art. 27)."""

from datetime import date, datetime

from hotline_dispatch.domain.record import StudyGround
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import load_for_change
from hotline_dispatch.handlers.ports import Store


def mark_for_principal(*, name: str, etag: str, ground: StudyGround, tx: Store) -> WorkOrder:
    """The office says why the principal must study it (Art. 25). Raises what `WorkOrder.mark_for_study` raises."""
    order = load_for_change(tx, name, etag)
    order.mark_for_study(ground)
    tx.save_order(order)
    return order


def record_study(
    *, name: str, etag: str, principal: str, study_time: datetime | None, decision: str, tx: Store, now: datetime
) -> WorkOrder:
    """The principal studied and decided (Art. 25). Raises what `WorkOrder.record_study` raises."""
    order = load_for_change(tx, name, etag)
    unit = tx.find_unit(tx.actor.unit)
    order.record_study(
        by=tx.actor.unit,
        actor=tx.actor.subject,
        principal=principal,
        registered=unit.principal if unit else "",
        study_time=study_time,
        decision=decision,
        now=now,
    )
    tx.save_order(order)
    return order


def record_look(*, name: str, etag: str, note: str, next_date: date | None, tx: Store, now: datetime) -> WorkOrder:
    """The office looked at a filed matter again (Art. 27; ours). Raises what `WorkOrder.look_again` raises."""
    order = load_for_change(tx, name, etag)
    order.look_again(actor=tx.actor.subject, note=note, next_date=next_date, now=now)
    tx.save_order(order)
    return order
