"""The accountability file's states and grounds, without a platform (Art. 36)."""

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
    Outcome,
    UnitNotHeard,
    digest_of,
    file_number,
)
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


def test_the_digest_is_of_the_evidence_alone() -> None:
    """The same evidence has the same digest; another moment has another."""
    other = Evidence(**{**EVIDENCE.__dict__, "due_time": END})
    assert digest_of([EVIDENCE]) == opened().evidence_digest != digest_of([other])
