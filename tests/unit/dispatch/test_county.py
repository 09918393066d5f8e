"""By which time a county's report counts, and what a withdrawal beats (ADR 0034)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hotline_dispatch.domain.county import (
    County,
    CountyStateNotAllowed,
    Errand,
    ErrandState,
    Side,
    judge,
)
from hotline_dispatch.domain.refusals import OrderStateNotAllowed, WithdrawnBefore
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 5, 11, 4, 0, tzinfo=UTC)
CUT_OFF, SKEW = timedelta(minutes=5), timedelta(minutes=2)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


class TestAReport:
    @given(commit_time=moments, now=moments)
    def test_counts_from_its_commit_and_never_from_the_future(self, commit_time: datetime, now: datetime) -> None:
        judgement = judge(commit_time=commit_time, now=now, cut_off=CUT_OFF, skew=SKEW)
        assert judgement.time == min(commit_time, now)
        assert judgement.asked_while_cut_off == (commit_time < now - CUT_OFF)
        assert judgement.clock_skewed == (commit_time > now + SKEW)

    @given(commit_time=moments, withdraw_time=moments)
    def test_is_beaten_by_a_withdrawal_exactly_if_committed_later(
        self, commit_time: datetime, withdraw_time: datetime
    ) -> None:
        order, errand = an_errand()
        errand.end(ErrandState.WITHDRAWN, time=withdraw_time)
        comes_back = errand.comes_back(order, time=commit_time, of_round=1)
        assert comes_back == (commit_time <= withdraw_time)
        if not comes_back:
            with pytest.raises(WithdrawnBefore):
                errand.require_standing(order, time=commit_time, of_round=1)

    def test_does_not_bring_an_order_back_that_has_its_result(self) -> None:
        order, errand = an_errand()
        errand.end(ErrandState.WITHDRAWN, time=NOON)
        order.state = type(order.state).REPORTED
        assert not errand.comes_back(order, time=NOON, of_round=1)

    def test_of_another_round_does_not_stand(self) -> None:
        order, errand = an_errand()
        errand.require_standing(order, time=NOON, of_round=1)
        with pytest.raises(OrderStateNotAllowed):
            errand.require_standing(order, time=NOON, of_round=2)


class TestAnErrand:
    def test_is_left_when_the_order_goes_into_any_other_hand(self) -> None:
        order, errand = an_errand()
        assert errand.left_at(order) is None
        later = NOON + timedelta(hours=1)
        order.reassign(assignment=Assignment("units/heating", ()), reason="改派", now=later)
        order.reassign(assignment=Assignment("units/xinji", ()), reason="改派", now=later + timedelta(hours=1))
        assert errand.left_at(order) == later  # though the county has it again: as another errand


class TestALine:
    def test_is_suspended_and_resumed_once(self) -> None:
        county = County(
            "counties/xinji",
            "units/xinji",
            "辛集市",
            "130181",
            Side.CITY,
            "mq:5671/hotline",
            b"c",
            b"k",
            enrol_time=NOON,
        )
        assert (county.far_keys, county.source) == (b"k", "county.xinji")
        county.suspend()
        with pytest.raises(CountyStateNotAllowed):
            county.suspend()
        county.resume()
        with pytest.raises(CountyStateNotAllowed):
            county.resume()


def an_errand() -> tuple[WorkOrder, Errand]:
    order = WorkOrder(
        id=uuid4(),
        number="139900-20260511-000001",
        appeal=f"appeals/{uuid4()}",
        title="暖气不热",
        text="请处理",
        request_type="HELP",
        category="城乡建设/供热",
        region="130181",
        confidential=False,
        create_time=NOON,
    )
    order.start(proposed=None, assignment=Assignment("units/xinji", ()), now=NOON)
    errand = Errand(
        id=uuid4(),
        county="counties/xinji",
        unit="units/xinji",
        work_order=order.name,
        appeal=order.appeal,
        start_time=NOON,
        holding=len(order.holdings) - 1,
    )
    return order, errand
