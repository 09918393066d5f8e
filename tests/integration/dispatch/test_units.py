"""The registry of units (Art. 10), on a real database."""

import uuid
from typing import Any

import protovalidate
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1.work_order_pb2 import UNIT_KIND_COUNTY, Unit
from hotline_dispatch.domain.refusals import FieldNotUpdatable
from hotline_kernel.auth import Principal
from hotline_kernel.errors import AlreadyExists, EtagMismatch, FieldInvalid, ResourceNotFound

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
OPERATOR = Principal("seat-1", frozenset({"operator"}), "", "")


def county(dispatch: Any) -> Unit:
    unit = Unit(
        name="units/zhengding",
        display_name="正定县人民政府",
        region="130123",
        kind=UNIT_KIND_COUNTY,
        principal="孙县长",
        competences=["城乡建设/供热", "城乡建设/供水"],
    )
    made = dispatch.call("CreateUnit", rpc.CreateUnitRequest(unit=unit), OFFICE)
    assert isinstance(made, Unit)
    return made


def changed(dispatch: Any, unit: Unit, *paths: str) -> Any:
    return dispatch.call("UpdateUnit", rpc.UpdateUnitRequest(unit=unit, update_mask=FieldMask(paths=paths)), OFFICE)


class TestUnits:
    def test_are_kept_as_entered_and_on_record(self, dispatch: Any) -> None:
        unit = county(dispatch)
        assert dispatch.call("GetUnit", rpc.GetUnitRequest(name=unit.name), OPERATOR) == unit
        assert dispatch.audited(unit.name)[-1] == ("CreateUnit", "office-1")

    def test_are_entered_once(self, dispatch: Any) -> None:
        unit = county(dispatch)
        with pytest.raises(AlreadyExists):
            dispatch.call("CreateUnit", rpc.CreateUnitRequest(unit=unit), OFFICE)

    def test_that_are_not_there_are_not_found(self, dispatch: Any) -> None:
        with pytest.raises(ResourceNotFound):
            dispatch.call("GetUnit", rpc.GetUnitRequest(name="units/nobody"), OPERATOR)
        with pytest.raises(ResourceNotFound):
            changed(dispatch, Unit(name="units/nobody", principal="x"), "principal")

    def test_are_listed_by_name_region_and_competence(self, dispatch: Any) -> None:
        county(dispatch)

        def listed(**fields: Any) -> list[str]:
            answer = dispatch.call("ListUnits", rpc.ListUnitsRequest(**fields), OPERATOR)
            return [unit.name.removeprefix("units/") for unit in answer.units]

        assert listed() == ["heating", "roads", "vacant", "water", "zhengding"]
        assert listed(region="130123") == listed(competence="城乡建设/供水") == ["zhengding"]
        assert listed(competence="城乡建设") == []
        first = dispatch.call("ListUnits", rpc.ListUnitsRequest(page_size=3), OPERATOR)
        assert listed(page_size=3, page_token=first.next_page_token) == ["water", "zhengding"]

    @pytest.mark.parametrize("missing", ["display_name", "region", "kind"])
    def test_are_not_entered_without_what_every_unit_has(self, dispatch: Any, missing: str) -> None:
        unit = Unit(name="units/new", display_name="新单位", region="130123", kind=UNIT_KIND_COUNTY)
        unit.ClearField(missing)  # type: ignore[arg-type]
        with pytest.raises(FieldInvalid) as refused:
            dispatch.call("CreateUnit", rpc.CreateUnitRequest(unit=unit), OFFICE)
        assert [field for field, _ in refused.value.violations] == [f"unit.{missing}"]


class TestUpdate:
    def test_may_leave_out_what_does_not_change(self) -> None:
        unit = Unit(name="units/zhengding", principal="周县长")
        request = rpc.UpdateUnitRequest(unit=unit, request_id=str(uuid.uuid4()))
        assert not protovalidate.collect_violations(request)

    @pytest.mark.parametrize("path", ["display_name", "region", "kind"])
    def test_empties_nothing_that_every_unit_has(self, dispatch: Any, path: str) -> None:
        county(dispatch)
        with pytest.raises(FieldInvalid):
            changed(dispatch, Unit(name="units/zhengding"), path)

    def test_changes_the_fields_of_the_mask_even_to_nothing(self, dispatch: Any) -> None:
        unit = county(dispatch)
        unit.principal, unit.region = "", "130102"
        after = changed(dispatch, unit, "principal")
        assert (after.principal, after.region, after.display_name) == ("", "130123", "正定县人民政府")
        assert after.etag != unit.etag

    def test_without_a_mask_changes_every_field_that_is_set(self, dispatch: Any) -> None:
        county(dispatch)
        after = changed(dispatch, Unit(name="units/zhengding", principal="周县长", competences=["城乡建设/供热"]))
        assert (after.principal, list(after.competences), after.region) == ("周县长", ["城乡建设/供热"], "130123")

    @pytest.mark.parametrize("path", ["name", "etag", "no_such_field"])
    def test_refuses_a_field_that_cannot_change(self, dispatch: Any, path: str) -> None:
        with pytest.raises(FieldNotUpdatable) as refused:
            changed(dispatch, county(dispatch), path)
        assert refused.value.facts == {"path": path}

    def test_changes_only_what_the_caller_saw(self, dispatch: Any) -> None:
        unit = county(dispatch)
        changed(dispatch, unit, "principal")
        with pytest.raises(EtagMismatch):
            changed(dispatch, unit, "principal")

    def test_done_twice_has_one_effect(self, dispatch: Any) -> None:
        unit = county(dispatch)
        unit.etag = ""
        request = rpc.UpdateUnitRequest(unit=unit, request_id=str(uuid.uuid4()))
        assert dispatch.call("UpdateUnit", request, OFFICE) == dispatch.call("UpdateUnit", request, OFFICE)
