"""Work orders (电子工单): one lead, a directive where one is needed, a reply before a result (Art. 7, 22-28)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from hotline_kernel.calendar import ZONE

from hotline_dispatch.domain.holding import Holding, hand_over, overdue, put_down
from hotline_dispatch.domain.part import Part, PartState, assign, inherit, lapse, missed, not_after
from hotline_dispatch.domain.part import report as report_part
from hotline_dispatch.domain.record import (
    Directive,
    DirectiveKind,
    Due,
    Extension,
    ExtensionState,
    Filing,
    FirstContact,
    Look,
    OfficeDuty,
    Outcome,
    PastRound,
    ReplyMeans,
    Result,
    SendBack,
    State,
    StatutoryTerm,
    Study,
    StudyGround,
    SupervisionNote,
)
from hotline_dispatch.domain.refusals import (
    ContactRelayed,
    DeadlineNotKnown,
    DirectiveMissing,
    ExtensionAskedAlready,
    ExtensionAskedLate,
    ExtensionDecidedLate,
    ExtensionNotRequested,
    ExtensionWithoutReason,
    FilingIncomplete,
    FilingWithoutExplanation,
    LeadAlready,
    LeadConcerned,
    LookNotLater,
    NotFiled,
    NotOwnUnit,
    NotSupporting,
    OrderNotJoinable,
    OrderNotSplittable,
    OrderOutAlready,
    OrderStateNotAllowed,
    ReplyMissing,
    SendBackLimitReached,
    StudyMissing,
    StudyNotByPrincipal,
    TimeNotPlausible,
)
from hotline_dispatch.domain.unit import Assignment


@dataclass
class WorkOrder:
    """A work order (电子工单). It changes by its verbs alone; a verb that is refused changes nothing."""

    id: UUID
    number: str
    appeal: str
    title: str
    text: str
    request_type: str
    category: str
    region: str
    confidential: bool
    create_time: datetime
    statutory_term: StatutoryTerm | None = None
    directive: Directive | None = None
    proposed: Assignment | None = None
    """Who the review seat named; nobody outside the office sees the order before it goes out."""
    state: State = State.AWAITING_LEAD
    assignment: Assignment | None = None
    due: Due | None = None
    first_contact: FirstContact | None = None
    result: Result | None = None
    extension: Extension | None = None
    study_grounds: tuple[StudyGround, ...] = ()
    """Why the unit's principal must study it (Art. 25); they stay as long as the order lives."""
    study: Study | None = None
    filing: Filing | None = None
    parts: tuple[Part, ...] = ()
    """What the supporting units have to do, in this round."""
    holdings: tuple[Holding, ...] = ()
    """In whose hands it was, oldest first, in all rounds."""
    concerned: tuple[str, ...] = ()
    """The unit that the complaint is about, and those above it as the registry had them then (Art. 36(4))."""
    split_from: str = ""
    """The order of the same appeal that it was split from; empty for the appeal's first."""
    joined_into: str = ""
    """The order that works for it too, or did; empty if none."""
    redacted: bool = False
    """Only what whoever is concerned may see of it; such an order is read and never kept."""
    chases: int = 0
    chase_time: datetime | None = None
    """When its directive is asked for again, if it is urgent and has none (Art. 23; ours)."""
    office_asks: int = 0
    office_ask_time: datetime | None = None
    """When the office is asked again for what it owes (Art. 22, 23, 26; ours)."""
    send_backs: list[SendBack] = field(default_factory=list)
    past_rounds: list[PastRound] = field(default_factory=list)
    round: int = 1
    key_supervision: bool = False
    supervisions: tuple[SupervisionNote, ...] = ()
    """Steps of supervision about it, oldest first, in all rounds (Art. 28)."""
    dispatch_time: datetime | None = None
    received_time: datetime | None = None
    """In a county: when it came from the city, for its terms start then (Art. 24)."""
    close_time: datetime | None = None
    overdue: bool = False
    version: int = 1

    @property
    def name(self) -> str:
        """`workOrders/{uuid}`."""
        return f"workOrders/{self.id}"

    @property
    def lead(self) -> str:
        """`units/{id}` of the lead; empty while there is none."""
        return self.assignment.lead if self.assignment else ""

    @property
    def about_unit(self) -> str:
        """The unit that the complaint is about; empty if about none (Art. 36(4))."""
        return self.concerned[0] if self.concerned else ""

    @property
    def relayed(self) -> bool:
        """The office alone reaches the citizen (Art. 24(1), 36(4))."""
        return self.confidential or self.about_unit != ""

    @property
    def is_open(self) -> bool:
        """No result has been reported; a deadline counts."""
        return self.state not in (State.REPORTED, State.CLOSED, State.WITHDRAWN)

    @property
    def open_parts(self) -> dict[str, date]:
        """Which units still have a part to do, and until when."""
        return {part.unit: part.due_date for part in self.parts if part.state is PartState.OPEN}

    @property
    def waits_for_extension(self) -> bool:
        """The office owes a decision (Art. 26)."""
        asked = self.extension is not None and self.extension.state is ExtensionState.REQUESTED
        return asked and self.state is State.DISPATCHED

    @property
    def owed_by_office(self) -> OfficeDuty | None:
        """What it waits for, if that is the office's; an urgent order's directive is chased apart."""
        if self.state is State.AWAITING_LEAD:
            return OfficeDuty.LEAD
        if self.state is State.HELD and self.directive is not None:
            return None if self.directive.kind is DirectiveKind.URGENT else OfficeDuty.DIRECTIVE
        return OfficeDuty.EXTENSION if self.waits_for_extension else None

    def start(self, *, proposed: Assignment | None, assignment: Assignment | None, now: datetime) -> None:
        """A new order waits for its directive (Art. 23), else for a lead (Art. 22), else goes out at once (Art. 21).

        assignment -- the proposed units as far as they can handle it; None if the office must name them.
        """
        self.proposed = proposed
        self.holdings = hand_over((), to="", reason="", is_overdue=False, now=now)
        if self.directive is not None:
            self.state = State.HELD
        elif assignment is not None:
            self._send_out(assignment, now)

    def record_directive(self, *, text: str, authority: str, assignment: Assignment | None, now: datetime) -> None:
        """The directive came: the order goes out, or to the office if nobody can lead it yet (Art. 23).

        Raises `StateNotAllowed` unless it waits for one.
        """
        if self.state is not State.HELD or self.directive is None:
            raise self._not_allowed()
        self.directive = Directive(self.directive.kind, text, authority, now)
        self.mark_for_study(StudyGround.CITY_ASSIGNED)
        self.state = State.AWAITING_LEAD
        self.chase_time = None
        if assignment is not None:
            self._send_out(assignment, now)

    def watch_directive(self, *, every: timedelta, now: datetime) -> bool:
        """An urgent order waits: its directive is asked for again after a while (Art. 23; ours); tells if so."""
        if self.state is not State.HELD or self.directive is None or self.directive.kind is not DirectiveKind.URGENT:
            return False
        self.chase_time = now + every
        return True

    def chase(self, *, every: timedelta, now: datetime) -> int:
        """The directive did not come in time: it is asked for again, and again (Art. 23; ours).

        Returns how often it was by now. Raises `StateNotAllowed` unless it is waited for.
        """
        if not self.watch_directive(every=every, now=now):
            raise self._not_allowed()
        self.chases += 1
        return self.chases

    def hold(self, *, kind: DirectiveKind) -> None:
        """The office recognised one of the four kinds before the order was out: it waits for a directive (Art. 23).

        A clock that runs since an earlier receipt runs on. Raises `OrderOutAlready`, `StateNotAllowed` if it waits
        for one or had one.
        """
        if self.state not in (State.HELD, State.AWAITING_LEAD):
            raise OrderOutAlready(resource=self.name, state=self.state)
        if self.directive is not None:
            raise self._not_allowed()
        self.directive = Directive(kind)
        self.state = State.HELD

    def watch_office(self, *, patience: Mapping[OfficeDuty, timedelta], now: datetime) -> None:
        """What the office owes now is asked for again after a while (Art. 22, 23, 26; ours)."""
        duty = self.owed_by_office
        self.office_asks = 0
        self.office_ask_time = None if duty is None else now + patience[duty]

    def ask_office(self, *, patience: Mapping[OfficeDuty, timedelta], now: datetime) -> OfficeDuty:
        """The office is late with something: it is asked again, and again. Raises `StateNotAllowed` if with nothing."""
        duty = self.owed_by_office
        if duty is None:
            raise self._not_allowed()
        self.office_asks += 1
        self.office_ask_time = now + patience[duty]
        return duty

    def mark_for_study(self, *grounds: StudyGround) -> None:
        """The unit's principal must study it (Art. 25). Raises `StateNotAllowed` once a result was reported."""
        if not self.is_open:
            raise self._not_allowed()
        self.study_grounds = tuple(ground for ground in StudyGround if ground in {*self.study_grounds, *grounds})

    def dispatch(self, *, assignment: Assignment, now: datetime) -> None:
        """The office names the units (Art. 7, 22). Raises `DirectiveMissing`, `StateNotAllowed`, `LeadConcerned`."""
        self._require_directive()
        if self.state is not State.AWAITING_LEAD:
            raise self._not_allowed()
        self._send_out(assignment, now)

    def mark_about(self, *, concerned: tuple[str, ...], leads: bool, reason: str, now: datetime) -> None:
        """Which unit the complaint is about, and who is above it (Art. 36(4)); empty: it is about none.

        leads -- the lead is that unit, or is below it: then an order that it has is taken from it.
        """
        self.concerned = concerned
        if leads and self.state is State.DISPATCHED:
            self._return_to_office(reason, now)

    def reassign(self, *, assignment: Assignment, reason: str, now: datetime) -> None:
        """The office gives it to another lead: no deadline moves, the time spent stays on record (Art. 7, 22).

        What the former lead asked or recorded is no longer of use. Raises `StateNotAllowed`, `LeadAlready`,
        `LeadConcerned`.
        """
        self._require(State.DISPATCHED)
        if assignment.lead == self.lead:
            raise LeadAlready(unit=assignment.lead)
        self._leave_lead()
        self._send_out(assignment, now, reason=reason)

    def split(
        self, *, order_id: UUID, number: int, title: str, text: str, assignment: Assignment, now: datetime
    ) -> "WorkOrder":
        """A further order of the same appeal, out to units of its own (Art. 7, 22).

        number -- how many there are with it. Raises `OrderNotSplittable`, `DirectiveMissing`, `LeadConcerned`.
        """
        if self.split_from or self.state not in (State.AWAITING_LEAD, State.DISPATCHED):
            raise OrderNotSplittable(resource=self.name)
        further = replace(
            self,
            id=order_id,
            number=f"{self.number}-{number}",
            title=title,
            text=text,
            create_time=now,
            split_from=self.name,
            state=State.AWAITING_LEAD,
            proposed=None,
            assignment=None,
            due=None,
            first_contact=None,
            extension=None,
            study=None,
            parts=(),
            supervisions=(),
            holdings=hand_over((), to="", reason="", is_overdue=False, now=now),
            chases=0,
            office_asks=0,
            office_ask_time=None,
            send_backs=[],
            past_rounds=[],
            round=1,
            overdue=False,
            dispatch_time=None,
            version=1,
        )
        further._send_out(assignment, now)
        return further

    def withdraw(self, *, has_joined: bool, now: datetime) -> None:
        """What was split off is taken back: the first order answers for all again.

        has_joined -- it works for others. Raises `OrderNotSplittable`, `OrderStateNotAllowed`.
        """
        if not self.split_from or has_joined:
            raise OrderNotSplittable(resource=self.name)
        if self.state is not State.AWAITING_LEAD:
            self._require(State.DISPATCHED)
        self._return_to_office("", now)
        self.holdings = put_down(self.holdings, now=now)
        self.state = State.WITHDRAWN
        self.overdue = False
        self.close_time = now

    def join(self, *, into: "WorkOrder", has_joined: bool, reason: str, now: datetime) -> None:
        """Another order works for this one too (Art. 23(3)); what this one asks of the principal, that one must bring.

        has_joined -- others were joined into this one. Raises `OrderNotJoinable`.
        """
        both = (self, into)
        out = all(order.state is State.DISPATCHED and not order.joined_into for order in both)
        if not out or self.appeal == into.appeal or has_joined:
            raise OrderNotJoinable(resource=self.name, into=into.name)
        if self.study_grounds:
            into.mark_for_study(*self.study_grounds)
        self._return_to_office(reason, now)
        self.state = State.JOINED
        self.joined_into = into.name

    def separate(self, *, reason: str, now: datetime) -> None:
        """It is worked on by itself again: the office names its lead. Raises `OrderStateNotAllowed`."""
        self._require(State.JOINED)
        self.state = State.AWAITING_LEAD
        self.joined_into = ""
        self.holdings = hand_over(self.holdings, to="", reason=reason, is_overdue=self.overdue, now=now)

    def share_result(self, *, of: "WorkOrder", now: datetime) -> None:
        """The order that works for it has its result, which is its own too (Art. 23(3)).

        Raises `OrderStateNotAllowed`.
        """
        self._require(State.JOINED)
        self.assignment, self.dispatch_time = of.assignment, of.dispatch_time
        self.result, self.study, self.filing = of.result, of.study, of.filing
        self.state = State.REPORTED
        self.overdue = False
        self.holdings = put_down(self.holdings, now=now)

    def send_back(self, *, by: str, reason: str, limit: int, now: datetime) -> None:
        """The lead gives the order back (Art. 22); what it asked or recorded is no longer of use to the next lead.

        Raises `NotOwnUnit`, `StateNotAllowed`, `SendBackLimitReached`. The deadline stays: a hand-over resets nothing.
        """
        self.require_led_by(unit=by)
        self._require(State.DISPATCHED)
        if len(self.send_backs) >= limit:
            raise SendBackLimitReached(limit=str(limit))
        self.send_backs.append(SendBack(by, reason, now))
        self._return_to_office(reason, now)

    def succeed(self, *, unit: str, heir: str | None, reason: str, now: datetime) -> None:
        """A unit that has it was closed: its heir takes its place (Art. 10, 22); no deadline moves.

        What the unit recorded and asked stays good (ours): its heir goes on where it stopped.
        heir -- None: nobody can; then an order that it leads goes to the office, one that it supports goes on
        without it. Raises `StateNotAllowed`, `NotOwnUnit`.
        """
        self._require(State.DISPATCHED)
        self.require_visible(to_unit=unit)
        lead = heir if unit == self.lead else self.lead
        if lead is None:
            self._return_to_office(reason, now)
            return
        others = self.assignment.supporting if self.assignment else ()
        heirs = dict.fromkeys(heir if other == unit else other for other in others)
        assignment = Assignment(lead, tuple(other for other in heirs if other not in (None, lead)))
        if heir is not None:
            self.parts = inherit(self.parts, unit=unit, heir=heir)
        if lead != self.lead:
            self._send_out(assignment, now, reason=reason)
        self.assignment = assignment
        self.parts = lapse(self.parts, but=assignment.supporting)

    def assign_part(self, *, by: str | None, unit: str, text: str, due_date: date | None, now: datetime) -> Part:
        """The lead, or the office, tells a supporting unit what is its part, and until when (Art. 7, 22).

        by -- None for the office;  due_date -- None for the lead's own day.
        Raises `NotOwnUnit`, `StateNotAllowed`, `NotSupporting`, `DeadlineNotKnown`, `PartDueTooLate`.
        """
        if by is not None:
            self.require_led_by(unit=by)
        self._require(State.DISPATCHED)
        if self.assignment is None or unit not in self.assignment.supporting:
            raise NotSupporting(unit=unit)
        if self.due is None:
            raise DeadlineNotKnown
        last = self.due.due_date
        self.parts = assign(self.parts, unit=unit, text=text, due_date=due_date or last, lead_due_date=last, now=now)
        return self.parts[-1]

    def report_part(self, *, by: str, actor: str, text: str, now: datetime) -> None:
        """A supporting unit did its part (Art. 7, 22). Raises `NotOwnUnit`, `StateNotAllowed`, `PartNotOpen`."""
        self.require_visible(to_unit=by)
        self._require(State.DISPATCHED)
        self.parts = report_part(self.parts, unit=by, text=text, actor=actor, now=now)

    def record_first_contact(
        self, *, by: str | None, actor: str, note: str, contact_time: datetime | None, now: datetime
    ) -> FirstContact:
        """The citizen was reached, once a round (Art. 24(1)).

        by -- the unit that acts, None for the office, who alone contacts a citizen that asked for confidentiality or
        complained about a unit itself.
        Raises `NotOwnUnit`, `ContactRelayed`, `StateNotAllowed`, `TimeNotPlausible`.
        """
        if by is not None:
            self.require_led_by(unit=by)
            if self.relayed:
                raise ContactRelayed
        self._require(State.DISPATCHED)
        if self.first_contact is not None:
            raise self._not_allowed()
        time = self._plausible("contact_time", contact_time, now)
        self.first_contact = FirstContact(time, note, self.relayed, actor)
        return self.first_contact

    def record_study(
        self,
        *,
        by: str,
        actor: str,
        principal: str,
        registered: str,
        study_time: datetime | None,
        decision: str,
        now: datetime,
    ) -> Study:
        """The unit's principal studied it and decided (Art. 25); studied again, the latest counts.

        registered -- the first-responsible person that the registry names.
        Raises `NotOwnUnit`, `StateNotAllowed`, `StudyNotByPrincipal`, `TimeNotPlausible`.
        """
        self.require_led_by(unit=by)
        self._require(State.DISPATCHED)
        if not principal.strip() or principal.strip() != registered.strip():
            raise StudyNotByPrincipal(principal=registered or "—")
        time = self._plausible("study_time", study_time, now)
        self.study = Study(principal.strip(), time, decision, actor)
        return self.study

    def report(
        self,
        *,
        by: str,
        actor: str,
        outcome: Outcome,
        text: str,
        reply_time: datetime | None,
        reply_means: ReplyMeans | None,
        reply_text: str,
        filing: Filing | None = None,
        now: datetime,
    ) -> Result:
        """The lead replied to the citizen and reports to the office (Art. 24(2)).

        filing -- with `Outcome.FILED` alone: then the reply is the explanation to the citizen (Art. 27).
        Raises `NotOwnUnit`, `StateNotAllowed`, `StudyMissing`, `ReplyMissing`, `TimeNotPlausible`,
        `FilingWithoutExplanation`, `FilingIncomplete`, `LookNotLater`.
        """
        self.require_led_by(unit=by)
        self._require(State.DISPATCHED)
        if self.study_grounds and self.study is None:
            raise StudyMissing(grounds=self.study_grounds)
        filed = outcome is Outcome.FILED
        if reply_means is None or not reply_text.strip():
            raise FilingWithoutExplanation if filed else ReplyMissing
        time = self._plausible("reply_time", reply_time, now)
        if filed != (filing is not None) or (filing is not None and not filing.obstacle.strip()):
            raise FilingIncomplete
        if filing is not None:
            _require_later(filing.look_date, now)
        self.filing = filing
        self.result = Result(outcome, text, time, reply_means, reply_text, now, by, actor)
        self.state = State.REPORTED
        self.overdue = False
        self._office_is_done()
        self.parts = lapse(self.parts)
        self.holdings = put_down(self.holdings, now=now)
        return self.result

    def look_again(self, *, actor: str, note: str, next_date: date | None, now: datetime) -> None:
        """The office looked at a filed matter again (Art. 27; ours).

        next_date -- the next time; None if it needs no further look, for it can be solved or has gone.
        Raises `NotFiled`, `LookNotLater`.
        """
        if self.filing is None or self.filing.look_date is None:
            raise NotFiled
        if next_date is not None:
            _require_later(next_date, now)
        looks = (*self.filing.looks, Look(now, note, actor))
        self.filing = Filing(self.filing.obstacle, self.filing.understood, next_date, looks)

    def request_extension(self, *, by: str, working_days: int, reason: str, now: datetime) -> None:
        """The lead asks for a later deadline, once a round, a working day before it ends (Art. 26).

        Raises `NotOwnUnit`, `StateNotAllowed`, `ExtensionWithoutReason`, `ExtensionAskedAlready`, `DeadlineNotKnown`,
        `ExtensionAskedLate`.
        """
        self.require_led_by(unit=by)
        self._require(State.DISPATCHED)
        if not reason.strip():
            raise ExtensionWithoutReason
        if self.extension is not None:
            raise ExtensionAskedAlready
        if self.due is None:
            raise DeadlineNotKnown
        if now > self.due.extension_cutoff_time:
            raise ExtensionAskedLate(cutoff_time=self.due.extension_cutoff_time.isoformat())
        self.extension = Extension(ExtensionState.REQUESTED, working_days, reason, now)

    def decide_extension(self, *, granted: bool, note: str, now: datetime) -> Extension:
        """The office refuses, or grants before the deadline (Art. 26).

        Raises `StateNotAllowed`, `ExtensionNotRequested`, `ExtensionDecidedLate`.
        """
        self._require(State.DISPATCHED)
        asked = self.extension
        if asked is None or asked.state is not ExtensionState.REQUESTED:
            raise ExtensionNotRequested
        if granted and self.due is not None and now > self.due.due_time:
            raise ExtensionDecidedLate(due_time=self.due.due_time.isoformat())
        state = ExtensionState.GRANTED if granted else ExtensionState.REFUSED
        self.extension = Extension(state, asked.working_days, asked.reason, asked.request_time, note, now)
        self._office_is_done()
        return self.extension

    def carry_due(self, *, round_number: int, due: Due, now: datetime) -> bool:
        """Carries the deadline that sla announced; tells whether it is of this round.

        A deadline that moved beyond now is not missed any more.
        """
        if round_number != self.round:
            return False
        self.due = due
        if self.overdue and due.due_time > now:
            self.overdue = False
            self.holdings = overdue(self.holdings, since=None)
        self.parts = not_after(self.parts, lead_due_date=due.due_date)
        return True

    def mark_overdue(self, *, round_number: int, since: datetime) -> bool:
        """The deadline passed without result; tells whether that is still so. It counts to whoever holds it."""
        if round_number != self.round or not self.is_open:
            return False
        self.overdue = True
        self.holdings = overdue(self.holdings, since=since)
        return True

    def mark_part_late(self, *, round_number: int, unit: str, due_time: datetime) -> bool:
        """A supporting unit did not report its part by its end; tells whether that is still so."""
        before = self.parts
        if round_number == self.round:
            self.parts = missed(self.parts, unit=unit, due_time=due_time)
        return self.parts != before

    def close(self, *, now: datetime) -> None:
        """The callback ended it (Art. 30). Raises `StateNotAllowed` unless a result waits for that."""
        self._require(State.REPORTED)
        self.state = State.CLOSED
        self.close_time = now

    def reopen(self, *, leads_concerned: bool = False, now: datetime) -> None:
        """The dissatisfaction is confirmed: the same lead again, under key supervision (Art. 28(3), 30).

        leads_concerned -- the complaint turned out to be about the lead, or a unit above it: the office names another
        (Art. 36(4)).

        Raises `StateNotAllowed` unless a result was reported.
        """
        self._require(State.REPORTED)
        if self.assignment is None or self.dispatch_time is None:
            raise self._not_allowed()
        self.past_rounds.append(
            PastRound(
                self.round,
                self.lead,
                self.dispatch_time,
                self.first_contact,
                self.result,
                self.extension,
                self.study,
                self.filing,
                self.parts,
            )
        )
        self.round += 1
        self.joined_into = ""
        self.key_supervision = True
        self.due = self.first_contact = self.result = self.extension = self.study = self.filing = None
        self.parts = ()
        if leads_concerned:
            self._return_to_office("", now)
        else:
            self._send_out(self.assignment, now)

    def supervise(self, note: SupervisionNote) -> None:
        """sla issued a step of supervision: whoever reads the order sees it (Art. 28)."""
        self.supervisions = (*self.supervisions, note)

    def watch_closely(self, *, round_number: int) -> bool:
        """sla put this round under key supervision (Art. 28); tells whether that is new."""
        is_new = round_number == self.round and not self.key_supervision
        self.key_supervision = self.key_supervision or is_new
        return is_new

    def come_back(self, *, assignment: Assignment, since: datetime, reason: str, now: datetime) -> None:
        """A county had brought its result before the order was taken from it: it has it again, as it had (ours)."""
        if self.state is State.DISPATCHED:
            self._leave_lead()
        self._send_out(assignment, now, reason=reason)
        self.dispatch_time = since

    def leave(self, *, now: datetime) -> None:
        """In a county: the order went back to the city, whatever was done with it."""
        self._return_to_office("", now)
        self._office_is_done()
        self.holdings = put_down(self.holdings, now=now)
        self.state = State.WITHDRAWN
        self.overdue = False
        self.close_time = now

    def hand_back(self, *, now: datetime) -> None:
        """In a county: its office gives it back to the city, which decides (Art. 22). Raises `StateNotAllowed`."""
        if self.state is not State.AWAITING_LEAD:
            self._require(State.DISPATCHED)
        self.leave(now=now)

    def resume(self, *, reason: str, now: datetime) -> None:
        """In a county: the city did not take it back, so that the county's office has it again."""
        self.state = State.AWAITING_LEAD
        self.close_time = None
        self.office_asks, self.office_ask_time = 0, now
        self.holdings = hand_over(self.holdings, to="", reason=reason, is_overdue=False, now=now)

    def take_up_again(self, *, reason: str, now: datetime) -> None:
        """In a county: the city did not take the result, so that the same bureau goes on. Raises `StateNotAllowed`."""
        self._require(State.REPORTED)
        self.result = self.filing = None
        self.state = State.DISPATCHED
        self.holdings = hand_over(self.holdings, to=self.lead, reason=reason, is_overdue=False, now=now)

    def carry_extension(self, *, granted: bool, working_days: int, note: str, decide_time: datetime) -> None:
        """In a county: what the city decided, whatever became of the asking (Art. 26)."""
        asked = self.extension
        state = ExtensionState.GRANTED if granted else ExtensionState.REFUSED
        reason, request_time = (asked.reason, asked.request_time) if asked else ("", decide_time)
        self.extension = Extension(state, working_days, reason, request_time, note, decide_time)
        self._office_is_done()

    def require_visible(self, *, to_unit: str) -> None:
        """A unit sees what it leads or supports, and what is about it or a unit below it. Raises `NotOwnUnit`."""
        if to_unit not in self.concerned and (self.assignment is None or to_unit not in self.assignment.units):
            raise NotOwnUnit

    def seen_by(self, *, unit: str, line: Collection[str]) -> "WorkOrder":
        """What a unit may know of a complaint about a unit (Art. 36(4)).

        line -- the unit, those above and those below it, and whose place any of them took. The lead needs to know,
        unless it is the one complained about; so does who supports, unless in one line with that one.
        """
        if unit == self.lead != self.about_unit:
            return self
        if self.assignment is not None and unit in self.assignment.supporting and self.about_unit not in line:
            return self
        return self._redacted(unit)

    def _redacted(self, unit: str) -> "WorkOrder":
        """That it is there, where it stands and until when, and the unit's own part."""
        return replace(
            self,
            redacted=True,
            appeal="",
            title="",
            text="",
            directive=None,
            proposed=None,
            first_contact=None,
            result=None,
            extension=None,
            study=None,
            filing=None,
            parts=tuple(part for part in self.parts if part.unit == unit),
            supervisions=tuple(note for note in self.supervisions if note.unit == unit),
            holdings=tuple(replace(holding, reason="") for holding in self.holdings),
            send_backs=[],
            past_rounds=[],
        )

    def _return_to_office(self, reason: str, now: datetime) -> None:
        self.state = State.AWAITING_LEAD
        self.office_asks, self.office_ask_time = 0, now  # at once, unless the caller has patience
        self._leave_lead()
        self.assignment = self.dispatch_time = None
        self.parts = lapse(self.parts)
        self.holdings = hand_over(self.holdings, to="", reason=reason, is_overdue=self.overdue, now=now)

    def _leave_lead(self) -> None:
        self.first_contact = self.study = None
        if self.extension is not None and self.extension.state is ExtensionState.REQUESTED:
            self.extension = None

    def _send_out(self, assignment: Assignment, now: datetime, *, reason: str = "") -> None:
        # The only way out, for every path: the gate of Art. 23 stands here, and once more in the database.
        self._require_directive()
        if assignment.lead == self.about_unit:
            raise LeadConcerned(unit=assignment.lead)
        is_overdue = self.overdue and self.is_open
        self.holdings = hand_over(self.holdings, to=assignment.lead, reason=reason, is_overdue=is_overdue, now=now)
        self.parts = lapse(self.parts, but=assignment.supporting)
        self.assignment = assignment
        self.state = State.DISPATCHED
        self.dispatch_time = now
        self._office_is_done()

    def _office_is_done(self) -> None:
        self.office_asks, self.office_ask_time = 0, None

    def _require_directive(self) -> None:
        if self.directive is not None and self.directive.directive_time is None:
            raise DirectiveMissing(directive_kind=self.directive.kind)

    def require_led_by(self, *, unit: str) -> None:
        """Raises `NotOwnUnit` unless that unit leads it."""
        if unit == "" or unit != self.lead:
            raise NotOwnUnit

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise self._not_allowed()

    def _not_allowed(self) -> OrderStateNotAllowed:
        return OrderStateNotAllowed(resource=self.name, state=self.state)

    def _plausible(self, field_name: str, time: datetime | None, now: datetime) -> datetime:
        time = now if time is None else time
        if time > now or self.dispatch_time is None or time < self.dispatch_time:
            raise TimeNotPlausible(field=field_name)
        return time


def _require_later(look_date: date | None, now: datetime) -> None:
    if look_date is None or look_date <= now.astimezone(ZONE).date():
        raise LookNotLater
