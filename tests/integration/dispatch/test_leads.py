"""Who is suggested as lead, from what is on record (Art. 3), on a real database."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.auth import Principal

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
OPERATOR = Principal("seat-1", frozenset({"operator"}), "", "")
SUBJECT = "城乡建设/供热"
HERE, OVER_THERE = "130102", "130104"


def staff_of(unit: str) -> Principal:
    return Principal("staff-1", frozenset({"unit"}), unit, "")


def led(dispatch: Any, unit: str, *, times: int = 1, **fields: Any) -> None:
    for _ in range(times):
        order = dispatch.refer(lead_unit=unit, **fields)
        report = rpc.ReportResultRequest(
            name=order.name,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text="办结",
            reply_means=work_order_pb2.REPLY_MEANS_PHONE,
            reply_text="已告知",
        )
        dispatch.call("ReportResult", report, staff_of(unit))


def suggested(dispatch: Any, **fields: Any) -> list[str]:
    content: dict[str, Any] = {"region": HERE, "category": SUBJECT} | fields
    answer = dispatch.call("SuggestLead", rpc.SuggestLeadRequest(**content), OPERATOR)
    return [each.unit.removeprefix("units/") for each in answer.suggestions]


def competent(dispatch: Any, unit: str, *competences: str) -> None:
    changed = work_order_pb2.Unit(name=unit, competences=competences)
    mask = FieldMask(paths=["competences"])
    dispatch.call("UpdateUnit", rpc.UpdateUnitRequest(unit=changed, update_mask=mask), OFFICE)


def close(dispatch: Any, unit: str, *, into: str = "") -> None:
    dispatch.call("CloseUnit", rpc.CloseUnitRequest(name=unit, successor=into, reason="机构改革"), OFFICE)


class TestSuggestLead:
    def test_knows_nobody_at_first(self, dispatch: Any) -> None:
        assert suggested(dispatch) == suggested(dispatch, text="暖气不热") == []

    def test_goes_by_duty_also_for_what_is_below_it_in_the_tree(self, dispatch: Any) -> None:
        competent(dispatch, "units/heating", "城乡建设", "住房")
        assert suggested(dispatch, category=f"{SUBJECT}/室温不达标") == ["heating"]
        assert suggested(dispatch, category="城乡") == []

    def test_counts_results_here_and_elsewhere_and_what_was_given_back(self, dispatch: Any) -> None:
        led(dispatch, "units/water", times=2, region=HERE)
        led(dispatch, "units/roads", times=3, region=OVER_THERE)
        assert suggested(dispatch) == ["water", "roads"]
        assert suggested(dispatch, region=OVER_THERE) == ["roads"]
        assert suggested(dispatch, category="城乡建设/供水") == []
        led(dispatch, "units/heating", region=HERE)
        order = dispatch.refer(lead_unit="units/heating", region=HERE)
        back = rpc.SendBackWorkOrderRequest(name=order.name, reason="否")
        dispatch.call("SendBackWorkOrder", back, staff_of("units/heating"))
        answer = dispatch.call("SuggestLead", rpc.SuggestLeadRequest(region=HERE, category=SUBJECT), OFFICE)
        reasons = {each.unit: list(each.reasons)[1:] for each in answer.suggestions}
        assert reasons["units/heating"] == ["曾办理本地同类工单 1 件", "曾退回同类工单 1 件"]

    @pytest.mark.parametrize("into", ["units/roads", ""])
    def test_gives_what_a_closed_unit_led_to_its_successor(self, dispatch: Any, into: str) -> None:
        led(dispatch, "units/water", times=2)
        led(dispatch, "units/roads")
        close(dispatch, "units/water", into=into)
        answer = dispatch.call("SuggestLead", rpc.SuggestLeadRequest(region=HERE, category=SUBJECT), OFFICE)
        [only] = answer.suggestions
        assert (only.unit, only.reasons[-1]) == ("units/roads", f"曾办理本地同类工单 {3 if into else 1} 件")

    def test_forgets_what_a_unit_led_of_a_duty_that_it_lost(self, dispatch: Any) -> None:
        competent(dispatch, "units/water", "城乡建设/供热", "城乡建设/供水")
        led(dispatch, "units/water", times=2)
        led(dispatch, "units/water", category="城乡建设/供水")
        competent(dispatch, "units/water", "城乡建设/供水")
        assert suggested(dispatch) == []
        assert suggested(dispatch, category="城乡建设/供水") == ["water"]

    def test_learns_from_texts_now_and_then_and_from_none_that_is_confidential(self, dispatch: Any) -> None:
        led(dispatch, "units/water", confidential=True)
        assert suggested(dispatch, category="", text="暖气不热") == []
        led(dispatch, "units/heating")
        assert suggested(dispatch, category="", text="暖气不热") == []
        dispatch.pass_hours(1)
        assert suggested(dispatch, category="", text="暖气不热") == ["heating"]
        assert suggested(dispatch, category="", text="路灯") == []
