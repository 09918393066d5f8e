"""Who should lead an order: by duty, territory and what became of earlier ones (Art. 3). A person decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline_dispatch.domain.unit import Unit

_AT_HOME, _FROM_ABOVE = 6.0, 3.0
"""What the registry says counts as much as so many earlier orders: more in the unit's own territory than from above."""
_ELSEWHERE = 0.2
"""An earlier order of another place counts for so much of one of this place."""
_WORDS = 4.0
"""What the text says counts as much as so many earlier orders, shared among the units whose orders it is like."""
_UNKNOWN = 1.0
"""One order that may be somebody else's: nobody is ever quite sure."""
_LIKE = 0.2
"""From this share on, likeness of the text is a reason worth telling."""
MOST = 5
"""So many suggestions at most; all of these numbers are ours."""


@dataclass(frozen=True)
class Past:
    """Earlier orders of a category: how many a unit led to a result here and elsewhere, and how many it gave back."""

    here: int = 0
    elsewhere: int = 0
    sent_back: int = 0


@dataclass(frozen=True)
class Suggestion:
    """A unit that may lead.  confidence -- 0 to 1;  reasons -- a sentence each."""

    unit: Unit
    confidence: float
    reasons: tuple[str, ...]


def suggest(
    *,
    units: Iterable[Unit],
    region: str,
    category: str,
    past: Mapping[str, Past],
    likeness: Mapping[str, float],
) -> list[Suggestion]:
    """Units that may lead, most likely first; none that was closed or has nobody to answer for it.

    category -- empty if it is not known yet;  likeness -- by unit, of the text to those of its orders.
    A unit of another territory is suggested only if it led such orders here.
    """
    weighed: list[tuple[float, Unit, tuple[str, ...]]] = []
    for unit in units:
        own = past.get(unit.name, Past())
        covers = unit.covers(region)
        if unit.is_closed or not unit.principal or not (covers or own.here):
            continue
        weight = own.here + _ELSEWHERE * own.elsewhere * covers + _WORDS * likeness.get(unit.name, 0.0)
        if covers and unit.answers_for(category):
            weight += _AT_HOME if unit.region == region else _FROM_ABOVE
        # Who gave such orders back was not the right one as often as that.
        led = own.here + own.elsewhere
        weight *= (led + 1) / (led + own.sent_back + 1)
        if weight > 0:
            weighed.append((weight, unit, _reasons(unit, region, category, own, likeness.get(unit.name, 0.0))))
    weighed.sort(key=lambda each: (-each[0], each[1].name))
    whole = sum(weight for weight, _, _ in weighed) + _UNKNOWN
    return [Suggestion(unit, round(weight / whole, 4), reasons) for weight, unit, reasons in weighed[:MOST]]


def _reasons(unit: Unit, region: str, category: str, own: Past, likeness: float) -> tuple[str, ...]:
    reasons = []
    if unit.answers_for(category):
        reasons.append(f"职责包含“{category}”")
    if unit.region == region:
        reasons.append("事项发生在其辖区")
    elif unit.covers(region):
        reasons.append("其辖区包含事项发生地")
    if own.here:
        reasons.append(f"曾办理本地同类工单 {own.here} 件")
    if own.elsewhere:
        reasons.append(f"曾办理其他地区同类工单 {own.elsewhere} 件")
    if likeness >= _LIKE:
        reasons.append(f"内容与其办理过的工单相近（{likeness:.0%}）")
    if own.sent_back:
        reasons.append(f"曾退回同类工单 {own.sent_back} 件")
    return tuple(reasons)
