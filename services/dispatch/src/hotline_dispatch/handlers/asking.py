"""What the city asks of a county: the difference between its order and what the county was told (ADR 0034)."""

from datetime import datetime, timedelta

import structlog
from google.type.date_pb2 import Date
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.events.v1.appeal_events_pb2 import ContactErased
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1.deadline_events_pb2 import SupervisionIssued
from hotline_kernel.errors import NotYet
from hotline_kernel.sealed_box import seal
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.county import ContactState, County, Errand, ErrandState
from hotline_dispatch.domain.record import Due, ExtensionState, State
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import load, moment, term_message
from hotline_dispatch.handlers.counties import Store, erase_contact

_log = structlog.get_logger()
RETRY_CONTACT = timedelta(seconds=2)


def ask(work_order: str, *, tx: Store) -> None:
    """Tells the county that leads an order, or led it, what it has not been told."""
    order = load(tx, work_order, for_update=True)
    has_it = False
    for errand in tx.open_errands_of(work_order):
        county = tx.find_county(errand.county)
        if (left := errand.left_at(order)) is not None:
            _withdraw(errand, left, tx)
        elif county is not None:
            has_it = True
            _tell(errand, order, county, tx)
            tx.save_errand(errand)
    if not has_it and order.state is State.DISPATCHED and (county := tx.county_of(order.lead)) is not None:
        _begin(order, county, tx)


def forget_contact(event: ContactErased, *, tx: Store, now: datetime, **_: object) -> None:
    """The citizen was erased: every county that has the contact forgets it too (Art. 36(4))."""
    for errand in tx.errands_of_appeal(event.appeal):
        erase_contact(errand, tx=tx, now=now)
        tx.save_errand(errand)


def supervise(event: SupervisionIssued, *, tx: Store, **_: object) -> None:
    """sla issued a step of supervision to a unit: if that is a county, it is told (Art. 28)."""
    county = tx.county_of(event.unit) if event.unit else None
    if county is None:
        return
    order = load(tx, event.work_order, for_update=True)
    errand = next((each for each in tx.open_errands_of(event.work_order) if each.unit == county.unit), None)
    if errand is None:
        if order.lead == county.unit and order.state is State.DISPATCHED:
            raise NotYet  # the errand is being made
        return
    issued = crossing.CountySupervised(
        errand=errand.name, commit_time=event.issue_time, step=event.step, supervision=event.supervision
    )
    tx.send(errand, issued, time=moment(event.issue_time))
    tx.save_errand(errand)


def send_contact(errand: Errand, sealed: bytes | None, *, tx: Store, now: datetime) -> None:
    """The contact is sealed and crosses; None: there is none, and nothing crosses."""
    if not errand.is_open or errand.contact is not ContactState.WANTED:
        return
    errand.contact = ContactState.NONE
    if sealed is not None:
        errand.contact = ContactState.HELD
        message = crossing.ContactSealed(errand=errand.name, commit_time=timestamp(now), sealed_contact=sealed)
        tx.send(errand, message, time=now)
    tx.save_errand(errand)


def _begin(order: WorkOrder, county: County, tx: Store) -> None:
    time = order.dispatch_time or order.create_time
    errand = Errand(
        id=uuid7(),
        county=county.name,
        unit=county.unit,
        work_order=order.name,
        appeal=order.appeal,
        start_time=time,
        holding=len(order.holdings) - 1,
        contact=ContactState.NONE if order.relayed else ContactState.WANTED,
        told_round=order.round,
        told_relayed=order.relayed,
        told_grounds=order.study_grounds,
        told_decision_time=order.extension.decide_time if order.extension else None,
    )
    tx.add_errand(errand)
    text = crossing.OrderText(title=order.title, text=order.text)
    asked = crossing.OrderRequested(
        errand=errand.name,
        commit_time=timestamp(time),
        number=order.number,
        round=order.round,
        request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{order.request_type}"),
        category=order.category,
        region=order.region,
        relayed=order.relayed,
        statutory_term=term_message(order.statutory_term),
        study_grounds=_grounds(order),
        dispatch_time=timestamp(time),
        sealed_text=seal(plain=text.SerializeToString(), to=county.far_keys, place=f"{errand.name}/text"),
        key_supervision=order.key_supervision,
    )
    tx.send(errand, asked, time=time)
    _tell(errand, order, county, tx)
    tx.save_errand(errand)


def _withdraw(errand: Errand, time: datetime, tx: Store) -> None:
    errand.end(ErrandState.WITHDRAWN, time=time)
    tx.send(errand, crossing.OrderWithdrawn(errand=errand.name, commit_time=timestamp(time)), time=time)
    if errand.contact is ContactState.HELD:
        errand.contact = ContactState.ERASING  # a county that has the order no more needs it no more
    elif errand.contact is ContactState.WANTED:
        errand.contact = ContactState.NONE
    tx.save_errand(errand)


def _tell(errand: Errand, order: WorkOrder, county: County, tx: Store) -> None:
    time = order.dispatch_time or order.create_time
    if order.round != errand.told_round:
        errand.told_round, errand.told_due, errand.told_decision_time = order.round, None, None
        errand.told_contact_time = None
        message = crossing.OrderReopened(errand=errand.name, commit_time=timestamp(time), round=order.round)
        tx.send(errand, message, time=time)
    if (order.relayed, order.study_grounds) != (errand.told_relayed, errand.told_grounds):
        _amend(errand, order, tx)
    if order.due is not None and order.due != errand.told_due:
        errand.told_due = order.due
        tx.send(errand, _due(errand, order.round, order.due, time), time=time)
    contact = order.first_contact
    if contact is not None and contact.relayed and contact.contact_time != errand.told_contact_time:
        errand.told_contact_time = contact.contact_time
        relayed = crossing.FirstContactRelayed(
            errand=errand.name,
            commit_time=timestamp(contact.contact_time),
            round=order.round,
            contact_time=timestamp(contact.contact_time),
        )
        tx.send(errand, relayed, time=contact.contact_time)
    _tell_decision(errand, order, county, tx)
    if order.state is State.CLOSED and order.close_time is not None:
        errand.end(ErrandState.CLOSED, time=order.close_time)
        closed = crossing.OrderClosed(errand=errand.name, commit_time=timestamp(order.close_time))
        tx.send(errand, closed, time=order.close_time)


def _tell_decision(errand: Errand, order: WorkOrder, county: County, tx: Store) -> None:
    decided = order.extension
    if decided is None or decided.decide_time is None or decided.decide_time == errand.told_decision_time:
        return
    errand.told_decision_time = decided.decide_time
    message = crossing.ExtensionDecided(
        errand=errand.name,
        commit_time=timestamp(decided.decide_time),
        round=order.round,
        granted=decided.state is ExtensionState.GRANTED,
        working_days=decided.working_days,
        sealed_note=seal(plain=decided.decision_note.encode(), to=county.far_keys, place=f"{errand.name}/decision"),
    )
    tx.send(errand, message, time=decided.decide_time)


def _amend(errand: Errand, order: WorkOrder, tx: Store) -> None:
    time = order.dispatch_time or order.create_time
    if order.relayed and not errand.told_relayed and errand.contact is not ContactState.NONE:
        erase_contact(errand, tx=tx, now=time)
    elif not order.relayed and errand.told_relayed and errand.contact in (ContactState.NONE, ContactState.ERASED):
        errand.contact = ContactState.WANTED
    errand.told_relayed, errand.told_grounds = order.relayed, order.study_grounds
    message = crossing.OrderAmended(
        errand=errand.name, commit_time=timestamp(time), relayed=order.relayed, study_grounds=_grounds(order)
    )
    tx.send(errand, message, time=time)


def _grounds(order: WorkOrder) -> "list[work_order_pb2.StudyGround.ValueType]":
    return [work_order_pb2.StudyGround.Value(f"STUDY_GROUND_{ground}") for ground in order.study_grounds]


def _due(errand: Errand, round_number: int, due: Due, time: datetime) -> crossing.DeadlineCarried:
    day = due.due_date
    return crossing.DeadlineCarried(
        errand=errand.name,
        commit_time=timestamp(time),
        round=round_number,
        due_date=Date(year=day.year, month=day.month, day=day.day),
        due_time=timestamp(due.due_time),
        provisional=due.provisional,
        extension_cutoff_time=timestamp(due.extension_cutoff_time),
    )
