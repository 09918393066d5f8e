"""Changes of a unit, each with the day from which on it holds (Art. 10(1))."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hotline_kernel.wording import Code

from hotline_dispatch.domain.refusals import (
    EffectiveDatePast,
    SuccessorItself,
    UnitClosed,
    UnitVersionStateNotAllowed,
)
from hotline_dispatch.domain.unit import Unit


class UnitVersionState(Code):
    """Whether a change holds."""

    PLANNED = "PLANNED", "待生效"
    IN_EFFECT = "IN_EFFECT", "已生效"
    WITHDRAWN = "WITHDRAWN", "已撤回"


@dataclass
class UnitVersion:
    """A change of a unit: who, when, what, from which day on.

    unit -- as it is from that day on; while the change is planned, its changed fields alone count, for others may come
    into effect before.
    """

    unit: Unit
    number: int
    effective_date: date
    change_time: datetime
    actor: str
    reason: str = ""
    changed_fields: tuple[str, ...] = ()
    state: UnitVersionState = UnitVersionState.PLANNED

    @property
    def name(self) -> str:
        """`units/{id}/versions/{number}`."""
        return f"{self.unit.name}/versions/{self.number}"

    def take_effect(self, unit: Unit) -> None:
        """Its day has come: the unit changes, and is kept here as it is from now on."""
        for field in self.changed_fields:
            setattr(unit, field, getattr(self.unit, field))
        self.unit = copy(unit)
        self.state = UnitVersionState.IN_EFFECT

    def withdraw(self) -> None:
        """Taken back before its day. Raises `UnitVersionStateNotAllowed`."""
        if self.state is not UnitVersionState.PLANNED:
            raise UnitVersionStateNotAllowed(resource=self.name, state=self.state)
        self.state = UnitVersionState.WITHDRAWN


def on_day(unit: Unit, planned: Iterable[UnitVersion], *, day: date) -> Unit:
    """The unit as it will be on a day, if what is planned until then takes effect.  planned -- by day, then number."""
    later = copy(unit)
    for version in planned:
        if version.effective_date <= day:
            for field in version.changed_fields:
                setattr(later, field, getattr(version.unit, field))
    return later


def change(
    unit: Unit,
    changes: Mapping[str, Any],
    *,
    number: int,
    effective_date: date,
    today: date,
    actor: str,
    reason: str,
    now: datetime,
) -> UnitVersion:
    """A change that is planned, for today or a later day (ours): what was stays as it was.

    Raises `UnitClosed` for a unit that is closed, `EffectiveDatePast`.
    """
    if effective_date < today:
        raise EffectiveDatePast(
            violations=[("effective_date", "must be today or a later day")], today=today.isoformat()
        )
    if unit.is_closed:
        raise closed(unit)
    changed = copy(unit)
    for field, value in changes.items():
        setattr(changed, field, value)
    return UnitVersion(changed, number, effective_date, now, actor, reason, tuple(changes))


def require_successor(unit: Unit, successor: Unit) -> None:
    """Who takes a unit's place is another one that there is then.

    successor -- as it will be on that day. Raises `SuccessorItself`, `UnitClosed`.
    """
    if successor.name == unit.name:
        raise SuccessorItself(violations=[("successor", "must be another unit")], unit=unit.name)
    if successor.is_closed:
        raise closed(successor)


def closed(unit: Unit) -> UnitClosed:
    """The refusal of what a closed unit cannot do any more, naming who can."""
    return UnitClosed(unit=unit.name, close_date=str(unit.close_date), successor=unit.successor or "热线工作机构")
