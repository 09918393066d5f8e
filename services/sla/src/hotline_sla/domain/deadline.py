"""Clocks: when each starts, when it ends, and how it is settled (Art. 21, 24, 26, 30)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.wording import Code


class Kind(StrEnum):
    """Which clock."""

    ANSWER = "ANSWER"
    FIRST_CONTACT = "FIRST_CONTACT"
    HANDLING = "HANDLING"
    CALLBACK = "CALLBACK"
    PART = "PART"


class State(Code):
    """Where a clock stands."""

    RUNNING = "RUNNING", "计时中"
    OVERDUE = "OVERDUE", "已逾期"
    MET = "MET", "按期完成"
    MET_LATE = "MET_LATE", "逾期完成"
    CANCELLED = "CANCELLED", "已取消"


class CountedDays(StrEnum):
    """Which days a statutory term counts (Art. 24(2))."""

    WORKING = "WORKING"
    CALENDAR = "CALENDAR"


class Action(StrEnum):
    """What is to be done when a due moment comes."""

    ADVANCE_REMINDER = "ADVANCE_REMINDER"
    KEY_CHECK = "KEY_CHECK"
    MISS = "MISS"
    WRITTEN = "WRITTEN"


OFFICE = "office"
SYSTEM = "system"
OPEN = (State.RUNNING, State.OVERDUE)
UNIT_KINDS = (Kind.FIRST_CONTACT, Kind.HANDLING)
"""Clocks of the unit that leads. A part is a supporting unit's; the others are the hotline's own."""


def _handling_working_days() -> dict[str, int]:
    return {"CONSULTATION": 2, "HELP": 2, "COMPLAINT": 7, "REPORT": 7, "SUGGESTION": 7, "DIFFICULT": 7}


@dataclass(frozen=True, kw_only=True)
class StatutoryTerm:
    """A term that a law sets for the matter: it wins over 2 or 7 working days (Art. 24(2), last sentence)."""

    days: int
    counted: CountedDays
    law: str
    article: str

    @property
    def citation(self) -> str:
        """Where the law says so."""
        return f"《{self.law}》{self.article}"

    @property
    def length(self) -> str:
        """How long, `Chinese / English`."""
        days_zh, days = ("个工作日", "working") if self.counted is CountedDays.WORKING else ("日", "calendar")
        return f"{self.days} {days_zh} / {self.days} {days} {'day' if self.days == 1 else 'days'}"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The lengths of all terms. What no article sets is ours."""

    answer: timedelta = timedelta(hours=1)
    """Answer or refer (Art. 21)."""
    first_contact: timedelta = timedelta(hours=4)
    """Office time until the citizen is contacted (Art. 24(1); the length is ours)."""
    handling_working_days: Mapping[str, int] = field(default_factory=_handling_working_days)
    """By request type (Art. 24(2)); a consultation sent as an order counts as help (ours)."""
    callback: timedelta = timedelta(hours=24)
    """Call back after the report (Art. 30)."""
    extension_cutoff_working_days: int = 1
    """An extension is asked at least so many working days before the end (Art. 26)."""
    advance_reminder_working_days: int = 1
    """Before the end (ours)."""
    written_working_days: int = 1
    """Written supervision, after the end (Art. 28; the length is ours)."""
    key_written_working_days: int = 0
    """The same for an order under key supervision: with the end itself (Art. 28; ours)."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that happened to a clock; `due_time` is its end afterwards.

    by -- who did it: a unit `units/…`, `office` for the hotline, `system` for what time itself brings.
    """

    time: datetime
    change: str
    reason: str
    due_time: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something is to be done about a clock at this time."""

    deadline: UUID
    action: Action
    due_time: datetime


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """One clock of an appeal or an order in one round.

    subject -- `appeals/…` or `workOrders/…`;  unit -- who holds it, `units/…`, empty for the hotline;
    hold_time -- since when that is so;
    working_days -- length with extensions, 0 if the term is in hours; of a term in calendar days the extensions alone;
    statutory_term -- the law's own term, if it has one (Art. 24(2));
    watched -- the order is under key supervision (Art. 28);
    changes -- what happened since it was loaded, to be stored.
    """

    id: UUID
    subject: str
    kind: Kind
    unit: str
    state: State
    round: int
    start_time: datetime
    working_days: int
    due_time: datetime
    due_date: date
    provisional: bool
    hold_time: datetime
    watched: bool = False
    statutory_term: StatutoryTerm | None = None
    settle_time: datetime | None = None
    changes: tuple[Change, ...] = ()

    @property
    def is_open(self) -> bool:
        """The deed is still owed."""
        return self.state in OPEN

    def settle(self, *, time: datetime, deed: str) -> "Deadline":
        """The deed was done: in time if not after the end, whenever we hear of it. Settled once only.

        deed -- what was done, `Chinese / English`.
        """
        if not self.is_open:
            return self
        in_time = time <= self.due_time
        zh, _, en = deed.partition(" / ")
        zh, en = (f"{zh}，按时", f"{en}, in time") if in_time else (f"{zh}，逾期", f"{en}, too late")
        if in_time and self.state is State.OVERDUE:
            zh += "；到期后方获悉，已发出的督办不撤回"
            en += "; known only after the end: supervision issued stays on record"
        reason = f"{zh} / {en}"
        state = State.MET if in_time else State.MET_LATE
        settled = replace(self, state=state, settle_time=time)
        return settled.changed(time=time, change="settled", reason=reason, by=self.unit or OFFICE)

    def miss(self, *, time: datetime) -> "Deadline":
        """The end passed without the deed, which is still owed."""
        return replace(self, state=State.OVERDUE).changed(
            time=time, change="missed", reason="到期未办 / not done by then", by=SYSTEM
        )

    def cancel(self, *, time: datetime, reason: str, by: str) -> "Deadline":
        """The deed is not owed any more."""
        if not self.is_open:
            return self
        return replace(self, state=State.CANCELLED).changed(time=time, change="cancelled", reason=reason, by=by)

    def hand_over(self, *, unit: str, time: datetime) -> "Deadline":
        """Another unit holds the clock; nothing of the term begins anew (Art. 22, 24). Empty: the office holds it."""
        if not self.is_open or unit == self.unit:
            return self
        if unit:
            change, reason = (
                "handed_over",
                f"转由 {unit} 承办，期限不重新计算 / handed over, the term does not begin anew",
            )
        else:
            change, reason = "returned", "退回热线工作机构，期限继续计算 / with the office, the term goes on"
        by = OFFICE if unit else self.unit
        return replace(self, unit=unit, hold_time=time).changed(time=time, change=change, reason=reason, by=by)

    def taken_back(self, *, time: datetime) -> "Deadline":
        """The office took it from the unit that held it; the term goes on (Art. 22, 36(4))."""
        reason = "热线工作机构收回，期限继续计算 / taken back by the office, the term goes on"
        held = replace(self, unit="", hold_time=time)
        return held.changed(time=time, change="returned", reason=reason, by=OFFICE)

    def changed(self, *, time: datetime, change: str, reason: str, by: str) -> "Deadline":
        """The clock with one more entry in its history."""
        entry = Change(time=time, change=change, reason=reason, due_time=self.due_time, by=by)
        return replace(self, changes=(*self.changes, entry))


@dataclass(frozen=True, kw_only=True)
class Law:
    """The terms, read with a calendar. The one place that turns a term into a moment."""

    terms: Terms
    calendar: Calendar

    def open(
        self,
        *,
        deadline: UUID,
        subject: str,
        kind: Kind,
        unit: str,
        of_round: int,
        start_time: datetime,
        request_type: str,
        statutory_term: StatutoryTerm | None = None,
    ) -> Deadline:
        """Start a clock.

        request_type -- decides the length of handling;  statutory_term -- decides it instead, if a law sets one
        (Art. 24(2)). Both may be anything for the other clocks.
        """
        term = statutory_term if kind is Kind.HANDLING else None
        working_days = self._working_days(request_type, term) if kind is Kind.HANDLING else 0
        due_time = self._end(kind=kind, start_time=start_time, working_days=working_days, term=term)
        due_date = due_time.astimezone(ZONE).date()
        opened = Deadline(
            id=deadline,
            subject=subject,
            kind=kind,
            unit=unit,
            state=State.RUNNING,
            round=of_round,
            start_time=start_time,
            hold_time=start_time,
            working_days=working_days,
            due_time=due_time,
            due_date=due_date,
            provisional=self._rests_on_a_guess(kind, due_date),
            statutory_term=term,
        )
        reason = _CAUSE[kind] if term is None else _statutory_cause(term)
        return opened.changed(time=start_time, change="opened", reason=reason, by=SYSTEM)

    def open_part(
        self, *, deadline: UUID, subject: str, unit: str, of_round: int, start_time: datetime, due_date: date
    ) -> Deadline:
        """Start the clock of a supporting unit's part; it ends with the office hours of the day that it was given."""
        opened = Deadline(
            id=deadline,
            subject=subject,
            kind=Kind.PART,
            unit=unit,
            state=State.RUNNING,
            round=of_round,
            start_time=start_time,
            hold_time=start_time,
            working_days=0,
            due_time=self.calendar.close_of_office(due_date),
            due_date=due_date,
            provisional=False,
        )
        return opened.changed(time=start_time, change="opened", reason=_CAUSE[Kind.PART], by=OFFICE)

    def move_part(self, deadline: Deadline, *, due_date: date, time: datetime) -> Deadline:
        """The part has another day now."""
        moved = self._ending(deadline, self.calendar.close_of_office(due_date), at=time)
        reason = "协办部分另定期限（第七条、第二十二条） / another day was given for the part (Art. 7, 22)"
        return moved.changed(time=time, change="moved", reason=reason, by=OFFICE)

    def restart(self, deadline: Deadline, *, unit: str, start_time: datetime) -> Deadline:
        """Start a cancelled clock again for another unit, in the same round."""
        due_time = self._end_of(replace(deadline, start_time=start_time))
        again = replace(deadline, unit=unit, state=State.RUNNING, start_time=start_time, hold_time=start_time)
        return self._ending(again, due_time).changed(
            time=start_time, change="opened", reason=f"转由 {unit} 承办 / another unit received the order", by=OFFICE
        )

    def extend(self, deadline: Deadline, *, working_days: int, time: datetime) -> Deadline:
        """End so many working days later (Art. 26); a clock missed meanwhile runs again if that is still to come."""
        if not deadline.is_open:
            return deadline
        total = replace(deadline, working_days=deadline.working_days + working_days)
        longer = self._ending(total, self._end_of(total), at=time)
        reason = f"批准延期 {working_days} 个工作日（第二十六条） / extended by {working_days} working days (Art. 26)"
        return longer.changed(time=time, change="moved", reason=reason, by=OFFICE)

    def recompute(self, deadline: Deadline, *, time: datetime) -> Deadline:
        """Derive the end of an open clock again, after the calendar learnt a year."""
        again = self._ending(deadline, self._end_of(deadline), at=time)
        if (again.due_time, again.provisional) == (deadline.due_time, deadline.provisional):
            return deadline
        reason = "按公布的放假安排重新计算 / computed again with the published calendar"
        return again.changed(time=time, change="recomputed", reason=reason, by=SYSTEM)

    def moments(self, deadline: Deadline, *, after: datetime) -> list[Moment]:
        """What is to be done about a clock as it is now; a reminder whose time is past `after` is left out."""
        if deadline.state is State.RUNNING:
            found = {Action.MISS: deadline.due_time}
            if deadline.kind is Kind.HANDLING and deadline.unit:
                early = self._working_days_before(deadline, self.terms.advance_reminder_working_days)
                if early > after:
                    found[Action.ADVANCE_REMINDER] = early
                check = self._half_of(deadline)
                if deadline.watched and after < check < early:
                    found[Action.KEY_CHECK] = check
        elif deadline.state is State.OVERDUE and deadline.kind in (Kind.HANDLING, Kind.PART) and deadline.unit:
            found = {Action.WRITTEN: self.written_time(deadline)}
        else:
            found = {}
        return [Moment(deadline=deadline.id, action=action, due_time=time) for action, time in found.items()]

    def written_time(self, deadline: Deadline) -> datetime:
        """When a missed clock is supervised in writing; a unit that took it over later has its working day too."""
        day = max(deadline.due_date, deadline.hold_time.astimezone(ZONE).date())
        at_once = deadline.watched and deadline.hold_time <= deadline.due_time
        days = self.terms.key_written_working_days if at_once else self.terms.written_working_days
        return self.calendar.close_of_office(self.calendar.nth_working_day_after(day, days) if days else day)

    def extension_cutoff_time(self, deadline: Deadline) -> datetime | None:
        """The last moment to ask for an extension (Art. 26); None for clocks that cannot be extended."""
        if deadline.kind is not Kind.HANDLING:
            return None
        return self._working_days_before(deadline, self.terms.extension_cutoff_working_days)

    def last_day_by_law(self, received: date, term: StatutoryTerm) -> date:
        """The last day of a term in calendar days; one on which offices are closed moves on (Civil Code, Art. 203)."""
        return self._on_or_after(received + timedelta(days=term.days))

    def _on_or_after(self, day: date) -> date:
        return day if self.calendar.is_working_day(day) else self.calendar.nth_working_day_after(day, 1)

    def _working_days(self, request_type: str, term: StatutoryTerm | None) -> int:
        if term is None:
            return self.terms.handling_working_days[request_type]
        return term.days if term.counted is CountedDays.WORKING else 0

    def _half_of(self, deadline: Deadline) -> datetime:
        """The close of office when half of a term is over, rounded down, at least one day."""
        start, term = deadline.start_time.astimezone(ZONE).date(), deadline.statutory_term
        if term is not None and term.counted is CountedDays.CALENDAR:
            return self.calendar.close_of_office(self._on_or_after(start + timedelta(days=max(term.days // 2, 1))))
        return self.calendar.close_of_office(
            self.calendar.nth_working_day_after(start, max(deadline.working_days // 2, 1))
        )

    def _end_of(self, deadline: Deadline) -> datetime:
        return self._end(
            kind=deadline.kind,
            start_time=deadline.start_time,
            working_days=deadline.working_days,
            term=deadline.statutory_term,
        )

    def _end(self, *, kind: Kind, start_time: datetime, working_days: int, term: StatutoryTerm | None) -> datetime:
        match kind:
            case Kind.ANSWER:
                return start_time + self.terms.answer
            case Kind.CALLBACK:
                return start_time + self.terms.callback
            case Kind.FIRST_CONTACT:
                return self.calendar.add_working_time(start_time, self.terms.first_contact)
            case Kind.HANDLING:
                day = start_time.astimezone(ZONE).date()
                if term is not None and term.counted is CountedDays.CALENDAR:
                    day = self.last_day_by_law(day, term)
                if working_days:
                    day = self.calendar.nth_working_day_after(day, working_days)
                return self.calendar.close_of_office(day)
            case Kind.PART:  # has no term of its own: without the day that it was given, it ends on its first
                return self.calendar.close_of_office(start_time.astimezone(ZONE).date())

    def _ending(self, deadline: Deadline, due_time: datetime, *, at: datetime | None = None) -> Deadline:
        due_date = due_time.astimezone(ZONE).date()
        state = State.RUNNING if at is not None and due_time > max(at, deadline.due_time) else deadline.state
        provisional = self._rests_on_a_guess(deadline.kind, due_date)
        return replace(deadline, due_time=due_time, due_date=due_date, provisional=provisional, state=state)

    def _rests_on_a_guess(self, kind: Kind, due_date: date) -> bool:
        return kind in UNIT_KINDS and self.calendar.is_provisional(due_date)

    def _working_days_before(self, deadline: Deadline, count: int) -> datetime:
        day = deadline.due_date
        for _ in range(count):
            day = self.calendar.previous_working_day(day)
        return self.calendar.close_of_office(day)


def _statutory_cause(term: StatutoryTerm) -> str:
    zh, _, en = term.length.partition(" / ")
    return (
        f"承办单位收到工单；{term.citation}规定期限为 {zh}，从其规定（第二十四条）"
        f" / the unit received the order; {term.citation} sets {en}, which wins (Art. 24(2))"
    )


_CAUSE = {
    Kind.ANSWER: "诉求已登记（第二十一条） / the appeal was taken in (Art. 21)",
    Kind.FIRST_CONTACT: "承办单位收到工单（第二十四条） / the unit received the order (Art. 24(1))",
    Kind.HANDLING: "承办单位收到工单（第二十四条） / the unit received the order (Art. 24(2))",
    Kind.PART: "分派协办部分（第七条、第二十二条） / a part was given (Art. 7, 22)",
    Kind.CALLBACK: "办理结果已反馈（第三十条） / the result was reported (Art. 30)",
}
