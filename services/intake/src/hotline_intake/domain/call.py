"""A telephone call, from its offer to its one end, and the fair giving of calls to seats (Art. 15, 16).

::

    OFFERED ─▶ QUEUED ◀─▶ ASSIGNED        each of these ─ answered ──▶ ANSWERED ─ ended ─▶ ENDED
                                          each of these ─ abandoned ─▶ ABANDONED

What the telephone exchange tells has happened; so an event is taken, recognised as told before, or rejected as one that
cannot be true. Some exchanges queue without telling, or give calls to seats by themselves: that is taken, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_intake.domain.seat import Seat

CLOCK_SKEW = timedelta(seconds=5)
"""So far the exchange's clock may be ahead of ours (ours)."""
LONGEST_WAIT = timedelta(hours=1)
"""A call that was offered longer ago is given to no seat: the exchange forgot to tell that it is over (ours)."""


class CallState(Code):
    """Where a call stands."""

    OFFERED = "OFFERED", "已呼入"
    QUEUED = "QUEUED", "排队中"
    ASSIGNED = "ASSIGNED", "已分配"
    ANSWERED = "ANSWERED", "通话中"
    ABANDONED = "ABANDONED", "已放弃"
    ENDED = "ENDED", "已结束"


class EventKind(Code):
    """What can happen to a call."""

    OFFERED = "OFFERED", "呼入"
    QUEUED = "QUEUED", "排队"
    ANSWERED = "ANSWERED", "接听"
    ABANDONED = "ABANDONED", "放弃"
    TRANSFERRED = "TRANSFERRED", "转接"
    ENDED = "ENDED", "结束"


class Outcome(StrEnum):
    """What came of a call."""

    APPEAL = "APPEAL"
    WRONG_NUMBER = "WRONG_NUMBER"
    SILENT = "SILENT"
    NUISANCE = "NUISANCE"


class CallStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 16"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第十六条）。"


class CallEventNotNext(Refused):
    """{kind} cannot happen to {resource}, which is {state}."""

    reason = "CALL_EVENT_NOT_NEXT"
    article = "Art. 16"
    zh = "{resource} 当前状态为 {state}，不可能发生 {kind}。"


class CallEventUntimely(Refused):
    """The time of {kind} of {resource} lies in the future or before what was told of it."""

    reason = "CALL_EVENT_UNTIMELY"
    article = "Art. 16"
    zh = "{resource} 的 {kind} 时间在未来或早于此前的记录。"


@dataclass(frozen=True, kw_only=True)
class CallEvent:
    """Something that happened. skill -- with OFFERED;  seat -- id, with ANSWERED and TRANSFERRED; both may be empty."""

    call: str
    kind: EventKind
    time: datetime
    skill: str = ""
    seat: str = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call. reference -- the exchange's;  event_time -- of the last event taken, `ASSIGNED` aside;  seat -- id."""

    reference: str
    state: CallState
    skill: str
    offer_time: datetime
    event_time: datetime
    queue_time: datetime | None = None
    answer_time: datetime | None = None
    end_time: datetime | None = None
    transfer_time: datetime | None = None
    transfers: int = 0
    seat: str = ""
    operator: str = ""
    outcome: Outcome | None = None
    appeal: str = ""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"calls/{self.reference}"

    @property
    def waited(self) -> timedelta | None:
        """From offer to answer or hang-up; None while it waits."""
        until = self.answer_time or self.end_time
        return until - self.offer_time if until else None

    def given_to(self, seat: Seat) -> "Call":
        """It rings at a seat."""
        return replace(self, state=CallState.ASSIGNED, seat=seat.id, operator=seat.operator)

    def wrapped_up(self, *, outcome: Outcome, appeal: str) -> "Call":
        """What came of it is said. appeal -- `appeals/…` or empty."""
        return replace(self, outcome=outcome, appeal=appeal)


_UNANSWERED = (CallState.OFFERED, CallState.QUEUED, CallState.ASSIGNED)
_MAY_FOLLOW = {
    EventKind.QUEUED: _UNANSWERED,
    EventKind.ANSWERED: _UNANSWERED,
    EventKind.ABANDONED: _UNANSWERED,
    EventKind.TRANSFERRED: (CallState.ANSWERED,),
    EventKind.ENDED: (CallState.ANSWERED,),
}


def after(*, call: Call | None, event: CallEvent, operator: str, now: datetime) -> Call | None:
    """The call after the event; None if the event was told before.

    call -- None before its offer;  operator -- who sits at the event's seat. Raises `CallEventNotNext`,
    `CallEventUntimely`.
    """
    if call is not None and _was_told(call, event):
        return None
    facts = {"resource": f"calls/{event.call}", "kind": event.kind}
    if event.time > now + CLOCK_SKEW or (call and event.time < call.event_time):
        raise CallEventUntimely(**facts)
    if event.kind is EventKind.OFFERED:
        if call is not None:
            raise CallEventNotNext(**facts, state=call.state)
        return Call(
            reference=event.call,
            state=CallState.OFFERED,
            skill=event.skill,
            offer_time=event.time,
            event_time=event.time,
        )
    if call is None or call.state not in _MAY_FOLLOW[event.kind]:
        raise CallEventNotNext(**facts, state=call.state if call else "UNKNOWN")
    return _moved(replace(call, event_time=event.time), event, operator)


def _was_told(call: Call, event: CallEvent) -> bool:
    told = {
        EventKind.OFFERED: call.offer_time,
        EventKind.QUEUED: call.event_time if call.state is CallState.QUEUED else call.queue_time,
        EventKind.ANSWERED: call.answer_time,
        EventKind.ABANDONED: call.end_time if call.state is CallState.ABANDONED else None,
        EventKind.TRANSFERRED: call.transfer_time,
        EventKind.ENDED: call.end_time if call.state is CallState.ENDED else None,
    }[event.kind]
    return told == event.time


def _moved(call: Call, event: CallEvent, operator: str) -> Call:
    match event.kind:
        case EventKind.QUEUED:
            first = call.queue_time or event.time
            return replace(call, state=CallState.QUEUED, queue_time=first, seat="", operator="")
        case EventKind.ANSWERED:
            return replace(call, state=CallState.ANSWERED, answer_time=event.time, seat=event.seat, operator=operator)
        case EventKind.TRANSFERRED:
            return replace(
                call, transfer_time=event.time, transfers=call.transfers + 1, seat=event.seat, operator=operator
            )
        case EventKind.ABANDONED:
            return replace(call, state=CallState.ABANDONED, end_time=event.time, seat="", operator="")
        case _:
            return replace(call, state=CallState.ENDED, end_time=event.time)


def assign(
    *, waiting: Sequence[Call], ready: Sequence[Seat], skill_wait: timedelta, now: datetime
) -> Iterator[tuple[Call, Seat]]:
    """Which call goes to which seat: the oldest call first, to the seat that has been ready longest (Art. 15, 16).

    A call that needs a skill goes to those who have it; when it has waited for `skill_wait`, to anybody (ours): an
    operator who has to ask is better than none. Calls and seats that are left over wait on.
    """
    free = sorted(ready, key=lambda seat: (seat.state_time, seat.id))
    for call in sorted(waiting, key=lambda call: (call.offer_time, call.reference)):
        skilled = [seat for seat in free if not call.skill or call.skill in seat.skills]
        if not skilled and now - call.offer_time >= skill_wait:
            skilled = free
        for chosen in skilled[:1]:
            free.remove(chosen)
            yield call, chosen
