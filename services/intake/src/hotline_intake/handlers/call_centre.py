"""What the call centre does, one function a use case (Art. 12, 13, 15, 16).

`permission` is the permission under which a deed is put on record (Art. 36(4)); `now` is legal time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hotline_kernel.errors import EtagMismatch, HotlineError, ResourceNotFound
from hotline_kernel.reads import Reads

from hotline_intake.domain import call_statistics, site
from hotline_intake.domain.appeal import State
from hotline_intake.domain.call import (
    LONGEST_WAIT,
    Call,
    CallEvent,
    CallState,
    CallStateNotAllowed,
    EventKind,
    Outcome,
    after,
    assign,
)
from hotline_intake.domain.call_statistics import CallStatistics
from hotline_intake.domain.seat import SUPERVISOR, NotOwnSeat, Seat, SeatKind, SeatKindNotHeld, SeatState
from hotline_intake.domain.site import SiteNorm, Workplace
from hotline_intake.domain.staffing import AnswerNorm, SeatNorm
from hotline_intake.handlers.call_centre_ports import QueuedAppeal, Store

MOST_WAITING = 100
"""So many waiting calls are shown, and given to seats at a time."""
_END_PERMISSION = "intake.wrap_ups.end"
_WAITS_AT = {SeatKind.INTAKE: State.REGISTERED, SeatKind.REVIEW: State.DRAFTED}


@dataclass(frozen=True, kw_only=True)
class Norms:
    """What regulation and standard ask of seats and lines, and what we chose where they are silent.

    patience_seconds -- mean time after which a waiting caller hangs up, where a plan names none (ours);
    skill_wait -- so long a call waits for a seat with its skill (ours);  wrap_up -- time for the papers (ours);
    hold -- so long an appeal is theirs alone who took it (ours).
    """

    seats: SeatNorm
    answers: AnswerNorm
    site: SiteNorm
    patience_seconds: float
    skill_wait: timedelta
    wrap_up: timedelta
    hold: timedelta


@dataclass(frozen=True, kw_only=True)
class SiteFinding:
    """What a site plan that keeps Art. 13 lacks to the recommendation of Art. 12."""

    seats_by_norm: int
    operators_by_norm: int
    seats_short: int
    operators_short: int
    roomy: list[str]


@dataclass(kw_only=True)
class Recorded:
    """What became of a batch of call events. new -- each with the call after it."""

    new: list[tuple[CallEvent, Call]] = field(default_factory=list)
    rejected: list[tuple[int, HotlineError]] = field(default_factory=list)
    assignments: list[tuple[Call, Seat]] = field(default_factory=list)


def check_site_plan(*, residents: int, operators: int, workplaces: Sequence[Workplace], norms: Norms) -> SiteFinding:
    """Whether a plan keeps the norm. Raises `SitePlanTooTight` (Art. 13)."""
    roomy = site.check(workplaces=workplaces, norm=norms.site)
    seats = norms.seats.seats(residents=residents)
    wanted = norms.seats.operators(seats=len(workplaces))
    return SiteFinding(
        seats_by_norm=seats,
        operators_by_norm=wanted,
        seats_short=max(0, seats - len(workplaces)),
        operators_short=max(0, wanted - operators),
        roomy=roomy,
    )


def create_seat(
    *, seat_id: str, kind: SeatKind, extension: str, skills: Sequence[str], permission: str, tx: Store, now: datetime
) -> Seat:
    """Sets a seat up (Art. 15). Raises `AlreadyExists`."""
    seat = Seat(
        id=seat_id,
        version=1,
        kind=kind,
        extension=extension,
        skills=tuple(skills),
        state=SeatState.SIGNED_OFF,
        state_time=now,
    )
    tx.add_seat(seat=seat)
    tx.record(action=permission, resource=seat.name, time=now)
    return seat


def change_seat(
    *,
    seat_id: str,
    etag: str,
    change: Callable[[Seat], Seat],
    permission: str,
    tx: Store,
    now: datetime,
    reason: str = "",
) -> Seat:
    """One move of a seat, as `change` says it. Raises what the move raises, and `EtagMismatch`."""
    seat = tx.seat_to_change(seat_id=seat_id)
    if etag and etag != str(seat.version):
        raise EtagMismatch(resource=seat.name)
    seat = change(seat)
    tx.save_seats(seats=[seat])
    tx.record(action=permission, resource=seat.name, time=now, purpose=reason)
    return seat


def sign_on(*, seat_id: str, etag: str, permission: str, tx: Store, now: datetime) -> Seat:
    """Takes a seat of the caller's own kind (Art. 15).

    Raises `SeatKindNotHeld`, `SeatTaken`, `SignedOnElsewhere`. If the caller signs on at two seats at once, one of the
    transactions fails, and the command is run again.
    """

    def sit_down(seat: Seat) -> Seat:
        elsewhere = tx.seat_of(operator=tx.actor.subject)
        return seat.signed_on(operator=tx.actor.subject, roles=tx.actor.roles, elsewhere=elsewhere, now=now)

    return change_seat(seat_id=seat_id, etag=etag, change=sit_down, permission=permission, tx=tx, now=now)


def list_queue(
    *, kind: SeatKind, after: UUID | None, limit: int, tx: Store, now: datetime
) -> tuple[list[Call], list[QueuedAppeal]]:
    """What waits for the seats of a kind, oldest first; calls on the first page alone. Raises `SeatKindNotHeld`."""
    if SUPERVISOR not in tx.actor.roles:
        seat = tx.seat_of(operator=tx.actor.subject)
        if seat is None or seat.kind is not kind:
            raise SeatKindNotHeld(kind=kind)
    with_calls = kind is SeatKind.INTAKE and after is None
    calls = tx.waiting_calls(since=now - LONGEST_WAIT, limit=MOST_WAITING) if with_calls else []
    return calls, tx.queued_appeals(state=_WAITS_AT[kind], after=after, limit=limit, now=now)


def take_next(*, norms: Norms, permission: str, tx: Store, now: datetime) -> tuple[QueuedAppeal | None, datetime]:
    """The next written appeal or draft for the caller's seat, and until when it is theirs alone (Art. 15; ours).

    Emergencies first, then what the seat is skilled in, then the oldest; whoever asks again before it is settled has
    the same. Nobody gets a draft of their own to review. Raises `SeatKindNotHeld`, `SeatStateNotAllowed`.
    """
    actor = tx.actor.subject
    seat = tx.seat_of(operator=actor, to_change=True)
    if seat is None or seat.kind not in _WAITS_AT:
        raise SeatKindNotHeld(kind=seat.kind if seat else SeatKind.INTAKE)
    seat.require_ready()
    state = _WAITS_AT[seat.kind]
    found = tx.in_hand(operator=actor, state=state, now=now)
    for emergencies, skills in ((True, ()), (False, seat.skills), (False, ())):
        found = found or tx.next_to_take(state=state, skills=skills, emergencies=emergencies, besides_of=actor, now=now)
    until = now + norms.hold
    if found:
        tx.take(appeal_id=found.id, seat=seat.id, operator=actor, until_time=until)
        tx.record(action=permission, resource=f"appeals/{found.id}", time=now, details={"seat": seat.name})
    return found, until


def sign_off(*, seat_id: str, etag: str, permission: str, tx: Store, now: datetime) -> Seat:
    """Leaves the seat, or is made to by the supervisor; what was in hand there is nobody's again (Art. 15)."""

    def leave(seat: Seat) -> Seat:
        left = seat.signed_off(actor=tx.actor.subject, roles=tx.actor.roles, now=now)
        tx.put_back(operator=seat.operator)
        return left

    return change_seat(seat_id=seat_id, etag=etag, change=leave, permission=permission, tx=tx, now=now)


def record_call_events(
    *, events: Sequence[CallEvent], giving: bool, norms: Norms, permission: str, tx: Store, now: datetime
) -> Recorded:
    """Takes what the telephone exchange tells; what cannot be true is rejected, the rest is kept (Art. 16).

    giving -- waiting calls are given to ready seats.
    """
    calls = {call.reference: call for call in tx.calls_to_change(references={event.call for event in events})}
    known = dict(calls)
    ids = {event.seat for event in events} | {call.seat for call in known.values()}
    seats = {seat.id: seat for seat in tx.seats_to_change(ids=ids - {""}, ready=giving)}
    seats_before = dict(seats)
    recorded = Recorded()
    for index, event in enumerate(events):
        try:
            call = _after(calls.get(event.call), event, seats, now)
        except HotlineError as error:
            recorded.rejected.append((index, error))
            continue
        if call is not None:
            _move_seats(calls.get(event.call), call, event, seats)
            calls[event.call] = call
            recorded.new.append((event, call))
    if giving:
        since = now - LONGEST_WAIT
        others = tx.waiting_calls_to_change(besides=list(calls), since=since, limit=MOST_WAITING)
        known |= {call.reference: call for call in others}
        calls |= {call.reference: call for call in others}
        waiting = [call for call in calls.values() if call.state is CallState.QUEUED and call.offer_time >= since]
        ready = [seat for seat in seats.values() if seat.kind is SeatKind.INTAKE and seat.state is SeatState.READY]
        for call, seat in assign(waiting=waiting, ready=ready, skill_wait=norms.skill_wait, now=now):
            calls[call.reference] = call.given_to(seat)
            seats[seat.id] = seat.assigned(call=call.reference, now=now)
            recorded.assignments.append((calls[call.reference], seats[seat.id]))
    tx.save_calls(
        new=[call for reference, call in calls.items() if reference not in known],
        changed=[call for reference, call in calls.items() if known.get(reference, call) != call],
    )
    tx.save_seats(seats=[seat for seat in seats.values() if seat != seats_before[seat.id]])
    if recorded.new or recorded.rejected or recorded.assignments:
        details = {
            "recorded": str(len(recorded.new)),
            "rejected": str(len(recorded.rejected)),
            "assigned": str(len(recorded.assignments)),
        }
        tx.record(action=permission, resource="calls/-", time=now, details=details)
    return recorded


def _after(before: Call | None, event: CallEvent, seats: dict[str, Seat], now: datetime) -> Call | None:
    if event.seat and event.seat not in seats:
        raise ResourceNotFound(resource=f"seats/{event.seat}")
    operator = seats[event.seat].operator if event.seat else ""
    return after(call=before, event=event, operator=operator, now=now)


def _move_seats(before: Call | None, call: Call, event: CallEvent, seats: dict[str, Seat]) -> None:
    is_over = call.state is CallState.ENDED
    if before and before.seat and (is_over or call.seat != before.seat):
        seats[before.seat] = seats[before.seat].released(
            call=call.reference,
            picked_up=before.state is CallState.ANSWERED,
            given_up=event.kind is not EventKind.QUEUED,
            now=event.time,
        )
    if call.seat and not is_over:
        seats[call.seat] = seats[call.seat].talking(call=call.reference, now=event.time)


def wrap_up_call(*, reference: str, outcome: Outcome, appeal: str, permission: str, tx: Store, now: datetime) -> Call:
    """Finishes the papers of a call; the seat is ready for the next. appeal -- `appeals/…` or empty.

    Whoever handed the call on finishes it, too, to be ready again. Raises `NotOwnSeat`, `CallStateNotAllowed`.
    """
    found = tx.calls_to_change(references=[reference])
    if not found:
        raise ResourceNotFound(resource=f"calls/{reference}")
    [call] = found
    actor = tx.actor.subject
    seat = tx.seat_of(operator=actor, to_change=True)
    sits_with_it = seat is not None and seat.call == reference and seat.state is SeatState.WRAP_UP
    if not sits_with_it and call.operator != actor:
        raise NotOwnSeat(resource=f"seats/{call.seat or '-'}")
    if not sits_with_it and (call.state is not CallState.ENDED or call.outcome):
        raise CallStateNotAllowed(resource=call.name, state=call.state)
    if seat and sits_with_it:
        tx.save_seats(seats=[seat.wrapped_up(actor=actor, now=now)])
    if not call.outcome:
        call = call.wrapped_up(outcome=outcome, appeal=appeal)
        tx.save_calls(new=[], changed=[call])
    tx.record(action=permission, resource=call.name, time=now, details={"outcome": outcome})
    return call


def end_wrap_ups(*, norms: Norms, tx: Store, now: datetime) -> int:
    """Makes seats ready whose time for the papers is over; answers how many (Art. 15; ours)."""
    seats = tx.wrap_ups_to_end(begun=now - norms.wrap_up, limit=MOST_WAITING)
    tx.save_seats(seats=[seat.wrap_up_ended(now=now) for seat in seats])
    for seat in seats:
        tx.record(action=_END_PERMISSION, resource=seat.name, time=now, details={"call": f"calls/{seat.call}"})
    return len(seats)


def listen_in(*, reference: str, purpose: str, permission: str, reads: Reads, tx: Store, now: datetime) -> Seat:
    """The seat at which a call can be listened to; put on record (Art. 36(4)). Raises `CallStateNotAllowed`."""
    call = tx.call(reference=reference)
    if call.state is not CallState.ANSWERED or not call.seat:
        raise CallStateNotAllowed(resource=call.name, state=call.state)
    seat = tx.seat(seat_id=call.seat)
    reads.record(tx=tx, action=permission, resource=call.name, time=now, purpose=purpose, details={"seat": seat.name})
    return seat


def count_calls(*, start: datetime, end: datetime, norms: Norms, tx: Store) -> CallStatistics:
    """How the lines did from start to end, itself not in it (Art. 16). Raises `WindowInvalid`."""
    call_statistics.check_window(start=start, end=end)
    hours = tx.call_offers(start=start, end=end, within=timedelta(seconds=norms.answers.answer_seconds))
    return CallStatistics(
        tally=tx.call_tally(start=start, end=end),
        worst_day=call_statistics.worst_day(hours=hours, start=start, end=end),
        norm=norms.answers,
    )
