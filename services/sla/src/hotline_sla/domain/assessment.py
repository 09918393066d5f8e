"""The score of a unit, from what became of the orders it received (Art. 34)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Denied, Invalid

from hotline_sla.domain.deadline import Deadline, Kind, State
from hotline_sla.domain.supervision import Step
from hotline_sla.domain.weights import Weights


class PeriodInvalid(Invalid):
    """The period ends before it starts: {start_date} to {end_date}."""

    reason = "PERIOD_INVALID"
    article = "Art. 34"
    zh = "统计时段的结束日期早于开始日期：{start_date} 至 {end_date}（第三十四条）。"


class NotOwnUnit(Denied):
    """A unit sees its own alone."""

    reason = "NOT_OWN_UNIT"
    article = "Art. 34"
    zh = "只能查看本单位的期限、督办和考核（第三十四条）。"


class Verdict(StrEnum):
    """What the citizen said when called back; empty if not asked or not reached."""

    NONE = ""
    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Orders a unit received, by what became of them; `UnitScore` in the proto says what each counts."""

    received: int = 0
    contacted_in_time: int = 0
    handled_in_time: int = 0
    handled_late: int = 0
    overdue: int = 0
    running: int = 0
    extended: int = 0
    reopened: int = 0
    reminded: int = 0
    supervised: int = 0
    satisfied: int = 0
    dissatisfied: int = 0
    asked: int = 0
    excused: int = 0
    filed: int = 0
    circulated: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in COUNT_NAMES})

    def __neg__(self) -> "Counts":
        return self.times(-1)

    def times(self, number: int) -> "Counts":
        """Of so many alike."""
        return Counts(**{name: number * getattr(self, name) for name in COUNT_NAMES})

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of those that are not zero."""
        return tuple(name for name in COUNT_NAMES if getattr(self, name))


COUNT_NAMES = tuple(entry.name for entry in fields(Counts))


@dataclass(frozen=True, kw_only=True)
class Order:
    """A work order as far as its unit is assessed by it. It counts to the unit that holds it.

    unit -- empty while the office holds it;  received_time -- when that unit received it first;
    contact, handling -- where these clocks of the latest round stand;
    contacted_late, handled_late -- one of an earlier or this round was settled too late;
    circulated -- named in a circular (Art. 29);
    excused -- the review found that the unit does not answer for the dissatisfaction (Art. 30);
    filed -- the result of the latest round was a filing: it could not be solved then (Art. 27).
    """

    work_order: str
    number: str
    unit: str
    request_type: str
    category: str
    region: str
    round: int
    received_time: datetime
    key_supervision: bool
    contact: State = State.RUNNING
    handling: State = State.RUNNING
    contacted_late: bool = False
    handled_late: bool = False
    extended: bool = False
    reopened: bool = False
    reminded: bool = False
    supervised: bool = False
    verdict: Verdict = Verdict.NONE
    verdict_round: int = 0
    excused: bool = False
    filed: bool = False
    circulated: bool = False

    @property
    def received_date(self) -> date:
        """The civil day to which all its counts belong."""
        return self.received_time.astimezone(ZONE).date()

    def reflecting(self, deadline: Deadline) -> "Order":
        """The order after one of its clocks changed; clocks of earlier rounds tell nothing new."""
        if deadline.round != self.round:
            return self
        late = deadline.state is State.MET_LATE
        if deadline.kind is Kind.FIRST_CONTACT:
            return replace(self, contact=deadline.state, contacted_late=self.contacted_late or late)
        if deadline.kind is Kind.HANDLING:
            return replace(self, handling=deadline.state, handled_late=self.handled_late or late)
        return self

    def dispatched_again(self, *, of_round: int, key_supervision: bool) -> "Order":
        """The same unit received it again; in a later round it was reopened."""
        reopened = self.reopened or of_round > self.round
        filed = self.filed and of_round == self.round
        return replace(self, round=of_round, key_supervision=key_supervision, reopened=reopened, filed=filed)

    def supervised_by(self, step: Step) -> "Order":
        """A step of supervision was issued; a reminder before the end is no blame."""
        if step is Step.REMINDER:
            return replace(self, reminded=True)
        return replace(self, supervised=True) if step is Step.WRITTEN else self

    def judged(self, *, verdict: Verdict, of_round: int) -> "Order":
        """The citizen was called back; the latest round's answer counts, an unreachable citizen changes nothing."""
        if verdict is Verdict.NONE or of_round < self.verdict_round:
            return self
        return replace(self, verdict=verdict, verdict_round=of_round)

    def counts(self) -> Counts:
        """One order's part in the counts of its unit; `handled_in_time` … `running` and `filed` exclude each other.

        What is filed in time counts apart, neither as handled nor against the unit; filed too late, it was late.
        """
        late = self.handling is State.MET_LATE or (self.handling is State.MET and self.handled_late)
        in_time = self.handling is State.MET and not late
        return Counts(
            received=1,
            contacted_in_time=int(self.contact is State.MET and not self.contacted_late),
            handled_in_time=int(in_time and not self.filed),
            handled_late=int(late),
            overdue=int(self.handling is State.OVERDUE),
            running=int(self.handling is State.RUNNING),
            extended=int(self.extended),
            reopened=int(self.reopened),
            reminded=int(self.reminded),
            supervised=int(self.supervised),
            satisfied=int(self.verdict is Verdict.SATISFIED),
            dissatisfied=int(self.verdict is Verdict.DISSATISFIED),
            asked=int(self.verdict is not Verdict.NONE),
            excused=int(self.verdict is Verdict.DISSATISFIED and self.excused),
            filed=int(in_time and self.filed),
            circulated=int(self.circulated),
        )


def shifts(*, before: Order | None, after: Order) -> list[tuple[str, date, Counts]]:
    """What a change of an order adds to the counts of which unit and day of receipt; the office is not assessed."""
    found: dict[tuple[str, date], Counts] = {}
    parts: Iterable[tuple[Order, Counts]] = [(after, after.counts())]
    if before is not None:
        parts = [(before, -before.counts()), *parts]
    for order, counts in parts:
        if order.unit:
            key = (order.unit, order.received_date)
            found[key] = found.get(key, Counts()) + counts
    return [(unit, day, counts) for (unit, day), counts in found.items() if counts != Counts()]


def score(counts: Counts, *, weights: Weights) -> float | None:
    """0 to 100; None if nothing was received. Where nothing could be judged yet, nothing is taken away."""
    if counts.received == 0:
        return None
    done = counts.handled_in_time + weights.late_worth * counts.handled_late
    judged = counts.handled_in_time + counts.handled_late + counts.overdue
    neutral = counts.asked - counts.satisfied - counts.dissatisfied
    pleased = counts.satisfied + weights.neutral_worth * neutral
    # An order that is overdue must not dilute the share of those that came back, so it is not counted among them.
    current = counts.received - counts.overdue
    points = (
        weights.in_time * _share(max(done - weights.written_cost * counts.supervised, 0), judged)
        + weights.contact * _share(counts.contacted_in_time, counts.received)
        + weights.satisfaction * _share(pleased, counts.asked - counts.excused)
        + weights.lasting * (1 - _share(counts.reopened, current, empty=float(counts.reopened > 0)))
    )
    return max(points - weights.circular_points * counts.circulated, 0)


def _share(part: float, whole: float, *, empty: float = 1) -> float:
    return min(part / whole, 1) if whole > 0 else empty
