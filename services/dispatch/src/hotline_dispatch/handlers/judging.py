"""What the city makes of a county's reports: by their commit time, with the verbs of its own order (ADR 0034)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from google.protobuf.message import DecodeError, Message
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.events.v1.work_order_events_pb2 import FirstContactRecorded, WorkOrderSentBack
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.errors import FieldInvalid, HotlineError
from hotline_kernel.inbox import Envelope
from hotline_kernel.names import uuid_of
from hotline_kernel.sealed_box import SealingKeys
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.county import ContactState, Errand, ErrandState, judge, source_of
from hotline_dispatch.domain.record import Filing, Outcome, ReplyMeans
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.bookkeeping import announce, announce_result, load, moment
from hotline_dispatch.handlers.joining import share_result
from hotline_dispatch.handlers.office import Patience
from hotline_dispatch.handlers.resync import Store, say_unknown

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """By what the city judges.

    cut_off -- longer than this on its way: asked while cut off;  skew -- so far a county's clock may be ahead.
    """

    keys: Callable[[], SealingKeys]
    cut_off: timedelta
    skew: timedelta
    send_back_limit: int
    patience: Patience

    def open(self, errand: Errand, field: str, sealed: bytes) -> bytes:
        """What a county sealed to the city. Raises `SealBroken`."""
        return self.keys().open(sealed=sealed, place=f"{errand.name}/{field}")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a report is about, both locked, and by which time it is judged."""

    order: WorkOrder
    errand: Errand
    time: datetime
    bench: Bench
    tx: Store


Apply = Callable[[Any, Case], None]
"""Applies a report to the order; raises a refusal and leaves everything as it was."""


def judge_report(
    event: Any,
    *,
    kind: "crossing.ReportKind.ValueType",
    apply: Apply,
    bench: Bench,
    tx: Store,
    now: datetime,
    envelope: Envelope,
) -> None:
    """A report came: it has its effect or none, and the county is told which."""
    errand = own_errand(event.errand, tx=tx, envelope=envelope)
    if errand is None:
        return
    order = load(tx, errand.work_order, for_update=True)
    errand = tx.find_errand(errand.id, for_update=True) or errand
    commit_time = moment(event.commit_time)
    judgement = judge(commit_time=commit_time, now=now, cut_off=bench.cut_off, skew=bench.skew)
    errand.note(judgement, commit_time=commit_time)
    errand.refused = ""
    bench.keys()  # without a key of our own nothing is judged, and it is tried again
    try:
        if kind != crossing.REPORT_KIND_RESULT or not errand.comes_back(
            order, time=judgement.time, of_round=event.round
        ):
            errand.require_standing(order, time=judgement.time, of_round=event.round)
        apply(event, Case(order=order, errand=errand, time=judgement.time, bench=bench, tx=tx))
    except HotlineError as refusal:
        errand.refused = refusal.reason
    except (ValueError, DecodeError):  # not sealed to us, or no such outcome: a county that is wrong harms itself alone
        errand.refused = FieldInvalid.reason
    details = {
        "county": errand.county,
        "report": crossing.ReportKind.Name(kind).removeprefix("REPORT_KIND_"),
        "commit_time": commit_time.isoformat(),
        "cut_off": str(judgement.asked_while_cut_off).lower(),
        "clock_skewed": str(judgement.clock_skewed).lower(),
        "refused": errand.refused,
    }
    tx.record(action="dispatch.errands.judge", resource=order.name, time=now, details=details)
    judged = crossing.ReportJudged(
        errand=errand.name,
        commit_time=timestamp(now),
        kind=kind,
        round=event.round,
        accepted=not errand.refused,
        reason=errand.refused,
    )
    tx.send(errand, judged, time=now)
    tx.save_errand(errand)


def own_errand(name: str, *, tx: Store, envelope: Envelope, for_update: bool = False) -> Errand | None:
    """The errand, if it is that of the county by whose line the message came; anything else goes on record alone.

    for_update -- locked; only for who does not lock its order afterwards.
    """
    try:
        errand = tx.find_errand(uuid_of(name, field="errand"), for_update=for_update)
    except HotlineError:
        errand = None
    if errand is not None and source_of(errand.county) == envelope.source:
        return errand
    _log.warning("foreign_errand", source=envelope.source, type=envelope.type)
    details = {"type": envelope.type}
    tx.record(action="dispatch.errands.foreign", resource=_county_of(envelope), time=envelope.time, details=details)
    return None


def _county_of(envelope: Envelope) -> str:
    return f"counties/{envelope.source.removeprefix('county.')}"


def carry_status(event: crossing.CountyStatus, *, tx: Store, now: datetime, envelope: Envelope) -> None:
    """Where the county's order stands, for the city to see; a city that went back says what it does not know."""
    errand = own_errand(event.errand, tx=tx, envelope=envelope, for_update=True)
    if errand is None:
        with suppress(HotlineError):
            unknown = uuid_of(event.errand, field="errand")
            say_unknown(unknown, county=_county_of(envelope), tx=tx, now=now)
        return
    errand.other_number = event.number[:60]
    errand.other_state = work_order_pb2.WorkOrderState.Name(event.state).removeprefix("WORK_ORDER_STATE_")
    errand.other_lead = event.lead_display_name[:200]
    errand.other_commit_time = moment(event.commit_time)
    tx.save_errand(errand)


def end_erasure(event: crossing.ContactErasureAcknowledged, *, tx: Store, envelope: Envelope, **_: object) -> None:
    """The county forgot who brought it (Art. 36(4))."""
    errand = own_errand(event.errand, tx=tx, envelope=envelope, for_update=True)
    if errand is None:
        return
    if errand.contact is ContactState.ERASING:
        errand.contact = ContactState.ERASED
        tx.save_errand(errand)


def _first_contact(event: crossing.FirstContactReported, case: Case) -> None:
    contact = case.order.record_first_contact(
        by=case.errand.unit,
        actor=case.errand.county,
        note=case.bench.open(case.errand, "note", event.sealed_note).decode(),
        contact_time=_plausible(case.order, moment(event.contact_time), case.time),
        now=_in_hand(case.order, case.time),
    )
    case.tx.save_order(case.order)
    told = FirstContactRecorded(work_order=case.order.name, contact_time=timestamp(contact.contact_time))
    case.tx.publish(told, aggregate=case.order.name, time=case.time)


def _hand_back(event: crossing.OrderHandedBack, case: Case) -> None:
    reason = case.bench.open(case.errand, "reason", event.sealed_reason).decode()
    case.order.send_back(by=case.errand.unit, reason=reason, limit=case.bench.send_back_limit, now=case.time)
    case.order.watch_office(patience=case.bench.patience, now=case.time)
    case.tx.save_order(case.order)
    case.tx.count_lead(category=case.order.category, region=case.order.region, unit=case.errand.unit, sent_back=True)
    told = WorkOrderSentBack(work_order=case.order.name, unit=case.errand.unit, send_back_time=timestamp(case.time))
    case.tx.publish(told, aggregate=case.order.name, time=case.time)
    case.errand.end(ErrandState.HANDED_BACK, time=case.time)
    case.errand.contact = ContactState.ERASING if case.errand.contact is ContactState.HELD else ContactState.NONE


def _extension(event: crossing.CountyExtensionRequested, case: Case) -> None:
    reason = case.bench.open(case.errand, "reason", event.sealed_reason).decode()
    case.order.request_extension(by=case.errand.unit, working_days=event.working_days, reason=reason, now=case.time)
    case.order.watch_office(patience=case.bench.patience, now=case.time)
    case.tx.save_order(case.order)


def _result(event: crossing.CountyResultReported, case: Case) -> None:
    text = crossing.ResultText.FromString(case.bench.open(case.errand, "result", event.sealed_text))
    came_back = not case.errand.is_open
    if came_back:
        case.order.come_back(
            assignment=Assignment(case.errand.unit, ()),
            since=case.errand.start_time,
            reason="县（市）在收回之前已反馈结果 / the county had reported before the case.order was taken back",
            now=case.time,
        )
    if text.HasField("study"):
        case.order.record_study(
            by=case.errand.unit,
            actor=text.study.actor,
            principal=text.study.principal,
            registered=text.study.principal,  # the county has judged by its own registry (ADR 0034)
            study_time=_plausible(case.order, moment(text.study.study_time), case.time),
            decision=text.study.decision,
            now=_in_hand(case.order, case.time),
        )
    outcome = Outcome(work_order_pb2.Outcome.Name(event.outcome).removeprefix("OUTCOME_"))
    means = work_order_pb2.ReplyMeans.Name(event.reply_means).removeprefix("REPLY_MEANS_")
    filing = None
    if outcome is Outcome.FILED:
        day = text.look_date
        filing = Filing(text.obstacle, text.understood, date(day.year, day.month, day.day) if day.year else None)
    result = case.order.report(
        by=case.errand.unit,
        actor=text.actor,
        outcome=outcome,
        text=text.text,
        reply_time=_plausible(case.order, moment(event.reply_time), case.time),
        reply_means=ReplyMeans(means),
        reply_text=text.reply_text,
        filing=filing,
        now=_in_hand(case.order, case.time),
    )
    if came_back:
        case.errand.state, case.errand.end_time = ErrandState.OPEN, None
        case.errand.holding = len(case.order.holdings) - 1
        announce(case.tx, case.order, case.time)  # in the county's hand again, and then its result
    case.tx.save_order(case.order)
    case.tx.count_lead(category=case.order.category, region=case.order.region, unit=result.unit)
    announce_result(case.tx, case.order, case.time)
    share_result(case.order, tx=case.tx, now=case.time)


def _in_hand(order: WorkOrder, time: datetime) -> datetime:
    """A county's clock may be behind ours: nothing happened before the order went out."""
    return time if order.dispatch_time is None else max(time, order.dispatch_time)


def _plausible(order: WorkOrder, said: datetime, time: datetime) -> datetime:
    return min(_in_hand(order, said), _in_hand(order, time))


def on_report(bench: Bench) -> dict[type[Message], Callable[..., None]]:
    """What the city listens to on the lines of its counties."""
    return {
        crossing.FirstContactReported: partial(
            judge_report, kind=crossing.REPORT_KIND_FIRST_CONTACT, apply=_first_contact, bench=bench
        ),
        crossing.OrderHandedBack: partial(
            judge_report, kind=crossing.REPORT_KIND_HAND_BACK, apply=_hand_back, bench=bench
        ),
        crossing.CountyExtensionRequested: partial(
            judge_report, kind=crossing.REPORT_KIND_EXTENSION, apply=_extension, bench=bench
        ),
        crossing.CountyResultReported: partial(
            judge_report, kind=crossing.REPORT_KIND_RESULT, apply=_result, bench=bench
        ),
        crossing.CountyStatus: carry_status,
        crossing.ContactErasureAcknowledged: end_erasure,
    }
