"""Work orders (电子工单): one lead, a directive where one is needed, a reply before a result (Art. 7, 22-28)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import StateNotAllowed

from hotline_dispatch.domain.refusals import (
    ContactRelayed,
    DeadlineNotKnown,
    DirectiveMissing,
    ExtensionAskedAlready,
    ExtensionAskedLate,
    ExtensionNotRequested,
    ExtensionWithoutReason,
    NotOwnUnit,
    ReplyMissing,
    SendBackLimitReached,
    TimeNotPlausible,
)
from hotline_dispatch.domain.unit import Assignment


class State(StrEnum):
    """Where a work order stands."""

    HELD = "HELD"
    AWAITING_LEAD = "AWAITING_LEAD"
    DISPATCHED = "DISPATCHED"
    REPORTED = "REPORTED"
    CLOSED = "CLOSED"


class DirectiveKind(StrEnum):
    """The four kinds that need a directive before they go out (Art. 23)."""

    URGENT = "URGENT"
    COMPLEX = "COMPLEX"
    COMMON = "COMMON"
    STALLED = "STALLED"


class Outcome(StrEnum):
    """How a unit says a matter ended."""

    SOLVED = "SOLVED"
    EXPLAINED = "EXPLAINED"


class ReplyMeans(StrEnum):
    """How the citizen was told."""

    PHONE = "PHONE"
    VISIT = "VISIT"
    WRITTEN = "WRITTEN"
    RELAYED = "RELAYED"


class ExtensionState(StrEnum):
    """Where the asking for a later deadline stands (Art. 26)."""

    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Directive:
    """A vice-mayor's written instruction (Art. 23); without a time it is still waited for."""

    kind: DirectiveKind
    text: str = ""
    authority: str = ""
    directive_time: datetime | None = None


@dataclass(frozen=True)
class Due:
    """When handling must be done, as sla announced it (Art. 24)."""

    due_date: date
    due_time: datetime
    provisional: bool
    extension_cutoff_time: datetime


@dataclass(frozen=True)
class FirstContact:
    """The citizen was reached and told procedure and deadline (Art. 24(1))."""

    contact_time: datetime
    note: str
    relayed: bool
    actor: str


@dataclass(frozen=True)
class Result:
    """What the unit did, and the recorded reply to the citizen (Art. 24(2))."""

    outcome: Outcome
    text: str
    reply_time: datetime
    reply_means: ReplyMeans
    reply_text: str
    report_time: datetime
    unit: str
    actor: str


@dataclass(frozen=True)
class Extension:
    """A later deadline, asked and perhaps decided (Art. 26)."""

    state: ExtensionState
    working_days: int
    reason: str
    request_time: datetime
    decision_note: str = ""
    decide_time: datetime | None = None


@dataclass(frozen=True)
class SendBack:
    """The lead unit gave the order back (Art. 22)."""

    unit: str
    reason: str
    send_back_time: datetime


@dataclass(frozen=True)
class PastRound:
    """What happened before the order was reopened: its history stays whole (Art. 28(3), 30)."""

    round: int
    lead_unit: str
    dispatch_time: datetime
    first_contact: FirstContact | None
    result: Result | None
    extension: Extension | None


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
    directive: Directive | None = None
    proposed: Assignment | None = None
    """Who the review seat named; nobody outside the office sees the order before it goes out."""
    state: State = State.AWAITING_LEAD
    assignment: Assignment | None = None
    due: Due | None = None
    first_contact: FirstContact | None = None
    result: Result | None = None
    extension: Extension | None = None
    send_backs: list[SendBack] = field(default_factory=list)
    past_rounds: list[PastRound] = field(default_factory=list)
    round: int = 1
    key_supervision: bool = False
    dispatch_time: datetime | None = None
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
    def is_open(self) -> bool:
        """No result has been reported; a deadline counts."""
        return self.state not in (State.REPORTED, State.CLOSED)

    @property
    def waits_for_extension(self) -> bool:
        """The office owes a decision (Art. 26)."""
        asked = self.extension is not None and self.extension.state is ExtensionState.REQUESTED
        return asked and self.state is State.DISPATCHED

    def start(self, *, proposed: Assignment | None, assignment: Assignment | None, now: datetime) -> None:
        """A new order waits for its directive (Art. 23), else for a lead (Art. 22), else goes out at once (Art. 21).

        assignment -- the proposed units as far as they can handle it; None if the office must name them.
        """
        self.proposed = proposed
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
        self.state = State.AWAITING_LEAD
        if assignment is not None:
            self._send_out(assignment, now)

    def dispatch(self, *, assignment: Assignment, now: datetime) -> None:
        """The office names the units (Art. 7, 22). Raises `DirectiveMissing`, `StateNotAllowed`."""
        self._require_directive()
        if self.state is not State.AWAITING_LEAD:
            raise self._not_allowed()
        self._send_out(assignment, now)

    def send_back(self, *, by: str, reason: str, limit: int, now: datetime) -> None:
        """The lead gives the order back (Art. 22); what it asked or recorded is no longer of use to the next lead.

        Raises `NotOwnUnit`, `StateNotAllowed`, `SendBackLimitReached`. The deadline stays: a hand-over resets nothing.
        """
        self._require_lead(by)
        self._require(State.DISPATCHED)
        if len(self.send_backs) >= limit:
            raise SendBackLimitReached(limit=str(limit))
        self.send_backs.append(SendBack(by, reason, now))
        self.state = State.AWAITING_LEAD
        self.assignment = self.dispatch_time = self.first_contact = None
        if self.extension is not None and self.extension.state is ExtensionState.REQUESTED:
            self.extension = None

    def record_first_contact(
        self, *, by: str | None, actor: str, note: str, contact_time: datetime | None, now: datetime
    ) -> FirstContact:
        """The citizen was reached, once a round (Art. 24(1)).

        by -- the unit that acts, None for the office, who alone contacts a citizen that asked for confidentiality.
        Raises `NotOwnUnit`, `ContactRelayed`, `StateNotAllowed`, `TimeNotPlausible`.
        """
        if by is not None:
            self._require_lead(by)
            if self.confidential:
                raise ContactRelayed
        self._require(State.DISPATCHED)
        if self.first_contact is not None:
            raise self._not_allowed()
        time = self._plausible("contact_time", contact_time, now)
        self.first_contact = FirstContact(time, note, self.confidential, actor)
        return self.first_contact

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
        now: datetime,
    ) -> Result:
        """The lead replied to the citizen and reports to the office (Art. 24(2)).

        Raises `NotOwnUnit`, `StateNotAllowed`, `ReplyMissing`, `TimeNotPlausible`.
        """
        self._require_lead(by)
        self._require(State.DISPATCHED)
        if reply_means is None or not reply_text.strip():
            raise ReplyMissing
        time = self._plausible("reply_time", reply_time, now)
        self.result = Result(outcome, text, time, reply_means, reply_text, now, by, actor)
        self.state = State.REPORTED
        self.overdue = False
        return self.result

    def request_extension(self, *, by: str, working_days: int, reason: str, now: datetime) -> None:
        """The lead asks for a later deadline, once a round, a working day before it ends (Art. 26).

        Raises `NotOwnUnit`, `StateNotAllowed`, `ExtensionWithoutReason`, `ExtensionAskedAlready`, `DeadlineNotKnown`,
        `ExtensionAskedLate`.
        """
        self._require_lead(by)
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
        """The office grants or refuses (Art. 26). Raises `StateNotAllowed`, `ExtensionNotRequested`."""
        self._require(State.DISPATCHED)
        asked = self.extension
        if asked is None or asked.state is not ExtensionState.REQUESTED:
            raise ExtensionNotRequested
        state = ExtensionState.GRANTED if granted else ExtensionState.REFUSED
        self.extension = Extension(state, asked.working_days, asked.reason, asked.request_time, note, now)
        return self.extension

    def carry_due(self, *, round_number: int, due: Due, now: datetime) -> bool:
        """Carries the deadline that sla announced; tells whether it is of this round.

        A deadline that moved beyond now is not missed any more.
        """
        if round_number != self.round:
            return False
        self.due = due
        self.overdue = self.overdue and due.due_time <= now
        return True

    def mark_overdue(self, *, round_number: int) -> bool:
        """The deadline passed without result; tells whether that is still so."""
        if round_number != self.round or not self.is_open:
            return False
        self.overdue = True
        return True

    def close(self, *, now: datetime) -> None:
        """The callback ended it (Art. 30). Raises `StateNotAllowed` unless a result waits for that."""
        self._require(State.REPORTED)
        self.state = State.CLOSED
        self.close_time = now

    def reopen(self, *, now: datetime) -> None:
        """The dissatisfaction is confirmed: the same lead again, under key supervision (Art. 28(3), 30).

        Raises `StateNotAllowed` unless a result was reported.
        """
        self._require(State.REPORTED)
        if self.assignment is None or self.dispatch_time is None:
            raise self._not_allowed()
        self.past_rounds.append(
            PastRound(self.round, self.lead, self.dispatch_time, self.first_contact, self.result, self.extension)
        )
        self.round += 1
        self.key_supervision = True
        self.due = self.first_contact = self.result = self.extension = None
        self._send_out(self.assignment, now)

    def require_visible(self, *, to_unit: str) -> None:
        """A unit sees what it leads or supports. Raises `NotOwnUnit`."""
        if self.assignment is None or to_unit not in self.assignment.units:
            raise NotOwnUnit

    def _send_out(self, assignment: Assignment, now: datetime) -> None:
        # The only way out, for every path: the gate of Art. 23 stands here.
        self._require_directive()
        self.assignment = assignment
        self.state = State.DISPATCHED
        self.dispatch_time = now

    def _require_directive(self) -> None:
        if self.directive is not None and self.directive.directive_time is None:
            raise DirectiveMissing(directive_kind=self.directive.kind)

    def _require_lead(self, unit: str) -> None:
        if unit == "" or unit != self.lead:
            raise NotOwnUnit

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise self._not_allowed()

    def _not_allowed(self) -> StateNotAllowed:
        return StateNotAllowed(resource=self.name, state=self.state)

    def _plausible(self, field_name: str, time: datetime | None, now: datetime) -> datetime:
        time = now if time is None else time
        if time > now or self.dispatch_time is None or time < self.dispatch_time:
            raise TimeNotPlausible(field=field_name)
        return time
