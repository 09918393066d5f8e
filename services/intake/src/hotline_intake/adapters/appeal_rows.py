"""Appeals and their parts, as they stand in a row."""

from dataclasses import asdict
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_intake.domain.appeal import (
    Answer,
    Appeal,
    Asker,
    Channel,
    Classification,
    CountedDays,
    Decline,
    DeclineGround,
    DirectiveKind,
    Draft,
    DraftContent,
    EmergencyClearance,
    Hand,
    Kind,
    Reclassification,
    RequestType,
    State,
    StatutoryTerm,
    Transfer,
)


def content_json(content: DraftContent) -> Jsonb:
    """A draft's content, as it is kept."""
    return Jsonb(asdict(content))


def _content(stored: dict[str, Any]) -> DraftContent:
    return DraftContent(
        text=stored["text"],
        lead_unit=stored["lead_unit"],
        supporting_units=tuple(stored["supporting_units"]),
        directive_kind=DirectiveKind(stored["directive_kind"]),
        about_unit=stored.get("about_unit", ""),  # drafts from before it was asked have none
        statutory_term=_term(stored.get("statutory_term")),
    )


def _term(stored: dict[str, Any] | None) -> StatutoryTerm | None:
    return StatutoryTerm(**stored | {"counted": CountedDays(stored["counted"])}) if stored else None


def _decline(row: DictRow) -> Decline | None:
    if row["decline_ground"] is None:
        return None
    return Decline(
        ground=DeclineGround(row["decline_ground"]),
        referral=row["decline_referral"],
        actor=row["decline_actor"],
        decline_time=row["decline_time"],
    )


def _answer(row: DictRow) -> Answer | None:
    if row["answer_text"] is None:
        return None
    return Answer(
        text=row["answer_text"],
        entry=row["answer_entry"],
        actor=row["answer_actor"],
        answer_time=row["answer_time"],
    )


def draft_params(draft: Draft | None) -> dict[str, Any]:
    """The columns of a draft; all NULL without one."""
    return {
        "draft_proposed": content_json(draft.proposed) if draft else None,
        "draft_released": content_json(draft.released) if draft and draft.released else None,
        "draft_operator": draft.operator if draft else None,
        "draft_reviewer": draft.reviewer if draft else None,
        "draft_return_reason": draft.return_reason if draft else None,
        "draft_time": draft.draft_time if draft else None,
        "draft_return_time": draft.return_time if draft else None,
        "draft_release_time": draft.release_time if draft else None,
        "draft_no_directive_reason": draft.no_directive_reason or None if draft else None,
    }


def draft_of(row: DictRow) -> Draft | None:
    """The draft in a row."""
    if row["draft_proposed"] is None:
        return None
    return Draft(
        proposed=_content(row["draft_proposed"]),
        operator=row["draft_operator"],
        draft_time=row["draft_time"],
        released=_content(row["draft_released"]) if row["draft_released"] else None,
        reviewer=row["draft_reviewer"] or "",
        return_reason=row["draft_return_reason"] or "",
        return_time=row["draft_return_time"],
        release_time=row["draft_release_time"],
        no_directive_reason=row["draft_no_directive_reason"] or "",
    )


def classification_of(stored: dict[str, Any]) -> Classification:
    """What an appeal was entered as."""
    return Classification(
        kind=Kind(stored["kind"]),
        request_type=RequestType(stored["request_type"]),
        asker=Asker(stored["asker"]),
        category=stored["category"],
        region=stored["region"],
        confidential=stored["confidential"],
    )


def reclassification_of(row: DictRow) -> Reclassification:
    """A correction of it."""
    return Reclassification(
        **row | {"before": classification_of(row["before"]), "after": classification_of(row["after"])}
    )


def _clearance(row: DictRow) -> EmergencyClearance | None:
    if row["emergency_clear_time"] is None:
        return None
    return EmergencyClearance(
        reason=row["emergency_clear_reason"],
        actor=row["emergency_clear_actor"],
        clear_time=row["emergency_clear_time"],
    )


def _hand(row: DictRow) -> Hand | None:
    if row["hand_operator"] is None:
        return None
    return Hand(seat=row["hand_seat"], operator=row["hand_operator"], until_time=row["hand_until_time"])


def appeal_of(row: DictRow) -> Appeal:
    """The appeal in a row, with what is carried of its order."""
    transfer = row["transfer_line"]
    return Appeal(
        id=row["id"],
        version=row["version"],
        number=row["number"],
        tracking_code=row["tracking_code"],
        channel=Channel(row["channel"]),
        kind=Kind(row["kind"]),
        request_type=RequestType(row["request_type"]),
        asker=Asker(row["asker"]),
        category=row["category"],
        region=row["region"],
        title=row["title"],
        state=State(row["state"]),
        create_time=row["create_time"],
        confidential=row["confidential"],
        anonymous=row["anonymous"],
        emergency=row["emergency"],
        transferred_from=Transfer(line=transfer, reference=row["transfer_reference"]) if transfer else None,
        citizen_id=row["citizen_id"],
        decline=_decline(row),
        answer=_answer(row),
        draft=draft_of(row),
        answer_due_time=row["answer_due_time"],
        answer_overdue=row["answer_overdue"],
        end_time=row["end_time"],
        work_order=f"workOrders/{row['work_order_id']}" if row["work_order_id"] else "",
        lead_unit=row["lead_unit"] or "",
        further_leads=tuple(row["further_leads"]),
        relayed=bool(row["relayed"]),
        due_date=row["due_date"],
        emergency_clearance=_clearance(row),
        hand=_hand(row),
    )
