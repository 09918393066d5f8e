"""Seats for the calls that come (Art. 12, 16): Erlang C and A beside a simulation of single calls."""

import heapq
from collections import deque
from dataclasses import dataclass
from random import Random

import pytest
from hotline_intake.domain.staffing import (
    AnswerNorm,
    Load,
    SeatNorm,
    erlang_a,
    erlang_c,
    fewest_seats,
    plan,
)
from hypothesis import given
from hypothesis import strategies as st

CALLS = 300_000
NORM = SeatNorm(residents_per_seat=100_000, operators_per_seat=2)
TARGET = AnswerNorm(answer_rate=0.95, answer_seconds=15)


def load(calls: int, handling: float = 240, patience: float = 60) -> Load:
    return Load(calls=calls, handling_seconds=handling, patience_seconds=patience)


@dataclass
class Tally:
    """What a simulated hour, long as it may be, came to."""

    answered: int = 0
    in_time: int = 0
    waited: float = 0.0


def simulate(load: Load, seats: int, *, within: float = 15) -> Tally:
    """One call after the other: comes, waits, hangs up or is answered, keeps a seat for a while."""
    random, tally, now, free = Random(961890), Tally(), 0.0, seats
    ends: list[float] = []
    queue: deque[tuple[float, float]] = deque()

    def answer(came: float, at: float) -> None:
        tally.answered += 1
        tally.in_time += at - came <= within
        tally.waited += at - came
        heapq.heappush(ends, at + random.expovariate(1 / load.handling_seconds))

    def next_waiting(at: float) -> float | None:
        while queue:
            came, patience = queue.popleft()
            if came + patience >= at:
                return came
            tally.waited += patience
        return None

    for _ in range(CALLS):
        now += random.expovariate(load.calls / 3600)
        while ends and ends[0] <= now:
            at = heapq.heappop(ends)
            came = next_waiting(at)
            if came is None:
                free += 1
            else:
                answer(came, at)
        if free:
            free -= 1
            answer(now, now)
        else:
            queue.append((now, random.expovariate(1 / load.patience_seconds)))
    return tally


class TestErlang:
    @pytest.mark.parametrize(
        ("offered", "seats"),
        [
            (load(300, 180), 14),  # overloaded
            (load(300, 180), 18),
            (load(600, 240, 30), 40),
            (load(100, 300, 600), 8),  # patient callers, a queue that would grow for ever without hanging up
            (load(20, 120), 1),
        ],
    )
    def test_agrees_with_a_simulation_of_single_calls(self, offered: Load, seats: int) -> None:
        expected = erlang_a(load=offered, seats=seats, within_seconds=15)
        found = simulate(offered, seats)
        assert found.answered / CALLS == pytest.approx(expected.answer_rate, abs=0.006)
        assert found.in_time / CALLS == pytest.approx(expected.answered_in_time, abs=0.01)
        assert found.waited / CALLS == pytest.approx(expected.mean_wait_seconds, rel=0.05)

    def test_without_hanging_up_agrees_with_a_simulation_too(self) -> None:
        offered = load(300, 180, patience=10**9)
        expected = erlang_c(load=offered, seats=18, within_seconds=15)
        found = simulate(offered, 18)
        assert found.in_time / CALLS == pytest.approx(expected.answered_in_time, abs=0.015)
        assert found.waited / CALLS == pytest.approx(expected.mean_wait_seconds, rel=0.08)

    def test_agrees_with_a_printed_table(self) -> None:
        """Erlang C, 10 erlangs and 13 seats: 0.285 of the callers wait (any textbook's table)."""
        offered = load(200, 180)
        waits = 1 - erlang_c(load=offered, seats=13, within_seconds=0).answered_in_time
        assert waits == pytest.approx(0.285, abs=0.001)

    def test_very_patient_callers_make_the_two_the_same(self) -> None:
        offered = load(300, 180, patience=10**7)
        a, c = (model(load=offered, seats=18, within_seconds=15) for model in (erlang_a, erlang_c))
        assert a.answered_in_time == pytest.approx(c.answered_in_time, abs=1e-4)
        assert a.mean_wait_seconds == pytest.approx(c.mean_wait_seconds, rel=1e-3)

    @given(
        calls=st.integers(0, 3000),
        handling=st.integers(1, 1200),
        patience=st.integers(1, 900),
        seats=st.integers(1, 300),
        within=st.integers(1, 120),
    )
    def test_rates_are_rates_and_more_seats_never_do_worse(
        self, calls: int, handling: int, patience: int, seats: int, within: int
    ) -> None:
        offered = load(calls, handling, patience)
        few, more = (erlang_a(load=offered, seats=n, within_seconds=within) for n in (seats, seats + 1))
        for found in (few, more):
            assert 0 <= found.answered_in_time <= found.answer_rate <= 1
            assert 0 <= found.occupancy <= 1
            assert found.mean_wait_seconds >= 0
        assert more.answer_rate >= few.answer_rate - 1e-9
        assert more.mean_wait_seconds <= few.mean_wait_seconds + 1e-9

    @given(st.integers(1, 400), st.integers(0, 300))
    def test_the_fewest_seats_are_found(self, needed: int, least: int) -> None:
        found = fewest_seats(rate=lambda seats: float(seats >= needed), target=0.5, least=min(least, needed))
        assert found == needed


class TestPlan:
    def test_the_norm_of_article_12_rounds_up(self) -> None:
        """1座席服务10万人，1∶2的比例配备话务员."""
        assert [NORM.seats(residents=n) for n in (1, 100_000, 100_001, 11_200_000)] == [1, 1, 2, 112]
        assert NORM.operators(seats=112) == 224

    def test_says_where_the_norm_does_not_carry(self) -> None:
        quiet, busy = load(20), load(900)
        found = plan(residents=1_000_000, loads=[quiet] * 20 + [busy] * 4, target=TARGET, norm=NORM)
        assert found.seats_by_norm == 10
        assert found.hours_not_carried == (20, 21, 22, 23)
        assert found.seats_needed == found.hours[20].seats_needed > 10
        assert found.operators_needed == 2 * found.seats_needed
        assert found.hours[20].with_seats_needed.answer_rate >= 0.95
        fewer = erlang_a(load=busy, seats=found.seats_needed - 1, within_seconds=15)
        assert fewer.answer_rate < 0.95
        assert found.answer_rate_by_norm == pytest.approx((400 + 4 * 150) / 4000, abs=0.001)

    def test_an_hour_without_calls_keeps_one_seat(self) -> None:
        """24小时: the hotline never closes (Art. 2)."""
        found = plan(residents=1, loads=[load(0)] * 24, target=TARGET, norm=NORM)
        assert {hour.seats_needed for hour in found.hours} == {1}
        assert found.answer_rate_by_norm == 1
