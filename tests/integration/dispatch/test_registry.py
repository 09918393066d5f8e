"""Units in versions, and their orders when they merge or are closed (Art. 10), on a real database."""

from datetime import date
from typing import Any

import pytest
from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1.callback_events_pb2 import ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline_dispatch.domain.refusals import EffectiveDatePast, LeadConcerned, SuccessorItself, UnitClosed, UnitUnknown
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound, StateNotAllowed

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
HEATING = Principal("staff-7", frozenset({"unit"}), "units/heating", "")
ROADS = Principal("staff-9", frozenset({"unit"}), "units/roads", "")
STATES = work_order_pb2.WorkOrderState
VERSIONS = work_order_pb2.UnitVersionState
MONDAY, TUESDAY, SUNDAY = date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 10)
SWEEP = ("unit-changes", "hand-overs")


def wire(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def changed(dispatch: Any, day: date | None = None, **fields: Any) -> Any:
    unit = work_order_pb2.Unit(name="units/heating", **fields)
    request = rpc.UpdateUnitRequest(unit=unit, effective_date=day and wire(day), reason="任免通知")
    return dispatch.call("UpdateUnit", request, OFFICE)


def closed(dispatch: Any, unit: str, *, into: str = "", day: date | None = None, etag: str = "") -> Any:
    request = rpc.CloseUnitRequest(
        name=unit, successor=into, effective_date=day and wire(day), reason="机构改革", etag=etag
    )
    return dispatch.call("CloseUnit", request, OFFICE)


def unit(dispatch: Any, name: str = "units/heating", day: date | None = None) -> Any:
    return dispatch.call("GetUnit", rpc.GetUnitRequest(name=name, on_date=day and wire(day)), OFFICE)


def versions(dispatch: Any, **fields: Any) -> Any:
    return dispatch.call("ListUnitVersions", rpc.ListUnitVersionsRequest(parent="units/heating", **fields), OFFICE)


def state_of(order: Any) -> str:
    return STATES.Name(order.state).removeprefix("WORK_ORDER_STATE_")


class TestVersions:
    def test_say_who_changed_what_and_from_which_day_on(self, dispatch: Any) -> None:
        handler = work_order_pb2.Handler(name="钱科员", duty="工单签收", telephone="0311-8100 0001")
        changed(dispatch, handling_body="热线办理科", handlers=[handler], office_telephone="0311-81000000")
        changed(dispatch, TUESDAY, principal="周主任")
        latest, details, entry = versions(dispatch).versions
        assert (latest.actor, latest.reason, list(latest.changed_fields)) == ("office-1", "任免通知", ["principal"])
        assert (latest.effective_date, latest.state) == (wire(TUESDAY), VERSIONS.UNIT_VERSION_STATE_PLANNED)
        assert (details.unit.handling_body, list(details.unit.handlers)) == ("热线办理科", [handler])
        assert (entry.name, entry.effective_date) == ("units/heating/versions/1", wire(MONDAY))

    def test_come_into_effect_on_their_day_and_leave_the_past_as_it_was(self, dispatch: Any) -> None:
        changed(dispatch, TUESDAY, principal="周主任")
        changed(dispatch, working_hours="工作日 8:30-17:30")
        assert unit(dispatch).principal == unit(dispatch, day=MONDAY).principal == "王主任"
        assert unit(dispatch, day=TUESDAY).principal == "周主任"
        dispatch.pass_hours(24)
        assert unit(dispatch).principal == "周主任"  # even before the ticker came
        dispatch.tick(*SWEEP)
        after = unit(dispatch)
        assert (after.principal, after.working_hours) == ("周主任", "工作日 8:30-17:30")
        assert unit(dispatch, day=MONDAY).principal == "王主任"
        assert versions(dispatch).versions[0].unit.working_hours == "工作日 8:30-17:30"
        with pytest.raises(ResourceNotFound):
            unit(dispatch, day=SUNDAY)

    def test_of_one_day_hold_in_the_order_in_which_they_were_recorded(self, dispatch: Any) -> None:
        changed(dispatch, TUESDAY, principal="周主任")
        dispatch.pass_hours(24)
        changed(dispatch, principal="吴主任")
        dispatch.tick(*SWEEP)
        dispatch.pass_hours(24)
        assert unit(dispatch).principal == unit(dispatch, day=TUESDAY).principal == "吴主任"

    def test_are_not_of_a_day_that_has_passed(self, dispatch: Any) -> None:
        with pytest.raises(EffectiveDatePast):
            changed(dispatch, SUNDAY, principal="周主任")
        assert len(versions(dispatch).versions) == 1

    def test_come_page_by_page(self, dispatch: Any) -> None:
        for name in ("甲", "乙", "丙"):
            changed(dispatch, principal=name)
        first = versions(dispatch, page_size=3)
        rest = versions(dispatch, page_size=3, page_token=first.next_page_token)
        numbers = [version.name.rpartition("/")[2] for version in [*first.versions, *rest.versions]]
        assert (numbers, rest.next_page_token) == (["4", "3", "2", "1"], "")

    def test_are_withdrawn_before_their_day(self, dispatch: Any) -> None:
        before = changed(dispatch, TUESDAY, principal="周主任")
        request = rpc.WithdrawUnitVersionRequest(name="units/heating/versions/2", etag=before.etag)
        withdrawn = dispatch.call("WithdrawUnitVersion", request, OFFICE)
        assert withdrawn.state == VERSIONS.UNIT_VERSION_STATE_WITHDRAWN
        dispatch.pass_hours(24)
        dispatch.tick(*SWEEP)
        assert unit(dispatch).principal == "王主任"
        for name, refusal in (("2", StateNotAllowed), ("9", ResourceNotFound)):
            again = rpc.WithdrawUnitVersionRequest(name=f"units/heating/versions/{name}")
            with pytest.raises(refusal):
                dispatch.call("WithdrawUnitVersion", again, OFFICE)

    def test_of_a_unit_that_the_code_before_entered_begin_with_its_next_change(self, dispatch: Any) -> None:
        with dispatch.database.transaction() as tx:
            tx.run("DELETE FROM unit_version")
        changed(dispatch, principal="周主任")
        [version] = versions(dispatch).versions
        assert (version.name, version.unit.principal) == ("units/heating/versions/1", "周主任")


class TestClosing:
    def test_hands_open_orders_to_the_successor_on_its_day(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating", supporting_units=["units/water"])
        supported = dispatch.refer(lead_unit="units/water", supporting_units=["units/heating"])
        closed(dispatch, "units/heating", into="units/roads", day=TUESDAY)
        dispatch.tick(*SWEEP)
        assert dispatch.order(order.name).lead_unit == "units/heating"
        dispatch.pass_hours(24)
        dispatch.tick(*SWEEP)
        after = dispatch.order(order.name, ROADS)
        assert (state_of(after), after.lead_unit, list(after.supporting_units)) == (
            "DISPATCHED",
            "units/roads",
            ["units/water"],
        )
        assert after.holdings[-1].reason == "heating已撤销，由roads承接"
        assert dispatch.event_names(order.name) == ["WorkOrderDispatched"] * 2
        assert list(dispatch.order(supported.name, ROADS).supporting_units) == ["units/roads"]
        assert dispatch.event_names(supported.name) == ["WorkOrderDispatched"]
        assert dispatch.audited(order.name)[-1] == ("dispatch.orders.succeed", "system")

    @pytest.mark.parametrize("successor", ["", "units/vacant"])
    def test_without_a_successor_that_can_lead_gives_them_to_the_office(self, dispatch: Any, successor: str) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        closed(dispatch, "units/heating", into=successor)
        dispatch.tick(*SWEEP)
        after = dispatch.order(order.name)
        assert (state_of(after), after.lead_unit, after.holdings[-1].unit) == ("AWAITING_LEAD", "", "")
        assert dispatch.event_names(order.name) == ["WorkOrderDispatched", "WorkOrderAwaitingLead"]

    def test_into_the_unit_that_the_complaint_is_about_gives_it_to_the_office(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        about = rpc.MarkAboutUnitRequest(name=order.name, about_unit="units/water", reason="反映该单位")
        dispatch.call("MarkAboutUnit", about, OFFICE)
        closed(dispatch, "units/heating", into="units/water")
        dispatch.tick(*SWEEP)
        assert state_of(dispatch.order(order.name)) == "AWAITING_LEAD"
        closed(dispatch, "units/water", into="units/roads")
        request = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit="units/roads")
        with pytest.raises(LeadConcerned):
            dispatch.call("DispatchWorkOrder", request, OFFICE)

    def test_sends_what_is_proposed_to_it_down_the_line_of_successors(self, dispatch: Any) -> None:
        closed(dispatch, "units/heating", into="units/water")
        closed(dispatch, "units/water", into="units/roads")
        order = dispatch.refer(lead_unit="units/heating", supporting_units=["units/water"])
        assert (order.lead_unit, list(order.supporting_units)) == ("units/roads", [])

    def test_in_a_ring_gives_everything_to_the_office(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        closed(dispatch, "units/heating", into="units/water", day=date(2026, 5, 14))
        closed(dispatch, "units/water", into="units/heating", day=TUESDAY)
        dispatch.pass_hours(96)
        dispatch.tick(*SWEEP)
        assert state_of(dispatch.order(order.name)) == "AWAITING_LEAD"
        assert state_of(dispatch.refer(lead_unit="units/water")) == "AWAITING_LEAD"

    def test_meets_an_order_that_is_reopened_afterwards(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        report = rpc.ReportResultRequest(
            name=order.name,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text="办结",
            reply_means=work_order_pb2.REPLY_MEANS_PHONE,
            reply_text="已告知",
        )
        dispatch.call("ReportResult", report, HEATING)
        closed(dispatch, "units/heating", into="units/roads")
        dispatch.tick(*SWEEP)
        assert dispatch.order(order.name).lead_unit == "units/heating"
        dispatch.hear(ReviewConcluded(work_order=order.name, outcome=callback_pb2.REVIEW_OUTCOME_REOPENED))
        after = dispatch.order(order.name, ROADS)
        assert (after.round, after.lead_unit) == (2, "units/roads")

    def test_is_told_to_the_office_that_names_it_all_the_same(self, dispatch: Any) -> None:
        order = dispatch.refer()
        closed(dispatch, "units/heating", into="units/roads")
        request = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit="units/heating")
        with pytest.raises(UnitClosed) as refused:
            dispatch.call("DispatchWorkOrder", request, OFFICE)
        assert refused.value.facts["successor"] == "units/roads"

    def test_happens_once_into_another_unit_that_there_is(self, dispatch: Any) -> None:
        with pytest.raises(SuccessorItself):
            closed(dispatch, "units/heating", into="units/heating")
        with pytest.raises(UnitUnknown):
            closed(dispatch, "units/heating", into="units/nobody")
        with pytest.raises(EtagMismatch):
            closed(dispatch, "units/heating", etag="99")
        closed(dispatch, "units/water", day=TUESDAY)
        with pytest.raises(UnitClosed):
            closed(dispatch, "units/heating", into="units/water", day=TUESDAY)
        with pytest.raises(UnitClosed):
            closed(dispatch, "units/water")
        closed(dispatch, "units/heating")
        with pytest.raises(UnitClosed):
            changed(dispatch, principal="周主任")

    def test_takes_it_off_the_list_unless_asked_for(self, dispatch: Any) -> None:
        closed(dispatch, "units/heating")
        for show_closed, there in ((False, False), (True, True)):
            answer = dispatch.call("ListUnits", rpc.ListUnitsRequest(show_closed=show_closed), OFFICE)
            assert ("units/heating" in [each.name for each in answer.units]) is there

    def test_of_many_orders_goes_on_until_none_is_left(self, dispatch: Any) -> None:
        orders = [dispatch.refer(lead_unit="units/heating").name for _ in range(5)]
        closed(dispatch, "units/heating", into="units/roads")
        with dispatch.database.transaction() as tx:
            first = {order.name for order in tx.claim_orders_of_closed(limit=3)}
            assert len(first) == 3
        dispatch.tick(*SWEEP)
        assert {dispatch.order(name).lead_unit for name in orders} == {"units/roads"}
