"""The accountability file's states and grounds, without a platform (Art. 36)."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import StateNotAllowed
from hotline_sla.domain.accountability import (
    AccountabilityFile,
    Evidence,
    FileState,
    Ground,
    GroundNotShown,
    Outcome,
    UnitNotHeard,
    check_ground,
    digest_of,
    file_number,
)
from hotline_sla.domain.assessment import Order
from hotline_sla.domain.deadline import State

OPENED = datetime(2026, 10, 9, 10, tzinfo=ZONE)
END = OPENED + timedelta(days=4)
EVIDENCE = Evidence(
    work_order="workOrders/1",
    number="1",
    round=1,
    due_time=OPENED,
    handling=State.OVERDUE,
    account="",
    notices=("督〔2026〕000001",),
)


def opened() -> AccountabilityFile:
    return AccountabilityFile(
        id=UUID(int=1),
        number=file_number(serial=1, open_time=OPENED),
        unit="units/water-group",
        ground=Ground.NOT_DONE,
        reason="逾期",
        effect="",
        circular="",
        evidence_digest=digest_of([EVIDENCE]),
        open_time=OPENED,
        hearing_end_time=END,
        evidence=(EVIDENCE,),
    )


class TestTheHearing:
    def test_is_over_with_its_last_moment(self) -> None:
        """A unit that stays silent does not stop the file, but has all its time (Art. 36, ours)."""
        with pytest.raises(UnitNotHeard):
            opened().referred(authority="市监察局", time=END)
        late = opened().referred(authority="市监察局", time=END + timedelta(seconds=1))
        assert late.state is FileState.REFERRED

    def test_comes_before_the_referral(self) -> None:
        """What was referred is not answered any more."""
        referred = opened().heard(statement="在办", time=OPENED).referred(authority="市监察局", time=OPENED)
        with pytest.raises(StateNotAllowed):
            referred.heard(statement="再说", time=OPENED)


class TestTheDecision:
    def test_upholds_only_what_was_referred(self) -> None:
        """The office drops files; it does not hold units to account by itself (Art. 36)."""
        with pytest.raises(StateNotAllowed):
            opened().concluded(outcome=Outcome.UPHELD, decision="属实", time=OPENED)
        dropped = opened().concluded(outcome=Outcome.DROPPED, decision="有正当理由", time=OPENED)
        assert dropped.state is FileState.CONCLUDED


class TestTheGround:
    """Of a refusal: the unit had the order and gave it away; nobody refuses what it was never asked (Art. 36(3))."""

    HELD = Order(
        work_order="workOrders/1",
        number="1",
        unit="units/water-group",
        request_type="HELP",
        category="",
        region="",
        round=1,
        received_time=OPENED,
        key_supervision=False,
    )

    def check(self, order: Order, ground: Ground = Ground.REFUSED) -> None:
        check_ground(ground, unit=order.unit, effect="", orders=[order], evidence=[EVIDENCE])

    def test_of_refusal_is_not_shown_by_holding_an_order(self) -> None:
        with pytest.raises(GroundNotShown):
            self.check(self.HELD)

    def test_of_refusal_is_shown_by_giving_it_back_even_if_it_came_again(self) -> None:
        self.check(replace(self.HELD, leave_time=OPENED, sent_back=True))
        self.check(replace(self.HELD, sent_back=True))

    def test_of_not_done_stays_with_the_unit_that_left_it_overdue(self) -> None:
        self.check(replace(self.HELD, leave_time=OPENED, sent_back=True), Ground.NOT_DONE)


def test_the_digest_is_of_the_evidence_alone() -> None:
    """The same evidence has the same digest; another moment has another."""
    other = Evidence(**{**EVIDENCE.__dict__, "due_time": END})
    assert digest_of([EVIDENCE]) == opened().evidence_digest != digest_of([other])
