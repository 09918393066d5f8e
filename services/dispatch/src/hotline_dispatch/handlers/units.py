"""The registry of units, in versions (Art. 10)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import AlreadyExists, EtagMismatch, ResourceNotFound

from hotline_dispatch.domain.refusals import FieldNotUpdatable, SuperiorCircular, UnitUnknown
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.domain.unit_version import (
    UnitVersion,
    UnitVersionState,
    change,
    closed,
    on_day,
    require_successor,
)
from hotline_dispatch.handlers.bookkeeping import heir_of
from hotline_dispatch.handlers.ports import Store

UPDATABLE = (
    "display_name",
    "region",
    "kind",
    "principal",
    "competences",
    "superior",
    "handling_body",
    "handlers",
    "working_hours",
    "office_telephone",
    "office_address",
)
"""Fields of a unit that may change."""


def create_unit(*, unit: Unit, tx: Store, now: datetime) -> Unit:
    """Enters a unit in the registry (Art. 10), from today on.

    Raises `AlreadyExists`, `UnitUnknown`, `SuperiorCircular`.
    """
    _require_superior(unit, tx)
    if not tx.add_unit(unit):
        raise AlreadyExists(resource=unit.name)
    tx.add_version(UnitVersion(unit, 1, _day(now), now, tx.actor.subject, state=UnitVersionState.IN_EFFECT))
    return unit


def get_unit(*, name: str, on_date: date | None, tx: Store, now: datetime) -> Unit:
    """One unit, as it is or as it was or will be on a day. Raises `ResourceNotFound`."""
    today = _day(now)
    day = on_date or today
    unit = tx.find_unit(name) if day >= today else tx.unit_on(name, day=day)
    if unit is None:
        raise ResourceNotFound(resource=name)
    return on_day(unit, tx.planned_versions(name, until=day), day=day) if day >= today else unit


def update_unit(
    *,
    name: str,
    etag: str,
    changes: Mapping[str, Any],
    effective_date: date | None,
    reason: str,
    tx: Store,
    now: datetime,
) -> Unit:
    """Changes the named fields of a unit (AIP-134), today or from a later day on (Art. 10(1)).

    Raises `ResourceNotFound`, `EtagMismatch`, `FieldNotUpdatable`, `UnitClosed`, `EffectiveDatePast`, `UnitUnknown`,
    `SuperiorCircular`.
    """
    for path in changes:
        if path not in UPDATABLE:
            raise FieldNotUpdatable(violations=[("update_mask", f"{path} cannot be changed")], path=path)
    unit = _load_for_change(tx, name, etag, now)
    return _change(tx, unit, changes, effective_date=effective_date, reason=reason, now=now)


def close_unit(
    *, name: str, etag: str, successor: str, effective_date: date | None, reason: str, tx: Store, now: datetime
) -> Unit:
    """A unit merges into another or is closed (Art. 10); `reorganisations` hands its orders over.

    Raises `ResourceNotFound`, `EtagMismatch`, `UnitUnknown`, `SuccessorItself`, `UnitClosed`, `EffectiveDatePast`.
    """
    unit = _load_for_change(tx, name, etag, now)
    day = effective_date or _day(now)
    if (planned := tx.closing_of(name)) is not None:
        raise closed(planned.unit)
    if successor:
        heir = tx.find_unit(successor)
        if heir is None:
            raise UnitUnknown(unit=successor)
        require_successor(unit, on_day(heir, tx.planned_versions(successor, until=day), day=day))
    return _change(tx, unit, {"close_date": day, "successor": successor}, effective_date=day, reason=reason, now=now)


def withdraw_unit_version(*, unit: str, number: int, etag: str, tx: Store, now: datetime) -> UnitVersion:
    """Takes back a change whose day has not come. Raises `ResourceNotFound`, `EtagMismatch`, `StateNotAllowed`."""
    changing = _load_for_change(tx, unit, etag, now)
    version = tx.find_version(unit, number)
    if version is None:
        raise ResourceNotFound(resource=f"{unit}/versions/{number}")
    version.withdraw()
    tx.save_version(version)
    tx.save_unit(changing)
    return version


def take_effect(unit: Unit, *, tx: Store, now: datetime) -> bool:
    """What is planned for a unit until today changes it, in its order; tells whether something did."""
    due = tx.planned_versions(unit.name, until=_day(now))
    for version in due:
        _apply(version, unit, tx)
        tx.save_version(version)
    return bool(due)


def _load_for_change(tx: Store, name: str, etag: str, now: datetime) -> Unit:
    unit = tx.find_unit(name, for_update=True)
    if unit is None:
        raise ResourceNotFound(resource=name)
    if etag and etag != str(unit.version):
        raise EtagMismatch(resource=name)
    # What is due comes first, so that versions of one day hold in the order of their numbers.
    take_effect(unit, tx=tx, now=now)
    return unit


def _change(
    tx: Store, unit: Unit, changes: Mapping[str, Any], *, effective_date: date | None, reason: str, now: datetime
) -> Unit:
    today = _day(now)
    version = change(
        unit,
        changes,
        number=tx.next_version_number(unit.name),
        effective_date=effective_date or today,
        today=today,
        actor=tx.actor.subject,
        reason=reason,
        now=now,
    )
    _require_superior(version.unit, tx)
    if version.effective_date == today:
        _apply(version, unit, tx)
    tx.save_unit(unit)
    tx.add_version(version)
    return unit


def _apply(version: UnitVersion, unit: Unit, tx: Store) -> None:
    before = set(unit.competences)
    version.take_effect(unit)
    if unit.is_closed:
        tx.bequeath_leads(unit.name, unit.successor)
        _bequeath_competences(unit, tx, version)
    elif lost := before - set(unit.competences):
        tx.forget_leads(unit.name, sorted(lost))


def _bequeath_competences(unit: Unit, tx: Store, closing: UnitVersion) -> None:
    """Whoever takes a closed unit's place answers for what that did, in a version of its own (Art. 10)."""
    found = heir_of(tx, unit)
    heir = tx.find_unit(found.name, for_update=True) if found else None
    if heir is None:
        return
    taken = [competence for competence in unit.competences if not heir.answers_for(competence)]
    if not taken:
        return
    heir.competences = [*heir.competences, *taken]
    tx.save_unit(heir)
    tx.add_version(
        UnitVersion(
            heir,
            tx.next_version_number(heir.name),
            closing.effective_date,
            closing.change_time,
            closing.actor,
            f"承接{unit.display_name}的职责",
            ("competences",),
            UnitVersionState.IN_EFFECT,
        )
    )


def _require_superior(unit: Unit, tx: Store) -> None:
    if not unit.superior:
        return
    if unit.name in (unit.superior, *tx.superiors_of(unit.superior)):
        raise SuperiorCircular(unit=unit.name, superior=unit.superior)
    if tx.find_unit(unit.superior) is None:
        raise UnitUnknown(unit=unit.superior)


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()
