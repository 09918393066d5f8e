"""Whatever anybody does in whatever order, some things about a work order stay true."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hotline_dispatch.domain.record import (
    Directive,
    DirectiveKind,
    Due,
    ExtensionState,
    Filing,
    Outcome,
    ReplyMeans,
    State,
    StudyGround,
)
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_kernel.errors import HotlineError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

LIMIT = 2
UNITS = st.sampled_from(["units/a", "units/b", "units/c"])
ANYBODY = st.one_of(UNITS, st.just(""))
MAYBE_UNITS = st.one_of(st.none(), UNITS.map(Assignment))
MAYBE_SHIFT = st.one_of(st.none(), st.integers(-30, 5))
OUT = (State.DISPATCHED, State.REPORTED, State.CLOSED)


class WorkOrderLife(RuleBasedStateMachine):
    """Random commands and announcements, sensible or not, to one order."""

    @initialize(directive=st.sampled_from([None, *DirectiveKind]), confidential=st.booleans(), proposed=MAYBE_UNITS)
    def made(self, directive: DirectiveKind | None, confidential: bool, proposed: Assignment | None) -> None:
        self.now = datetime(2026, 5, 11, 1, tzinfo=UTC)
        self.directive_came = False
        self.reopenings = 0
        self.closed: WorkOrder | None = None
        self.order = WorkOrder(
            id=UUID(int=1),
            number="1",
            appeal="appeals/2",
            title="",
            text="",
            request_type="HELP",
            category="",
            region="130102",
            confidential=confidential,
            create_time=self.now,
            directive=Directive(directive) if directive else None,
        )
        self.order.start(proposed=proposed, assignment=proposed, now=self.now)

    def attempt(self, act: Callable[[WorkOrder], object]) -> bool:
        """Acts; a refusal must leave the order as it was."""
        before = deepcopy(self.order)
        try:
            act(self.order)
        except HotlineError:
            assert self.order == before
            return False
        return True

    def shifted(self, minutes: int | None) -> datetime | None:
        return None if minutes is None else self.now + timedelta(minutes=minutes)

    @rule(minutes=st.integers(1, 2000))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(units=MAYBE_UNITS)
    def directive_recorded(self, units: Assignment | None) -> None:
        if self.attempt(lambda o: o.record_directive(text="办", authority="副市长", assignment=units, now=self.now)):
            self.directive_came = True

    @rule(lead=UNITS)
    def office_dispatches(self, lead: str) -> None:
        self.attempt(lambda o: o.dispatch(assignment=Assignment(lead), now=self.now))

    @rule(by=ANYBODY)
    def unit_sends_back(self, by: str) -> None:
        self.attempt(lambda o: o.send_back(by=by, reason="不属本单位", limit=LIMIT, now=self.now))

    @rule(unit=UNITS, heir=st.one_of(st.none(), UNITS))
    def unit_is_closed(self, unit: str, heir: str | None) -> None:
        due = self.order.due
        if self.attempt(lambda o: o.succeed(unit=unit, heir=heir, reason="撤销", now=self.now)):
            assert self.order.due == due
            assert unit == heir or self.order.assignment is None or unit not in self.order.assignment.units

    @rule(by=st.one_of(st.none(), ANYBODY), minutes=MAYBE_SHIFT)
    def contact_recorded(self, by: str | None, minutes: int | None) -> None:
        self.attempt(
            lambda o: o.record_first_contact(
                by=by, actor="x", note="n", contact_time=self.shifted(minutes), now=self.now
            )
        )

    @rule(ground=st.sampled_from(StudyGround))
    def office_marks_for_study(self, ground: StudyGround) -> None:
        self.attempt(lambda o: o.mark_for_study(ground))

    @rule(by=ANYBODY, principal=st.sampled_from(["王主任", "某科员"]), minutes=MAYBE_SHIFT)
    def principal_studies(self, by: str, principal: str, minutes: int | None) -> None:
        time = self.shifted(minutes)
        self.attempt(
            lambda o: o.record_study(
                by=by, actor="x", principal=principal, registered="王主任", study_time=time, decision="办", now=self.now
            )
        )

    @rule(by=ANYBODY, obstacle=st.sampled_from(["", "冻土"]), days=st.integers(0, 90))
    def unit_files(self, by: str, obstacle: str, days: int) -> None:
        filing = Filing(obstacle, True, (self.now + timedelta(days=days)).date())
        self.attempt(
            lambda o: o.report(
                by=by,
                actor="x",
                outcome=Outcome.FILED,
                text="t",
                reply_time=None,
                reply_means=ReplyMeans.VISIT,
                reply_text="r",
                filing=filing,
                now=self.now,
            )
        )

    @rule(by=ANYBODY, minutes=MAYBE_SHIFT, means=st.sampled_from([None, *ReplyMeans]))
    def unit_reports(self, by: str, minutes: int | None, means: ReplyMeans | None) -> None:
        self.attempt(
            lambda o: o.report(
                by=by,
                actor="x",
                outcome=Outcome.SOLVED,
                text="t",
                reply_time=self.shifted(minutes),
                reply_means=means,
                reply_text="r",
                now=self.now,
            )
        )

    @rule(by=ANYBODY, reason=st.sampled_from(["", "材料未到"]))
    def unit_asks_for_extension(self, by: str, reason: str) -> None:
        before = deepcopy(self.order)
        if self.attempt(lambda o: o.request_extension(by=by, working_days=3, reason=reason, now=self.now)):
            assert before.due is not None
            assert self.now <= before.due.extension_cutoff_time
            assert before.extension is None

    @rule(granted=st.booleans())
    def office_decides(self, granted: bool) -> None:
        before = self.order.extension
        if self.attempt(lambda o: o.decide_extension(granted=granted, note="n", now=self.now)):
            assert before is not None
            assert before.state is ExtensionState.REQUESTED

    @rule(round_number=st.integers(1, 3), hours=st.integers(1, 60))
    def deadline_announced(self, round_number: int, hours: int) -> None:
        end = self.now + timedelta(hours=hours)
        due = Due(date(2026, 5, 20), end, False, end - timedelta(hours=9))
        before = deepcopy(self.order)
        if not self.order.carry_due(round_number=round_number, due=due, now=self.now):
            assert self.order == before

    @rule(round_number=st.integers(1, 3))
    def deadline_missed(self, round_number: int) -> None:
        self.order.mark_overdue(round_number=round_number, since=self.now)

    @rule()
    def callback_ends(self) -> None:
        if self.attempt(lambda o: o.close(now=self.now)):
            self.closed = deepcopy(self.order)

    @rule()
    def review_reopens(self) -> None:
        if self.attempt(lambda o: o.reopen(now=self.now)):
            self.reopenings += 1

    @invariant()
    def none_is_out_without_its_directive(self) -> None:
        if self.order.directive is not None and not self.directive_came:
            assert self.order.state is State.HELD
            assert self.order.assignment is None

    @invariant()
    def it_has_exactly_one_lead_when_out_and_none_before(self) -> None:
        assert (self.order.state in OUT) == (self.order.lead != "")
        assert (self.order.state in OUT) == (self.order.dispatch_time is not None)

    @invariant()
    def its_round_grows_by_reopening_alone(self) -> None:
        assert self.order.round == 1 + self.reopenings == 1 + len(self.order.past_rounds)
        assert self.order.key_supervision == (self.reopenings > 0)

    @invariant()
    def closed_is_final(self) -> None:
        if self.closed is not None:
            assert self.order.state is State.CLOSED
            assert self.order.result == self.closed.result
            assert self.order.close_time == self.closed.close_time

    @invariant()
    def it_never_goes_to_and_fro_beyond_the_limit(self) -> None:
        assert len(self.order.send_backs) <= LIMIT

    @invariant()
    def a_result_has_its_reply(self) -> None:
        assert (self.order.result is not None) == (self.order.state in (State.REPORTED, State.CLOSED))
        if self.order.result is not None:
            assert self.order.dispatch_time is not None
            assert self.order.dispatch_time <= self.order.result.reply_time <= self.order.result.report_time
            assert not self.order.overdue

    @invariant()
    def a_result_that_needs_a_study_has_it(self) -> None:
        if self.order.result is not None and self.order.study_grounds:
            assert self.order.study is not None
            assert self.order.study.principal == "王主任"

    @invariant()
    def a_filing_is_a_result_with_its_obstacle(self) -> None:
        filed = self.order.result is not None and self.order.result.outcome is Outcome.FILED
        assert filed == (self.order.filing is not None)
        assert self.order.filing is None or self.order.filing.obstacle


WorkOrderLife.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestWorkOrderLife = WorkOrderLife.TestCase
