"""What dispatch does when others announce something; the table at the foot says what it listens to."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from google.protobuf.message import Message
from hotline.dispatch.events.v1.work_order_events_pb2 import WorkOrderClosed
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred, ContactErased
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1.deadline_events_pb2 import (
    DeadlineMissed,
    DeadlineMoved,
    DeadlineSet,
    DeadlinesOpened,
    KeySupervisionStarted,
    SupervisionIssued,
)
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.record import (
    Directive,
    DirectiveKind,
    Due,
    State,
    StudyGround,
    SupervisionNote,
    SupervisionStep,
)
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.asking import forget_contact, supervise
from hotline_dispatch.handlers.bookkeeping import (
    announce,
    announce_part,
    announce_relay,
    is_concerned,
    load,
    moment,
    ready,
    saved_and_announced,
    term_of,
)
from hotline_dispatch.handlers.counties import Store as CountyStore
from hotline_dispatch.handlers.directives import watch
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.ports import Referrals, Store
from hotline_dispatch.handlers.reorganisations import leave_closed

_log = structlog.get_logger()


def make_order(
    event: AppealReferred,
    *,
    referrals: Referrals,
    chase_every: timedelta,
    patience: Patience,
    tx: Store,
    now: datetime,
    **_: object,
) -> None:
    """An appeal was referred: its order is made, once, and goes where it must go (Art. 21-23)."""
    if tx.has_order_of(event.appeal):
        return
    referral = referrals.referral(event.appeal)
    kind = appeal_pb2.DirectiveKind.Name(event.directive_kind).removeprefix("DIRECTIVE_KIND_")
    order = WorkOrder(
        id=uuid7(),
        number=event.number,
        appeal=event.appeal,
        title=referral.title,
        text=referral.text,
        request_type=appeal_pb2.RequestType.Name(event.request_type).removeprefix("REQUEST_TYPE_"),
        category=event.category,
        region=event.region,
        confidential=event.confidential,
        create_time=now,
        statutory_term=term_of(event),
        directive=Directive(DirectiveKind(kind)) if event.directive_kind else None,
        concerned=(referral.about_unit, *tx.superiors_of(referral.about_unit)) if referral.about_unit else (),
    )
    proposed = None
    if event.lead_unit:
        proposed = Assignment(
            event.lead_unit, tuple(unit for unit in event.supporting_units if unit != event.lead_unit)
        )
    order.start(proposed=proposed, assignment=ready(tx, order, proposed), now=now)
    if event.asked_repeatedly:
        order.mark_for_study(StudyGround.ASKED_REPEATEDLY)
    watch(order, every=chase_every, now=now)
    order.watch_office(patience=patience, now=now)
    tx.add_order(order)
    if order.about_unit:
        announce_relay(tx, order, now)
    announce(tx, order, now)


def carry_deadlines(event: DeadlinesOpened, *, tx: Store, now: datetime, **_: object) -> None:
    """sla set the clocks of an order: its handling deadline is carried (Art. 24)."""
    for clock in event.deadlines:
        _carry(event.subject, event.round, clock, tx, now)


def carry_moved_deadline(event: DeadlineMoved, *, tx: Store, now: datetime, **_: object) -> None:
    """sla moved a clock: an extension, or a year that became known (Art. 26)."""
    _carry(event.subject, event.round, event.deadline, tx, now)


def mark_overdue(event: DeadlineMissed, *, tx: Store, **_: object) -> None:
    """The handling deadline passed without result, or the end of a part without its report (Art. 28)."""
    if event.kind == deadline_pb2.DEADLINE_KIND_PART:
        order = load(tx, event.subject, for_update=True)
        if order.mark_part_late(round_number=event.round, unit=event.unit, due_time=moment(event.due_time)):
            tx.save_order(order)
    if event.kind != deadline_pb2.DEADLINE_KIND_HANDLING:
        return
    order = load(tx, event.subject, for_update=True)
    if order.mark_overdue(round_number=event.round, since=moment(event.due_time)):
        tx.save_order(order)


def note_supervision(event: SupervisionIssued, *, tx: CountyStore, **_: object) -> None:
    """sla issued a step of supervision: it stands on the order, and the unit's or county's system is told (Art. 28)."""
    supervise(event, tx=tx)
    order = load(tx, event.work_order, for_update=True)
    step = SupervisionStep(deadline_pb2.SupervisionStep.Name(event.step).removeprefix("SUPERVISION_STEP_"))
    order.supervise(SupervisionNote(event.supervision, step, event.unit, moment(event.issue_time)))
    tx.save_order(order)


def start_key_supervision(event: KeySupervisionStarted, *, tx: Store, **_: object) -> None:
    """sla put the order under key supervision, on whatever ground: it stands on the order (Art. 28)."""
    order = load(tx, event.work_order, for_update=True)
    if order.watch_closely(round_number=event.round):
        tx.save_order(order)


def end_callback(event: CallbackCompleted, *, tx: Store, **_: object) -> None:
    """The citizen was asked, or could not be reached: the order closes unless a quality review follows (Art. 30)."""
    if event.verdict == callback_pb2.VERDICT_DISSATISFIED:
        return
    order = load(tx, event.work_order, for_update=True)
    if event.round == order.round and order.state is State.REPORTED:
        _close(tx, order, moment(event.complete_time))


def end_review(event: ReviewConcluded, *, patience: Patience, tx: Store, now: datetime, **_: object) -> None:
    """The quality review ended: the order is reopened under key supervision, or closes (Art. 28(3), 30)."""
    if not event.work_order:
        return
    order = load(tx, event.work_order, for_update=True)
    if order.state is not State.REPORTED:
        _log.warning("review_of_order_without_result", work_order=order.name, review=event.review)
    elif event.outcome == callback_pb2.REVIEW_OUTCOME_REOPENED:
        order.reopen(leads_concerned=is_concerned(tx, order.lead, about_unit=order.about_unit), now=now)
        leave_closed(order, tx=tx, now=now)
        order.watch_office(patience=patience, now=now)
        saved_and_announced(tx, order, now)
    else:
        _close(tx, order, moment(event.conclude_time))


def _carry(subject: str, round_number: int, clock: DeadlineSet, tx: Store, now: datetime) -> None:
    if clock.kind != deadline_pb2.DEADLINE_KIND_HANDLING:
        return
    order = load(tx, subject, for_update=True)
    due = Due(
        due_date=date(clock.due_date.year, clock.due_date.month, clock.due_date.day),
        due_time=moment(clock.due_time),
        provisional=clock.provisional,
        extension_cutoff_time=moment(clock.extension_cutoff_time),
    )
    parts = order.parts
    if order.carry_due(round_number=round_number, due=due, now=now):
        tx.save_order(order)
        for part in order.parts:
            if part not in parts:  # its day came forward with the lead's
                announce_part(tx, order, part.unit, part.due_date, now)


def _close(tx: Store, order: WorkOrder, time: datetime) -> None:
    order.close(now=time)
    tx.save_order(order)
    event = WorkOrderClosed(work_order=order.name, appeal=order.appeal, unit=order.lead, close_time=timestamp(time))
    tx.publish(event, aggregate=order.name, time=time)


ON_EVENT: dict[type[Message], Callable[..., None]] = {
    AppealReferred: make_order,
    DeadlinesOpened: carry_deadlines,
    DeadlineMoved: carry_moved_deadline,
    DeadlineMissed: mark_overdue,
    SupervisionIssued: note_supervision,
    KeySupervisionStarted: start_key_supervision,
    CallbackCompleted: end_callback,
    ReviewConcluded: end_review,
    ContactErased: forget_contact,
}
