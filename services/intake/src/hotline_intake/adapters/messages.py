"""intake's resources as messages, and its requests as the domain's values."""

from collections.abc import Sequence
from datetime import date, datetime

from google.type.date_pb2 import Date
from hotline.intake.v1 import appeal_pb2, category_pb2, contest_service_pb2, hold_service_pb2, repeat_pb2
from hotline.intake.v1 import intake_service_pb2 as service_pb2
from hotline_kernel.timestamps import timestamp

from hotline_intake.domain import telling
from hotline_intake.domain.appeal import (
    Appeal,
    Asker,
    Channel,
    Classification,
    Correction,
    CountedDays,
    DeclineGround,
    DirectiveKind,
    Draft,
    DraftContent,
    Kind,
    Reclassification,
    Registration,
    RequestType,
    State,
    StatutoryTerm,
    Transfer,
)
from hotline_intake.domain.category import Category
from hotline_intake.domain.citizen import Contact
from hotline_intake.domain.contest import Contest
from hotline_intake.domain.hold import Hold
from hotline_intake.domain.repeat import Group, Measure, Repeat
from hotline_intake.domain.telling import Message
from hotline_intake.handlers.appeals import term_message
from hotline_intake.handlers.ports import Filters


def registration_of(request: service_pb2.RegisterAppealRequest) -> Registration:
    """What is to be taken in. Raises `LeadAlsoSupporting`."""
    return Registration(
        channel=_channel_of(request.channel),
        kind=_kind_of(request.kind),
        request_type=_request_type_of(request.request_type),
        asker=_asker_of(request.asker),
        category=request.category,
        region=request.region,
        title=request.title,
        text=request.text,
        contact=Contact(
            full_name=request.citizen.full_name, phone=request.citizen.phone, address=request.citizen.address
        ),
        confidential=request.confidential,
        transferred_from=(
            Transfer(line=request.transferred_from.line, reference=request.transferred_from.reference)
            if request.HasField("transferred_from")
            else None
        ),
        draft=content_of(request.draft) if request.HasField("draft") else None,
    )


def correction_of(request: service_pb2.ReclassifyAppealRequest) -> Correction:
    """What is to be corrected."""
    return Correction(
        kind=_kind_of(request.kind) if request.kind else None,
        request_type=_request_type_of(request.request_type) if request.request_type else None,
        asker=_asker_of(request.asker) if request.asker else None,
        category=request.category or None,
        region=request.region or None,
        confidential=request.confidential if request.HasField("confidential") else None,
    )


def content_of(content: appeal_pb2.DraftContent) -> DraftContent:
    """What is to be sent to units. Raises `LeadAlsoSupporting`, `LeadConcerned`."""
    return DraftContent(
        text=content.text,
        lead_unit=content.lead_unit,
        supporting_units=tuple(content.supporting_units),
        directive_kind=DirectiveKind(
            appeal_pb2.DirectiveKind.Name(content.directive_kind).removeprefix("DIRECTIVE_KIND_")
        ),
        about_unit=content.about_unit,
        statutory_term=_term_of(content.statutory_term) if content.HasField("statutory_term") else None,
    )


def _term_of(term: appeal_pb2.StatutoryTerm) -> StatutoryTerm:
    return StatutoryTerm(
        days=term.days,
        counted=CountedDays(appeal_pb2.CountedDays.Name(term.counted).removeprefix("COUNTED_DAYS_")),
        law=term.law,
        article=term.article,
    )


def ground_of(ground: appeal_pb2.DeclineGround.ValueType) -> DeclineGround:
    """The ground of a decline."""
    return DeclineGround(appeal_pb2.DeclineGround.Name(ground).removeprefix("DECLINE_GROUND_"))


def filters_of(request: service_pb2.ListAppealsRequest) -> Filters:
    """The filters of a list but for the telephone number, which is looked up first."""
    return Filters(
        state=_state_of(request.state) if request.state else None,
        channel=_channel_of(request.channel) if request.channel else None,
        region=request.region or None,
        number=request.number or None,
        transfer_reference=request.transfer_reference or None,
        decline_ground=ground_of(request.decline_ground) if request.decline_ground else None,
    )


def appeal_message(appeal: Appeal) -> appeal_pb2.Appeal:
    """An appeal as staff see it; who brought it is not in it."""
    return appeal_pb2.Appeal(
        name=appeal.name,
        number=appeal.number,
        tracking_code=appeal.tracking_code,
        channel=_channel_value(appeal.channel),
        kind=_kind_value(appeal.kind),
        request_type=_request_type_value(appeal.request_type),
        asker=_asker_value(appeal.asker),
        category=appeal.category,
        region=appeal.region,
        title=appeal.title,
        state=_state_value(appeal.state),
        create_time=timestamp(appeal.create_time),
        confidential=appeal.confidential,
        anonymous=appeal.anonymous,
        emergency=appeal.emergency,
        transferred_from=_transfer_message(appeal),
        decline=_decline_message(appeal),
        answer=_answer_message(appeal),
        draft=draft_message(appeal.draft) if appeal.draft else None,
        work_order=appeal.work_order,
        answer_due_time=timestamp(appeal.answer_due_time),
        answer_overdue=appeal.answer_overdue,
        due_date=_date(appeal.due_date),
        citizen=f"citizens/{appeal.citizen_id}",
        etag=str(appeal.version),
        emergency_clearance=_clearance_message(appeal),
    )


def draft_message(draft: Draft) -> appeal_pb2.Draft:
    """A draft and what the review seat made of it."""
    return appeal_pb2.Draft(
        proposed=_content_message(draft.proposed),
        released=_content_message(draft.released) if draft.released else None,
        operator=draft.operator,
        reviewer=draft.reviewer,
        return_reason=draft.return_reason,
        draft_time=timestamp(draft.draft_time),
        return_time=timestamp(draft.return_time),
        release_time=timestamp(draft.release_time),
        no_directive_reason=draft.no_directive_reason,
    )


def reclassification_message(reclassification: Reclassification) -> appeal_pb2.Reclassification:
    """A correction that was made."""
    return appeal_pb2.Reclassification(
        before=_classification_message(reclassification.before),
        after=_classification_message(reclassification.after),
        reason=reclassification.reason,
        actor=reclassification.actor,
        reclassify_time=timestamp(reclassification.reclassify_time),
    )


def progress_message(appeal: Appeal, messages: Sequence[Message]) -> service_pb2.AppealProgress:
    """What a citizen may know."""
    return service_pb2.AppealProgress(
        number=appeal.number,
        state=_state_value(appeal.state),
        message=telling.progress(appeal=appeal),
        create_time=timestamp(appeal.create_time),
        due_date=_date(appeal.due_date),
        messages=[citizen_message(appeal.name, message) for message in messages],
    )


def citizen_message(parent: str, message: Message) -> appeal_pb2.CitizenMessage:
    """A message to the citizen as it is read again. parent -- `appeals/{uuid}`."""
    return appeal_pb2.CitizenMessage(
        name=f"{parent}/messages/{message.number}",
        channel=_channel_value(message.channel),
        occasion=message.occasion,
        text=message.text,
        create_time=timestamp(message.create_time),
    )


def contact_message(contact: Contact) -> service_pb2.Contact:
    """Who brought an appeal."""
    return service_pb2.Contact(full_name=contact.full_name, phone=contact.phone, address=contact.address)


def category_message(category: Category) -> category_pb2.Category:
    """A category."""
    return category_pb2.Category(
        name=category.name,
        parent=f"categories/{category.parent_id}" if category.parent_id else "",
        label=category.label,
        path=category.path,
        level=category.level,
        first_version=category.first_version,
        retired=bool(category.retire_reason),
        retire_reason=category.retire_reason,
        etag=str(category.first_version),
    )


def repeat_message(repeat: Repeat) -> repeat_pb2.Repeat:
    """A link."""
    return repeat_pb2.Repeat(
        name=repeat.name,
        appeal=f"appeals/{repeat.appeal_id}",
        earlier=f"appeals/{repeat.earlier_id}",
        kind=repeat_pb2.RepeatKind.Value(f"REPEAT_KIND_{repeat.kind}"),
        similarity=round(repeat.similarity or 0, 3),
        reason=repeat.reason,
        actor=repeat.actor,
        create_time=timestamp(repeat.create_time),
        undo_actor=repeat.undo_actor,
        undo_reason=repeat.undo_reason,
        undo_time=timestamp(repeat.undo_time),
    )


def group_message(group: Group, measure: Measure) -> repeat_pb2.RepeatGroup:
    """How many stand behind a matter, and what is proposed for it."""
    proposed = group.proposed_directive_kind(measure=measure)
    return repeat_pb2.RepeatGroup(
        head=f"appeals/{group.head_id}",
        appeals=group.appeals,
        people=group.people,
        proposed_directive_kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{proposed}"),
        asked_repeatedly=group.is_asked_repeatedly(measure=measure),
    )


def contest_message(contest: Contest) -> contest_service_pb2.Contest:
    """A contest, without what the citizen says."""
    return contest_service_pb2.Contest(
        name=contest.name,
        appeal=f"appeals/{contest.appeal_id}",
        state=contest_service_pb2.ContestState.Value(f"CONTEST_STATE_{contest.state}"),
        decliner=contest.decliner,
        create_time=timestamp(contest.create_time),
        reviewer=contest.reviewer,
        decision=contest.decision,
        decide_time=timestamp(contest.decide_time),
    )


def hold_message(hold: Hold) -> hold_service_pb2.Hold:
    """A legal hold."""
    return hold_service_pb2.Hold(
        name=hold.name,
        citizen=f"citizens/{hold.citizen_id}",
        reason=hold.reason,
        actor=hold.actor,
        create_time=timestamp(hold.create_time),
        release_actor=hold.release_actor,
        release_reason=hold.release_reason,
        release_time=timestamp(hold.release_time),
    )


def erase_message(erase_time: datetime) -> service_pb2.EraseCitizenResponse:
    """That a citizen was forgotten."""
    return service_pb2.EraseCitizenResponse(erase_time=timestamp(erase_time))


def _kind_of(kind: appeal_pb2.AppealKind.ValueType) -> Kind:
    return Kind(appeal_pb2.AppealKind.Name(kind).removeprefix("APPEAL_KIND_"))


def _request_type_of(request_type: appeal_pb2.RequestType.ValueType) -> RequestType:
    return RequestType(appeal_pb2.RequestType.Name(request_type).removeprefix("REQUEST_TYPE_"))


def _asker_of(asker: appeal_pb2.Asker.ValueType) -> Asker:
    return Asker(appeal_pb2.Asker.Name(asker).removeprefix("ASKER_"))


def _kind_value(kind: Kind) -> appeal_pb2.AppealKind.ValueType:
    return appeal_pb2.AppealKind.Value(f"APPEAL_KIND_{kind}")


def _request_type_value(request_type: RequestType) -> appeal_pb2.RequestType.ValueType:
    return appeal_pb2.RequestType.Value(f"REQUEST_TYPE_{request_type}")


def _asker_value(asker: Asker) -> appeal_pb2.Asker.ValueType:
    return appeal_pb2.Asker.Value(f"ASKER_{asker}")


def _channel_of(channel: appeal_pb2.Channel.ValueType) -> Channel:
    return Channel(appeal_pb2.Channel.Name(channel).removeprefix("CHANNEL_"))


def _state_of(state: appeal_pb2.AppealState.ValueType) -> State:
    return State(appeal_pb2.AppealState.Name(state).removeprefix("APPEAL_STATE_"))


def _channel_value(channel: Channel) -> appeal_pb2.Channel.ValueType:
    return appeal_pb2.Channel.Value(f"CHANNEL_{channel}")


def _state_value(state: State) -> appeal_pb2.AppealState.ValueType:
    return appeal_pb2.AppealState.Value(f"APPEAL_STATE_{state}")


def _transfer_message(appeal: Appeal) -> appeal_pb2.Transfer | None:
    transfer = appeal.transferred_from
    return appeal_pb2.Transfer(line=transfer.line, reference=transfer.reference) if transfer else None


def _decline_message(appeal: Appeal) -> appeal_pb2.Decline | None:
    decline = appeal.decline
    if decline is None:
        return None
    return appeal_pb2.Decline(
        ground=appeal_pb2.DeclineGround.Value(f"DECLINE_GROUND_{decline.ground}"),
        referral=decline.referral,
        actor=decline.actor,
        decline_time=timestamp(decline.decline_time),
    )


def _answer_message(appeal: Appeal) -> appeal_pb2.Answer | None:
    answer = appeal.answer
    if answer is None:
        return None
    return appeal_pb2.Answer(
        text=answer.text, entry=answer.entry, actor=answer.actor, answer_time=timestamp(answer.answer_time)
    )


def _clearance_message(appeal: Appeal) -> appeal_pb2.EmergencyClearance | None:
    clearance = appeal.emergency_clearance
    if clearance is None:
        return None
    return appeal_pb2.EmergencyClearance(
        reason=clearance.reason, actor=clearance.actor, clear_time=timestamp(clearance.clear_time)
    )


def _classification_message(classification: Classification) -> appeal_pb2.Classification:
    return appeal_pb2.Classification(
        kind=_kind_value(classification.kind),
        request_type=_request_type_value(classification.request_type),
        asker=_asker_value(classification.asker),
        category=classification.category,
        region=classification.region,
        confidential=classification.confidential,
    )


def _content_message(content: DraftContent) -> appeal_pb2.DraftContent:
    return appeal_pb2.DraftContent(
        text=content.text,
        lead_unit=content.lead_unit,
        supporting_units=content.supporting_units,
        directive_kind=appeal_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{content.directive_kind}"),
        about_unit=content.about_unit,
        statutory_term=term_message(content.statutory_term),
    )


def _date(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None
