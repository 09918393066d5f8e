"""The callback: the office asks about every reported result, within 24 hours (Art. 30)."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_feedback.domain.hand import Hand, require_free


class Verdict(StrEnum):
    """What a citizen says about how the matter was handled."""

    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"


class CallbackState(Code):
    """Where a callback stands."""

    WAITING = "WAITING", "待回访"
    COMPLETED = "COMPLETED", "已完成"
    UNREACHABLE = "UNREACHABLE", "无法联系"


class AttemptOutcome(StrEnum):
    """What happened on a try without an answer."""

    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    WRONG_NUMBER = "WRONG_NUMBER"
    REFUSED = "REFUSED"


class Means(StrEnum):
    """How a citizen is asked afterwards."""

    PHONE = "PHONE"
    MESSAGE = "MESSAGE"
    """SMS, WeChat or a link: sent and answered at any hour."""


class CallbackEnded(StateNotAllowed):
    """{resource} is {state}: what was said once is not changed."""

    article = "Art. 30"
    zh = "该回访已经结束（{state}），不能再记录或更改。"


class CallOutsideWindow(Refused):
    """Citizens are called between {start} and {end} alone; the next call may be made at {next_call_time}."""

    reason = "CALL_OUTSIDE_WINDOW"
    article = "Art. 30"
    zh = "回访电话只能在 {start} 至 {end} 之间拨打，最早可于 {next_call_time} 再次拨打。"


class AttemptTooSoon(Refused):
    """The last try was a moment ago: the next one counts from {next_call_time} on."""

    reason = "ATTEMPT_TOO_SOON"
    article = "Art. 30"
    zh = "距上次回访尝试时间过短，请于 {next_call_time} 之后再次尝试。"


class CallsDeclined(Refused):
    """The citizen of {resource} does not want to be called again: ask by message."""

    reason = "CALLS_DECLINED"
    article = "Art. 30"
    zh = "该群众已明确表示不愿再接听回访电话，请改用短信、微信等方式征求意见。"


@dataclass(frozen=True, kw_only=True)
class CallRules:
    """When and how often a citizen is called (ours: the regulation is silent).

    start, end -- between which hours of the day, local time, citizens are called;  spell -- the longest call: what
    began within the window may be recorded so much after it;  gap -- least time between two tries;
    attempt_limit -- tries without an answer after which a citizen counts as unreachable.
    """

    start: time
    end: time
    spell: timedelta
    gap: timedelta
    attempt_limit: int

    def next_call_time(self, earliest: datetime) -> datetime:
        """The first moment from `earliest` on at which a call may be made."""
        local = earliest.astimezone(ZONE)
        if local.time() < self.start:
            local = datetime.combine(local.date(), self.start, ZONE)
        elif local.time() >= self.end:
            local = datetime.combine(local.date() + timedelta(days=1), self.start, ZONE)
        return local.astimezone(earliest.tzinfo)

    def may_call(self, now: datetime) -> bool:
        """Whether a call may be made now."""
        return self.next_call_time(now) == now

    def may_have_called(self, now: datetime) -> bool:
        """Whether a call that ends now can have begun when it might."""
        return self.may_call(now) or self.may_call(now - self.spell)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A try without an answer."""

    time: datetime
    outcome: AttemptOutcome
    actor: str
    means: Means = Means.PHONE


@dataclass(frozen=True, kw_only=True)
class Callback:
    """The office asks the citizen about a reported result, within 24 hours (Art. 30)."""

    id: UUID
    work_order: str
    appeal: str
    number: str
    unit: str
    round: int
    create_time: datetime
    category: str = ""
    """Subject of the order; empty where it was not kept."""
    region: str = ""
    """Division code of the order; empty where it was not kept."""
    due_time: datetime | None = None
    """End of the 24 hours as sla announced it; None until it did."""
    overdue: bool = False
    state: CallbackState = CallbackState.WAITING
    attempts: tuple[Attempt, ...] = ()
    verdict: Verdict | None = None
    solved: bool | None = None
    note: str = ""
    means: Means | None = None
    """How the citizen was asked who answered; None before, and where it was not kept."""
    complete_time: datetime | None = None
    declined: bool = False
    """The citizen does not want to be asked; it ended without a verdict."""
    do_not_call: bool = False
    """The citizen declined an earlier callback about the same appeal: this one is asked by message."""
    hand: Hand | None = None
    """Who is about to ask; nobody, once the citizen was asked."""
    version: int = 1

    @property
    def name(self) -> str:
        """`callbacks/{uuid}`."""
        return f"callbacks/{self.id}"

    def clocked(self, *, due_time: datetime, missed: bool) -> "Callback":
        """sla announced when the 24 hours end, or that they ended without the deed.

        A callback that ended in time stays in time, whichever of the two facts is heard first.
        """
        in_time = self.complete_time is not None and self.complete_time <= due_time
        late = self.complete_time is not None and self.complete_time > due_time
        overdue = self.overdue or late or (missed and not in_time)
        return replace(self, due_time=due_time, overdue=overdue, version=self.version + 1)

    def tried(
        self, *, outcome: AttemptOutcome, means: Means, actor: str, now: datetime, rules: CallRules
    ) -> "Callback":
        """A try without an answer. The last allowed one, and a citizen who does not want to be asked, end it.

        Whoever was not reached is never counted as satisfied (Art. 30). Raises `CallbackEnded`, `TakenByAnother`,
        `CallsDeclined`, `CallOutsideWindow`, `AttemptTooSoon`.
        """
        self._must_wait()
        require_free(self.name, hand=self.hand, actor=actor, now=now)
        self._must_be_askable(means, now, rules)
        refused = outcome is AttemptOutcome.REFUSED
        if self.attempts and not refused and now < self.attempts[-1].time + rules.gap:
            raise AttemptTooSoon(next_call_time=_moment(self.attempts[-1].time + rules.gap))
        attempts = (*self.attempts, Attempt(time=now, outcome=outcome, actor=actor, means=means))
        tried = replace(self, attempts=attempts, declined=refused, hand=None, version=self.version + 1)
        if refused or len(attempts) >= rules.attempt_limit:
            return tried._ended(CallbackState.UNREACHABLE, now)
        return tried

    def completed(
        self, *, verdict: Verdict, solved: bool, note: str, means: Means, actor: str, now: datetime, rules: CallRules
    ) -> "Callback":
        """The citizen answered. Raises `CallbackEnded`, `TakenByAnother`, `CallsDeclined`, `CallOutsideWindow`."""
        self._must_wait()
        require_free(self.name, hand=self.hand, actor=actor, now=now)
        self._must_be_askable(means, now, rules)
        answered = replace(
            self, verdict=verdict, solved=solved, note=note, means=means, hand=None, version=self.version + 1
        )
        return answered._ended(CallbackState.COMPLETED, now)

    def next_call_time(self, *, now: datetime, rules: CallRules) -> datetime | None:
        """From when on the citizen may be called; None if they may not be, or need not be any more."""
        if self.state is not CallbackState.WAITING or self.do_not_call:
            return None
        rested = self.attempts[-1].time + rules.gap if self.attempts else now
        return rules.next_call_time(max(now, rested))

    def _must_be_askable(self, means: Means, now: datetime, rules: CallRules) -> None:
        if means is not Means.PHONE:
            return
        if self.do_not_call:
            raise CallsDeclined(resource=self.name)
        if not rules.may_have_called(now):
            raise CallOutsideWindow(
                start=f"{rules.start:%H:%M}",
                end=f"{rules.end:%H:%M}",
                next_call_time=_moment(rules.next_call_time(now)),
            )

    def _must_wait(self) -> None:
        if self.state is not CallbackState.WAITING:
            raise CallbackEnded(resource=self.name, state=self.state)

    def _ended(self, state: CallbackState, now: datetime) -> "Callback":
        overdue = self.overdue or (self.due_time is not None and now > self.due_time)
        return replace(self, state=state, complete_time=now, overdue=overdue)


def _moment(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
