"""Seats, by random moves in random order: one person one seat, and two never work on one appeal (Art. 15, 21).

The machine was tried by handing out what somebody has in hand, which it found.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from hotline.intake.v1 import appeal_pb2, seat_pb2
from hotline.intake.v1 import call_centre_service_pb2 as pb
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_kernel.auth import Principal
from hotline_kernel.errors import HotlineError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.stateful.house import House, staff
from tests.stateful.orders import START
from tests.support.lives import unlike

SUPERVISOR = staff("supervisor")
SEATS = ("seats/intake-1", "seats/intake-2", "seats/review-1")
PEOPLE = (
    *(Principal(f"operator-{number}", frozenset({"operator"}), "", "") for number in (1, 2)),
    Principal("reviewer-1", frozenset({"reviewer"}), "", ""),
    Principal("both-1", frozenset({"operator", "reviewer"}), "", ""),
)
READY, PAUSED = seat_pb2.SEAT_STATE_READY, seat_pb2.SEAT_STATE_PAUSED
HOLD = timedelta(minutes=20)
seats, people = st.sampled_from(SEATS), st.sampled_from(PEOPLE)


class Seats(RuleBasedStateMachine):
    """A small model beside the call centre: who sits where, and who has which appeal until when."""

    house: House
    seen: Counter[str]

    @initialize()
    def begin(self) -> None:
        """Three seats with somebody at each, and two appeals that wait, one of them drafted."""
        self.house.begin(START + timedelta(hours=10))
        self.at: dict[str, str] = {}
        """Who sits at a seat."""
        self.paused: set[str] = set()
        self.in_hand: dict[str, tuple[str, datetime]] = {}
        self.drafted_by: dict[str, str] = {}
        for number, seat in enumerate(SEATS):
            kind = seat_pb2.SEAT_KIND_REVIEW if "review" in seat else seat_pb2.SEAT_KIND_INTAKE
            wanted = seat_pb2.Seat(name=seat, kind=kind, extension=f"81{number:02d}")
            self.house.ask("CreateSeat", pb.CreateSeatRequest(seat=wanted), SUPERVISOR)
        for drafted in (False, True):
            self.bring(PEOPLE[0], drafted)
        self.sign_on(SEATS[0], PEOPLE[1])
        self.sign_on(SEATS[1], PEOPLE[0])
        self.sign_on(SEATS[2], PEOPLE[2])

    @rule(who=st.sampled_from([person for person in PEOPLE if "operator" in person.roles]), drafted=st.booleans())
    def bring(self, who: Principal, drafted: bool) -> None:
        """An appeal waits for an intake seat, or its draft for the review seat."""
        number = len(self.house.deeds)
        request = intake.RegisterAppealRequest(
            channel=appeal_pb2.CHANNEL_WEB,
            kind=appeal_pb2.APPEAL_KIND_DAILY_LIFE,
            request_type=appeal_pb2.REQUEST_TYPE_HELP,
            asker=appeal_pb2.ASKER_PERSON,
            category="城乡建设/供热",
            region="130102",
            title="暖气不热",
            text=f"家里暖气不热。{unlike(number)}",
            citizen=appeal_pb2.Citizen(full_name="甄好听", phone=f"138{number:08d}"),
            draft=appeal_pb2.DraftContent(text="请入户处理", lead_unit="units/heating") if drafted else None,
        )
        appeal = self.house.ask("RegisterAppeal", request, who)
        if drafted:
            self.drafted_by[appeal.name] = who.subject

    @rule(seat=seats, who=people)
    def sign_on(self, seat: str, who: Principal) -> None:
        kind = "reviewer" if "review" in seat else "operator"
        allowed = kind in who.roles and who.subject not in self.at.values() and seat not in self.at
        if self._try("SignOn", pb.SignOnRequest(name=seat), who):
            assert allowed
            self.at[seat] = who.subject
        else:
            assert not allowed

    @rule(seat=seats, who=st.sampled_from([*PEOPLE, SUPERVISOR]))
    def sign_off(self, seat: str, who: Principal) -> None:
        allowed = seat in self.at and (who is SUPERVISOR or self.at[seat] == who.subject)
        if self._try("SignOff", pb.SignOffRequest(name=seat), who):
            assert allowed
            left = self.at.pop(seat)
            self.paused.discard(seat)
            self.in_hand = {appeal: hand for appeal, hand in self.in_hand.items() if hand[0] != left}
        else:
            assert not allowed

    @rule(seat=seats, who=people)
    def pause_or_resume(self, seat: str, who: Principal) -> None:
        own = self.at.get(seat) == who.subject
        if seat in self.paused:
            assert bool(self._try("ResumeSeat", pb.ResumeSeatRequest(name=seat), who)) == own
            self.paused -= {seat} if own else set()
        else:
            assert bool(self._try("PauseSeat", pb.PauseSeatRequest(name=seat, reason="小休"), who)) == own
            self.paused |= {seat} if own else set()

    @rule()
    def all_take(self) -> None:
        """Everybody who sits asks for work."""
        for who in PEOPLE:
            if who.subject in self.at.values():
                self.take_next(who)

    @rule(who=people)
    def take_next(self, who: Principal) -> None:
        """Whoever is ready gets what nobody has, and what they have already once more."""
        seat = next((seat for seat, person in self.at.items() if person == who.subject), None)
        taken = self._try("TakeNext", pb.TakeNextRequest(), who)
        assert (taken is not None) == (seat is not None and seat not in self.paused)
        if taken is None or not taken.appeal.appeal:
            return
        self.seen["taken"] += 1
        appeal, now = taken.appeal.appeal, self.house.now
        holder, until = self.in_hand.get(appeal, (who.subject, now))
        assert holder == who.subject or until <= now
        own = [each for each, (person, end) in self.in_hand.items() if person == who.subject and end > now]
        assert own in ([], [appeal])
        if "review" in (seat or ""):
            assert self.drafted_by[appeal] != who.subject
        self.in_hand[appeal] = (who.subject, now + HOLD)

    @rule(data=st.data(), who=people, sends_back=st.booleans())
    def work(self, data: st.DataObject, who: Principal, sends_back: bool) -> None:
        """Somebody settles any appeal, whoever has it."""
        appeals = self._waiting()
        if not appeals:
            return
        appeal = data.draw(st.sampled_from(appeals))
        holder, until = self.in_hand.get(appeal.name, (who.subject, self.house.now))
        is_free = holder == who.subject or until <= self.house.now
        if appeal.state == appeal_pb2.APPEAL_STATE_REGISTERED:
            done = self._try("AnswerAppeal", intake.AnswerAppealRequest(name=appeal.name, text="请先检查阀门"), who)
        elif sends_back:
            done = self._try("ReturnDraft", intake.ReturnDraftRequest(name=appeal.name, reason="写明地址"), who)
        else:
            done = self._try("ReleaseDraft", intake.ReleaseDraftRequest(name=appeal.name), who)
        if done is None:
            return
        assert is_free
        self.seen["settled"] += 1
        self.in_hand.pop(appeal.name, None)

    @rule(minutes=st.sampled_from([1, 19, 20, 60]))
    def pass_time(self, minutes: int) -> None:
        self.house.pass_time(timedelta(minutes=minutes))

    @invariant()
    def everybody_sits_where_the_model_says(self) -> None:
        """One person, one seat, ready or paused (Art. 15)."""
        found = self.house.ask("ListSeats", pb.ListSeatsRequest(page_size=1000), SUPERVISOR).seats
        assert {seat.name: seat.operator for seat in found if seat.operator} == self.at
        assert {seat.name for seat in found if seat.state == PAUSED} == self.paused
        assert {seat.name for seat in found if seat.state == READY} == self.at.keys() - self.paused

    def _waiting(self) -> list[appeal_pb2.Appeal]:
        waits = (appeal_pb2.APPEAL_STATE_REGISTERED, appeal_pb2.APPEAL_STATE_DRAFTED)
        listed = self.house.ask("ListAppeals", intake.ListAppealsRequest(page_size=1000), staff("office")).appeals
        return [appeal for appeal in listed if appeal.state in waits]

    def _try(self, method: str, request: Message, who: Principal) -> Any:
        try:
            return self.house.ask(method, request, who)
        except HotlineError as refusal:
            self.seen[refusal.reason] += 1
            return None


def test_two_never_work_on_one_whatever_happens(house: House) -> None:
    seen: Counter[str] = Counter()
    machine = type("SeatsHere", (Seats,), {"house": house, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            derandomize=True,  # so that what must have been seen is seen in every run, or in none
            database=None,
        ),
    )
    assert seen.keys() >= {"taken", "settled"}
