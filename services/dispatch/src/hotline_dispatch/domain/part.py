"""What a supporting unit has to do, with a day of its own; the lead answers for the whole (Art. 7, 22)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from hotline_kernel.calendar import ZONE

from hotline_dispatch.domain.refusals import PartDueTooLate, PartNotOpen


class PartState(StrEnum):
    """Where a part stands."""

    OPEN = "OPEN"
    REPORTED = "REPORTED"
    LAPSED = "LAPSED"


@dataclass(frozen=True)
class Part:
    """A supporting unit's part of an order.

    due_date -- its last day, never after the lead's;  is_late -- not reported by its end, says sla.
    """

    unit: str
    text: str
    due_date: date
    assign_time: datetime
    state: PartState = PartState.OPEN
    report_text: str = ""
    report_time: datetime | None = None
    is_late: bool = False
    actor: str = ""


def assign(
    parts: Sequence[Part], *, unit: str, text: str, due_date: date, lead_due_date: date, now: datetime
) -> tuple[Part, ...]:
    """Gives a unit its part; an open one of the same unit is written anew. Raises `PartDueTooLate`."""
    if not now.astimezone(ZONE).date() <= due_date <= lead_due_date:
        raise PartDueTooLate(due_date=lead_due_date.isoformat())
    kept = [part for part in parts if part.unit != unit or part.state is not PartState.OPEN]
    return (*kept, Part(unit, text, due_date, now))


def report(parts: Sequence[Part], *, unit: str, text: str, actor: str, now: datetime) -> tuple[Part, ...]:
    """The unit did its part. Raises `PartNotOpen`."""
    if not any(part.unit == unit and part.state is PartState.OPEN for part in parts):
        raise PartNotOpen(unit=unit)
    return tuple(
        replace(
            part,
            state=PartState.REPORTED,
            report_text=text,
            report_time=now,
            actor=actor,
        )
        if part.unit == unit and part.state is PartState.OPEN
        else part
        for part in parts
    )


def missed(parts: Sequence[Part], *, unit: str, due_time: datetime) -> tuple[Part, ...]:
    """The end came, as sla announced it, before the unit's report."""
    return tuple(
        replace(part, is_late=True)
        if part.unit == unit
        and (part.state is PartState.OPEN or (part.report_time is not None and part.report_time > due_time))
        and part.assign_time < due_time
        else part
        for part in parts
    )


def lapse(parts: Sequence[Part], *, but: Collection[str] = ()) -> tuple[Part, ...]:
    """Open parts are not asked for any more.  but -- units whose parts stay."""
    return tuple(
        replace(part, state=PartState.LAPSED) if part.state is PartState.OPEN and part.unit not in but else part
        for part in parts
    )


def inherit(parts: Sequence[Part], *, unit: str, heir: str) -> tuple[Part, ...]:
    """A unit was closed: who takes its place has its open parts to do, until the same day."""
    return tuple(
        replace(part, unit=heir) if part.unit == unit and part.state is PartState.OPEN else part for part in parts
    )


def not_after(parts: Sequence[Part], *, lead_due_date: date) -> tuple[Part, ...]:
    """The lead's day moved: no open part ends after it."""
    return tuple(
        replace(part, due_date=min(part.due_date, lead_due_date)) if part.state is PartState.OPEN else part
        for part in parts
    )
