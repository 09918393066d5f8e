"""Units (承办单位): who handles orders, and who of them handles one order (Art. 7, 10, 22)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hotline_dispatch.domain.refusals import LeadAlsoSupporting


class UnitKind(StrEnum):
    """Kinds of units (Art. 10)."""

    DEPARTMENT = "DEPARTMENT"
    COUNTY = "COUNTY"
    PUBLIC_SERVICE = "PUBLIC_SERVICE"


@dataclass(frozen=True)
class Handler:
    """Somebody in a unit who works for the hotline (工作人员, Art. 10(1)): data of an office, not of a citizen."""

    name: str
    duty: str = ""
    telephone: str = ""


@dataclass
class Unit:
    """A unit (承办单位) of the registry (Art. 10). Without a principal its orders go to the office (Art. 10(1)).

    close_date -- from this day on there is no such unit any more;  successor -- who takes its place then, empty: the
    office takes its orders.
    """

    name: str
    display_name: str
    region: str
    kind: UnitKind
    principal: str
    competences: list[str]
    superior: str = ""
    """The unit above it; empty if none. Who is above the unit complained about need not know who complained."""
    handling_body: str = ""
    handlers: tuple[Handler, ...] = ()
    working_hours: str = ""
    office_telephone: str = ""
    office_address: str = ""
    close_date: date | None = None
    successor: str = ""
    version: int = 1

    @property
    def is_closed(self) -> bool:
        """There is no such unit any more."""
        return self.close_date is not None

    def answers_for(self, category: str) -> bool:
        """One of its competences is the category, or one above it in the tree."""
        return any(category == own or category.startswith(f"{own}/") for own in self.competences)

    def covers(self, region: str) -> bool:
        """The place lies in its territory: it is that, or in that city or province (属地、分级, Art. 3)."""
        own = self.region
        while own.endswith("00"):
            own = own[:-2]
        return region.startswith(own)


@dataclass(frozen=True)
class Assignment:
    """Who handles an order: one lead, any number supporting (Art. 7, 22). Raises `LeadAlsoSupporting`."""

    lead: str
    supporting: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.lead in self.supporting:
            raise LeadAlsoSupporting(unit=self.lead)

    @property
    def units(self) -> tuple[str, ...]:
        """The lead first, then the supporting."""
        return (self.lead, *self.supporting)
