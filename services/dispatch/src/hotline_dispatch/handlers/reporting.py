"""What a county does with the city's errands, and what it reports of them (ADR 0034)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import structlog
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.events.v1.work_order_events_pb2 import (
    ExtensionGranted,
    FirstContactRecorded,
    WorkOrderClosed,
    WorkOrderWithdrawn,
)
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1.intake_service_pb2 import Contact
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.inbox import Envelope
from hotline_kernel.names import uuid_of
from hotline_kernel.sealed_box import SealingKeys, seal
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.county import CitySupervision, ContactState, County, Errand, ErrandState
from hotline_dispatch.domain.record import Due, ExtensionState, State, StudyGround
from hotline_dispatch.domain.refusals import ContactNotHeld, NotFromCity
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import (
    announce,
    load,
    load_for_change,
    moment,
    saved_and_announced,
    term_of,
)
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.orders import restricted_to
from hotline_dispatch.handlers.resync import Store, give_back

_log = structlog.get_logger()
CITY = "city"
"""Who acted, where the city did."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the county's side stands on."""

    keys: Callable[[], SealingKeys]
    patience: Patience

    def open(self, errand: str, field: str, sealed: bytes) -> bytes:
        """What the city sealed to us. Raises `SealBroken`."""
        return self.keys().open(sealed=sealed, place=f"{errand}/{field}")


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a message of the city is about, locked."""

    errand: Errand
    desk: Desk
    tx: Store
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Case(Matter):
    """The same with its order, locked before it."""

    order: WorkOrder


def hand_back_work_order(*, name: str, etag: str, reason: str, tx: Store, now: datetime) -> WorkOrder:
    """The county's office gives an order back to the city, which decides (Art. 22).

    Raises `NotFromCity`, `StateNotAllowed`.
    """
    order = load_for_change(tx, name, etag)
    errand, county = _errand_of(order, tx)
    order.hand_back(now=now)
    tx.save_order(order)
    _announce_withdrawn(order, tx, now)
    message = crossing.OrderHandedBack(
        errand=errand.name,
        commit_time=timestamp(now),
        round=order.round + errand.rounds_before,
        sealed_reason=seal(plain=reason.encode(), to=county.far_keys, place=f"{errand.name}/reason"),
    )
    tx.send(errand, message, time=now)
    tx.save_errand(errand)
    return order


def reveal_contact(*, name: str, purpose: str, permission: str, desk: Desk, tx: Store, now: datetime) -> Contact:
    """Who brought it; the purpose is put on record (Art. 24(1), 36(4)). A bureau may know while it leads the order.

    Raises `NotOwnUnit`, `ContactNotHeld`.
    """
    order = load(tx, name)
    unit = restricted_to(tx.actor)
    if unit is not None:
        order.require_led_by(unit=unit)
    errand = tx.last_errand_of(order.name)
    sealed = tx.sealed_contact(errand) if errand is not None else None
    if errand is None or sealed is None:
        raise ContactNotHeld(resource=order.name)
    contact = Contact.FromString(desk.open(errand.name, "contact", sealed))
    tx.record(action=permission, resource=order.name, time=now, purpose=purpose, details={"errand": errand.name})
    return contact


def report(work_order: str, *, tx: Store, now: datetime) -> None:
    """Tells the city what it has not been told of an order that it gave us."""
    order = load(tx, work_order, for_update=True)
    errand = tx.last_errand_of(work_order)
    county = tx.find_county(errand.county) if errand else None
    if errand is None or county is None:
        return
    _tell_status(errand, order, tx, now)
    if errand.is_open:
        _tell_deeds(errand, order, county, tx)
    tx.save_errand(errand)


def _tell_status(errand: Errand, order: WorkOrder, tx: Store, now: datetime) -> None:
    lead = tx.find_unit(order.lead) if order.lead else None
    status = (order.state.value, lead.display_name if lead else "")
    if status == errand.told_status:
        return
    errand.told_status = status
    message = crossing.CountyStatus(
        errand=errand.name,
        commit_time=timestamp(now),
        number=order.number,
        state=work_order_pb2.WorkOrderState.Value(f"WORK_ORDER_STATE_{status[0]}"),
        lead_display_name=status[1],
    )
    tx.send(errand, message, time=now)


def _tell_deeds(errand: Errand, order: WorkOrder, county: County, tx: Store) -> None:
    def sealed(field: str, plain: bytes) -> bytes:
        return seal(plain=plain, to=county.far_keys, place=f"{errand.name}/{field}")

    city_round = order.round + errand.rounds_before
    contact, asked, result = order.first_contact, order.extension, order.result
    if contact is not None and contact.actor != CITY and errand.told_contact_round != order.round:
        errand.told_contact_round = order.round
        reached = crossing.FirstContactReported(
            errand=errand.name,
            commit_time=timestamp(contact.contact_time),
            round=city_round,
            contact_time=timestamp(contact.contact_time),
            sealed_note=sealed("note", contact.note.encode()),
        )
        tx.send(errand, reached, time=contact.contact_time)
    if asked is not None and asked.state is ExtensionState.REQUESTED and errand.told_extension_round != order.round:
        errand.told_extension_round = order.round
        wanted = crossing.CountyExtensionRequested(
            errand=errand.name,
            commit_time=timestamp(asked.request_time),
            round=city_round,
            working_days=asked.working_days,
            sealed_reason=sealed("reason", asked.reason.encode()),
        )
        tx.send(errand, wanted, time=asked.request_time)
    if result is not None and order.state is State.REPORTED and errand.told_result_round != order.round:
        errand.told_result_round = order.round
        text = _result_text(order)
        done = crossing.CountyResultReported(
            errand=errand.name,
            commit_time=timestamp(result.report_time),
            round=city_round,
            outcome=work_order_pb2.Outcome.Value(f"OUTCOME_{result.outcome}"),
            reply_time=timestamp(result.reply_time),
            reply_means=work_order_pb2.ReplyMeans.Value(f"REPLY_MEANS_{result.reply_means}"),
            sealed_text=sealed("result", text.SerializeToString()),
        )
        tx.send(errand, done, time=result.report_time)


def _result_text(order: WorkOrder) -> crossing.ResultText:
    text = crossing.ResultText()
    if order.result is not None:
        text.text, text.reply_text, text.actor = order.result.text, order.result.reply_text, order.result.actor
    if order.study is not None:
        study = order.study
        text.study.CopyFrom(
            work_order_pb2.Study(
                principal=study.principal,
                study_time=timestamp(study.study_time),
                decision=study.decision,
                actor=study.actor,
            )
        )
    if order.filing is not None:
        text.obstacle, text.understood = order.filing.obstacle, order.filing.understood
        if (day := order.filing.look_date) is not None:
            text.look_date.CopyFrom(Date(year=day.year, month=day.month, day=day.day))
    return text


def _receive(event: crossing.OrderRequested, *, desk: Desk, tx: Store, now: datetime, envelope: Envelope) -> None:
    county = _line(tx, envelope)
    errand_id = uuid_of(event.errand, field="errand")
    if county is None or tx.find_errand(errand_id) is not None:
        return
    text = crossing.OrderText.FromString(desk.open(event.errand, "text", event.sealed_text))
    order = WorkOrder(
        id=errand_id,
        number=tx.next_order_number(region=county.region, now=now),
        appeal=f"appeals/{errand_id}",  # the city's appeal is the city's; here the errand stands for it
        title=text.title,
        text=text.text,
        request_type=appeal_pb2.RequestType.Name(event.request_type).removeprefix("REQUEST_TYPE_"),
        category=event.category,
        region=event.region,
        confidential=event.relayed,
        create_time=now,
        received_time=moment(event.dispatch_time),
        statutory_term=term_of(event),
        key_supervision=event.key_supervision,
    )
    order.start(proposed=None, assignment=None, now=now)
    order.mark_for_study(*_grounds(event.study_grounds))
    order.watch_office(patience=desk.patience, now=now)
    errand = Errand(
        id=errand_id,
        county=county.name,
        unit=county.unit,
        work_order=order.name,
        appeal=order.appeal,
        start_time=moment(event.dispatch_time),
        rounds_before=event.round - 1,
        other_number=event.number,
        other_commit_time=moment(event.commit_time),
    )
    tx.add_errand(errand)
    tx.add_order(order)  # after its errand, so that the city hears of its number at once
    announce(tx, order, now)


def _carry_due(event: crossing.DeadlineCarried, matter: Matter) -> None:
    day = event.due_date
    matter.errand.city_due = Due(
        date(day.year, day.month, day.day),
        moment(event.due_time),
        event.provisional,
        moment(event.extension_cutoff_time),
    )


def _amend(event: crossing.OrderAmended, case: Case) -> None:
    case.order.confidential = event.relayed
    if case.order.is_open:
        case.order.mark_for_study(*_grounds(event.study_grounds))
    case.tx.save_order(case.order)


def _keep_contact(event: crossing.ContactSealed, matter: Matter) -> None:
    if matter.errand.is_open:
        matter.errand.contact = ContactState.HELD
        matter.tx.keep_contact(matter.errand, event.sealed_contact)
    else:
        _forget(matter.errand, matter.tx, matter.now)


def _erase(_: crossing.ContactErased, matter: Matter) -> None:
    _forget(matter.errand, matter.tx, matter.now)


def _relay_contact(event: crossing.FirstContactRelayed, case: Case) -> None:
    if (
        case.order.state is not State.DISPATCHED
        or case.order.first_contact is not None
        or case.order.dispatch_time is None
    ):
        return
    time = min(max(moment(event.contact_time), case.order.dispatch_time), case.now)
    case.order.record_first_contact(
        by=None, actor=CITY, note="市热线工作机构转达 / relayed by the city's office", contact_time=time, now=case.now
    )
    case.tx.save_order(case.order)
    case.tx.publish(
        FirstContactRecorded(work_order=case.order.name, contact_time=timestamp(time)),
        aggregate=case.order.name,
        time=case.now,
    )


def _carry_extension(event: crossing.ExtensionDecided, case: Case) -> None:
    note = case.desk.open(case.errand.name, "decision", event.sealed_note).decode()
    time = moment(event.commit_time)
    if event.round != case.order.round + case.errand.rounds_before:
        return
    case.order.carry_extension(granted=event.granted, working_days=event.working_days, note=note, decide_time=time)
    case.tx.save_order(case.order)
    if event.granted:
        granted = ExtensionGranted(
            work_order=case.order.name,
            appeal=case.order.appeal,
            working_days=event.working_days,
            reason=note,
            grant_time=timestamp(time),
        )
        case.tx.publish(granted, aggregate=case.order.name, time=time)


def _supervise(event: crossing.CountySupervised, matter: Matter) -> None:
    step = deadline_pb2.SupervisionStep.Name(event.step).removeprefix("SUPERVISION_STEP_")
    matter.errand.supervisions = (
        *matter.errand.supervisions,
        CitySupervision(step, event.supervision, moment(event.commit_time)),
    )
    _log.warning("supervised_by_city", work_order=matter.errand.work_order, step=step)


def _reopen(event: crossing.OrderReopened, case: Case) -> None:
    if case.order.state is not State.REPORTED:
        if case.order.is_open:  # we went back to before our result: the city counts on
            case.errand.rounds_before = event.round - case.order.round
        elif (county := case.tx.find_county(case.errand.county)) is not None:  # the city forgot that it was closed
            give_back(case.errand, county, of_round=event.round, tx=case.tx, now=case.now)
        return
    case.order.received_time = moment(event.commit_time)
    case.order.reopen(now=case.now)
    case.errand.rounds_before = event.round - case.order.round
    saved_and_announced(case.tx, case.order, case.now)


def _withdraw(event: crossing.OrderWithdrawn, case: Case) -> None:
    if not case.errand.is_open:
        return
    time = moment(event.commit_time)
    result = case.order.result if case.order.state is State.REPORTED else None
    if result is not None and result.report_time <= time and case.errand.result_judged != case.order.round:
        return  # committed before it was taken back: the city judges it, and says so
    case.errand.end(ErrandState.WITHDRAWN, time=time)
    _leave(case.order, case.errand, case.tx, case.now)


def _forget_unknown(event: crossing.ErrandUnknown, case: Case) -> None:
    """The city went back to before it gave us the order."""
    if case.errand.is_open:
        case.errand.end(ErrandState.WITHDRAWN, time=moment(event.commit_time))
        _leave(case.order, case.errand, case.tx, case.now)


def _close(event: crossing.OrderClosed, case: Case) -> None:
    time = moment(event.commit_time)
    if case.order.state is not State.REPORTED:
        if case.errand.is_open:  # we went back to before our result: the city has it
            case.errand.end(ErrandState.CLOSED, time=time)
            _leave(case.order, case.errand, case.tx, case.now)
        return
    case.order.close(now=time)
    case.errand.end(ErrandState.CLOSED, time=time)
    case.tx.save_order(case.order)
    closed = WorkOrderClosed(
        work_order=case.order.name, appeal=case.order.appeal, unit=case.order.lead, close_time=timestamp(time)
    )
    case.tx.publish(closed, aggregate=case.order.name, time=time)


def _take_judgement(event: crossing.ReportJudged, case: Case) -> None:
    case.errand.refused = event.reason
    ours = event.round == case.order.round + case.errand.rounds_before
    kind = event.kind
    if not case.errand.is_open or not ours:
        return
    if kind == crossing.REPORT_KIND_RESULT:
        case.errand.result_judged = case.order.round
    if event.accepted:
        if kind == crossing.REPORT_KIND_HAND_BACK:
            case.errand.end(ErrandState.HANDED_BACK, time=moment(event.commit_time))
            _leave(case.order, case.errand, case.tx, case.now)
        return
    reason = f"市热线工作机构未采纳（{event.reason}） / not taken by the city"
    if event.reason == "WITHDRAWN_BEFORE":
        case.errand.end(ErrandState.WITHDRAWN, time=moment(event.commit_time))
        _leave(case.order, case.errand, case.tx, case.now)
    elif kind == crossing.REPORT_KIND_RESULT and case.order.state is State.REPORTED:
        case.order.take_up_again(reason=reason, now=case.now)
        case.errand.told_result_round = 0
        case.tx.save_order(case.order)
    elif kind == crossing.REPORT_KIND_HAND_BACK and case.order.state is State.WITHDRAWN:
        case.order.resume(reason=reason, now=case.now)
        saved_and_announced(case.tx, case.order, case.now)
    elif kind == crossing.REPORT_KIND_EXTENSION:
        days = case.order.extension.working_days if case.order.extension else 0
        case.order.carry_extension(granted=False, working_days=days, note=reason, decide_time=case.now)
        case.tx.save_order(case.order)


def _leave(order: WorkOrder, errand: Errand, tx: Store, now: datetime) -> None:
    if order.state not in (State.WITHDRAWN, State.CLOSED):
        order.leave(now=now)
        tx.save_order(order)
        _announce_withdrawn(order, tx, now)
    if errand.contact is not ContactState.NONE:
        _forget(errand, tx, now)


def _forget(errand: Errand, tx: Store, now: datetime) -> None:
    errand.contact = ContactState.ERASED
    tx.keep_contact(errand, None)
    done = crossing.ContactErasureAcknowledged(errand=errand.name, commit_time=timestamp(now))
    tx.send(errand, done, time=now)


def _announce_withdrawn(order: WorkOrder, tx: Store, now: datetime) -> None:
    event = WorkOrderWithdrawn(work_order=order.name, appeal=order.appeal, withdraw_time=timestamp(now))
    tx.publish(event, aggregate=order.name, time=now)


def _errand_of(order: WorkOrder, tx: Store) -> tuple[Errand, County]:
    errand = tx.last_errand_of(order.name)
    county = tx.find_county(errand.county) if errand else None
    if errand is None or county is None or not errand.is_open:
        raise NotFromCity(resource=order.name)
    return errand, county


def _line(tx: Store, envelope: Envelope) -> County | None:
    return tx.find_county(f"counties/{envelope.source.removeprefix('county.')}")


def _grounds(grounds: Any) -> list[StudyGround]:
    return [
        StudyGround(work_order_pb2.StudyGround.Name(each).removeprefix("STUDY_GROUND_")) for each in grounds if each
    ]


def _note(
    event: Any, *, deed: Callable[[Any, Matter], None], desk: Desk, tx: Store, now: datetime, envelope: Envelope
) -> None:
    errand = _known(event, tx, envelope, for_update=True)
    if errand is None:
        return
    errand.other_commit_time = moment(event.commit_time)
    deed(event, Matter(errand=errand, desk=desk, tx=tx, now=now))
    tx.save_errand(errand)


def _obey(
    event: Any, *, deed: Callable[[Any, Case], None], desk: Desk, tx: Store, now: datetime, envelope: Envelope
) -> None:
    errand = _known(event, tx, envelope)
    if errand is None:
        return
    order = load(tx, errand.work_order, for_update=True)
    errand = tx.find_errand(errand.id, for_update=True) or errand
    errand.other_commit_time = moment(event.commit_time)
    deed(event, Case(order=order, errand=errand, desk=desk, tx=tx, now=now))
    tx.save_errand(errand)


def _known(event: Any, tx: Store, envelope: Envelope, *, for_update: bool = False) -> Errand | None:
    errand = tx.find_errand(uuid_of(event.errand, field="errand"), for_update=for_update)
    if errand is None:
        _log.warning("unknown_errand", errand=event.errand, type=envelope.type)
    return errand


def on_errand(desk: Desk) -> dict[type[Message], Callable[..., None]]:
    """What a county listens to on the line to its city."""
    notes: dict[type[Message], Callable[[Any, Matter], None]] = {
        crossing.DeadlineCarried: _carry_due,
        crossing.ContactSealed: _keep_contact,
        crossing.ContactErased: _erase,
        crossing.CountySupervised: _supervise,
    }
    deeds: dict[type[Message], Callable[[Any, Case], None]] = {
        crossing.OrderAmended: _amend,
        crossing.FirstContactRelayed: _relay_contact,
        crossing.ExtensionDecided: _carry_extension,
        crossing.OrderReopened: _reopen,
        crossing.OrderWithdrawn: _withdraw,
        crossing.OrderClosed: _close,
        crossing.ErrandUnknown: _forget_unknown,
        crossing.ReportJudged: _take_judgement,
    }
    return {
        crossing.OrderRequested: partial(_receive, desk=desk),
        **{type_: partial(_note, deed=note, desk=desk) for type_, note in notes.items()},
        **{type_: partial(_obey, deed=deed, desk=desk) for type_, deed in deeds.items()},
    }
