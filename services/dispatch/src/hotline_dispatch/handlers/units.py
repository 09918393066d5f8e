"""The registry of units (Art. 10)."""

from collections.abc import Mapping
from typing import Any

from hotline_kernel.errors import AlreadyExists, EtagMismatch, ResourceNotFound

from hotline_dispatch.domain.refusals import FieldNotUpdatable, SuperiorCircular, UnitUnknown
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.handlers.ports import Store

UPDATABLE = ("display_name", "region", "kind", "principal", "competences", "superior")
"""Fields of a unit that may change."""


def create_unit(*, unit: Unit, tx: Store) -> Unit:
    """Enters a unit in the registry (Art. 10). Raises `AlreadyExists`, `UnitUnknown`, `SuperiorCircular`."""
    _require_superior(unit, tx)
    if not tx.add_unit(unit):
        raise AlreadyExists(resource=unit.name)
    return unit


def get_unit(*, name: str, tx: Store) -> Unit:
    """One unit. Raises `ResourceNotFound`."""
    unit = tx.find_unit(name)
    if unit is None:
        raise ResourceNotFound(resource=name)
    return unit


def update_unit(*, name: str, etag: str, changes: Mapping[str, Any], tx: Store) -> Unit:
    """Changes the named fields of a unit (AIP-134).

    Raises `ResourceNotFound`, `EtagMismatch`, `FieldNotUpdatable`, `UnitUnknown`, `SuperiorCircular`.
    """
    for path in changes:
        if path not in UPDATABLE:
            raise FieldNotUpdatable(violations=[("update_mask", f"{path} cannot be changed")], path=path)
    unit = tx.find_unit(name, for_update=True)
    if unit is None:
        raise ResourceNotFound(resource=name)
    if etag and etag != str(unit.version):
        raise EtagMismatch(resource=name)
    for path, value in changes.items():
        setattr(unit, path, value)
    _require_superior(unit, tx)
    tx.save_unit(unit)
    return unit


def _require_superior(unit: Unit, tx: Store) -> None:
    if not unit.superior:
        return
    if unit.name in (unit.superior, *tx.superiors_of(unit.superior)):
        raise SuperiorCircular(unit=unit.name, superior=unit.superior)
    if tx.find_unit(unit.superior) is None:
        raise UnitUnknown(unit=unit.superior)
