"""Units change in versions, each from a day on."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hotline_dispatch.domain.refusals import EffectiveDatePast, SuccessorItself, UnitClosed
from hotline_dispatch.domain.unit import Unit, UnitKind
from hotline_dispatch.domain.unit_version import UnitVersion, UnitVersionState, change, on_day, require_successor
from hotline_kernel.errors import StateNotAllowed

TODAY, TOMORROW, LATER = date(2026, 5, 11), date(2026, 5, 12), date(2026, 6, 1)


def a_unit(name: str = "units/heating", **fields: Any) -> Unit:
    content: dict[str, Any] = {
        "name": name,
        "display_name": "供热办",
        "region": "130102",
        "kind": UnitKind.DEPARTMENT,
        "principal": "王主任",
        "competences": ["城乡建设/供热"],
    }
    return Unit(**content | fields)


def planned(unit: Unit, day: date, number: int = 2, **changes: Any) -> UnitVersion:
    return change(
        unit,
        changes,
        number=number,
        effective_date=day,
        today=TODAY,
        actor="office-1",
        reason="机构改革",
        now=datetime(2026, 5, 11, 1, tzinfo=UTC),
    )


class TestAChange:
    def test_changes_nothing_before_its_day(self) -> None:
        unit = a_unit()
        version = planned(unit, LATER, principal="李主任")
        assert unit == a_unit()
        assert on_day(unit, [version], day=TOMORROW) == a_unit()
        assert on_day(unit, [version], day=LATER) == a_unit(principal="李主任")

    def test_that_takes_effect_undoes_none_that_came_into_effect_before(self) -> None:
        unit = a_unit()
        later = planned(unit, LATER, 2, principal="李主任")
        planned(unit, TODAY, 3, working_hours="工作日 8:30-17:30").take_effect(unit)
        later.take_effect(unit)
        assert unit == later.unit == a_unit(principal="李主任", working_hours="工作日 8:30-17:30")
        assert later.state is UnitVersionState.IN_EFFECT

    def test_of_what_was_is_refused(self) -> None:
        with pytest.raises(EffectiveDatePast) as refused:
            planned(a_unit(), date(2026, 5, 10), principal="李主任")
        assert refused.value.facts == {"today": "2026-05-11"}

    def test_of_a_closed_unit_is_refused_and_names_who_took_its_place(self) -> None:
        with pytest.raises(UnitClosed) as refused:
            planned(a_unit(close_date=TODAY, successor="units/water"), LATER, principal="李主任")
        assert refused.value.facts["successor"] == "units/water"

    def test_is_withdrawn_only_before_its_day(self) -> None:
        unit = a_unit()
        version = planned(unit, LATER, principal="李主任")
        version.withdraw()
        for state in (UnitVersionState.WITHDRAWN, UnitVersionState.IN_EFFECT):
            version.state = state
            with pytest.raises(StateNotAllowed):
                version.withdraw()


class TestASuccessor:
    def test_is_another_unit(self) -> None:
        with pytest.raises(SuccessorItself):
            require_successor(a_unit(), a_unit())

    def test_is_there_on_that_day(self) -> None:
        water = a_unit("units/water")
        closing = planned(water, TOMORROW, close_date=TOMORROW, successor="")
        require_successor(a_unit(), on_day(water, [closing], day=TODAY))
        with pytest.raises(UnitClosed):
            require_successor(a_unit(), on_day(water, [closing], day=LATER))
