"""What dispatch does: a function per use case, and at the foot what it does when others announce something.

Each loads, asks the domain, saves and publishes in the transaction it is given. `now` is legal time.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.dispatch.events.v1.work_order_events_pb2 import (
    ExtensionGranted,
    FirstContactRecorded,
    ResultReported,
    WorkOrderAwaitingLead,
    WorkOrderClosed,
    WorkOrderDispatched,
    WorkOrderHeld,
    WorkOrderSentBack,
)
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1.deadline_events_pb2 import (
    DeadlineMissed,
    DeadlineMoved,
    DeadlineSet,
    DeadlinesOpened,
)
from hotline.sla.v1 import deadline_pb2
from hotline_kernel import telemetry
from hotline_kernel.auth import Principal
from hotline_kernel.errors import AlreadyExists, EtagMismatch, ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.refusals import FieldNotUpdatable, UnitUnknown
from hotline_dispatch.domain.unit import Assignment, Unit
from hotline_dispatch.domain.work_order import (
    Directive,
    DirectiveKind,
    Due,
    ExtensionState,
    Outcome,
    ReplyMeans,
    State,
    WorkOrder,
)

_log = structlog.get_logger()

UPDATABLE = ("display_name", "region", "kind", "principal", "competences")
"""Fields of a unit that may change."""


@dataclass(frozen=True)
class Referral:
    """What goes to the unit: the operator's summary and the reviewed text."""

    title: str
    text: str


class Referrals(Protocol):
    """Where the reviewed text is: intake."""

    def referral(self, appeal: str) -> Referral:
        """The text of an appeal. Raises `Unavailable` while intake cannot be reached."""


class Store(Protocol):
    """Orders and units, within one transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None:
        """Announces a fact about an aggregate."""

    def find_order(self, order_id: UUID, *, for_update: bool = False) -> WorkOrder | None:
        """An order, locked if it is to be changed."""

    def has_order_of(self, appeal: str) -> bool:
        """Whether the appeal has its order already."""

    def add_order(self, order: WorkOrder) -> None:
        """Keeps a new order."""

    def save_order(self, order: WorkOrder) -> None:
        """Keeps a changed order; its version grows."""

    def find_unit(self, name: str, *, for_update: bool = False) -> Unit | None:
        """A unit of the registry."""

    def find_units(self, names: Collection[str]) -> dict[str, Unit]:
        """Those of the names that are in the registry."""

    def add_unit(self, unit: Unit) -> bool:
        """Keeps a new unit; False if the name is taken."""

    def save_unit(self, unit: Unit) -> None:
        """Keeps a changed unit; its version grows."""


# Orders


def get_work_order(*, name: str, tx: Store) -> WorkOrder:
    """One order. Raises `ResourceNotFound`, `NotOwnUnit`."""
    order = _load(tx, name)
    if (unit := restricted_to(tx.actor)) is not None:
        order.require_visible(to_unit=unit)
    return order


def restricted_to(principal: Principal) -> str | None:
    """The unit whose orders alone the caller may see; None for the office and its seats."""
    return principal.unit if "unit" in principal.roles and "office" not in principal.roles else None


def dispatch_work_order(
    *, name: str, etag: str, lead_unit: str, supporting_units: Collection[str], tx: Store, now: datetime
) -> WorkOrder:
    """The office names the units (Art. 7, 22); its decision stands, a lead without a principal raises an alarm.

    Raises `LeadAlsoSupporting`, `UnitUnknown`, and what `WorkOrder.dispatch` raises.
    """
    order = _load_for_change(tx, name, etag)
    assignment = Assignment(lead_unit, tuple(supporting_units))
    known = tx.find_units(assignment.units)
    for unit in assignment.units:
        if unit not in known:
            raise UnitUnknown(unit=unit)
    if not known[lead_unit].principal:
        _alarm_no_principal(lead_unit, order)
    order.dispatch(assignment=assignment, now=now)
    return _saved_and_announced(tx, order, now)


def send_back_work_order(*, name: str, etag: str, reason: str, limit: int, tx: Store, now: datetime) -> WorkOrder:
    """The lead unit gives the order back to the office (Art. 22). Raises what `WorkOrder.send_back` raises."""
    order = _load_for_change(tx, name, etag)
    unit = tx.actor.unit
    order.send_back(by=unit, reason=reason, limit=limit, now=now)
    tx.save_order(order)
    event = WorkOrderSentBack(work_order=order.name, unit=unit, send_back_time=stamp(now))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def record_directive(*, name: str, etag: str, text: str, authority: str, tx: Store, now: datetime) -> WorkOrder:
    """The directive came; the order goes out to the unit that was proposed, if it can lead (Art. 23)."""
    order = _load_for_change(tx, name, etag)
    order.record_directive(text=text, authority=authority, assignment=_ready(tx, order, order.proposed), now=now)
    return _saved_and_announced(tx, order, now)


def record_first_contact(
    *, name: str, etag: str, note: str, contact_time: datetime | None, tx: Store, now: datetime
) -> WorkOrder:
    """The unit, or the office for it, reached the citizen (Art. 24(1)). Raises what the order raises."""
    order = _load_for_change(tx, name, etag)
    by = None if "office" in tx.actor.roles else tx.actor.unit
    contact = order.record_first_contact(by=by, actor=tx.actor.subject, note=note, contact_time=contact_time, now=now)
    tx.save_order(order)
    event = FirstContactRecorded(work_order=order.name, contact_time=stamp(contact.contact_time))
    tx.publish(event, aggregate=order.name, time=now)
    return order


def report_result(
    *,
    name: str,
    etag: str,
    outcome: Outcome,
    text: str,
    reply_time: datetime | None,
    reply_means: ReplyMeans | None,
    reply_text: str,
    tx: Store,
    now: datetime,
) -> WorkOrder:
    """The lead unit replied to the citizen and reports (Art. 24(2)). Raises what `WorkOrder.report` raises."""
    order = _load_for_change(tx, name, etag)
    result = order.report(
        by=tx.actor.unit,
        actor=tx.actor.subject,
        outcome=outcome,
        text=text,
        reply_time=reply_time,
        reply_means=reply_means,
        reply_text=reply_text,
        now=now,
    )
    tx.save_order(order)
    event = ResultReported(
        work_order=order.name,
        appeal=order.appeal,
        number=order.number,
        unit=result.unit,
        outcome=work_order_pb2.Outcome.Value(f"OUTCOME_{result.outcome}"),
        reply_time=stamp(result.reply_time),
        report_time=stamp(result.report_time),
        round=order.round,
    )
    tx.publish(event, aggregate=order.name, time=now)
    return order


def request_extension(*, name: str, etag: str, working_days: int, reason: str, tx: Store, now: datetime) -> WorkOrder:
    """The lead unit asks for a later deadline (Art. 26). Raises what `WorkOrder.request_extension` raises."""
    order = _load_for_change(tx, name, etag)
    order.request_extension(by=tx.actor.unit, working_days=working_days, reason=reason, now=now)
    tx.save_order(order)
    return order


def decide_extension(*, name: str, etag: str, granted: bool, note: str, tx: Store, now: datetime) -> WorkOrder:
    """The office decides; sla moves the deadline when it hears of a grant (Art. 26)."""
    order = _load_for_change(tx, name, etag)
    extension = order.decide_extension(granted=granted, note=note, now=now)
    tx.save_order(order)
    if extension.state is ExtensionState.GRANTED:
        event = ExtensionGranted(
            work_order=order.name,
            appeal=order.appeal,
            working_days=extension.working_days,
            reason=note,
            grant_time=stamp(now),
        )
        tx.publish(event, aggregate=order.name, time=now)
    return order


# Units


def create_unit(*, unit: Unit, tx: Store) -> Unit:
    """Enters a unit in the registry (Art. 10). Raises `AlreadyExists`."""
    if not tx.add_unit(unit):
        raise AlreadyExists(resource=unit.name)
    return unit


def get_unit(*, name: str, tx: Store) -> Unit:
    """One unit. Raises `ResourceNotFound`."""
    unit = tx.find_unit(name)
    if unit is None:
        raise ResourceNotFound(resource=name)
    return unit


def update_unit(*, name: str, etag: str, changes: Mapping[str, Any], tx: Store) -> Unit:
    """Changes the named fields of a unit (AIP-134). Raises `ResourceNotFound`, `EtagMismatch`, `FieldNotUpdatable`."""
    for path in changes:
        if path not in UPDATABLE:
            raise FieldNotUpdatable(violations=[("update_mask", f"{path} cannot be changed")], path=path)
    unit = tx.find_unit(name, for_update=True)
    if unit is None:
        raise ResourceNotFound(resource=name)
    if etag and etag != str(unit.version):
        raise EtagMismatch(resource=name)
    for path, value in changes.items():
        setattr(unit, path, value)
    tx.save_unit(unit)
    return unit


# What others announce


def make_order(event: AppealReferred, *, referrals: Referrals, tx: Store, now: datetime, **_: object) -> None:
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
        directive=Directive(DirectiveKind(kind)) if event.directive_kind else None,
    )
    proposed = None
    if event.lead_unit:
        proposed = Assignment(
            event.lead_unit, tuple(unit for unit in event.supporting_units if unit != event.lead_unit)
        )
    order.start(proposed=proposed, assignment=_ready(tx, order, proposed), now=now)
    tx.add_order(order)
    _announce(tx, order, now)


def carry_deadlines(event: DeadlinesOpened, *, tx: Store, now: datetime, **_: object) -> None:
    """sla set the clocks of an order: its handling deadline is carried (Art. 24)."""
    for clock in event.deadlines:
        _carry(event.subject, event.round, clock, tx, now)


def carry_moved_deadline(event: DeadlineMoved, *, tx: Store, now: datetime, **_: object) -> None:
    """sla moved a clock: an extension, or a year that became known (Art. 26)."""
    _carry(event.subject, event.round, event.deadline, tx, now)


def mark_overdue(event: DeadlineMissed, *, tx: Store, **_: object) -> None:
    """The handling deadline passed without result (Art. 28)."""
    if event.kind != deadline_pb2.DEADLINE_KIND_HANDLING:
        return
    order = _load(tx, event.subject, for_update=True)
    if order.mark_overdue(round_number=event.round):
        tx.save_order(order)


def end_callback(event: CallbackCompleted, *, tx: Store, **_: object) -> None:
    """The citizen was asked, or could not be reached: the order closes unless a quality review follows (Art. 30)."""
    if event.verdict == callback_pb2.VERDICT_DISSATISFIED:
        return
    order = _load(tx, event.work_order, for_update=True)
    if event.round == order.round and order.state is State.REPORTED:
        _close(tx, order, _time(event.complete_time))


def end_review(event: ReviewConcluded, *, tx: Store, now: datetime, **_: object) -> None:
    """The quality review ended: the order is reopened under key supervision, or closes (Art. 28(3), 30)."""
    if not event.work_order:
        return
    order = _load(tx, event.work_order, for_update=True)
    if order.state is not State.REPORTED:
        _log.warning("review_of_order_without_result", work_order=order.name, review=event.review)
    elif event.outcome == callback_pb2.REVIEW_OUTCOME_REOPENED:
        order.reopen(now=now)
        _saved_and_announced(tx, order, now)
    else:
        _close(tx, order, _time(event.conclude_time))


def stamp(time: datetime) -> Timestamp:
    """A time as it travels."""
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def _time(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(UTC)


def _load(tx: Store, name: str, *, for_update: bool = False) -> WorkOrder:
    # An event about an order that is not here is tried again: its source heard of the order from us.
    order = tx.find_order(uuid_of(name), for_update=for_update)
    if order is None:
        raise ResourceNotFound(resource=name)
    return order


def _load_for_change(tx: Store, name: str, etag: str) -> WorkOrder:
    order = _load(tx, name, for_update=True)
    if etag and etag != str(order.version):
        raise EtagMismatch(resource=name)
    return order


def _ready(tx: Store, order: WorkOrder, proposed: Assignment | None) -> Assignment | None:
    """The proposed units if the lead can lead; None sends the order to the office, never nowhere (Art. 10(1))."""
    if proposed is None:
        return None
    known = tx.find_units(proposed.units)
    lead = known.get(proposed.lead)
    if lead is None:
        _log.warning("proposed_lead_unknown", work_order=order.name, unit=proposed.lead)
        return None
    if not lead.principal:
        _alarm_no_principal(lead.name, order)
        return None
    return Assignment(proposed.lead, tuple(unit for unit in proposed.supporting if unit in known))


def _alarm_no_principal(unit: str, order: WorkOrder) -> None:
    _log.warning("unit_without_principal", work_order=order.name, unit=unit)
    telemetry.ORDERS_WITHOUT_PRINCIPAL.labels("dispatch").inc()


def _saved_and_announced(tx: Store, order: WorkOrder, now: datetime) -> WorkOrder:
    tx.save_order(order)
    _announce(tx, order, now)
    return order


def _announce(tx: Store, order: WorkOrder, now: datetime) -> None:
    """Says where the order went: held, to the office, or out."""
    event: Message
    if order.state is State.HELD and order.directive is not None:
        event = WorkOrderHeld(
            work_order=order.name,
            appeal=order.appeal,
            directive_kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{order.directive.kind}"),
            hold_time=stamp(now),
        )
    elif order.assignment is None:
        event = WorkOrderAwaitingLead(work_order=order.name, appeal=order.appeal, await_time=stamp(now))
    else:
        event = WorkOrderDispatched(
            work_order=order.name,
            appeal=order.appeal,
            number=order.number,
            lead_unit=order.assignment.lead,
            supporting_units=order.assignment.supporting,
            request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{order.request_type}"),
            category=order.category,
            region=order.region,
            round=order.round,
            key_supervision=order.key_supervision,
            dispatch_time=stamp(now),
        )
    tx.publish(event, aggregate=order.name, time=now)


def _carry(subject: str, round_number: int, clock: DeadlineSet, tx: Store, now: datetime) -> None:
    if clock.kind != deadline_pb2.DEADLINE_KIND_HANDLING:
        return
    order = _load(tx, subject, for_update=True)
    due = Due(
        due_date=date(clock.due_date.year, clock.due_date.month, clock.due_date.day),
        due_time=_time(clock.due_time),
        provisional=clock.provisional,
        extension_cutoff_time=_time(clock.extension_cutoff_time),
    )
    if order.carry_due(round_number=round_number, due=due, now=now):
        tx.save_order(order)


def _close(tx: Store, order: WorkOrder, time: datetime) -> None:
    order.close(now=time)
    tx.save_order(order)
    event = WorkOrderClosed(work_order=order.name, appeal=order.appeal, unit=order.lead, close_time=stamp(time))
    tx.publish(event, aggregate=order.name, time=time)


ON_EVENT: dict[type[Message], Callable[..., None]] = {
    AppealReferred: make_order,
    DeadlinesOpened: carry_deadlines,
    DeadlineMoved: carry_moved_deadline,
    DeadlineMissed: mark_overdue,
    CallbackCompleted: end_callback,
    ReviewConcluded: end_review,
}
