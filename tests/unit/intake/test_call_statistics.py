"""Answer rate, abandon rate and waiting times (Art. 16)."""

from datetime import UTC, datetime, timedelta

import pytest
from hotline_intake.domain.call_statistics import (
    BANDS,
    CallStatistics,
    Offers,
    Tally,
    WindowInvalid,
    check_window,
    worst_day,
)
from hotline_intake.domain.staffing import AnswerNorm
from hypothesis import given
from hypothesis import strategies as st

NORM = AnswerNorm(answer_rate=0.95, answer_seconds=15)
START = datetime(2026, 3, 2, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
_WAITS = st.dictionaries(st.integers(0, 400), st.integers(1, 50), max_size=12)


def statistics(answered: dict[int, int], abandoned: dict[int, int], *, waiting: int = 0) -> CallStatistics:
    offered = sum(answered.values()) + sum(abandoned.values()) + waiting
    tally = Tally(offered=offered, queued=0, transferred=0, ended=0, answered_after=answered, abandoned_after=abandoned)
    return CallStatistics(tally=tally, worst_day=None, norm=NORM)


def test_rates_are_of_what_was_offered() -> None:
    found = statistics({3: 90, 15: 4, 16: 1}, {40: 4}, waiting=1)
    assert (found.answer_rate, found.abandon_rate, found.waiting) == (0.95, 0.04, 1)
    assert (found.answered_in_time, found.in_time_rate) == (94, 0.94)


def test_the_norm_is_about_answers_in_time() -> None:
    assert statistics({3: 90, 15: 5, 16: 1}, {40: 4}).keeps_norm
    assert not statistics({3: 94, 16: 6}, {}).keeps_norm
    assert not statistics({3: 94}, {40: 6}).keeps_norm
    assert not statistics({3: 94}, {}, waiting=6).keeps_norm


def test_without_calls_there_is_no_rate() -> None:
    found = statistics({}, {})
    assert found.answer_rate is found.abandon_rate is found.mean_wait_seconds is found.wait_of(0.5) is None
    assert found.keeps_norm


@given(_WAITS, _WAITS, st.integers(0, 5))
def test_rates_are_between_nothing_and_all(answered: dict[int, int], abandoned: dict[int, int], waiting: int) -> None:
    found = statistics(answered, abandoned, waiting=waiting)
    bands = found.bands()
    assert len(bands) == len(BANDS) + 1
    assert sum(band.answered for band in bands) == found.answered
    assert sum(band.abandoned for band in bands) == found.abandoned
    if found.tally.offered:
        assert found.answer_rate is not None
        assert found.abandon_rate is not None
        assert 0 <= found.answer_rate <= found.answer_rate + found.abandon_rate <= 1 + 1e-12
    waits = sorted(wait for wait, count in answered.items() for _ in range(count))
    for share in (0.5, 0.95, 1.0):
        expected = next((wait for n, wait in enumerate(waits, 1) if n >= share * len(waits)), None)
        assert found.wait_of(share) == expected


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 9), st.floats(0, 1)), unique_by=lambda hour: hour[0]),
    st.integers(1, 80),
    st.integers(0, 59),
)
def test_the_worst_day_is_the_one_that_a_slow_search_finds(
    drawn: list[tuple[int, int, float]], length: int, minutes: int
) -> None:
    start, end = START + timedelta(minutes=minutes), START + length * HOUR
    hours = [
        Offers(hour=START + number * HOUR, offered=offered, answered=offered, in_time=round(offered * share))
        for number, offered, share in sorted(drawn)
        if number < length
    ]
    rates = []
    for number in range(-1, length):
        begin = START + number * HOUR
        inside = [each for each in hours if begin <= each.hour < begin + 24 * HOUR]
        if begin >= start and begin + 24 * HOUR <= end and inside:
            rates.append(sum(each.in_time for each in inside) / sum(each.offered for each in inside))
    found = worst_day(hours=hours, start=start, end=end)
    assert (found.in_time_rate if found else None) == (min(rates) if rates else None)


def test_a_window_goes_forward_and_ends() -> None:
    check_window(start=START, end=START + timedelta(days=366))
    for end in (START, START - HOUR, START + timedelta(days=367)):
        with pytest.raises(WindowInvalid):
            check_window(start=START, end=end)
