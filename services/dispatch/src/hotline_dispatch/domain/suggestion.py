"""Who should lead an order: by duty, territory and what became of earlier ones (Art. 3). A person decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline_dispatch.domain.unit import Unit

_DUTY, _TERRITORY, _PAST = 0.5, 0.2, 0.3
"""What duty, territory and past orders are worth of each other (ours)."""
MOST = 5


@dataclass(frozen=True)
class PastOrders:
    """Of the last orders of a subject and place: how many a unit led to their end, and how many it gave back."""

    led: int = 0
    sent_back: int = 0


@dataclass(frozen=True)
class Suggestion:
    """A unit that may lead.  confidence -- 0 to 1;  reasons -- a sentence each."""

    unit: Unit
    confidence: float
    reasons: tuple[str, ...]


def suggest(*, units: Sequence[Unit], region: str, category: str, past: Mapping[str, PastOrders]) -> list[Suggestion]:
    """Units that may lead, most likely first; none that merged into another or has nobody to answer for it.

    A unit that neither answers for the subject nor ever led such an order is not suggested.
    """
    led = sum(orders.led for orders in past.values())
    weighed: list[tuple[float, Unit, tuple[str, ...]]] = []
    for unit in units:
        own = past.get(unit.name, PastOrders())
        if unit.successor or not unit.principal or not (unit.answers_for(category) or own.led):
            continue
        share = own.led / led if led else 0.0
        weight = _DUTY * unit.answers_for(category) + _TERRITORY * (unit.region == region) + _PAST * share
        # Who gave such orders back was not the right one as often as that.
        weight *= (own.led + 1) / (own.led + own.sent_back + 1)
        weighed.append((weight, unit, _reasons(unit, region, category, own, led)))
    weighed.sort(key=lambda each: (-each[0], each[1].name))
    # Shares of all that fit, and less than certain while nothing of the past speaks for it.
    total = sum(weight for weight, _, _ in weighed)
    known = 1.0 if led else _DUTY + _TERRITORY
    return [Suggestion(unit, round(known * weight / total, 4), reasons) for weight, unit, reasons in weighed[:MOST]]


def _reasons(unit: Unit, region: str, category: str, own: PastOrders, led: int) -> tuple[str, ...]:
    reasons = []
    if unit.answers_for(category):
        reasons.append(f"职责包含“{category}”")
    if unit.region == region:
        reasons.append("事项发生在其辖区")
    if own.led:
        reasons.append(f"近期同类同地 {led} 件中办结 {own.led} 件")
    if own.sent_back:
        reasons.append(f"曾退回同类工单 {own.sent_back} 件")
    return tuple(reasons)
