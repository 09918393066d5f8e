"""The rooms of a call centre: what a plan must give each workplace (Art. 13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hotline_kernel.errors import MAX_VIOLATIONS, Refused


class SitePlanTooTight(Refused):
    """The plan gives {count} workplaces too little room: {workplaces}."""

    reason = "SITE_PLAN_TOO_TIGHT"
    article = "Art. 13"
    zh = "该场地方案有 {count} 个座席的面积或间距不足：{workplaces}。"


@dataclass(frozen=True, kw_only=True)
class SiteNorm:
    """Square metres that a workplace has at least, and metres before and behind it, at least and as a rule at most."""

    area: float
    least_metres: float
    most_metres: float


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where one operator is to sit; square metres and metres."""

    number: str
    area: float
    metres_before: float
    metres_behind: float


def check(*, workplaces: Sequence[Workplace], norm: SiteNorm) -> list[str]:
    """Numbers of the workplaces that have more distance than the norm names, which harms nobody (ours).

    Raises `SitePlanTooTight` naming every workplace that has too little room, the first ten with what they lack.
    """
    tight = [said for workplace in workplaces if (said := ", ".join(_lacks(workplace, norm)))]
    if tight:
        more = ["…"] if len(tight) > MAX_VIOLATIONS else []
        raise SitePlanTooTight(count=str(len(tight)), workplaces="; ".join(tight[:MAX_VIOLATIONS] + more))
    return [
        workplace.number
        for workplace in workplaces
        if max(workplace.metres_before, workplace.metres_behind) > norm.most_metres
    ]


def _lacks(workplace: Workplace, norm: SiteNorm) -> Iterator[str]:
    if workplace.area < norm.area:
        yield f"{workplace.number} {workplace.area:g} m²"
    if workplace.metres_before < norm.least_metres:
        yield f"{workplace.number} ↑{workplace.metres_before:g} m"
    if workplace.metres_behind < norm.least_metres:
        yield f"{workplace.number} ↓{workplace.metres_behind:g} m"
