"""The invented city of a local run, as `city.yaml` describes it."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict

import yaml


class _Unit(TypedDict, total=False):
    id: str
    name: str
    region: str
    kind: str
    principal: str
    competences: list[str]


class _Staff(TypedDict):
    subject: str
    name: str
    role: str


class _Seat(TypedDict, total=False):
    id: str
    kind: str
    extension: str
    skills: list[str]


class _Entry(TypedDict):
    title: str
    kind: str
    unit: str
    keywords: list[str]
    text: str


@dataclass(frozen=True)
class City:
    """What `city.yaml` says; region -- division code of the city."""

    name: str
    region: str
    units: list[_Unit]
    staff: list[_Staff]
    seats: list[_Seat]
    knowledge: list[_Entry]

    def staff_of(self, role: str) -> list[_Staff]:
        """Return who holds a role; nobody for the roles of units, of citizens and of services."""
        return [person for person in self.staff if person["role"] == role]


@cache
def load() -> City:
    """Return the city."""
    return City(**yaml.safe_load(files("hotline_cli.local").joinpath("city.yaml").read_text()))
