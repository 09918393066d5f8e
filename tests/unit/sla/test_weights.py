"""Versions of the weights: checked, in effect from a month on, never for a period that has begun (Art. 34)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_sla.domain.weights import (
    FIRST,
    TRADES,
    Trade,
    Weights,
    WeightsSum,
    WeightsTooLate,
    in_effect,
    next_version,
)
from hypothesis import given
from hypothesis import strategies as st

LAST_OF_SEPTEMBER = datetime(2026, 9, 30, 15, 59, tzinfo=UTC)  # one minute before midnight in the city
OCTOBER = date(2026, 10, 1)


def weights(day: date, version: str = "x") -> Weights:
    return Weights(version=version, effective_date=day)


class TestPublishing:
    def test_is_in_time_until_the_month_begins_in_the_city(self) -> None:
        weights(OCTOBER).check(now=LAST_OF_SEPTEMBER)
        with pytest.raises(WeightsTooLate):
            weights(OCTOBER).check(now=LAST_OF_SEPTEMBER.replace(hour=16, minute=0))

    def test_is_for_whole_months(self) -> None:
        with pytest.raises(FieldInvalid, match="first day of a month"):
            weights(date(2026, 10, 2)).check(now=LAST_OF_SEPTEMBER)

    def test_needs_a_hundred_points(self) -> None:
        with pytest.raises(WeightsSum, match="95"):
            replace(weights(OCTOBER), in_time=45).check(now=LAST_OF_SEPTEMBER)
        replace(weights(OCTOBER), in_time=33.3, contact=33.3, satisfaction=33.3, lasting=0.1).check(
            now=LAST_OF_SEPTEMBER
        )

    @pytest.mark.parametrize(
        "second", [TRADES[0], replace(TRADES[0], name="trades/x", categories=(f"{TRADES[0].categories[0]}/水压不足",))]
    )
    def test_puts_a_category_into_one_trade(self, second: Trade) -> None:
        with pytest.raises(FieldInvalid):
            replace(weights(OCTOBER), trades=(*TRADES, second)).check(now=LAST_OF_SEPTEMBER)


class TestInEffect:
    @given(
        days=st.lists(st.dates(date(2017, 1, 1), date(2030, 1, 1)).map(lambda day: day.replace(day=1))),
        asked=st.dates(date(2015, 1, 1), date(2031, 1, 1)),
    )
    def test_is_the_latest_that_held_then_and_nothing_published_later_changes_it(
        self, days: list[date], asked: date
    ) -> None:
        published = [FIRST, *(weights(day, str(number)) for number, day in enumerate(days))]
        found = in_effect(published, asked)
        assert found is FIRST or found.effective_date <= asked
        assert all(each.effective_date <= found.effective_date or each.effective_date > asked for each in published)
        later = [*published, weights(date(2031, 2, 1), "later")]
        assert in_effect(later, asked) is found

    def test_is_the_later_published_of_two_for_one_month(self) -> None:
        published = [FIRST, weights(OCTOBER, "2026-1"), weights(OCTOBER, "2026-2")]
        assert in_effect(published, OCTOBER).version == "2026-2"
        assert next_version(published, date(2026, 11, 1)) == "2026-3"
        assert next_version(published, date(2027, 1, 1)) == "2027-1"


class TestATrade:
    def test_covers_its_categories_and_what_is_below_them(self) -> None:
        heating = FIRST.trade_of("城乡建设/供热")
        assert heating is FIRST.trade_of("城乡建设/供热/室温不够") is not None
        assert FIRST.trade_of("城乡建设/供热站") is None
        assert FIRST.trade_of("城乡建设") is None
