"""What a unit's own system is told when one of its orders changed (Art. 10(2))."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hotline_dispatch.domain.record import ExtensionState, State, SupervisionStep
from hotline_dispatch.domain.work_order import WorkOrder


class UnitPart(StrEnum):
    """What an order is to a unit."""

    LEAD = "LEAD"
    SUPPORTING = "SUPPORTING"
    NONE = "NONE"


@dataclass(frozen=True)
class Change:
    """Where an order stands for one unit: no text, nobody's identity (Art. 36(4)).

    state and what follows -- unset if the order is the unit's no more, for then it is none of its business.
    """

    work_order: str
    number: str
    unit: str
    part: UnitPart
    version: int
    state: State | None = None
    round: int = 0
    due_date: date | None = None
    due_time: datetime | None = None
    due_provisional: bool = False
    extension: ExtensionState | None = None
    overdue: bool = False
    key_supervision: bool = False
    supervision_step: SupervisionStep | None = None
    """The latest towards this unit."""


def changes_of(order: WorkOrder, *, before: Collection[str]) -> list[Change]:
    """What each unit is told that has the order now, or had it before this change.

    The unit that a complaint is about, and those above it, are told nothing unless it is theirs to handle (Art. 36(4)).
    """
    units = order.assignment.units if order.assignment else ()
    told = [_change(order, unit, UnitPart.LEAD if unit == order.lead else UnitPart.SUPPORTING) for unit in units]
    gone = [unit for unit in before if unit not in units]
    return told + [Change(order.name, order.number, unit, UnitPart.NONE, order.version) for unit in gone]


def _change(order: WorkOrder, unit: str, part: UnitPart) -> Change:
    due = order.due
    # A supporting unit may be in one line with the unit complained about, which is not told what its lead asks.
    hides_extension = order.about_unit != "" and part is not UnitPart.LEAD
    return Change(
        work_order=order.name,
        number=order.number,
        unit=unit,
        part=part,
        version=order.version,
        state=order.state,
        round=order.round,
        due_date=due.due_date if due else None,
        due_time=due.due_time if due else None,
        due_provisional=due.provisional if due else False,
        extension=order.extension.state if order.extension and not hides_extension else None,
        overdue=order.overdue,
        key_supervision=order.key_supervision,
        supervision_step=next((note.step for note in reversed(order.supervisions) if note.unit == unit), None),
    )
