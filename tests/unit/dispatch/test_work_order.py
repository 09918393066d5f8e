"""What a work order allows, and what it refuses by which article."""

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hotline_dispatch.domain.part import PartState
from hotline_dispatch.domain.record import (
    Directive,
    DirectiveKind,
    Due,
    ExtensionState,
    Filing,
    OfficeDuty,
    Outcome,
    ReplyMeans,
    State,
    Study,
    StudyGround,
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
    LeadAlsoSupporting,
    LeadConcerned,
    LookNotLater,
    NotFiled,
    NotOwnUnit,
    OrderNotJoinable,
    OrderNotSplittable,
    OrderOutAlready,
    ReplyMissing,
    SendBackLimitReached,
    StudyMissing,
    StudyNotByPrincipal,
    TimeNotPlausible,
)
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_kernel.errors import StateNotAllowed

MONDAY = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
HEATING, WATER, ROADS = "units/heating", "units/water", "units/roads"
HOUR = timedelta(hours=1)


def new_order(*, directive: DirectiveKind | None = None, confidential: bool = False) -> WorkOrder:
    return WorkOrder(
        id=UUID("01900000-0000-7000-8000-000000000001"),
        number="130100-20260511-000001",
        appeal="appeals/01900000-0000-7000-8000-000000000002",
        title="暖气不热",
        text="请查看供热情况",
        request_type="COMPLAINT",
        category="城乡建设/供热",
        region="130102",
        confidential=confidential,
        create_time=MONDAY,
        directive=Directive(directive) if directive else None,
    )


def dispatched(*, confidential: bool = False, supporting: tuple[str, ...] = ()) -> WorkOrder:
    order = new_order(confidential=confidential)
    assignment = Assignment(HEATING, supporting)
    order.start(proposed=assignment, assignment=assignment, now=MONDAY)
    return order


def with_deadline(order: WorkOrder, *, cutoff: datetime = MONDAY + 24 * HOUR) -> WorkOrder:
    due = Due(date(2026, 5, 20), datetime(2026, 5, 20, 9, 30, tzinfo=UTC), False, cutoff)
    assert order.carry_due(round_number=order.round, due=due, now=MONDAY)
    return order


def report(order: WorkOrder, **changed: Any) -> None:
    arguments: dict[str, Any] = {
        "by": HEATING,
        "actor": "staff-7",
        "outcome": Outcome.SOLVED,
        "text": "已恢复供热",
        "reply_time": None,
        "reply_means": ReplyMeans.PHONE,
        "reply_text": "今日已恢复",
        "now": MONDAY + HOUR,
    }
    order.report(**(arguments | changed))


class TestStart:
    def test_goes_out_at_once_to_a_lead_that_can_handle_it(self) -> None:
        order = dispatched()
        assert (order.state, order.lead, order.dispatch_time, order.round) == (State.DISPATCHED, HEATING, MONDAY, 1)

    def test_waits_for_the_office_when_nobody_can_lead(self) -> None:
        order = new_order()
        order.start(proposed=Assignment("units/gone"), assignment=None, now=MONDAY)
        assert (order.state, order.lead) == (State.AWAITING_LEAD, "")

    def test_waits_for_a_directive_even_with_a_lead(self) -> None:
        order = new_order(directive=DirectiveKind.URGENT)
        order.start(proposed=Assignment(HEATING), assignment=Assignment(HEATING), now=MONDAY)
        assert (order.state, order.lead) == (State.HELD, "")


class TestDirective:
    def test_sends_the_order_out(self) -> None:
        order = new_order(directive=DirectiveKind.COMMON)
        order.start(proposed=Assignment(HEATING), assignment=None, now=MONDAY)
        order.record_directive(text="速办", authority="副市长", assignment=Assignment(HEATING), now=MONDAY + HOUR)
        assert (order.state, order.dispatch_time) == (State.DISPATCHED, MONDAY + HOUR)
        assert order.directive == Directive(DirectiveKind.COMMON, "速办", "副市长", MONDAY + HOUR)

    def test_sends_the_order_to_the_office_when_nobody_can_lead(self) -> None:
        order = new_order(directive=DirectiveKind.COMMON)
        order.start(proposed=None, assignment=None, now=MONDAY)
        order.record_directive(text="速办", authority="副市长", assignment=None, now=MONDAY)
        assert order.state is State.AWAITING_LEAD

    def test_cannot_be_passed_by_the_office(self) -> None:
        order = new_order(directive=DirectiveKind.STALLED)
        order.start(proposed=None, assignment=None, now=MONDAY)
        with pytest.raises(DirectiveMissing) as refused:
            order.dispatch(assignment=Assignment(HEATING), now=MONDAY)
        assert refused.value.facts == {"directive_kind": "STALLED"}

    def test_is_refused_where_none_is_waited_for(self) -> None:
        with pytest.raises(StateNotAllowed):
            dispatched().record_directive(text="速办", authority="副市长", assignment=None, now=MONDAY)


class TestWhatTheOfficeOwes:
    """A lead, a directive, a decision: asked for again until it is there (Art. 22, 23, 26; ours)."""

    PATIENCE = MappingProxyType(dict.fromkeys(OfficeDuty, HOUR))

    def watched(self, order: WorkOrder) -> WorkOrder:
        order.watch_office(patience=self.PATIENCE, now=MONDAY)
        return order

    def test_is_asked_for_again_and_again(self) -> None:
        order = new_order()
        order.start(proposed=None, assignment=None, now=MONDAY)
        assert self.watched(order).office_ask_time == MONDAY + HOUR
        for asks in (1, 2):
            assert order.ask_office(patience=self.PATIENCE, now=MONDAY + asks * HOUR) is OfficeDuty.LEAD
            assert (order.office_asks, order.office_ask_time) == (asks, MONDAY + (asks + 1) * HOUR)
        order.dispatch(assignment=Assignment(HEATING), now=MONDAY + 3 * HOUR)
        assert (order.owed_by_office, order.office_asks, order.office_ask_time) == (None, 0, None)
        with pytest.raises(StateNotAllowed):
            order.ask_office(patience=self.PATIENCE, now=MONDAY)

    def test_is_a_directive_unless_it_is_chased_apart(self) -> None:
        held, urgent = new_order(directive=DirectiveKind.COMPLEX), new_order(directive=DirectiveKind.URGENT)
        for order in (held, urgent):
            order.start(proposed=None, assignment=None, now=MONDAY)
            self.watched(order)
        assert (held.owed_by_office, urgent.owed_by_office) == (OfficeDuty.DIRECTIVE, None)
        assert urgent.office_ask_time is None

    def test_is_a_decision_until_it_is_made_or_not_needed(self) -> None:
        for end in (
            lambda order: order.decide_extension(granted=False, note="n", now=MONDAY),
            report,
            lambda order: order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY),
        ):
            order = with_deadline(dispatched())
            order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)
            assert self.watched(order).owed_by_office is OfficeDuty.EXTENSION
            end(order)
            assert order.owed_by_office in (None, OfficeDuty.LEAD)


class TestHold:
    """The office recognises one of the four kinds after the release (Art. 23)."""

    def test_stops_an_order_that_is_not_out(self) -> None:
        order = new_order()
        order.start(proposed=None, assignment=None, now=MONDAY)
        order.hold(kind=DirectiveKind.STALLED)
        assert order.state is State.HELD
        with pytest.raises(DirectiveMissing):
            order.dispatch(assignment=Assignment(HEATING), now=MONDAY)
        with pytest.raises(StateNotAllowed):
            order.hold(kind=DirectiveKind.COMMON)

    def test_comes_too_late_for_what_is_out(self) -> None:
        order = dispatched()
        with pytest.raises(OrderOutAlready) as refused:
            order.hold(kind=DirectiveKind.STALLED)
        assert refused.value.article == "Art. 23"
        assert (order.state, order.directive) == (State.DISPATCHED, None)

    def test_is_not_asked_for_twice(self) -> None:
        order = new_order(directive=DirectiveKind.COMPLEX)
        order.start(proposed=None, assignment=None, now=MONDAY)
        order.record_directive(text="办", authority="副市长", assignment=None, now=MONDAY)
        with pytest.raises(StateNotAllowed):
            order.hold(kind=DirectiveKind.COMPLEX)


class TestAssignment:
    def test_names_the_lead_once(self) -> None:
        with pytest.raises(LeadAlsoSupporting):
            Assignment(HEATING, (WATER, HEATING))

    def test_is_made_by_the_office_only_while_the_order_waits(self) -> None:
        with pytest.raises(StateNotAllowed):
            dispatched().dispatch(assignment=Assignment(WATER), now=MONDAY)


class TestSendBack:
    def test_puts_the_hand_over_on_record_and_keeps_the_deadline(self) -> None:
        order = with_deadline(dispatched())
        due = order.due
        order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY + HOUR)
        assert (order.state, order.lead, order.due) == (State.AWAITING_LEAD, "", due)
        assert [(given.unit, given.reason) for given in order.send_backs] == [(HEATING, "不属本单位")]

    def test_is_the_leads_alone(self) -> None:
        with pytest.raises(NotOwnUnit):
            dispatched(supporting=(WATER,)).send_back(by=WATER, reason="x", limit=2, now=MONDAY)

    def test_ends_when_the_order_went_to_and_fro_often_enough(self) -> None:
        order = dispatched()
        for _ in range(2):
            order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY)
            order.dispatch(assignment=Assignment(HEATING), now=MONDAY)
        with pytest.raises(SendBackLimitReached) as refused:
            order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY)
        assert refused.value.article == "Art. 22"
        assert order.state is State.DISPATCHED

    def test_withdraws_an_extension_that_waits(self) -> None:
        order = with_deadline(dispatched())
        order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)
        order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY)
        assert order.extension is None


class TestSuccession:
    def closed(self, order: WorkOrder, unit: str, heir: str | None) -> None:
        order.succeed(unit=unit, heir=heir, reason="机构改革", now=MONDAY + HOUR)

    def test_puts_the_heir_in_the_leads_place_and_keeps_what_was_done(self) -> None:
        order = dispatched(supporting=(WATER,))
        contact = order.record_first_contact(by=HEATING, actor="x", note="n", contact_time=None, now=MONDAY)
        self.closed(order, HEATING, ROADS)
        assert order.assignment == Assignment(ROADS, (WATER,))
        assert order.first_contact == contact
        held = [(each.unit, each.start_time, each.end_time) for each in order.holdings[-2:]]
        assert held == [(HEATING, MONDAY, MONDAY + HOUR), (ROADS, MONDAY + HOUR, None)]

    def test_lets_a_supporter_lead_that_takes_the_leads_place(self) -> None:
        order = dispatched(supporting=(WATER, ROADS))
        self.closed(order, HEATING, WATER)
        assert order.assignment == Assignment(WATER, (ROADS,))

    def test_without_an_heir_gives_the_order_to_the_office(self) -> None:
        order = dispatched()
        order.record_first_contact(by=HEATING, actor="x", note="n", contact_time=None, now=MONDAY)
        self.closed(order, HEATING, None)
        assert (order.state, order.lead, order.first_contact) == (State.AWAITING_LEAD, "", None)
        assert (order.holdings[-1].unit, order.holdings[-1].reason) == ("", "机构改革")
        assert not order.send_backs

    @pytest.mark.parametrize(
        ("heir", "supporting"), [(ROADS, (ROADS,)), (None, ()), (HEATING, ())], ids=["another", "nobody", "the lead"]
    )
    def test_of_a_supporter_leaves_the_lead_alone(self, heir: str | None, supporting: tuple[str, ...]) -> None:
        order = dispatched(supporting=(WATER,))
        due = Due(date(2026, 5, 20), MONDAY + 200 * HOUR, False, MONDAY)
        order.carry_due(round_number=1, due=due, now=MONDAY)
        order.assign_part(by=HEATING, unit=WATER, text="查漏", due_date=None, now=MONDAY)
        holdings = order.holdings
        self.closed(order, WATER, heir)
        assert (order.assignment, order.holdings) == (Assignment(HEATING, supporting), holdings)
        [part] = order.parts
        assert part.state is (PartState.OPEN if supporting else PartState.LAPSED)
        assert part.unit == (heir or WATER)

    def test_of_a_unit_that_has_nothing_to_do_with_it_is_refused(self) -> None:
        with pytest.raises(NotOwnUnit):
            self.closed(dispatched(), ROADS, WATER)


class TestFirstContact:
    def test_is_recorded_once_a_round(self) -> None:
        order = dispatched()
        order.record_first_contact(by=HEATING, actor="a", note="已告知", contact_time=None, now=MONDAY + HOUR)
        assert order.first_contact is not None
        assert (order.first_contact.contact_time, order.first_contact.relayed) == (MONDAY + HOUR, False)
        with pytest.raises(StateNotAllowed):
            order.record_first_contact(by=HEATING, actor="a", note="已告知", contact_time=None, now=MONDAY + HOUR)

    def test_of_a_confidential_order_is_relayed_by_the_office(self) -> None:
        order = dispatched(confidential=True)
        with pytest.raises(ContactRelayed):
            order.record_first_contact(by=HEATING, actor="a", note="已告知", contact_time=None, now=MONDAY)
        assert order.record_first_contact(by=None, actor="o", note="已转达", contact_time=None, now=MONDAY).relayed

    @pytest.mark.parametrize("hours", [-1, 3])
    def test_has_a_time_between_dispatch_and_now(self, hours: int) -> None:
        with pytest.raises(TimeNotPlausible) as refused:
            dispatched().record_first_contact(
                by=HEATING, actor="a", note="已告知", contact_time=MONDAY + hours * HOUR, now=MONDAY + 2 * HOUR
            )
        assert refused.value.facts == {"field": "contact_time"}


class TestReport:
    def test_needs_no_first_contact(self) -> None:
        order = dispatched()
        report(order)
        assert order.state is State.REPORTED
        assert order.result is not None
        assert (order.result.reply_time, order.result.report_time) == (MONDAY + HOUR, MONDAY + HOUR)

    @pytest.mark.parametrize("missing", [{"reply_means": None}, {"reply_text": " "}])
    def test_without_a_recorded_reply_is_refused(self, missing: dict[str, Any]) -> None:
        order = dispatched()
        with pytest.raises(ReplyMissing):
            report(order, **missing)
        assert order.state is State.DISPATCHED

    def test_is_not_a_supporting_units(self) -> None:
        with pytest.raises(NotOwnUnit):
            report(dispatched(supporting=(WATER,)), by=WATER)

    def test_of_an_overdue_order_ends_that(self) -> None:
        order = with_deadline(dispatched())
        assert order.mark_overdue(round_number=1, since=MONDAY)
        report(order)
        assert not order.overdue
        assert not order.mark_overdue(round_number=1, since=MONDAY)


class TestExtension:
    def test_is_granted_by_the_office(self) -> None:
        order = with_deadline(dispatched())
        order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)
        waited = order.waits_for_extension
        assert order.decide_extension(granted=True, note="同意", now=MONDAY).state is ExtensionState.GRANTED
        assert (waited, order.waits_for_extension) == (True, False)
        with pytest.raises(ExtensionNotRequested):
            order.decide_extension(granted=False, note="不同意", now=MONDAY)
        with pytest.raises(ExtensionAskedAlready):
            order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)

    def test_may_be_asked_until_the_last_moment(self) -> None:
        order = with_deadline(dispatched(), cutoff=MONDAY)
        order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)
        assert order.waits_for_extension

    def test_is_refused_a_moment_later(self) -> None:
        order = with_deadline(dispatched(), cutoff=MONDAY)
        with pytest.raises(ExtensionAskedLate) as refused:
            order.request_extension(
                by=HEATING, working_days=3, reason="材料未到", now=MONDAY + timedelta(microseconds=1)
            )
        assert refused.value.facts == {"cutoff_time": "2026-05-11T01:00:00+00:00"}
        assert refused.value.article == "Art. 26"

    def test_is_granted_until_the_deadline_and_refused_at_any_time(self) -> None:
        """A deadline that has passed is not un-missed; the citizen was to be told in time (Art. 26)."""
        order = with_deadline(dispatched())
        order.request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)
        assert order.due is not None
        late = order.due.due_time + timedelta(microseconds=1)
        with pytest.raises(ExtensionDecidedLate) as refused:
            order.decide_extension(granted=True, note="同意", now=late)
        assert refused.value.article == "Art. 26"
        assert order.waits_for_extension
        assert order.decide_extension(granted=False, note="不同意", now=late).state is ExtensionState.REFUSED

    def test_needs_a_reason(self) -> None:
        with pytest.raises(ExtensionWithoutReason):
            with_deadline(dispatched()).request_extension(by=HEATING, working_days=3, reason="  ", now=MONDAY)

    def test_needs_a_known_deadline(self) -> None:
        with pytest.raises(DeadlineNotKnown):
            dispatched().request_extension(by=HEATING, working_days=3, reason="材料未到", now=MONDAY)


class TestDeadline:
    def test_of_an_earlier_round_is_not_carried(self) -> None:
        order = dispatched()
        report(order)
        order.reopen(now=MONDAY + 2 * HOUR)
        due = Due(date(2026, 5, 20), datetime(2026, 5, 20, 9, 30, tzinfo=UTC), False, MONDAY)
        assert not order.carry_due(round_number=1, due=due, now=MONDAY)
        assert not order.mark_overdue(round_number=1, since=MONDAY)
        assert order.due is None

    def test_that_moves_beyond_now_is_not_missed_any_more(self) -> None:
        order = with_deadline(dispatched())
        order.mark_overdue(round_number=1, since=MONDAY)
        due = Due(date(2026, 5, 25), datetime(2026, 5, 25, 9, 30, tzinfo=UTC), False, MONDAY)
        order.carry_due(round_number=1, due=due, now=datetime(2026, 5, 21, tzinfo=UTC))
        assert not order.overdue


class TestReopen:
    def test_sends_the_same_order_to_the_same_lead_with_its_history(self) -> None:
        order = with_deadline(dispatched(supporting=(WATER,)))
        report(order)
        order.reopen(now=MONDAY + 2 * HOUR)
        assert (order.state, order.lead, order.round) == (State.DISPATCHED, HEATING, 2)
        assert (order.key_supervision, order.due, order.result, order.first_contact) == (True, None, None, None)
        assert order.past_rounds[0].result is not None
        assert order.past_rounds[0].result.text == "已恢复供热"

    def test_needs_a_result(self) -> None:
        with pytest.raises(StateNotAllowed):
            dispatched().reopen(now=MONDAY)


class TestVisibility:
    def test_is_for_lead_and_supporting_units(self) -> None:
        order = dispatched(supporting=(WATER,))
        order.require_visible(to_unit=HEATING)
        order.require_visible(to_unit=WATER)
        for stranger in ("units/roads", ""):
            with pytest.raises(NotOwnUnit):
                order.require_visible(to_unit=stranger)

    def test_begins_when_the_order_goes_out(self) -> None:
        order = new_order(directive=DirectiveKind.URGENT)
        order.start(proposed=Assignment(HEATING), assignment=Assignment(HEATING), now=MONDAY)
        with pytest.raises(NotOwnUnit):
            order.require_visible(to_unit=HEATING)


class TestStudy:
    """Art. 25."""

    def marked(self) -> WorkOrder:
        order = dispatched()
        order.mark_for_study(StudyGround.MEDIA, StudyGround.CITY_ASSIGNED)
        return order

    def study(self, order: WorkOrder, **changed: Any) -> None:
        arguments: dict[str, Any] = {
            "by": HEATING,
            "actor": "staff-7",
            "principal": "王主任",
            "registered": "王主任",
            "study_time": None,
            "decision": "本周更换",
            "now": MONDAY + HOUR,
        }
        order.record_study(**(arguments | changed))

    def test_comes_before_the_result(self) -> None:
        order = self.marked()
        with pytest.raises(StudyMissing) as refused:
            report(order)
        assert refused.value.facts == {"grounds": "CITY_ASSIGNED, MEDIA"}
        self.study(order)
        report(order)
        assert order.study == Study("王主任", MONDAY + HOUR, "本周更换", "staff-7")

    @pytest.mark.parametrize("principal", ["", "  ", "李科员"])
    def test_is_by_the_registered_principal(self, principal: str) -> None:
        with pytest.raises(StudyNotByPrincipal):
            self.study(self.marked(), principal=principal)
        with pytest.raises(StudyNotByPrincipal):
            self.study(self.marked(), principal=principal, registered="")

    def test_is_void_for_the_next_lead_and_the_next_round(self) -> None:
        order = self.marked()
        self.study(order)
        order.send_back(by=HEATING, reason="不属本单位", limit=2, now=MONDAY + HOUR)
        assert order.study is None
        order.dispatch(assignment=Assignment(HEATING), now=MONDAY + HOUR)
        self.study(order)
        report(order)
        order.reopen(now=MONDAY + 2 * HOUR)
        assert (order.study, order.past_rounds[0].study is not None) == (None, True)

    def test_is_asked_for_while_no_result_is_in(self) -> None:
        order = dispatched()
        report(order)
        with pytest.raises(StateNotAllowed):
            order.mark_for_study(StudyGround.MEDIA)


class TestFiling:
    """Art. 27."""

    FILING = Filing("管线走廊被占", True, date(2026, 6, 11))

    def test_goes_with_the_explanation_to_the_citizen(self) -> None:
        order = dispatched()
        with pytest.raises(FilingWithoutExplanation):
            report(order, outcome=Outcome.FILED, filing=self.FILING, reply_text=" ")
        with pytest.raises(FilingWithoutExplanation):
            report(order, outcome=Outcome.FILED, filing=self.FILING, reply_means=None)
        report(order, outcome=Outcome.FILED, filing=self.FILING)
        assert (order.state, order.filing) == (State.REPORTED, self.FILING)

    @pytest.mark.parametrize(
        ("outcome", "filing"),
        [(Outcome.FILED, None), (Outcome.SOLVED, FILING), (Outcome.FILED, Filing(" ", True, date(2026, 6, 11)))],
    )
    def test_names_the_obstacle_and_nothing_else_does(self, outcome: Outcome, filing: Filing | None) -> None:
        with pytest.raises(FilingIncomplete):
            report(dispatched(), outcome=outcome, filing=filing)

    def test_is_looked_at_later_until_it_need_not_be(self) -> None:
        order = dispatched()
        with pytest.raises(LookNotLater):
            report(order, outcome=Outcome.FILED, filing=Filing("冻土", False, MONDAY.date()))
        report(order, outcome=Outcome.FILED, filing=self.FILING)
        later = MONDAY + timedelta(days=31)
        order.look_again(actor="office-1", note="未完", next_date=date(2026, 7, 11), now=later)
        order.look_again(actor="office-1", note="可改造", next_date=None, now=later)
        assert order.filing is not None
        assert [look.note for look in order.filing.looks] == ["未完", "可改造"]
        with pytest.raises(NotFiled):
            order.look_again(actor="office-1", note="再看", next_date=None, now=later)


class TestAComplaintAboutAUnit:
    """Art. 36(4)."""

    BUREAU = "units/bureau"

    def about(self, unit: str, *, supporting: tuple[str, ...] = ()) -> WorkOrder:
        order = dispatched(supporting=supporting)
        order.mark_about(concerned=(unit, self.BUREAU), leads=unit == HEATING, reason="来电说明", now=MONDAY + HOUR)
        return order

    def test_is_taken_from_that_unit_and_never_given_to_it(self) -> None:
        order = self.about(HEATING)
        assert (order.state, order.lead, order.holdings[-1].unit) == (State.AWAITING_LEAD, "", "")
        with pytest.raises(LeadConcerned):
            order.dispatch(assignment=Assignment(HEATING), now=MONDAY + HOUR)
        order.dispatch(assignment=Assignment(WATER), now=MONDAY + HOUR)
        with pytest.raises(LeadConcerned):
            order.reassign(assignment=Assignment(HEATING), reason="改派", now=MONDAY + HOUR)

    def test_leaves_the_contact_to_the_office(self) -> None:
        order = self.about(WATER)
        with pytest.raises(ContactRelayed):
            order.record_first_contact(by=HEATING, actor="h", note="联系", contact_time=None, now=MONDAY + HOUR)
        relayed = order.record_first_contact(by=None, actor="o", note="转达", contact_time=None, now=MONDAY + HOUR)
        assert relayed.relayed

    @pytest.mark.parametrize(
        ("unit", "line", "sees_all"),
        [
            (HEATING, {HEATING, WATER}, True),  # it leads, and needs to know
            (WATER, {WATER}, False),
            (BUREAU, {BUREAU, WATER}, False),
            ("units/roads", {"units/roads"}, True),  # it supports, and has to do with it
            ("units/roads", {"units/roads", WATER}, False),
        ],
    )
    def test_is_seen_by_who_needs_to(self, unit: str, line: set[str], sees_all: bool) -> None:
        order = self.about(WATER, supporting=("units/roads",))
        order.require_visible(to_unit=unit)
        seen = order.seen_by(unit=unit, line=line)
        assert (seen.redacted, seen.text == order.text, seen.appeal == order.appeal) == (
            not sees_all,
            sees_all,
            sees_all,
        )

    def test_found_out_after_the_result_is_not_that_units_again(self) -> None:
        order = dispatched()
        report(order)
        order.mark_about(concerned=(HEATING,), leads=True, reason="回访得知", now=MONDAY + 2 * HOUR)
        assert (order.state, order.lead) == (State.REPORTED, HEATING)
        order.reopen(leads_concerned=True, now=MONDAY + 3 * HOUR)
        assert (order.state, order.lead, order.round, order.key_supervision) == (State.AWAITING_LEAD, "", 2, True)


class TestSplitting:
    """Art. 7, 22."""

    def split(self, order: WorkOrder) -> WorkOrder:
        return order.split(
            order_id=UUID("01900000-0000-7000-8000-000000000009"),
            number=2,
            title="路面",
            text="请修复",
            assignment=Assignment(WATER),
            now=MONDAY + HOUR,
        )

    def test_makes_an_order_that_begins_anew(self) -> None:
        first = with_deadline(dispatched())
        first.record_first_contact(by=HEATING, actor="h", note="联系", contact_time=None, now=MONDAY + HOUR)
        further = self.split(first)
        assert (further.split_from, further.lead, further.state) == (first.name, WATER, State.DISPATCHED)
        assert (further.due, further.first_contact, further.dispatch_time) == (None, None, MONDAY + HOUR)
        assert (first.lead, first.state) == (HEATING, State.DISPATCHED)

    def test_passes_the_gate_like_every_order(self) -> None:
        held = new_order(directive=DirectiveKind.COMPLEX)
        held.start(proposed=None, assignment=Assignment(HEATING), now=MONDAY)
        with pytest.raises(OrderNotSplittable):
            self.split(held)

    def test_is_undone_only_of_what_was_split_and_works_for_nobody_else(self) -> None:
        first = dispatched()
        further = self.split(first)
        with pytest.raises(OrderNotSplittable):
            first.withdraw(has_joined=False, now=MONDAY + HOUR)
        with pytest.raises(OrderNotSplittable):
            further.withdraw(has_joined=True, now=MONDAY + HOUR)
        further.withdraw(has_joined=False, now=MONDAY + HOUR)
        assert (further.state, further.lead, further.is_open) == (State.WITHDRAWN, "", False)


class TestJoining:
    """Art. 23(3)."""

    def other(self) -> WorkOrder:
        order = dispatched()
        order.id = UUID("01900000-0000-7000-8000-000000000008")
        order.appeal = "appeals/01900000-0000-7000-8000-000000000007"
        return order

    def test_leaves_the_work_to_one_and_the_result_to_both(self) -> None:
        one, two = dispatched(), self.other()
        two.join(into=one, has_joined=False, reason="同一问题", now=MONDAY + HOUR)
        assert (two.state, two.lead, two.joined_into, two.is_open) == (State.JOINED, "", one.name, True)
        report(one)
        two.share_result(of=one, now=MONDAY + 2 * HOUR)
        assert (two.state, two.lead, two.result) == (State.REPORTED, HEATING, one.result)
        two.reopen(now=MONDAY + 3 * HOUR)
        assert (two.state, two.lead, two.joined_into) == (State.DISPATCHED, HEATING, "")

    def test_makes_no_chains(self) -> None:
        one, two = dispatched(), self.other()
        with pytest.raises(OrderNotJoinable):
            two.join(into=one, has_joined=True, reason="同一问题", now=MONDAY + HOUR)
        with pytest.raises(OrderNotJoinable):
            one.join(into=one, has_joined=False, reason="同一问题", now=MONDAY + HOUR)
        two.join(into=one, has_joined=False, reason="同一问题", now=MONDAY + HOUR)
        with pytest.raises(OrderNotJoinable):
            two.join(into=one, has_joined=False, reason="同一问题", now=MONDAY + HOUR)

    def test_is_undone_with_the_office(self) -> None:
        one, two = dispatched(), self.other()
        two.join(into=one, has_joined=False, reason="同一问题", now=MONDAY + HOUR)
        two.separate(reason="并非同一问题", now=MONDAY + 2 * HOUR)
        assert (two.state, two.joined_into) == (State.AWAITING_LEAD, "")
        two.dispatch(assignment=Assignment(WATER), now=MONDAY + 2 * HOUR)
        assert two.lead == WATER
