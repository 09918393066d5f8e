"""Scores by published weights (Art. 34)."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from hotline_sla.domain.assessment import Counts, Order, Verdict, score, shifts
from hotline_sla.domain.deadline import State
from hotline_sla.domain.weights import Weights
from hypothesis import given
from hypothesis import strategies as st

WEIGHTS = Weights()
FIRST, LAST = datetime(2026, 1, 1), datetime(2026, 1, 3)  # noqa: DTZ001  (Hypothesis adds the zone)
orders = st.builds(
    Order,
    work_order=st.just("workOrders/1"),
    number=st.just("GD1"),
    unit=st.sampled_from(["units/water", "units/heat", ""]),
    request_type=st.just("HELP"),
    category=st.just("heating"),
    region=st.just("130102"),
    round=st.integers(1, 3),
    received_time=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    key_supervision=st.booleans(),
    contact=st.sampled_from(State),
    handling=st.sampled_from(State),
    contacted_late=st.booleans(),
    handled_late=st.booleans(),
    extended=st.booleans(),
    reopened=st.booleans(),
    reminded=st.booleans(),
    supervised=st.booleans(),
    verdict=st.sampled_from(Verdict),
    excused=st.booleans(),
    filed=st.booleans(),
)


def total(found: list[Order]) -> Counts:
    return sum((order.counts() for order in found), Counts())


def value(counts: Counts) -> float:
    found = score(counts, weights=WEIGHTS)
    assert found is not None
    return found


class TestTheScore:
    def test_of_nothing_received_is_unset(self) -> None:
        assert score(Counts(), weights=WEIGHTS) is None

    def test_of_perfect_work_is_100(self) -> None:
        counts = Counts(received=9, contacted_in_time=9, handled_in_time=9, asked=9, satisfied=9)
        assert value(counts) == pytest.approx(100)

    def test_of_nothing_but_neglect_is_10_for_what_never_came_back(self) -> None:
        assert value(Counts(received=9, overdue=9, asked=9, dissatisfied=9)) == pytest.approx(WEIGHTS.lasting)

    def test_weights_add_up_to_100(self) -> None:
        assert WEIGHTS.in_time + WEIGHTS.contact + WEIGHTS.satisfaction + WEIGHTS.lasting == 100

    @given(st.lists(orders, min_size=1, max_size=30))
    def test_lies_between_0_and_100(self, found: list[Order]) -> None:
        assert 0 <= value(total(found)) <= 100

    @given(st.lists(orders, min_size=1, max_size=30), st.data())
    def test_never_rises_when_an_order_is_overdue_instead(self, found: list[Order], data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(found) - 1))
        worse = [*found]
        worse[place] = replace(found[place], handling=State.OVERDUE)
        if found[place].handling is not State.CANCELLED:  # nothing was owed: neither better nor worse before
            assert value(total(worse)) <= value(total(found)) + 1e-9

    @given(st.lists(orders, min_size=1, max_size=30))
    def test_never_rises_by_one_more_overdue_order(self, found: list[Order]) -> None:
        before = total(found)
        after = before + Counts(received=1, overdue=1)
        assert value(after) <= value(before) + 1e-9

    @given(st.lists(orders, min_size=1, max_size=30))
    def test_does_not_blame_a_unit_for_what_it_does_not_answer_for(self, found: list[Order]) -> None:
        excused = [replace(order, excused=True) for order in found]
        assert value(total(excused)) >= value(total(found)) - 1e-9


class TestCounts:
    @given(orders)
    def test_put_an_order_in_one_place_of_handling(self, order: Order) -> None:
        counts = order.counts()
        places = counts.handled_in_time + counts.handled_late + counts.overdue + counts.running + counts.filed
        assert places == (order.handling is not State.CANCELLED)

    @given(st.lists(orders, min_size=1, max_size=10))
    def test_of_a_changing_order_add_up_to_what_it_is_in_the_end(self, versions: list[Order]) -> None:
        sums: dict[tuple[str, object], Counter[str]] = {}
        before = None
        for after in versions:
            for unit, day, counts in shifts(before=before, after=after):
                sums.setdefault((unit, day), Counter()).update(asdict(counts))
            before = after
        left = {key: {name: n for name, n in found.items() if n} for key, found in sums.items()}
        last = versions[-1]
        wanted = {name: n for name, n in asdict(last.counts()).items() if n}
        assert {key: found for key, found in left.items() if found} == (
            {(last.unit, last.received_date): wanted} if last.unit else {}
        )

    def test_keep_a_late_round_after_the_order_was_reopened(self) -> None:
        late = Order(
            work_order="workOrders/1",
            number="GD1",
            unit="units/water",
            request_type="HELP",
            category="",
            region="",
            round=1,
            received_time=datetime(2026, 1, 5, tzinfo=UTC),
            key_supervision=False,
            handling=State.MET,
            handled_late=True,
        )
        again = late.dispatched_again(of_round=2, key_supervision=True)
        assert again.reopened
        assert again.counts().handled_late == 1
        assert again.counts().handled_in_time == 0


class TestAVerdict:
    def test_of_a_later_round_replaces_the_earlier_and_not_the_reverse(self) -> None:
        order = Order(
            work_order="workOrders/1",
            number="GD1",
            unit="units/water",
            request_type="HELP",
            category="",
            region="",
            round=2,
            received_time=datetime(2026, 1, 5, tzinfo=UTC),
            key_supervision=False,
        )
        second = order.judged(verdict=Verdict.SATISFIED, of_round=2)
        assert second.judged(verdict=Verdict.DISSATISFIED, of_round=1) == second
        assert second.judged(verdict=Verdict.NONE, of_round=3) == second
