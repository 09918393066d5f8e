"""A call has one end, its seat follows it, and calls are given out fairly (Art. 15, 16)."""

from datetime import UTC, datetime, timedelta

import pytest
from hotline_intake.domain.call import (
    Call,
    CallEvent,
    CallEventNotNext,
    CallEventUntimely,
    CallState,
    EventKind,
    after,
    assign,
)
from hotline_intake.domain.seat import (
    NOT_PICKED_UP,
    NotOwnSeat,
    Seat,
    SeatKind,
    SeatKindNotHeld,
    SeatState,
    SeatTaken,
    SignedOnElsewhere,
)
from hotline_kernel.errors import StateNotAllowed
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 10, 9, 9, tzinfo=UTC)
SKILL_WAIT = timedelta(seconds=30)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def seat(number: int = 1, *, ready_since: float = 0, skills: tuple[str, ...] = (), **changes: object) -> Seat:
    values: dict[str, object] = {
        "id": f"intake-{number}", "version": 1, "kind": SeatKind.INTAKE, "extension": "", "skills": skills,
        "state": SeatState.READY, "state_time": at(ready_since), "operator": f"seat-{number}",
    }  # fmt: skip
    return Seat(**values | changes)  # type: ignore[arg-type]


def waiting(number: int, *, offered: float = 0, skill: str = "") -> Call:
    return Call(
        reference=f"{number}", state=CallState.QUEUED, skill=skill, offer_time=at(offered), event_time=at(offered)
    )


def event(kind: EventKind, seconds: float, seat: str = "") -> CallEvent:
    return CallEvent(call="1", kind=kind, time=at(seconds), seat=seat)


def told(*events: CallEvent) -> Call:
    call: Call | None = None
    for each in events:
        call = after(call=call, event=each, operator="seat-1" if each.seat else "", now=at(10_000))
    assert call
    return call


class TestCall:
    def test_lives_from_its_offer_to_its_end(self) -> None:
        call = told(
            event(EventKind.OFFERED, 0),
            event(EventKind.QUEUED, 1),
            event(EventKind.ANSWERED, 12, "intake-1"),
            event(EventKind.TRANSFERRED, 60, "intake-2"),
            event(EventKind.ENDED, 300),
        )
        assert (call.state, call.transfers, call.seat) == (CallState.ENDED, 1, "intake-2")
        assert call.waited == timedelta(seconds=12)

    def test_that_nobody_answers_is_abandoned(self) -> None:
        call = told(event(EventKind.OFFERED, 0), event(EventKind.QUEUED, 0), event(EventKind.ABANDONED, 40))
        assert (call.state, call.answer_time, call.waited) == (CallState.ABANDONED, None, timedelta(seconds=40))

    def test_what_was_told_before_changes_nothing(self) -> None:
        events = [event(EventKind.OFFERED, 0), event(EventKind.QUEUED, 1), event(EventKind.ANSWERED, 2, "intake-1")]
        call = told(*events, event(EventKind.ENDED, 9))
        for again in (events[0], events[2], event(EventKind.ENDED, 9)):
            assert after(call=call, event=again, operator="", now=at(10)) is None

    @pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.OFFERED])
    def test_nothing_happens_before_the_offer(self, kind: EventKind) -> None:
        with pytest.raises(CallEventNotNext):
            after(call=None, event=event(kind, 0), operator="", now=NOW)

    def test_nothing_happens_in_the_future_or_backwards(self) -> None:
        with pytest.raises(CallEventUntimely):
            after(call=None, event=event(EventKind.OFFERED, 6), operator="", now=NOW)
        with pytest.raises(CallEventUntimely):
            told(event(EventKind.OFFERED, 5), event(EventKind.QUEUED, 4))

    @given(st.lists(st.tuples(st.sampled_from(EventKind), st.integers(0, 50)), max_size=30))
    def test_has_one_end_whatever_is_told(self, story: list[tuple[EventKind, int]]) -> None:
        """Any events in any order: at most one end, and after it nothing but repeats."""
        call: Call | None = None
        ends = 0
        for kind, seconds in story:
            over = call is not None and call.end_time is not None
            try:
                moved = after(call=call, event=event(kind, seconds), operator="", now=at(60))
            except (CallEventNotNext, CallEventUntimely):
                continue
            if moved is None:
                continue
            assert not over
            call = moved
            ends += call.end_time is not None
            assert (call.state is CallState.ABANDONED) == (call.end_time is not None and call.answer_time is None)
            assert call.offer_time <= call.event_time
        assert ends <= 1


class TestAssignment:
    def test_the_oldest_call_goes_to_the_longest_ready(self) -> None:
        seats = [seat(1, ready_since=-10), seat(2, ready_since=-60), seat(3, ready_since=-30)]
        given_out = assign(
            waiting=[waiting(1, offered=-5), waiting(2, offered=-9)], ready=seats, skill_wait=SKILL_WAIT, now=NOW
        )
        assert [(call.reference, seat.id) for call, seat in given_out] == [("2", "intake-2"), ("1", "intake-3")]

    def test_a_skill_comes_first_and_gives_way_after_a_while(self) -> None:
        seats = [seat(1, ready_since=-60), seat(2, ready_since=-10, skills=("英语",))]

        def seat_for(offered: float, ready: list[Seat]) -> list[str]:
            calls = [waiting(1, offered=offered, skill="英语")]
            return [chosen.id for _, chosen in assign(waiting=calls, ready=ready, skill_wait=SKILL_WAIT, now=NOW)]

        assert seat_for(0, seats) == ["intake-2"]
        assert seat_for(-29, seats[:1]) == []
        assert seat_for(-30, seats[:1]) == ["intake-1"]

    @given(
        calls=st.lists(st.tuples(st.integers(-100, 0), st.sampled_from(["", "a", "b"])), max_size=12),
        ready=st.lists(st.tuples(st.integers(-100, 0), st.sets(st.sampled_from("ab"))), max_size=8),
    )
    def test_is_fair(self, calls: list[tuple[int, str]], ready: list[tuple[int, set[str]]]) -> None:
        seats = [seat(n, ready_since=since, skills=tuple(sorted(skills))) for n, (since, skills) in enumerate(ready)]
        queue = [waiting(n, offered=offered, skill=skill) for n, (offered, skill) in enumerate(calls)]
        given_out = list(assign(waiting=queue, ready=seats, skill_wait=SKILL_WAIT, now=NOW))
        taken = [chosen.id for _, chosen in given_out]
        assert len(set(taken)) == len(taken)
        assert len({call.reference for call, _ in given_out}) == len(given_out)
        left = {each.id: each for each in seats}
        for call, chosen in given_out:
            late = NOW - call.offer_time >= SKILL_WAIT
            skilled = [each for each in left.values() if not call.skill or call.skill in each.skills]
            fit = skilled or (list(left.values()) if late else [])
            assert chosen.state_time == min(each.state_time for each in fit)
            del left[chosen.id]
        unserved = [call for call in queue if call not in [each for each, _ in given_out]]
        for call in unserved:  # nobody waits whom a free seat could have taken
            assert not left or (call.skill and NOW - call.offer_time < SKILL_WAIT)
            assert not [each for each in left.values() if call.skill in each.skills]


class TestSeat:
    def test_is_held_by_one_person_of_its_kind(self) -> None:
        empty = seat(state=SeatState.SIGNED_OFF, operator="")
        with pytest.raises(SeatKindNotHeld):
            empty.signed_on(operator="review-201", roles={"reviewer"}, elsewhere=None, now=NOW)
        with pytest.raises(SignedOnElsewhere):
            empty.signed_on(operator="seat-1", roles={"operator"}, elsewhere=seat(2), now=NOW)
        with pytest.raises(SeatTaken):
            seat(1).signed_on(operator="seat-2", roles={"operator"}, elsewhere=None, now=NOW)
        held = empty.signed_on(operator="seat-1", roles={"operator"}, elsewhere=None, now=NOW)
        assert (held.state, held.operator) == (SeatState.READY, "seat-1")

    def test_follows_its_call(self) -> None:
        ringing = seat().assigned(call="7", now=at(1))
        talking = ringing.talking(call="7", now=at(2))
        papers = talking.released(call="7", picked_up=True, given_up=False, now=at(90))
        assert [each.state for each in (ringing, talking, papers)] == [
            SeatState.ASSIGNED, SeatState.ON_CALL, SeatState.WRAP_UP,
        ]  # fmt: skip
        assert papers.wrap_up_due_time(within=timedelta(seconds=60)) == at(150)
        done = papers.wrapped_up(actor="seat-1", now=at(120))
        assert (done.state, done.call, done.state_time) == (SeatState.READY, "", at(120))

    def test_that_lets_a_call_ring_is_paused_and_that_lost_its_caller_is_not(self) -> None:
        ringing = seat().assigned(call="7", now=at(1))
        missed = ringing.released(call="7", picked_up=False, given_up=False, now=at(20))
        assert (missed.state, missed.pause_reason) == (SeatState.PAUSED, NOT_PICKED_UP)
        lost = ringing.released(call="7", picked_up=False, given_up=True, now=at(20))
        assert lost.state is SeatState.READY
        assert ringing.released(call="8", picked_up=True, given_up=False, now=at(20)) == ringing

    def test_nobody_else_moves_it_and_nobody_leaves_in_the_middle_of_a_call(self) -> None:
        with pytest.raises(NotOwnSeat):
            seat().paused(actor="seat-9", reason="x", now=NOW)
        with pytest.raises(NotOwnSeat):
            seat(state=SeatState.PAUSED).resumed(actor="seat-9", now=NOW)
        with pytest.raises(NotOwnSeat):
            seat().signed_off(actor="seat-9", roles={"operator"}, now=NOW)
        with pytest.raises(StateNotAllowed):
            seat(state=SeatState.ON_CALL).signed_off(actor="seat-1", roles={"operator"}, now=NOW)
        assert seat().signed_off(actor="boss", roles={"supervisor"}, now=NOW).operator == ""
