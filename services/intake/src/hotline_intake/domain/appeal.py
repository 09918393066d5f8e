"""An appeal and the moves it can make (Art. 5, 6, 21).

::

    REGISTERED ─ decline ──▶ DECLINED ── reinstate ─▶ REGISTERED
        │ ▲ └─── answer ───▶ ANSWERED
      draft └ return_draft
        ▼   │
      DRAFTED ── release ──▶ REFERRED ── close ─▶ CLOSED ── reopen ─▶ REFERRED

An appeal is a value: a move answers with the next one or raises, and changes nothing itself.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Denied, Invalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_intake.domain.citizen import Contact


class Channel(StrEnum):
    """How an appeal comes (Art. 14, 20)."""

    PHONE = "PHONE"
    SMS = "SMS"
    WEB = "WEB"
    WECHAT = "WECHAT"
    APP = "APP"


class Kind(StrEnum):
    """The five kinds of Art. 5."""

    CONSULTATION = "CONSULTATION"
    DAILY_LIFE = "DAILY_LIFE"
    SOCIAL = "SOCIAL"
    BUSINESS = "BUSINESS"
    CITY = "CITY"


class RequestType(StrEnum):
    """What is asked (Art. 24(2))."""

    CONSULTATION = "CONSULTATION"
    HELP = "HELP"
    COMPLAINT = "COMPLAINT"
    REPORT = "REPORT"
    SUGGESTION = "SUGGESTION"
    DIFFICULT = "DIFFICULT"


class Asker(StrEnum):
    """Who asks (Art. 5(4))."""

    PERSON = "PERSON"
    BUSINESS = "BUSINESS"


class State(Code):
    """Where an appeal stands."""

    REGISTERED = "REGISTERED", "已登记"
    DRAFTED = "DRAFTED", "待审核"
    DECLINED = "DECLINED", "不予受理"
    ANSWERED = "ANSWERED", "已直接答复"
    REFERRED = "REFERRED", "已转办"
    CLOSED = "CLOSED", "已办结"


class DeclineGround(StrEnum):
    """Why an appeal is not accepted (Art. 6)."""

    EMERGENCY = "EMERGENCY"
    CIVIL_DISPUTE = "CIVIL_DISPUTE"
    STATUTORY_PROCEDURE = "STATUTORY_PROCEDURE"
    MILITARY = "MILITARY"


class DirectiveKind(Code):
    """The four kinds that wait for a directive before they go out (Art. 23)."""

    UNSPECIFIED = "UNSPECIFIED", "无需批示"
    URGENT = "URGENT", "紧急事项"
    COMPLEX = "COMPLEX", "复杂问题"
    COMMON = "COMMON", "共性问题"
    STALLED = "STALLED", "久拖未决问题"


class AppealStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 21"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第二十一条）。"


class NoEmergency(StateNotAllowed):
    """The wording of {resource} points to no emergency: there is nothing to clear."""

    article = "Art. 6(1)"
    zh = "{resource} 未标记为紧急情况，无需解除（第六条第一项）。"


class EmergencyNotAnswerable(Refused):
    """The wording of {resource} points to an emergency: decline it with 110, 119, 120 or refer it."""

    reason = "EMERGENCY_NOT_ANSWERABLE"
    article = "Art. 6(1)"
    zh = "该诉求涉及紧急情况，不能直接答复；请告知拨打110、119、120并作不予受理处理，或转办。"


class ReleasedByDrafter(Refused):
    """{actor} drafted the work order of {resource} and does not send it out."""

    reason = "RELEASED_BY_DRAFTER"
    article = "Art. 15, 21"
    zh = "{actor} 起草了该工单，不能自行审核转办，请由其他审核人员处理。"


class DecidedByDecliner(Refused):
    """{actor} declined the appeal and does not take it up again, nor decide on the objection."""

    reason = "DECIDED_BY_DECLINER"
    article = "Art. 6, 15"
    zh = "{actor} 作出了不予受理决定，不能自行恢复受理或审核异议，请由其他审核人员处理。"


class NothingReclassified(Invalid):
    """The correction of {resource} changes nothing."""

    reason = "NOTHING_RECLASSIFIED"
    article = "Art. 5, 21"
    zh = "更正内容与 {resource} 原登记内容相同，未作任何更改。"


class TakenByAnother(Refused):
    """Somebody else works on {resource}, at {seat}."""

    reason = "TAKEN_BY_ANOTHER"
    article = "Art. 15"
    zh = "{resource} 正由 {seat} 办理，请勿重复处理（第十五条）。"


class LeadAlsoSupporting(Invalid):
    """{unit} leads and cannot support itself."""

    reason = "LEAD_ALSO_SUPPORTING"
    article = "Art. 22"
    zh = "{unit} 已是主办单位，不能同时作为协办单位。"


class LeadConcerned(Refused):
    """The complaint is about {unit}: another unit must lead."""

    reason = "LEAD_CONCERNED"
    article = "Art. 36(4)"
    zh = "该事项反映的是 {unit} 自身的问题，不得由其主办，请另行确定主办单位（第三十六条第四项）。"


class ContactRelayed(Denied):
    """The office relays the contact: {resource} is confidential, or a complaint about a unit."""

    reason = "CONTACT_RELAYED"
    article = "Art. 24(1), 36(4)"
    zh = "该诉求人要求保密或反映的是承办单位自身，由热线办代为联系（第二十四条第一项、第三十六条第四项）。"


class NotOwnUnit(Denied):
    """The order of {resource} is another unit's."""

    reason = "NOT_OWN_UNIT"
    article = "Art. 36(4)"
    zh = "该工单不由您单位主办，不能查看联系方式。"


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """The line that handed the citizen over, and its own reference (Art. 4)."""

    line: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why it was not accepted and where the citizen should turn (Art. 6)."""

    ground: DeclineGround
    referral: str
    actor: str
    decline_time: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A direct answer (Art. 21). entry -- the knowledge entry it rests on, or empty."""

    text: str
    entry: str
    actor: str
    answer_time: datetime


class CountedDays(StrEnum):
    """Which days a statutory term counts (Art. 24(2))."""

    WORKING = "WORKING"
    CALENDAR = "CALENDAR"


@dataclass(frozen=True, kw_only=True)
class StatutoryTerm:
    """A term that a law sets for a matter; it wins over 2 or 7 working days (Art. 24(2)). sla counts it."""

    days: int
    counted: CountedDays
    law: str
    article: str


@dataclass(frozen=True, kw_only=True)
class DraftContent:
    """What is sent to units. lead_unit -- empty: the hotline office names it (Art. 22).

    about_unit -- whom the complaint is about, empty if no unit (Art. 36(4)).
    """

    text: str
    lead_unit: str
    supporting_units: tuple[str, ...]
    directive_kind: DirectiveKind
    about_unit: str = ""
    statutory_term: StatutoryTerm | None = None

    def __post_init__(self) -> None:
        """Raises `LeadAlsoSupporting` (Art. 22), `LeadConcerned` (Art. 36(4))."""
        if self.lead_unit and self.lead_unit == self.about_unit:
            raise LeadConcerned(unit=self.lead_unit)
        if self.lead_unit in self.supporting_units:
            raise LeadAlsoSupporting(unit=self.lead_unit)

    def texts(self, *, path: str) -> list[tuple[str, str]]:
        """What staff wrote in their own words, by the path of its field."""
        law = self.statutory_term.law if self.statutory_term else ""
        return [(f"{path}.text", self.text), (f"{path}.statutory_term.law", law)]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A drafted work order and its review (Art. 21)."""

    proposed: DraftContent
    operator: str
    draft_time: datetime | None
    """Unknown for what was drafted before the time was kept."""
    released: DraftContent | None = None
    reviewer: str = ""
    return_reason: str = ""
    return_time: datetime | None = None
    release_time: datetime | None = None
    no_directive_reason: str = ""
    """Why a common problem went out without a directive (Art. 23(3))."""


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What kind of matter it is; the unit's term and its need to know follow from it (Art. 5, 24)."""

    kind: Kind
    request_type: RequestType
    asker: Asker
    category: str
    region: str
    confidential: bool


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is to stand in a classification instead; None leaves a part as it is."""

    kind: Kind | None = None
    request_type: RequestType | None = None
    asker: Asker | None = None
    category: str | None = None
    region: str | None = None
    confidential: bool | None = None

    def of(self, *, classification: Classification) -> Classification:
        """The classification with the correction in it."""
        return replace(classification, **{name: value for name, value in vars(self).items() if value is not None})


@dataclass(frozen=True, kw_only=True)
class Reclassification:
    """A correction that was made; what stood there before is kept (Art. 5, 21)."""

    before: Classification
    after: Classification
    reason: str
    actor: str
    reclassify_time: datetime


@dataclass(frozen=True, kw_only=True)
class EmergencyClearance:
    """Why wording that points to danger is no emergency (Art. 6(1))."""

    reason: str
    actor: str
    clear_time: datetime


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Who works on it at which seat, and until when it is theirs alone (Art. 15)."""

    seat: str
    operator: str
    until_time: datetime


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What somebody asks to be taken in. text -- the citizen's own words, kept encrypted."""

    channel: Channel
    kind: Kind
    request_type: RequestType
    asker: Asker
    category: str
    region: str
    title: str
    text: str
    contact: Contact
    confidential: bool
    transferred_from: Transfer | None
    draft: DraftContent | None

    def __repr__(self) -> str:
        """Tells nothing of the citizen, so that no log line can."""
        return f"<Registration by {self.channel}>"


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """What a citizen or business brought. Who they are stays in the vault."""

    id: UUID
    version: int
    number: str
    tracking_code: str
    channel: Channel
    kind: Kind
    request_type: RequestType
    asker: Asker
    category: str
    region: str
    title: str
    state: State
    create_time: datetime
    confidential: bool
    anonymous: bool
    emergency: bool
    transferred_from: Transfer | None
    citizen_id: UUID
    decline: Decline | None = None
    answer: Answer | None = None
    draft: Draft | None = None
    answer_due_time: datetime | None = None
    """End of the one hour of Art. 21, as sla announced it."""
    answer_overdue: bool = False
    end_time: datetime | None = None
    """When it was declined, answered or closed; None while it is open. Retention counts from there (Art. 36(4))."""
    work_order: str = ""
    """`workOrders/{uuid}`, once dispatch has made it."""
    lead_unit: str = ""
    """The unit that has the order in hand now; it may reach the citizen (Art. 24(1))."""
    further_leads: tuple[str, ...] = ()
    """The units that have further orders of it in hand, if it was split (Art. 7, 22)."""
    relayed: bool = False
    """The complaint is about a unit, says dispatch: the office alone reaches the citizen (Art. 24(1), 36(4))."""
    due_date: date | None = None
    """Last day for the unit's answer, as sla announced it (Art. 24)."""
    emergency_clearance: EmergencyClearance | None = None
    hand: Hand | None = None
    """Whose it is while it waits; nobody's once it is settled."""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"appeals/{self.id}"

    @property
    def classification(self) -> Classification:
        """What kind of matter it is."""
        return Classification(
            kind=self.kind,
            request_type=self.request_type,
            asker=self.asker,
            category=self.category,
            region=self.region,
            confidential=self.confidential,
        )

    def require_free_for(self, *, actor: str, now: datetime) -> None:
        """Two never work on one (Art. 15). Raises `TakenByAnother`."""
        if self.hand and self.hand.operator != actor and self.hand.until_time > now:
            raise TakenByAnother(resource=self.name, seat=f"seats/{self.hand.seat}")

    def reclassified(self, *, to: Classification) -> "Appeal":
        """What was entered wrongly is corrected while nothing is settled yet (Art. 5, 21).

        Raises `NothingReclassified`, `StateNotAllowed`.
        """
        self._require(State.REGISTERED, State.DRAFTED)
        if to == self.classification:
            raise NothingReclassified(resource=self.name)
        return self._moved(self.state, **vars(to))

    def emergency_cleared(self, *, reason: str, actor: str, now: datetime) -> "Appeal":
        """The wording pointed to danger, and there is none: it may be answered directly (Art. 6(1))."""
        self._require(State.REGISTERED, State.DRAFTED)
        if not self.emergency:
            raise NoEmergency(resource=self.name, state=self.state)
        clearance = EmergencyClearance(reason=reason, actor=actor, clear_time=now)
        return self._moved(self.state, emergency=False, emergency_clearance=clearance)

    def declined(self, *, ground: DeclineGround, referral: str, actor: str, now: datetime) -> "Appeal":
        """Not accepted, for one of the four kinds of Art. 6; kept all the same."""
        self._require(State.REGISTERED)
        decline = Decline(ground=ground, referral=referral, actor=actor, decline_time=now)
        return self._moved(State.DECLINED, decline=decline, end_time=now)

    def reinstated(self, *, actor: str) -> "Appeal":
        """Taken up again: there is no disposition any more, and sla will announce the new hour (Art. 6, 21).

        Raises `DecidedByDecliner`.
        """
        self._require(State.DECLINED)
        if self.decline and self.decline.actor == actor:
            raise DecidedByDecliner(actor=actor)
        return self._moved(State.REGISTERED, decline=None, answer_due_time=None, answer_overdue=False, end_time=None)

    def answered(self, *, text: str, entry: str, actor: str, now: datetime) -> "Appeal":
        """Answered directly (Art. 21). Raises `EmergencyNotAnswerable` (Art. 6(1))."""
        self._require(State.REGISTERED)
        if self.emergency:
            raise EmergencyNotAnswerable(resource=self.name)
        answer = Answer(text=text, entry=entry, actor=actor, answer_time=now)
        return self._moved(State.ANSWERED, answer=answer, end_time=now)

    def drafted(self, *, content: DraftContent, operator: str, now: datetime) -> "Appeal":
        """A work order is drafted and waits for the review seat; the hour runs on (Art. 21)."""
        self._require(State.REGISTERED)
        return self._moved(State.DRAFTED, draft=Draft(proposed=content, operator=operator, draft_time=now))

    def draft_returned(self, *, reason: str, reviewer: str, now: datetime) -> "Appeal":
        """The review seat gave the draft back to the operator (Art. 21)."""
        draft = replace(self._waiting_draft(), reviewer=reviewer, return_reason=reason, return_time=now)
        return self._moved(State.REGISTERED, draft=draft)

    def referred(
        self, *, content: DraftContent | None, reviewer: str, now: datetime, no_directive_reason: str = ""
    ) -> "Appeal":
        """The review seat sent the draft out, as drafted or in its own version (Art. 21).

        Raises `ReleasedByDrafter`.
        """
        draft = self._waiting_draft()
        if draft.operator == reviewer:
            raise ReleasedByDrafter(actor=reviewer, resource=self.name)
        draft = replace(
            draft,
            released=content or draft.proposed,
            reviewer=reviewer,
            release_time=now,
            no_directive_reason=no_directive_reason,
        )
        return self._moved(State.REFERRED, draft=draft)

    def closed(self, *, now: datetime) -> "Appeal":
        """Its work order is closed."""
        self._require(State.REFERRED)
        return self._moved(State.CLOSED, end_time=now)

    def reopened(self) -> "Appeal":
        """Its work order went out once more."""
        self._require(State.CLOSED)
        return self._moved(State.REFERRED, end_time=None)

    def released_content(self) -> DraftContent:
        """What went to the unit. Raises `AppealStateNotAllowed` while nothing did."""
        if not self.draft or not self.draft.released:
            raise AppealStateNotAllowed(resource=self.name, state=self.state)
        return self.draft.released

    def require_reachable_by(self, *, unit: str) -> None:
        """A unit reaches the citizen of an order that it leads, unless the office relays the contact.

        So it does where the citizen asked for confidentiality, or complained about a unit itself.

        unit -- `units/…`. Raises `NotOwnUnit`, `ContactRelayed`.
        """
        self.require_led_by(unit=unit)
        if self.confidential or self.relayed:
            raise ContactRelayed(resource=self.name)

    def require_led_by(self, *, unit: str) -> None:
        """A unit has business with an appeal whose order it leads. Raises `NotOwnUnit`."""
        if not unit or unit not in (self.lead_unit, *self.further_leads):
            raise NotOwnUnit(resource=self.name)

    def _waiting_draft(self) -> Draft:
        self._require(State.DRAFTED)
        assert self.draft
        return self.draft

    def _require(self, *states: State) -> None:
        if self.state not in states:
            raise AppealStateNotAllowed(resource=self.name, state=self.state)

    def _moved(self, state: State, **changes: object) -> "Appeal":
        hand = self.hand if state is self.state else None
        return replace(self, state=state, version=self.version + 1, hand=hand, **changes)  # type: ignore[arg-type]
