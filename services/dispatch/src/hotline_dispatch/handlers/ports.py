"""What the handlers need of the world outside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline_kernel.auth import Principal

from hotline_dispatch.domain.county import County
from hotline_dispatch.domain.suggestion import Past
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.domain.unit_version import UnitVersion
from hotline_dispatch.domain.work_order import WorkOrder


@dataclass(frozen=True)
class Referral:
    """What goes to the unit: the operator's summary and the reviewed text."""

    title: str
    text: str
    about_unit: str
    """The unit that the complaint is about; empty if about none."""


class Referrals(Protocol):
    """Where the reviewed text is: intake."""

    def referral(self, appeal: str) -> Referral:
        """The text of an appeal. Raises `Unavailable` while intake cannot be reached."""


class Contacts(Protocol):
    """Who seals a citizen's contact: intake."""

    def sealed(self, *, appeal: str, unit: str, public_keys: bytes, place: str) -> bytes | None:
        """The contact, sealed; None if there is none to give. Raises `Unavailable`, `NotYet`."""


class Store(Protocol):
    """Orders and units, within one transaction."""

    actor: Principal

    def publish(self, message: Message, *, aggregate: str, time: datetime) -> None:
        """Announces a fact about an aggregate."""

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None:
        """Puts a deed on record (Art. 36)."""

    def find_order(self, order_id: UUID, *, for_update: bool = False) -> WorkOrder | None:
        """An order, locked if it is to be changed."""

    def has_order_of(self, appeal: str) -> bool:
        """Whether the appeal has its order already."""

    def add_order(self, order: WorkOrder) -> None:
        """Keeps a new order."""

    def save_order(self, order: WorkOrder) -> None:
        """Keeps a changed order; its version grows."""

    def joined_orders(self, into: str) -> list[WorkOrder]:
        """The orders that this one works for too and that wait for its result, locked, oldest first."""

    def count_joined(self, into: str) -> int:
        """How many those are."""

    def count_split(self, split_from: str) -> int:
        """How many orders were ever split from this one."""

    def claim_chases(self, *, now: datetime, limit: int) -> list[WorkOrder]:
        """Orders whose directive is to be asked for again, locked; others' are left to them."""

    def claim_office_asks(self, *, now: datetime, limit: int) -> list[WorkOrder]:
        """Orders for which the office is to be asked again, locked; others' are left to them."""

    def claim_orders_of_closed(self, *, limit: int) -> list[WorkOrder]:
        """Open orders that a closed unit has, locked; others' are left to them."""

    def find_unit(self, name: str, *, for_update: bool = False) -> Unit | None:
        """A unit of the registry."""

    def county_of(self, unit: str) -> County | None:
        """The county that a unit is, if it has a dispatch of its own."""

    def find_units(self, names: Collection[str]) -> dict[str, Unit]:
        """Those of the names that are in the registry."""

    def superiors_of(self, unit: str) -> tuple[str, ...]:
        """The units above a unit, the nearest first."""

    def line_of(self, unit: str) -> frozenset[str]:
        """The unit, those above it, those below it, and closed ones whose place any of them took."""

    def add_unit(self, unit: Unit) -> bool:
        """Keeps a new unit; False if the name is taken."""

    def save_unit(self, unit: Unit) -> None:
        """Keeps a changed unit; its version grows."""

    def units_answering(self, category: str) -> dict[str, Unit]:
        """Units that are not closed and answer for a category or one above it."""

    def past_leads(self, *, category: str, region: str) -> dict[str, Past]:
        """What became of earlier orders of a category, by unit."""

    def count_lead(self, *, category: str, region: str, unit: str, sent_back: bool = False) -> None:
        """Counts an order that a unit led to a result, or gave back."""

    def bequeath_leads(self, unit: str, heir: str) -> None:
        """What a closed unit led counts for its successor, or for nobody if that is empty."""

    def forget_leads(self, unit: str, competences: Collection[str]) -> None:
        """What a unit led says nothing of duties that it lost."""

    def claim_changing_units(self, *, until: date, limit: int) -> list[Unit]:
        """Units with a planned change whose day has come, locked; others' are left to them."""

    def planned_versions(self, unit: str, *, until: date) -> list[UnitVersion]:
        """Changes of a unit that are planned until a day, by day, then number."""

    def closing_of(self, unit: str) -> UnitVersion | None:
        """The planned closing of a unit."""

    def unit_on(self, name: str, *, day: date) -> Unit | None:
        """The unit as it was on a day that has passed."""

    def find_version(self, unit: str, number: int) -> UnitVersion | None:
        """One change of a unit."""

    def next_version_number(self, unit: str) -> int:
        """The number of a unit's next change; the unit is locked."""

    def add_version(self, version: UnitVersion) -> None:
        """Keeps a new change."""

    def save_version(self, version: UnitVersion) -> None:
        """Keeps a change that took effect or was withdrawn."""
