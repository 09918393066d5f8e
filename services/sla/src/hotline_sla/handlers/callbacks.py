"""Callbacks and reviews: Art. 30."""

from dataclasses import replace

from hotline.feedback.events.v1 import callback_events_pb2 as feedback_events
from hotline.feedback.v1 import callback_pb2
from hotline_kernel.errors import NotYet

from hotline_sla.domain.assessment import Order, Verdict
from hotline_sla.domain.deadline import Kind, Law
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.clocks import order_of, save, time_of


def settle_callback(*, event: feedback_events.CallbackCompleted, tx: Books, law: Law) -> None:
    """The citizen was called back, or could not be reached (Art. 30).

    Raises NotYet if the result itself, which dispatch announces, is not known here yet.
    """
    time = time_of(event.complete_time)
    of_round = [
        deadline
        for deadline in tx.deadlines(event.work_order)
        if deadline.kind is Kind.CALLBACK and deadline.round == event.round
    ]
    if not of_round:
        raise NotYet(event.work_order)
    verdict = callback_pb2.Verdict.Name(event.verdict).removeprefix("VERDICT_")
    deed = "已回访 / called back" if event.verdict else "多次回访未接通 / not reached"
    save(tx, law, [deadline.settle(time=time, deed=deed) for deadline in of_round], after=time)
    before = _judged_by(tx, event.work_order, event.unit)
    after = before.judged(verdict=Verdict(verdict if event.verdict else ""), of_round=event.round)
    tx.save_orders([(before, after)])


def excuse_unit(*, event: feedback_events.ReviewConcluded, tx: Books, law: Law) -> None:  # noqa: ARG001
    """The review found who answers for a dissatisfaction (Art. 30); a direct answer has no unit."""
    if not event.work_order:
        return
    tx.deadlines(event.work_order)  # locked first, as everywhere
    before = _judged_by(tx, event.work_order, event.unit)
    excused = event.responsibility in (
        callback_pb2.RESPONSIBILITY_OPERATOR,
        callback_pb2.RESPONSIBILITY_NONE,
    )
    tx.save_orders([(before, replace(before, excused=excused))])


def _judged_by(tx: Books, work_order: str, unit: str) -> Order:
    """The order as it counts to the unit whose result was judged, which may have left it since."""
    current = order_of(tx, work_order)
    if unit in ("", current.unit):
        return current
    return tx.left_order(work_order, unit) or current
