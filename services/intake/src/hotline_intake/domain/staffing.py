"""How many seats a city needs: the norm of Art. 12, and what it does with the calls that come (Art. 16).

Calls come by chance and keep a seat for a while. Erlang C lets every caller wait for ever; Erlang A (M/M/n+M) lets
them hang up after a while, as they do. Both are written out here (docs/adr/0015) and tried against a simulation of
single calls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, expm1, inf, isinf, log

_SECONDS_AN_HOUR = 3600
_NEGLIGIBLE = -30.0  # a state so much rarer than the commonest, as a logarithm, ends the sum


@dataclass(frozen=True, kw_only=True)
class SeatNorm:
    """What Art. 12 recommends: residents that a seat serves, operators for each seat."""

    residents_per_seat: int
    operators_per_seat: int

    def seats(self, *, residents: int) -> int:
        """Seats for a city; a part of a seat counts as a whole one."""
        return ceil(residents / self.residents_per_seat)

    def operators(self, *, seats: int) -> int:
        """Operators for those seats."""
        return seats * self.operators_per_seat


@dataclass(frozen=True, kw_only=True)
class AnswerNorm:
    """What GB/T 33358 asks of the lines: this share answered, each within so many seconds (Art. 16)."""

    answer_rate: float
    answer_seconds: int


@dataclass(frozen=True, kw_only=True)
class Load:
    """The calls of an hour, the mean seconds that one keeps a seat, and those after which a caller hangs up."""

    calls: int
    handling_seconds: float
    patience_seconds: float

    @property
    def erlangs(self) -> float:
        """How many operators would talk at the same time if nobody ever waited."""
        return self.calls * self.handling_seconds / _SECONDS_AN_HOUR


@dataclass(frozen=True, kw_only=True)
class Performance:
    """What seats do with a load; rates of the calls offered, 0 to 1.

    mean_wait_seconds -- until answer or hang-up; infinite where the queue grows for ever.
    """

    answer_rate: float
    answered_in_time: float
    mean_wait_seconds: float
    occupancy: float


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One hour of a plan."""

    load: Load
    seats_needed: int
    seats_needed_without_abandonment: int
    with_seats_needed: Performance
    with_seats_by_norm: Performance


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The seats of a day. hours_not_carried -- where the seats of the norm miss the target."""

    seats_by_norm: int
    operators_by_norm: int
    hours: tuple[Hour, ...]
    seats_needed: int
    operators_needed: int
    hours_not_carried: tuple[int, ...]
    calls: int
    answer_rate_by_norm: float


def plan(*, residents: int, loads: Sequence[Load], target: AnswerNorm, norm: SeatNorm) -> Plan:
    """The seats that each hour needs, and how far those of Art. 12 carry. loads -- by hour, from 0."""
    by_norm = norm.seats(residents=residents)
    hours = tuple(_hour(load, target, by_norm) for load in loads)
    needed = max(hour.seats_needed for hour in hours)
    calls = sum(load.calls for load in loads)
    answered = sum(hour.load.calls * hour.with_seats_by_norm.answer_rate for hour in hours)
    return Plan(
        seats_by_norm=by_norm,
        operators_by_norm=norm.operators(seats=by_norm),
        hours=hours,
        seats_needed=needed,
        operators_needed=norm.operators(seats=needed),
        hours_not_carried=tuple(
            number for number, hour in enumerate(hours) if hour.with_seats_by_norm.answer_rate < target.answer_rate
        ),
        calls=calls,
        answer_rate_by_norm=answered / calls if calls else 1.0,
    )


def _hour(load: Load, target: AnswerNorm, by_norm: int) -> Hour:
    within = target.answer_seconds

    def with_abandonment(seats: int) -> float:
        return erlang_a(load=load, seats=seats, within_seconds=within).answer_rate

    def without(seats: int) -> float:
        return erlang_c(load=load, seats=seats, within_seconds=within).answered_in_time

    needed = fewest_seats(rate=with_abandonment, target=target.answer_rate, least=load.erlangs * target.answer_rate)
    return Hour(
        load=load,
        seats_needed=needed,
        seats_needed_without_abandonment=fewest_seats(rate=without, target=target.answer_rate, least=load.erlangs),
        with_seats_needed=erlang_a(load=load, seats=needed, within_seconds=within),
        with_seats_by_norm=erlang_a(load=load, seats=by_norm, within_seconds=within),
    )


def fewest_seats(*, rate: Callable[[int], float], target: float, least: float) -> int:
    """The fewest seats whose rate reaches the target: at least one, because the hotline never closes (Art. 2).

    rate -- does not fall with more seats;  target -- below 1;  least -- no fewer seats can do.
    """
    low = max(1, ceil(least))
    step = 1
    while rate(low + step - 1) < target:
        low, step = low + step, step * 2
    high = low + step - 1
    while low < high:
        middle = (low + high) // 2
        if rate(middle) < target:
            low = middle + 1
        else:
            high = middle
    return low


def erlang_c(*, load: Load, seats: int, within_seconds: float) -> Performance:
    """What seats do with callers who wait for ever (M/M/n). The patience of the load is not looked at."""
    if load.calls == 0:
        return _IDLE
    busy = load.erlangs / seats
    if busy >= 1:
        return Performance(answer_rate=1.0, answered_in_time=0.0, mean_wait_seconds=inf, occupancy=1.0)
    waits = 1 / (1 + (1 - busy) * (_one_over_erlang_b(load.erlangs, seats) - 1))
    spare = (seats - load.erlangs) / load.handling_seconds  # how many more calls a second could be served
    return Performance(
        answer_rate=1.0,
        answered_in_time=1 - waits * exp(-spare * within_seconds),
        mean_wait_seconds=waits / spare,
        occupancy=busy,
    )


def erlang_a(*, load: Load, seats: int, within_seconds: float) -> Performance:
    """What seats do with callers who hang up after a while (M/M/n+M).

    The chances of the states come from balancing the flows between them, relative to that of all seats being busy
    with nobody waiting. A caller who finds j others waiting is served after j + 1 departures, at the rates
    nμ + jθ … nμ; e^(-θ·wait) is then Beta(nμ/θ, j + 1) distributed, which gives the chance to be served in time.
    """
    if load.calls == 0:
        return _IDLE
    arrivals = load.calls / _SECONDS_AN_HOUR
    service, leaving = seats / load.handling_seconds, 1 / load.patience_seconds  # nμ and θ
    below = _one_over_erlang_b(load.erlangs, seats)
    if isinf(below):  # there is nearly always a free seat
        return Performance(answer_rate=1.0, answered_in_time=1.0, mean_wait_seconds=0.0, occupancy=load.erlangs / seats)
    waiting = _waiting_weights(arrivals, service, leaving)
    top = max(0.0, log(below), *waiting)
    weights = [exp(weight - top) for weight in waiting]
    total = exp(log(below) - top) + sum(weights[1:])
    in_time = _in_time(service / leaving, len(weights), leaving * within_seconds)
    queue = sum(place * weight for place, weight in enumerate(weights)) / total
    abandoned = min(1.0, leaving * queue / arrivals)
    at_once = max(0.0, 1 - sum(weights) / total)
    after_a_wait = sum(weight * served for weight, served in zip(weights, in_time, strict=True)) / total
    return Performance(
        answer_rate=1 - abandoned,
        answered_in_time=min(1 - abandoned, at_once + after_a_wait),
        mean_wait_seconds=queue / arrivals,
        occupancy=min(1.0, load.erlangs * (1 - abandoned) / seats),
    )


_IDLE = Performance(answer_rate=1.0, answered_in_time=1.0, mean_wait_seconds=0.0, occupancy=0.0)


def _one_over_erlang_b(erlangs: float, seats: int) -> float:
    """One over the chance that all seats are busy if nobody may wait; infinite when that is next to nothing."""
    inverse = 1.0
    for seat in range(1, seats + 1):
        inverse = 1 + inverse * seat / erlangs
        if isinf(inverse):
            break
    return inverse


def _waiting_weights(arrivals: float, service: float, leaving: float) -> list[float]:
    """Logarithms of the chances of 0, 1, 2 … callers waiting, relative to that of nobody, until they are negligible."""
    weights, weight, highest = [0.0], 0.0, 0.0
    while weight > highest + _NEGLIGIBLE:
        weight += log(arrivals / (service + len(weights) * leaving))
        highest = max(highest, weight)
        weights.append(weight)
    return weights


def _in_time(ratio: float, places: int, leaving: float) -> list[float]:
    """Chances to be answered within the time with 0, 1, 2 … others waiting.

    ratio -- nμ/θ;  leaving -- θ times the time. For B ~ Beta(ratio, j + 1) this is the mean of B where it is above
    x = e^-leaving: ratio / (ratio + j + 1) · (1 - I_x(ratio + 1, j + 1)), and I_x of a whole second argument is a sum.
    """
    term, below, chances = -leaving * (ratio + 1), 0.0, []
    more = log(-expm1(-leaving))
    for place in range(places):
        if place:
            term += log((ratio + place) / place) + more
        below += exp(term)
        chances.append(ratio / (ratio + place + 1) * max(0.0, 1 - below))
    return chances
