"""An appeal moves as Art. 6 and 21 say, and in no other way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hotline_intake.domain.appeal import (
    Appeal,
    Asker,
    Channel,
    ContactRelayed,
    Correction,
    DecidedByDecliner,
    DeclineGround,
    DirectiveKind,
    DraftContent,
    EmergencyClearance,
    EmergencyNotAnswerable,
    Kind,
    LeadAlsoSupporting,
    NothingReclassified,
    NotOwnUnit,
    ReleasedByDrafter,
    RequestType,
    State,
)
from hotline_kernel.errors import HotlineError, StateNotAllowed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=20)
CONTENT = DraftContent(
    text="请核实供热情况", lead_unit="units/heat", supporting_units=(), directive_kind=DirectiveKind.UNSPECIFIED
)


def appeal_in(state: State = State.REGISTERED, *, emergency: bool = False) -> Appeal:
    registered = Appeal(
        id=UUID("01970000-0000-7000-8000-000000000001"),
        version=1,
        number="130100-20260508-000001",
        tracking_code="0000-0000-0000-0000",
        channel=Channel.PHONE,
        kind=Kind.DAILY_LIFE,
        request_type=RequestType.HELP,
        asker=Asker.PERSON,
        category="城乡建设/供热",
        region="130102",
        title="暖气不热",
        state=State.REGISTERED,
        create_time=NOW,
        confidential=False,
        anonymous=False,
        emergency=emergency,
        transferred_from=None,
        citizen_id=UUID("01970000-0000-7000-8000-000000000002"),
    )
    drafted = registered.drafted(content=CONTENT, operator="operator-1", now=NOW)
    referred = drafted.referred(content=None, reviewer="reviewer-1", now=NOW)
    return {
        State.REGISTERED: registered,
        State.DRAFTED: drafted,
        State.DECLINED: registered.declined(ground=DeclineGround.MILITARY, referral="部队", actor="o", now=NOW),
        State.ANSWERED: replace(registered, emergency=False).answered(text="可以", entry="", actor="o", now=NOW),
        State.REFERRED: referred,
        State.CLOSED: referred.closed(now=NOW),
    }[state]


MOVES = {
    "decline": lambda a: a.declined(ground=DeclineGround.CIVIL_DISPUTE, referral="法院", actor="o", now=NOW),
    "reinstate": lambda a: a.reinstated(actor="r"),
    "answer": lambda a: a.answered(text="可以办理", entry="", actor="o", now=NOW),
    "draft": lambda a: a.drafted(content=CONTENT, operator="o", now=NOW),
    "return_draft": lambda a: a.draft_returned(reason="缺地址", reviewer="r", now=NOW),
    "release": lambda a: a.referred(content=None, reviewer="r", now=NOW),
    "close": lambda a: a.closed(now=NOW),
    "reopen": lambda a: a.reopened(),
}
ALLOWED = {
    (State.REGISTERED, "decline"): State.DECLINED,
    (State.REGISTERED, "answer"): State.ANSWERED,
    (State.REGISTERED, "draft"): State.DRAFTED,
    (State.DRAFTED, "return_draft"): State.REGISTERED,
    (State.DRAFTED, "release"): State.REFERRED,
    (State.DECLINED, "reinstate"): State.REGISTERED,
    (State.REFERRED, "close"): State.CLOSED,
    (State.CLOSED, "reopen"): State.REFERRED,
}


class TestMoves:
    @pytest.mark.parametrize("move", MOVES)
    @pytest.mark.parametrize("state", State)
    def test_are_those_of_the_picture_and_no_other(self, state: State, move: str) -> None:
        before = appeal_in(state)
        if (state, move) in ALLOWED:
            after = MOVES[move](before)
            assert after.state is ALLOWED[state, move]
            assert after.version == before.version + 1
        else:
            with pytest.raises(StateNotAllowed) as refused:
                MOVES[move](before)
            assert refused.value.facts == {"resource": before.name, "state": state}

    def test_an_emergency_is_not_answered(self) -> None:
        with pytest.raises(EmergencyNotAnswerable):
            MOVES["answer"](appeal_in(emergency=True))

    @pytest.mark.parametrize("move", ["decline", "draft"])
    def test_an_emergency_is_declined_or_drafted(self, move: str) -> None:
        assert MOVES[move](appeal_in(emergency=True)).version == 2

    def test_a_cleared_emergency_is_answered(self) -> None:
        cleared = appeal_in(emergency=True).emergency_cleared(reason="演习", actor="o", now=LATER)
        assert cleared.emergency_clearance == EmergencyClearance(reason="演习", actor="o", clear_time=LATER)
        assert MOVES["answer"](cleared).state is State.ANSWERED

    @pytest.mark.parametrize("state", State)
    def test_what_was_entered_is_corrected_until_it_is_settled(self, state: State) -> None:
        before = replace(appeal_in(state), emergency=True)
        to = Correction(request_type=RequestType.COMPLAINT, confidential=True).of(classification=before.classification)
        if state in (State.REGISTERED, State.DRAFTED):
            after = before.reclassified(to=to)
            assert after == replace(before, version=before.version + 1, **vars(to))
            assert before.emergency_cleared(reason="演习", actor="o", now=NOW).state is state
        else:
            with pytest.raises(StateNotAllowed):
                before.reclassified(to=to)
            with pytest.raises(StateNotAllowed):
                before.emergency_cleared(reason="演习", actor="o", now=NOW)

    def test_a_correction_changes_something(self) -> None:
        with pytest.raises(NothingReclassified):
            appeal_in().reclassified(to=appeal_in().classification)

    def test_who_drafted_does_not_send_out_and_who_declined_does_not_take_up_again(self) -> None:
        with pytest.raises(ReleasedByDrafter):
            appeal_in(State.DRAFTED).referred(content=None, reviewer="operator-1", now=NOW)
        with pytest.raises(DecidedByDecliner):
            appeal_in(State.DECLINED).reinstated(actor="o")

    def test_the_reviewers_version_goes_out_and_the_operators_stays(self) -> None:
        theirs = replace(CONTENT, text="请于两日内核实")
        released = appeal_in(State.DRAFTED).referred(content=theirs, reviewer="reviewer-2", now=LATER)
        assert released.draft
        assert (released.draft.proposed, released.draft.released) == (CONTENT, theirs)
        assert (released.draft.operator, released.draft.reviewer) == ("operator-1", "reviewer-2")
        assert (released.draft.draft_time, released.draft.release_time) == (NOW, LATER)
        assert released.released_content() == theirs

    def test_nothing_went_out_before_the_release(self) -> None:
        with pytest.raises(StateNotAllowed):
            appeal_in(State.DRAFTED).released_content()

    def test_a_returned_draft_says_why_until_it_is_drafted_again(self) -> None:
        returned = appeal_in(State.DRAFTED).draft_returned(reason="缺地址", reviewer="r", now=LATER)
        assert returned.draft
        assert (returned.draft.return_reason, returned.draft.return_time) == ("缺地址", LATER)
        again = returned.drafted(content=CONTENT, operator="o", now=LATER)
        assert again.draft
        assert (again.draft.return_reason, again.draft.return_time) == ("", None)
        assert again.draft.draft_time == LATER

    def test_taken_up_again_an_appeal_waits_for_its_new_hour(self) -> None:
        declined = replace(appeal_in(State.DECLINED), answer_due_time=NOW, answer_overdue=True)
        again = declined.reinstated(actor="r")
        assert (again.decline, again.answer_due_time, again.answer_overdue) == (None, None, False)

    def test_a_lead_cannot_support_itself(self) -> None:
        with pytest.raises(LeadAlsoSupporting):
            replace(CONTENT, supporting_units=("units/water", "units/heat"))


class TestReach:
    """Who of the units may learn who the citizen is (Art. 24(1), 36(4))."""

    def test_is_the_lead_units(self) -> None:
        replace(appeal_in(), lead_unit="units/heat").require_reachable_by(unit="units/heat")

    @pytest.mark.parametrize(("lead", "caller"), [("units/heat", "units/water"), ("", ""), ("", "units/heat")])
    def test_is_nobody_elses(self, lead: str, caller: str) -> None:
        with pytest.raises(NotOwnUnit):
            replace(appeal_in(), lead_unit=lead).require_reachable_by(unit=caller)

    def test_is_the_offices_alone_when_confidential(self) -> None:
        appeal = replace(appeal_in(), lead_unit="units/heat", confidential=True)
        with pytest.raises(ContactRelayed):
            appeal.require_reachable_by(unit="units/heat")


class AppealLife(RuleBasedStateMachine):
    """Any moves in any order, beside a model of one line: where it stands."""

    @initialize(emergency=st.booleans())
    def register(self, emergency: bool) -> None:
        self.appeal, self.state = appeal_in(emergency=emergency), State.REGISTERED

    @rule(move=st.sampled_from(sorted(MOVES)))
    def move(self, move: str) -> None:
        before = self.appeal
        copy = replace(before)
        try:
            self.appeal = MOVES[move](before)
        except HotlineError:
            assert self.appeal == copy
            assert (self.state, move) not in ALLOWED or (move == "answer" and before.emergency)
        else:
            self.state = ALLOWED[self.state, move]
            assert before == copy

    @invariant()
    def stands_where_the_model_stands(self) -> None:
        assert self.appeal.state is self.state

    @invariant()
    def has_one_disposition_or_none_yet(self) -> None:
        draft = self.appeal.draft
        assert (self.appeal.decline is not None) == (self.state is State.DECLINED)
        assert (self.appeal.answer is not None) == (self.state is State.ANSWERED)
        assert bool(draft and draft.released) == (self.state in (State.REFERRED, State.CLOSED))


TestAppealLife = AppealLife.TestCase
