"""Rates say how sure they are, and places are given only where the numbers allow it (Art. 34)."""

from datetime import date
from math import isclose

import pytest
from hotline_feedback.domain.rates import Period, PeriodInvalid, RankRules, Rate, Tally, rated, wilson
from hypothesis import given
from hypothesis import strategies as st

RULES = RankRules(least_asked=30, confidence=0.95)


def of(satisfied: int, asked: int, *, group: str = "units/a") -> Tally:
    return Tally(group=group, satisfied=satisfied, dissatisfied=asked - satisfied)


def places(*tallies: Tally) -> list[int | None]:
    return [rate.place for rate in rated(tallies, rules=RULES)]


class TestTheInterval:
    @pytest.mark.parametrize(
        ("part", "whole", "low", "high"),
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)],
    )
    def test_is_wilsons(self, part: int, whole: int, low: float, high: float) -> None:
        """Newcombe (1998), Table I, method 3, and its ends."""
        share = wilson(part, whole, confidence=0.95)
        assert share is not None
        assert isclose(share.low, low, abs_tol=6e-5)
        assert isclose(share.high, high, abs_tol=6e-5)

    def test_is_of_nobody_where_nobody_was_asked(self) -> None:
        assert wilson(0, 0, confidence=0.95) is None

    @given(whole=st.integers(1, 100_000), data=st.data(), confidence=st.floats(0.51, 0.999))
    def test_holds_the_share_and_stays_within_nothing_and_all(
        self, whole: int, data: st.DataObject, confidence: float
    ) -> None:
        share = wilson(data.draw(st.integers(0, whole)), whole, confidence=confidence)
        assert share is not None
        assert 0 <= share.low <= share.value <= share.high <= 1

    @given(whole=st.integers(1, 10_000), data=st.data())
    def test_narrows_as_more_are_asked(self, whole: int, data: st.DataObject) -> None:
        part = data.draw(st.integers(0, whole))
        few, many = wilson(part, whole, confidence=0.95), wilson(4 * part, 4 * whole, confidence=0.95)
        assert few is not None
        assert many is not None
        assert many.high - many.low < few.high - few.low


class TestThePlace:
    def test_is_not_given_to_few_answers_however_good(self) -> None:
        assert places(of(29, 29), of(900, 1000)) == [None, 1]

    def test_is_shared_by_who_cannot_be_told_apart(self) -> None:
        assert places(of(29, 30), of(900, 1000)) == [1, 1]

    def test_comes_after_who_is_better_beyond_doubt(self) -> None:
        assert places(of(950, 1000), of(500, 1000), of(100, 1000)) == [1, 2, 3]

    def test_counts_no_small_group_before_anybody(self) -> None:
        assert places(of(29, 29), of(100, 1000)) == [None, 1]

    @given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=20))
    def test_never_contradicts_the_intervals(self, counts: list[tuple[int, int]]) -> None:
        rates = rated([Tally(group="", satisfied=good, dissatisfied=bad) for good, bad in counts], rules=RULES)
        for better in rates:
            assert (better.place is None) == (better.tally.asked < RULES.least_asked)
            for worse in rates:
                if beats(better, worse):
                    assert better.place is not None
                    assert worse.place is not None
                    assert better.place < worse.place

    @given(st.permutations([of(29, 30), of(900, 1000), of(10, 40), of(5, 5)]))
    def test_does_not_hang_on_the_order(self, tallies: list[Tally]) -> None:
        found = {rate.tally.satisfied: rate.place for rate in rated(tallies, rules=RULES)}
        assert found == {29: 1, 900: 1, 10: 3, 5: None}


def beats(better: Rate, worse: Rate) -> bool:
    """Its interval lies wholly above the other's, and both have places."""
    if better.place is None or worse.place is None or better.satisfied is None or worse.satisfied is None:
        return False
    return better.satisfied.low > worse.satisfied.high


def test_a_period_does_not_end_before_it_starts() -> None:
    with pytest.raises(PeriodInvalid):
        Period(start=date(2026, 10, 2), end=date(2026, 10, 1))
