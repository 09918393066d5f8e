"""Appeals, from the registration to the disposition, and the vault; what is heard of them, at the foot."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message as ProtoMessage
from google.type import date_pb2
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.intake.events.v1 import appeal_events_pb2 as events
from hotline.intake.v1 import appeal_pb2, intake_service_pb2
from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel import codes
from hotline_kernel.auth import Principal
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import EtagMismatch, PermissionDenied
from hotline_kernel.names import uuid_of
from hotline_kernel.reads import Reads
from hotline_kernel.sealed_box import fingerprint, seal
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_intake.domain import emergency, telling
from hotline_intake.domain.appeal import (
    Appeal,
    Correction,
    DeclineGround,
    Draft,
    DraftContent,
    Reclassification,
    Registration,
    State,
    StatutoryTerm,
)
from hotline_intake.domain.citizen import CitizenErased, Contact
from hotline_intake.domain.repeat import Measure, place_of
from hotline_intake.domain.telling import Message, Occasion
from hotline_intake.handlers import repeats
from hotline_intake.handlers.ports import CitizenRow, Extension, Filters, Key, Sealed, Store, Trees, Vault

_DRAFT_PERMISSION = "intake.drafts.create"
_OFFICE_ROLES = frozenset({"operator", "callback", "office"})


def register_appeal(
    *, registration: Registration, division: str, permission: str, tx: Store, vault: Vault, trees: Trees, now: datetime
) -> Appeal:
    """Takes an appeal in, with its receipt; the one hour begins with the announcement (Art. 2, 20, 21).

    division -- code of the hotline's own division, for the business number. Raises `FieldInvalid` when title or draft
    names the citizen, `PermissionDenied` when somebody else than an operator drafts, `CategoryUnknown`,
    `CategoryRetired` (Art. 5).
    """
    draft, contact = registration.draft, registration.contact
    contact.refuse_in(texts=[("title", registration.title), *(draft.texts(path="draft") if draft else ())])
    if draft and "operator" not in tx.actor.roles:
        raise PermissionDenied(permission=_DRAFT_PERMISSION)
    phone_hash = vault.phone_hash(phone=contact.phone) if contact.phone else None
    groundwork = tx.groundwork(phone_hash=phone_hash)
    trees.tree(version=groundwork.tree_version, tx=tx).require_usable(path=registration.category)
    known = groundwork.citizen
    citizen, key = _unlocked(known, vault) if known else _new_citizen(phone_hash, vault)
    appeal = Appeal(
        id=uuid7(),
        version=1,
        number=telling.business_number(division=division, received=now, running=groundwork.running),
        tracking_code=codes.issue(),
        channel=registration.channel,
        kind=registration.kind,
        request_type=registration.request_type,
        asker=registration.asker,
        category=registration.category,
        region=registration.region,
        title=registration.title,
        state=State.REGISTERED,
        create_time=now,
        confidential=registration.confidential,
        anonymous=contact.is_anonymous,
        emergency=emergency.points_to_emergency(words=f"{registration.title}。{registration.text}"),
        transferred_from=registration.transferred_from,
        citizen_id=citizen.id,
    )
    if draft:
        appeal = appeal.drafted(content=draft, operator=tx.actor.subject, now=now)
    receipt = telling.receipt(appeal=appeal)
    sealed = _seal(registration, appeal, key)
    tx.add_appeal(appeal=appeal, sealed=sealed, citizen=citizen, is_new=known is None, receipt=receipt)
    tx.publish(
        events.AppealRegistered(
            appeal=appeal.name,
            number=appeal.number,
            channel=appeal_pb2.Channel.Value(f"CHANNEL_{appeal.channel}"),
            kind=appeal_pb2.AppealKind.Value(f"APPEAL_KIND_{appeal.kind}"),
            request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{appeal.request_type}"),
            category=appeal.category,
            region=appeal.region,
            register_time=timestamp(now),
        ),
        aggregate=appeal.name,
        time=now,
    )
    tx.record(action=permission, resource=appeal.name, time=now)
    return appeal


def decline_appeal(
    *, appeal_id: UUID, etag: str, ground: DeclineGround, referral: str, permission: str, tx: Store, now: datetime
) -> Appeal:
    """Does not accept an appeal, and tells the citizen why and where to turn (Art. 6)."""
    appeal = _to_work_on(appeal_id, etag, tx, now)
    appeal = appeal.declined(ground=ground, referral=referral, actor=tx.actor.subject, now=now)
    tx.save(appeal=appeal)
    tx.tell(appeal=appeal, occasion=Occasion.DECLINED, text=telling.declined(appeal=appeal), now=now)
    _look_at_retention(appeal, tx, now)
    tx.publish(
        events.AppealDeclined(
            appeal=appeal.name,
            ground=appeal_pb2.DeclineGround.Value(f"DECLINE_GROUND_{ground}"),
            decline_time=timestamp(now),
        ),
        aggregate=appeal.name,
        time=now,
    )
    tx.record(action=permission, resource=appeal.name, time=now, details={"ground": ground})
    return appeal


def reinstate_appeal(*, appeal_id: UUID, etag: str, reason: str, permission: str, tx: Store, now: datetime) -> Appeal:
    """Takes a declined appeal up again; a new hour begins with the announcement (Art. 6, 21).

    Raises `DecidedByDecliner`.
    """
    before = _to_change(appeal_id, etag, tx)
    appeal = before.reinstated(actor=tx.actor.subject)
    tx.save(appeal=appeal)
    tx.publish(
        events.AppealReinstated(appeal=appeal.name, reinstate_time=timestamp(now)), aggregate=appeal.name, time=now
    )
    declined_for = before.decline.ground if before.decline else ""
    tx.record(action=permission, resource=appeal.name, time=now, purpose=reason, details={"declined_for": declined_for})
    return appeal


def answer_appeal(
    *, appeal_id: UUID, etag: str, text: str, entry: str, permission: str, tx: Store, now: datetime
) -> Appeal:
    """Answers directly (Art. 21)."""
    appeal = _to_work_on(appeal_id, etag, tx, now)
    appeal = appeal.answered(text=text, entry=entry, actor=tx.actor.subject, now=now)
    tx.save(appeal=appeal)
    tx.tell(appeal=appeal, occasion=Occasion.ANSWERED, text=telling.answered(appeal=appeal), now=now)
    _look_at_retention(appeal, tx, now)
    tx.publish(
        events.AppealAnswered(appeal=appeal.name, entry=entry, operator=tx.actor.subject, answer_time=timestamp(now)),
        aggregate=appeal.name,
        time=now,
    )
    tx.record(action=permission, resource=appeal.name, time=now, details={"entry": entry} if entry else None)
    return appeal


def draft_work_order(
    *, appeal_id: UUID, etag: str, content: DraftContent, permission: str, tx: Store, vault: Vault, now: datetime
) -> Appeal:
    """Drafts a work order for the review seat (Art. 21). Raises `FieldInvalid` when it names the citizen."""
    before = _to_work_on(appeal_id, etag, tx, now)
    appeal = before.drafted(content=content, operator=tx.actor.subject, now=now)
    _refuse_identity(appeal, content.texts(path="draft"), tx, vault)
    if before.draft:
        tx.keep_draft(appeal_id=before.id, draft=before.draft)
    tx.save(appeal=appeal)
    tx.record(action=permission, resource=appeal.name, time=now)
    return appeal


def release_draft(
    *,
    appeal_id: UUID,
    etag: str,
    content: DraftContent | None,
    no_directive_reason: str,
    permission: str,
    tx: Store,
    vault: Vault,
    measure: Measure,
    now: datetime,
) -> Appeal:
    """Sends the draft out, in the reviewer's version if there is one (Art. 21).

    Raises `FieldInvalid` when it names the citizen, `ReleasedByDrafter`,
    `CommonNotDecided` (Art. 23(3)). What was asked many times is announced as such (Art. 25(2)).
    """
    appeal = _to_work_on(appeal_id, etag, tx, now).referred(
        content=content, reviewer=tx.actor.subject, now=now, no_directive_reason=no_directive_reason
    )
    released = appeal.released_content()
    repeats.seek_repeats(appeal_id=appeal.id, tx=tx, vault=vault, measure=measure, now=now)  # if nobody did yet
    group = tx.group_of(appeal_id=appeal.id)
    group.require_decided(
        resource=appeal.name,
        directive_kind=released.directive_kind,
        no_directive_reason=no_directive_reason,
        measure=measure,
    )
    _refuse_identity(appeal, released.texts(path="content"), tx, vault)
    tx.save(appeal=appeal)
    tx.tell(appeal=appeal, occasion=Occasion.REFERRED, text=telling.referred(appeal=appeal), now=now)
    tx.publish(
        events.AppealReferred(
            appeal=appeal.name,
            number=appeal.number,
            request_type=appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{appeal.request_type}"),
            category=appeal.category,
            region=appeal.region,
            lead_unit=released.lead_unit,
            supporting_units=released.supporting_units,
            directive_kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{released.directive_kind}"),
            confidential=appeal.confidential,
            refer_time=timestamp(now),
            statutory_term=term_message(released.statutory_term),
            asked_repeatedly=group.is_asked_repeatedly(measure=measure),
        ),
        aggregate=appeal.name,
        time=now,
    )
    tx.record(action=permission, resource=appeal.name, time=now, purpose=no_directive_reason)
    return appeal


def return_draft(*, appeal_id: UUID, etag: str, reason: str, permission: str, tx: Store, now: datetime) -> Appeal:
    """Gives the draft back to the operator (Art. 21)."""
    appeal = _to_work_on(appeal_id, etag, tx, now).draft_returned(reason=reason, reviewer=tx.actor.subject, now=now)
    tx.save(appeal=appeal)
    tx.record(action=permission, resource=appeal.name, time=now, purpose=reason)
    return appeal


def list_drafts(*, appeal_id: UUID, after: int, limit: int, tx: Store) -> list[tuple[int, Draft]]:
    """Every draft with its number, oldest first; the last is the one that the appeal has now (Art. 21)."""
    return tx.drafts(appeal_id=tx.appeal(appeal_id=appeal_id).id, after=after, limit=limit)


def reclassify_appeal(
    *,
    appeal_id: UUID,
    etag: str,
    correction: Correction,
    reason: str,
    permission: str,
    tx: Store,
    vault: Vault,
    trees: Trees,
    measure: Measure,
    now: datetime,
) -> Appeal:
    """Corrects what was entered at the registration; repeats are sought anew where it is now (Art. 5, 21, 24(2)).

    What the system or people linked it with stays linked. Raises `CategoryUnknown`, `CategoryRetired`,
    `NothingReclassified`.
    """
    before = _to_change(appeal_id, etag, tx)
    if correction.category is not None:
        trees.tree(version=tx.tree_version(), tx=tx).require_usable(path=correction.category)
    appeal = before.reclassified(to=correction.of(classification=before.classification))
    reclassification = Reclassification(
        before=before.classification,
        after=appeal.classification,
        reason=reason,
        actor=tx.actor.subject,
        reclassify_time=now,
    )
    tx.reclassify(appeal=appeal, reclassification=reclassification)
    if place_of(category=before.category, region=before.region) != place_of(
        category=appeal.category, region=appeal.region
    ):
        tx.forget_sketch(appeal_id=appeal.id)
        repeats.seek_repeats(appeal_id=appeal.id, tx=tx, vault=vault, measure=measure, now=now)
    tx.record(action=permission, resource=appeal.name, time=now, purpose=reason, details=_changed(reclassification))
    return appeal


def list_reclassifications(*, appeal_id: UUID, after: int, limit: int, tx: Store) -> list[tuple[int, Reclassification]]:
    """The corrections of an appeal with their numbers, oldest first (Art. 5, 21)."""
    return tx.reclassifications(appeal_id=tx.appeal(appeal_id=appeal_id).id, after=after, limit=limit)


def clear_emergency(*, appeal_id: UUID, etag: str, reason: str, permission: str, tx: Store, now: datetime) -> Appeal:
    """Finds that the wording points to no emergency, so that the appeal can be answered (Art. 6(1))."""
    appeal = _to_change(appeal_id, etag, tx).emergency_cleared(reason=reason, actor=tx.actor.subject, now=now)
    tx.save(appeal=appeal)
    tx.record(action=permission, resource=appeal.name, time=now, purpose=reason)
    return appeal


def list_appeals(
    *,
    filters: Filters,
    phone: str,
    category: str,
    before: UUID | None,
    limit: int,
    permission: str,
    reads: Reads,
    tx: Store,
    vault: Vault,
    trees: Trees,
    now: datetime,
) -> list[Appeal]:
    """Appeals, newest first. A search by telephone number is a read that is counted, without the number (Art. 36(4)).

    category -- in any wording that it ever had; stands for everything below it.
    """
    if category:
        wordings = trees.tree(version=tx.tree_version(), tx=tx).wordings_below(path=category)
        filters = replace(filters, categories=wordings)
    if not phone:
        return tx.appeals(filters=filters, before=before, limit=limit)
    citizen_id = tx.citizen_of_phone(phone_hash=vault.phone_hash(phone=phone))
    resource = f"citizens/{citizen_id or '-'}"
    reads.record(tx=tx, action=permission, resource=resource, time=now, purpose="search by telephone number")
    if citizen_id is None:
        return []
    return tx.appeals(filters=replace(filters, citizen_id=citizen_id), before=before, limit=limit)


def track_appeal(*, typed: str, tx: Store) -> tuple[Appeal, Sequence[Message]]:
    """What whoever holds the tracking code may know. Raises `FieldInvalid` for a mistyped code."""
    appeal = tx.appeal_of_tracking_code(tracking_code=codes.read(typed=typed, field="tracking_code"))
    return appeal, tx.messages(appeal_id=appeal.id, after=0, limit=1000)


def read_appeal_text(*, appeal_id: UUID, permission: str, reads: Reads, tx: Store, vault: Vault, now: datetime) -> str:
    """The citizen's own words; the read is put on record (Art. 36(4)). Raises `CitizenErased`."""
    appeal = tx.appeal(appeal_id=appeal_id)
    citizen, sealed = tx.sealed(appeal=appeal)
    text = _open(citizen, vault).open(sealed=sealed.text, place=_place(appeal, "text"))
    reads.record(tx=tx, action=permission, resource=appeal.name, time=now)
    return text


def reveal_contact(
    *, appeal_id: UUID, purpose: str, permission: str, reads: Reads, tx: Store, vault: Vault, now: datetime
) -> Contact:
    """Who brought the appeal; the purpose is put on record (Art. 24(1), 36(4)).

    A unit may know while it leads the order, unless the office relays the contact. Raises `NotOwnUnit`,
    `ContactRelayed`, `CitizenErased`.
    """
    appeal = tx.appeal(appeal_id=appeal_id)
    _require_need_to_know(appeal, tx.actor)
    citizen, sealed = tx.sealed(appeal=appeal)
    contact = _contact(appeal, sealed, _open(citizen, vault))
    reads.record(tx=tx, action=permission, resource=appeal.name, time=now, purpose=purpose)
    return contact


def seal_contact(
    *,
    appeal_id: UUID,
    unit: str,
    public_keys: bytes,
    place: str,
    permission: str,
    tx: Store,
    vault: Vault,
    now: datetime,
) -> bytes:
    """Who brought the appeal, for the eyes of the county that leads its order; it is put on record like any read.

    Raises `NotOwnUnit`, `ContactRelayed`, `CitizenErased`.
    """
    appeal = tx.appeal(appeal_id=appeal_id)
    appeal.require_reachable_by(unit=unit)
    citizen, sealed = tx.sealed(appeal=appeal)
    contact = _contact(appeal, sealed, _open(citizen, vault))
    details = {"unit": unit, "errand": place, "key": fingerprint(public_keys)}
    purpose = "第二十四条第一项：首次联系求助群众 / first contact by the county that leads (Art. 24(1))"
    tx.record(action=permission, resource=appeal.name, time=now, purpose=purpose, details=details)
    message = intake_service_pb2.Contact(full_name=contact.full_name, phone=contact.phone, address=contact.address)
    return seal(plain=message.SerializeToString(), to=public_keys, place=f"{place}/contact")


def announce_erasure(*, citizen_id: UUID, tx: Store, now: datetime) -> None:
    """Whoever keeps the contact of one of a citizen's appeals outside the vault hears that it is to be forgotten."""
    for appeal in tx.appeals_of(citizen_id=citizen_id):
        tx.publish(events.ContactErased(appeal=appeal, erase_time=timestamp(now)), aggregate=appeal, time=now)


def erase_citizen(*, citizen_id: UUID, reason: str, permission: str, tx: Store, now: datetime) -> None:
    """Forgets a citizen for good; their appeals stay, without who and what they said.

    Raises `ResourceNotFound`, `CitizenErased`, `CitizenHeld`.
    """
    tx.require_citizen(citizen_id=citizen_id)
    tx.require_no_hold(citizen_id=citizen_id)
    tx.erase_citizen(citizen_id=citizen_id, now=now)
    tx.forget_sketches(citizen_id=citizen_id)
    announce_erasure(citizen_id=citizen_id, tx=tx, now=now)
    tx.record(action=permission, resource=f"citizens/{citizen_id}", time=now, purpose=reason)


def _to_change(appeal_id: UUID, etag: str, tx: Store) -> Appeal:
    appeal = tx.appeal_to_change(appeal_id=appeal_id)
    if etag and etag != str(appeal.version):
        raise EtagMismatch(resource=appeal.name)
    return appeal


def _to_work_on(appeal_id: UUID, etag: str, tx: Store, now: datetime) -> Appeal:
    appeal = _to_change(appeal_id, etag, tx)
    appeal.require_free_for(actor=tx.actor.subject, now=now)
    return appeal


def _changed(reclassification: Reclassification) -> dict[str, str]:
    before, after = vars(reclassification.before), vars(reclassification.after)
    return {name: f"{value} → {after[name]}" for name, value in before.items() if value != after[name]}


def _require_need_to_know(appeal: Appeal, caller: Principal) -> None:
    if not caller.roles & _OFFICE_ROLES:
        appeal.require_reachable_by(unit=caller.unit)


def _new_citizen(phone_hash: bytes | None, vault: Vault) -> tuple[CitizenRow, Key]:
    wrapped_key, key = vault.issue()
    return CitizenRow(id=uuid7(), phone_hash=phone_hash, wrapped_key=wrapped_key), key


def _unlocked(citizen: CitizenRow, vault: Vault) -> tuple[CitizenRow, Key]:
    return citizen, _open(citizen, vault)


def _open(citizen: CitizenRow, vault: Vault) -> Key:
    if citizen.wrapped_key is None:
        raise CitizenErased(resource=f"citizens/{citizen.id}")
    return vault.unlock(wrapped_key=citizen.wrapped_key)


def _place(appeal: Appeal, field: str) -> str:
    return f"citizens/{appeal.citizen_id}/{appeal.name}/{field}"


def _seal(registration: Registration, appeal: Appeal, key: Key) -> Sealed:
    contact = json.dumps(vars(registration.contact), ensure_ascii=False)
    return Sealed(
        contact=key.seal(plain=contact, place=_place(appeal, "contact")),
        text=key.seal(plain=registration.text, place=_place(appeal, "text")),
    )


def _contact(appeal: Appeal, sealed: Sealed, key: Key) -> Contact:
    return Contact(**json.loads(key.open(sealed=sealed.contact, place=_place(appeal, "contact"))))


def _look_at_retention(appeal: Appeal, tx: Store, now: datetime) -> None:
    # Which day it is, the pump finds: it alone looks at all that the citizen brought.
    tx.look_at_retention(citizen_id=appeal.citizen_id, on=now.astimezone(ZONE).date())


def _refuse_identity(appeal: Appeal, texts: Sequence[tuple[str, str]], tx: Store, vault: Vault) -> None:
    citizen, sealed = tx.sealed(appeal=appeal)
    if citizen.wrapped_key is not None and not appeal.anonymous:
        _contact(appeal, sealed, _open(citizen, vault)).refuse_in(texts=texts)


def term_message(term: StatutoryTerm | None) -> appeal_pb2.StatutoryTerm | None:
    """A law's own term as it travels, if there is one (Art. 24(2))."""
    if term is None:
        return None
    counted = appeal_pb2.CountedDays.Value(f"COUNTED_DAYS_{term.counted}")
    return appeal_pb2.StatutoryTerm(days=term.days, counted=counted, law=term.law, article=term.article)


# What intake hears of. dispatch's and sla's events come each in their own order, and in any order against each other.


class Envelope(Protocol):
    """What travels beside an event."""

    @property
    def time(self) -> datetime:
        """Legal time of the fact."""


def order_has_no_lead(
    event: dispatch_events.WorkOrderHeld | dispatch_events.WorkOrderAwaitingLead, *, tx: Store, **_: object
) -> None:
    """The appeal has its order; no unit may reach the citizen yet (Art. 22, 23)."""
    tx.carry_order(work_order_id=uuid_of(event.work_order), appeal_id=uuid_of(event.appeal), lead_unit="")


def order_was_dispatched(event: dispatch_events.WorkOrderDispatched, *, tx: Store, **_: object) -> None:
    """A unit has the order; if it was closed, it was reopened."""
    appeal = tx.appeal_to_change(appeal_id=uuid_of(event.appeal))
    tx.carry_order(work_order_id=uuid_of(event.work_order), appeal_id=appeal.id, lead_unit=event.lead_unit)
    if appeal.state is State.CLOSED:
        tx.save(appeal=appeal.reopened())


def contact_relay_changed(event: dispatch_events.ContactRelayChanged, *, tx: Store, **_: object) -> None:
    """The complaint is about a unit, or is not: the office alone reaches the citizen, or not (Art. 24(1), 36(4))."""
    tx.carry_relay(work_order_id=uuid_of(event.work_order), appeal_id=uuid_of(event.appeal), relayed=event.relayed)


def order_was_sent_back(event: dispatch_events.WorkOrderSentBack, *, tx: Store, **_: object) -> None:
    """The unit gave the order back, and with it the need to know (Art. 22)."""
    tx.carry_no_lead(work_order_id=uuid_of(event.work_order))


def order_was_split(event: dispatch_events.WorkOrderSplit, *, tx: Store, **_: object) -> None:
    """The appeal has a further order (Art. 7, 22)."""
    tx.carry_split(work_order_id=uuid_of(event.work_order), appeal_id=uuid_of(event.appeal))


def order_was_joined(event: dispatch_events.WorkOrderJoined, *, tx: Store, now: datetime, **_: object) -> None:
    """Another order works for the appeal too, and the citizen is told (Art. 23(3))."""
    appeal = tx.appeal_to_change(appeal_id=uuid_of(event.appeal))
    tx.carry_joined(work_order_id=uuid_of(event.work_order), into=uuid_of(event.into))
    tx.tell(appeal=appeal, occasion=Occasion.JOINED, text=telling.joined(appeal=appeal), now=now)


def order_was_withdrawn(event: dispatch_events.WorkOrderWithdrawn, *, tx: Store, now: datetime, **rest: object) -> None:
    """A further order was taken back; the appeal has the others."""
    tx.carry_no_lead(work_order_id=uuid_of(event.work_order))
    order_was_closed(event, tx=tx, now=now, **rest)


def order_was_closed(
    event: dispatch_events.WorkOrderClosed | dispatch_events.WorkOrderWithdrawn,
    *,
    tx: Store,
    now: datetime,
    **_: object,
) -> None:
    """The appeal is closed when all its orders are, and the citizen is told."""
    appeal = tx.appeal_to_change(appeal_id=uuid_of(event.appeal))
    if not tx.carry_done(work_order_id=uuid_of(event.work_order), appeal_id=appeal.id):
        return
    appeal = appeal.closed(now=now)
    tx.save(appeal=appeal)
    tx.tell(appeal=appeal, occasion=Occasion.CLOSED, text=telling.closed(appeal=appeal), now=now)
    _look_at_retention(appeal, tx, now)


def extension_was_granted(event: dispatch_events.ExtensionGranted, *, tx: Store, now: datetime, **_: object) -> None:
    """The citizen is told of an extension once its reason (dispatch's) and its new day (sla's) are known (Art. 26)."""
    granted = event.grant_time.ToDatetime(UTC)
    extension = tx.carry_extension(work_order_id=uuid_of(event.work_order), reason=event.reason, time=granted)
    _tell_of_extension(extension, tx, now)


def deadlines_were_opened(event: sla_events.DeadlinesOpened, *, tx: Store, **_: object) -> None:
    """Keeps the end of the hour (Art. 21) and the last day for the unit's answer (Art. 24)."""
    for deadline in event.deadlines:
        if deadline.kind == deadline_pb2.DEADLINE_KIND_ANSWER:
            tx.carry_answer_due_time(appeal_id=uuid_of(event.subject), due_time=deadline.due_time.ToDatetime(UTC))
        elif deadline.kind == deadline_pb2.DEADLINE_KIND_HANDLING:
            tx.carry_due_date(work_order_id=uuid_of(event.subject), due_date=_date(deadline.due_date))


def deadline_was_moved(
    event: sla_events.DeadlineMoved, *, tx: Store, now: datetime, envelope: Envelope, **_: object
) -> None:
    """Keeps the new last day. By an extension it is told (Art. 26); by a calendar that became known it is not."""
    if event.deadline.kind == deadline_pb2.DEADLINE_KIND_HANDLING:
        due_date = _date(event.deadline.due_date)
        extension = tx.carry_moved_due_date(work_order_id=uuid_of(event.subject), due_date=due_date, time=envelope.time)
        _tell_of_extension(extension, tx, now)


def deadline_was_missed(event: sla_events.DeadlineMissed, *, tx: Store, **_: object) -> None:
    """The hour passed without a disposition: the seat's supervisor sees it (ours)."""
    if event.kind == deadline_pb2.DEADLINE_KIND_ANSWER:
        tx.carry_answer_overdue(appeal_id=uuid_of(event.subject), due_time=event.due_time.ToDatetime(UTC))


def _tell_of_extension(extension: Extension | None, tx: Store, now: datetime) -> None:
    if extension is None:
        return
    for appeal_id in (extension.appeal_id, *tx.appeals_joined_to(appeal_id=extension.appeal_id)):
        appeal = tx.appeal_to_change(appeal_id=appeal_id)
        text = telling.extended(appeal=appeal, due_date=extension.due_date, reason=extension.reason)
        tx.tell(appeal=appeal, occasion=Occasion.EXTENDED, text=text, now=now)


def _date(day: date_pb2.Date) -> date:
    return date(day.year, day.month, day.day)


ON_EVENT: Mapping[type[ProtoMessage], Callable[..., None]] = {
    dispatch_events.WorkOrderHeld: order_has_no_lead,
    dispatch_events.WorkOrderAwaitingLead: order_has_no_lead,
    dispatch_events.WorkOrderDispatched: order_was_dispatched,
    dispatch_events.ContactRelayChanged: contact_relay_changed,
    dispatch_events.WorkOrderSentBack: order_was_sent_back,
    dispatch_events.WorkOrderSplit: order_was_split,
    dispatch_events.WorkOrderJoined: order_was_joined,
    dispatch_events.WorkOrderWithdrawn: order_was_withdrawn,
    dispatch_events.WorkOrderClosed: order_was_closed,
    dispatch_events.ExtensionGranted: extension_was_granted,
    sla_events.DeadlinesOpened: deadlines_were_opened,
    sla_events.DeadlineMoved: deadline_was_moved,
    sla_events.DeadlineMissed: deadline_was_missed,
}
