"""A work order's life through the RPCs and events of dispatch, on a real database."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.sla.events.v1.deadline_events_pb2 import DeadlineMissed, DeadlineMoved, DeadlineSet, DeadlinesOpened
from hotline.sla.v1 import deadline_pb2
from hotline_dispatch.domain.refusals import (
    DirectiveMissing,
    LeadAlsoSupporting,
    NotOwnUnit,
    SendBackLimitReached,
    UnitUnknown,
)
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, FieldInvalid, HotlineError, ResourceNotFound, Unavailable
from hotline_kernel.timestamps import timestamp

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
HEATING = Principal("staff-7", frozenset({"unit"}), "units/heating", "")
WATER = Principal("staff-8", frozenset({"unit"}), "units/water", "")
ROADS = Principal("staff-9", frozenset({"unit"}), "units/roads", "")
STATES = work_order_pb2.WorkOrderState


def clock_set(due: datetime) -> DeadlineSet:
    clock = DeadlineSet(
        kind=deadline_pb2.DEADLINE_KIND_HANDLING,
        due_time=timestamp(due),
        extension_cutoff_time=timestamp(due - timedelta(days=1)),
        provisional=True,
    )
    clock.due_date.year, clock.due_date.month, clock.due_date.day = due.year, due.month, due.day
    return clock


def opened(order: Any, due: datetime, *, round_number: int = 1) -> DeadlinesOpened:
    contact = DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_FIRST_CONTACT, due_time=timestamp(due))
    return DeadlinesOpened(subject=order.name, deadlines=[contact, clock_set(due)], round=round_number)


def result(order: Any, **fields: Any) -> rpc.ReportResultRequest:
    content: dict[str, Any] = {
        "outcome": 1,
        "text": "已恢复供热",
        "reply_means": 1,
        "reply_text": "今日已恢复",
    } | fields
    return rpc.ReportResultRequest(name=order.name, **content)


def callback(order: Any, verdict: callback_pb2.Verdict.ValueType, at: datetime, *, round_number: int = 1) -> Any:
    return CallbackCompleted(work_order=order.name, verdict=verdict, round=round_number, complete_time=timestamp(at))


def state_of(order: Any) -> str:
    return STATES.Name(order.state).removeprefix("WORK_ORDER_STATE_")


class TestReferredAppeal:
    def test_becomes_an_order_that_goes_out_with_the_reviewed_text(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating", supporting_units=["units/water"], confidential=True)
        assert (state_of(order), order.lead_unit, list(order.supporting_units)) == (
            "DISPATCHED",
            "units/heating",
            ["units/water"],
        )
        assert (order.title, order.text) == ("暖气不热", f"请查看 {order.appeal}")
        assert order.confidential
        (event,) = dispatch.events(order.name)
        assert (event.appeal, event.lead_unit, event.round) == (order.appeal, "units/heating", 1)
        assert event.dispatch_time == order.dispatch_time == timestamp(dispatch.now)

    def test_becomes_one_order_however_often_it_is_told(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        dispatch.hear(AppealReferred(appeal=order.appeal, number=order.number, lead_unit="units/water"))
        assert dispatch.order(order.name) == order
        assert dispatch.intake.asked == [order.appeal]

    @pytest.mark.parametrize("lead", ["", "units/nobody", "units/vacant"])
    def test_goes_to_the_office_when_nobody_can_lead_it(self, dispatch: Any, lead: str) -> None:
        order = dispatch.refer(lead_unit=lead, supporting_units=["units/water"])
        assert (state_of(order), order.lead_unit) == ("AWAITING_LEAD", "")
        assert dispatch.event_names(order.name) == ["WorkOrderAwaitingLead"]

    def test_leaves_nothing_behind_while_intake_is_away(self, dispatch: Any) -> None:
        dispatch.intake_server.stop(None).wait()
        with pytest.raises(Unavailable):
            dispatch.refer(lead_unit="units/heating")
        assert dispatch.call("ListWorkOrders", rpc.ListWorkOrdersRequest(), OFFICE).work_orders == []


class TestDirective:
    def test_holds_the_order_until_it_is_recorded(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating", directive_kind=1)
        assert (state_of(order), order.lead_unit) == ("HELD", "")
        with pytest.raises(NotOwnUnit):
            dispatch.order(order.name, HEATING)
        with pytest.raises(DirectiveMissing):
            dispatch.call(
                "DispatchWorkOrder", rpc.DispatchWorkOrderRequest(name=order.name, lead_unit="units/water"), OFFICE
            )
        dispatch.pass_hours(1)
        request = rpc.RecordDirectiveRequest(name=order.name, text="速办", authority="副市长")
        order = dispatch.call("RecordDirective", request, OFFICE)
        assert (state_of(order), order.lead_unit) == ("DISPATCHED", "units/heating")
        assert (order.directive.text, order.directive.directive_time) == ("速办", timestamp(dispatch.now))
        assert dispatch.event_names(order.name) == ["WorkOrderHeld", "WorkOrderDispatched"]

    def test_is_not_passed_by_a_race(self, dispatch: Any) -> None:
        order = dispatch.refer(directive_kind=2)

        def attempt(lead: str) -> str:
            try:
                request = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit=lead)
                dispatch.call("DispatchWorkOrder", request, OFFICE)
            except HotlineError as error:
                return error.reason
            return "OUT"

        with ThreadPoolExecutor(4) as pool:
            before = list(pool.map(attempt, ["units/heating", "units/water"] * 4))
            request = rpc.RecordDirectiveRequest(name=order.name, text="速办", authority="副市长")
            dispatch.call("RecordDirective", request, OFFICE)
            after = list(pool.map(attempt, ["units/heating", "units/water"] * 4))
        assert set(before) == {"DIRECTIVE_MISSING"}
        assert sorted(after) == ["OUT"] + ["STATE_NOT_ALLOWED"] * 7
        assert dispatch.event_names(order.name) == ["WorkOrderHeld", "WorkOrderAwaitingLead", "WorkOrderDispatched"]


class TestHandOver:
    def test_is_limited_and_on_record(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        for unit in (HEATING, WATER):
            back = rpc.SendBackWorkOrderRequest(name=order.name, reason="不属本单位")
            order = dispatch.call("SendBackWorkOrder", back, unit)
            assert (state_of(order), order.lead_unit) == ("AWAITING_LEAD", "")
            with pytest.raises(NotOwnUnit):
                dispatch.order(order.name, unit)
            again = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit="units/water")
            order = dispatch.call("DispatchWorkOrder", again, OFFICE)
        assert [given.unit for given in order.send_backs] == ["units/heating", "units/water"]
        with pytest.raises(SendBackLimitReached):
            dispatch.call("SendBackWorkOrder", rpc.SendBackWorkOrderRequest(name=order.name, reason="x"), WATER)
        assert (
            dispatch.event_names(order.name)
            == ["WorkOrderDispatched"]
            + [
                "WorkOrderSentBack",
                "WorkOrderDispatched",
            ]
            * 2
        )
        assert dispatch.audited(order.name) == [
            ("SendBackWorkOrder", "staff-7"),
            ("DispatchWorkOrder", "office-1"),
            ("SendBackWorkOrder", "staff-8"),
            ("DispatchWorkOrder", "office-1"),
        ]

    def test_names_units_of_the_registry_once(self, dispatch: Any) -> None:
        order = dispatch.refer()
        for lead, supporting, refusal in (
            ("units/nobody", [], UnitUnknown),
            ("units/heating", ["units/nobody"], UnitUnknown),
            ("units/heating", ["units/heating"], LeadAlsoSupporting),
        ):
            request = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit=lead, supporting_units=supporting)
            with pytest.raises(refusal):
                dispatch.call("DispatchWorkOrder", request, OFFICE)
        assert dispatch.order(order.name) == order


class TestHandling:
    def test_ends_with_a_reply_a_callback_and_the_close(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        due = dispatch.now + timedelta(days=9)
        dispatch.hear(opened(order, due))
        dispatch.pass_hours(1)
        request = rpc.RecordFirstContactRequest(name=order.name, note="已告知办理程序和时限")
        order = dispatch.call("RecordFirstContact", request, HEATING)
        assert (order.first_contact.actor, order.first_contact.relayed) == ("staff-7", False)
        assert (order.due_time, order.due_date.day, order.due_provisional) == (timestamp(due), due.day, True)
        dispatch.pass_hours(5)
        order = dispatch.call(
            "ReportResult", result(order, reply_time=timestamp(dispatch.now - timedelta(hours=1))), HEATING
        )
        assert state_of(order) == "REPORTED"
        dispatch.pass_hours(2)
        dispatch.hear(callback(order, callback_pb2.VERDICT_SATISFIED, dispatch.now))
        order = dispatch.order(order.name, HEATING)
        assert (state_of(order), order.close_time) == ("CLOSED", timestamp(dispatch.now))
        assert dispatch.event_names(order.name) == [
            "WorkOrderDispatched",
            "FirstContactRecorded",
            "ResultReported",
            "WorkOrderClosed",
        ]
        reported = dispatch.events(order.name)[2]
        assert (reported.unit, reported.report_time, reported.round) == ("units/heating", order.result.report_time, 1)
        assert dispatch.audited(order.name) == [("RecordFirstContact", "staff-7"), ("ReportResult", "staff-7")]

    def test_is_the_lead_units_and_read_by_the_supporting(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating", supporting_units=["units/water"])
        assert dispatch.order(order.name, WATER) == order
        for stranger in (WATER, ROADS, Principal("staff-0", frozenset({"unit"}), "", "")):
            with pytest.raises(NotOwnUnit):
                dispatch.call("ReportResult", result(order), stranger)
        with pytest.raises(NotOwnUnit):
            dispatch.order(order.name, ROADS)

    def test_closes_also_when_the_citizen_cannot_be_reached(self, dispatch: Any) -> None:
        order = dispatch.call("ReportResult", result(dispatch.refer(lead_unit="units/heating")), HEATING)
        dispatch.hear(callback(order, callback_pb2.VERDICT_UNSPECIFIED, dispatch.now))
        assert state_of(dispatch.order(order.name)) == "CLOSED"

    def test_is_reopened_under_key_supervision_when_the_review_confirms(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        dispatch.hear(opened(order, dispatch.now + timedelta(days=1)))
        order = dispatch.call("ReportResult", result(order), HEATING)
        dispatch.hear(callback(order, callback_pb2.VERDICT_DISSATISFIED, dispatch.now))
        assert state_of(dispatch.order(order.name)) == "REPORTED"
        dispatch.pass_hours(3)
        dispatch.hear(
            ReviewConcluded(
                work_order=order.name,
                outcome=callback_pb2.REVIEW_OUTCOME_REOPENED,
                conclude_time=timestamp(dispatch.now),
            )
        )
        order = dispatch.order(order.name, HEATING)
        assert (state_of(order), order.round, order.key_supervision) == ("DISPATCHED", 2, True)
        assert not order.HasField("due_time")
        assert order.past_rounds[0].result.text == "已恢复供热"
        dispatch.hear(opened(order, dispatch.now + timedelta(days=2)))  # late news of the first round
        dispatch.hear(callback(order, callback_pb2.VERDICT_SATISFIED, dispatch.now))
        dispatch.hear(DeadlineMissed(subject=order.name, kind=deadline_pb2.DEADLINE_KIND_HANDLING, round=1))
        assert dispatch.order(order.name) == order
        again = dispatch.events(order.name)[-1]
        assert (type(again).__name__, again.round, again.key_supervision) == ("WorkOrderDispatched", 2, True)

    @pytest.mark.parametrize("outcome", [callback_pb2.REVIEW_OUTCOME_UPHELD, callback_pb2.REVIEW_OUTCOME_EXPLAINED])
    def test_closes_when_the_review_changes_nothing(self, dispatch: Any, outcome: Any) -> None:
        order = dispatch.call("ReportResult", result(dispatch.refer(lead_unit="units/heating")), HEATING)
        dispatch.hear(ReviewConcluded(work_order=order.name, outcome=outcome, conclude_time=timestamp(dispatch.now)))
        assert state_of(dispatch.order(order.name)) == "CLOSED"


class TestDeadline:
    def test_is_moved_by_sla_after_the_office_granted_an_extension(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        due = dispatch.now + timedelta(days=9)
        dispatch.hear(opened(order, due))
        request = rpc.RequestExtensionRequest(name=order.name, working_days=5, reason="材料未到")
        dispatch.call("RequestExtension", request, HEATING)
        waiting = rpc.ListWorkOrdersRequest(extension_requested=True)
        assert [found.name for found in dispatch.call("ListWorkOrders", waiting, OFFICE).work_orders] == [order.name]
        decision = rpc.DecideExtensionRequest(name=order.name, granted=True, note="同意延期")
        dispatch.call("DecideExtension", decision, OFFICE)
        granted = dispatch.events(order.name)[-1]
        assert (granted.working_days, granted.reason) == (5, "同意延期")
        dispatch.hear(DeadlineMoved(subject=order.name, deadline=clock_set(due + timedelta(days=7)), round=1))
        order = dispatch.order(order.name)
        assert order.due_time == timestamp(due + timedelta(days=7))
        assert dispatch.call("ListWorkOrders", waiting, OFFICE).work_orders == []

    def test_that_is_refused_is_nobodys_news(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        dispatch.hear(opened(order, dispatch.now + timedelta(days=9)))
        request = rpc.RequestExtensionRequest(name=order.name, working_days=5, reason="材料未到")
        dispatch.call("RequestExtension", request, HEATING)
        decision = rpc.DecideExtensionRequest(name=order.name, granted=False, note="不同意")
        order = dispatch.call("DecideExtension", decision, OFFICE)
        assert order.extension.state == work_order_pb2.EXTENSION_STATE_REFUSED
        assert dispatch.event_names(order.name) == ["WorkOrderDispatched"]

    def test_that_passed_marks_the_order_until_its_result(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        dispatch.hear(opened(order, dispatch.now + timedelta(days=1)))
        missed = DeadlineMissed(subject=order.name, kind=deadline_pb2.DEADLINE_KIND_FIRST_CONTACT, round=1)
        dispatch.hear(missed)
        assert not dispatch.order(order.name).overdue
        missed.kind = deadline_pb2.DEADLINE_KIND_HANDLING
        dispatch.hear(missed)
        late = rpc.ListWorkOrdersRequest(overdue=True)
        assert [found.name for found in dispatch.call("ListWorkOrders", late, HEATING).work_orders] == [order.name]
        assert dispatch.call("ListWorkOrders", late, WATER).work_orders == []
        dispatch.call("ReportResult", result(order), HEATING)
        assert dispatch.call("ListWorkOrders", late, OFFICE).work_orders == []

    def test_of_an_appeal_is_not_ours(self, dispatch: Any) -> None:
        clock = DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_ANSWER)
        dispatch.hear(DeadlinesOpened(subject=f"appeals/{uuid.uuid4()}", deadlines=[clock]))

    def test_of_an_order_that_is_not_here_is_tried_again(self, dispatch: Any) -> None:
        event = DeadlinesOpened(subject=f"workOrders/{uuid.uuid4()}", deadlines=[clock_set(dispatch.now)], round=1)
        with pytest.raises(ResourceNotFound):
            dispatch.hear(event)


class TestCommands:
    def test_done_twice_have_one_effect_and_one_answer(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        request = result(order, request_id=str(uuid.uuid4()))
        assert dispatch.call("ReportResult", request, HEATING) == dispatch.call("ReportResult", request, HEATING)
        assert dispatch.event_names(order.name) == ["WorkOrderDispatched", "ResultReported"]

    def test_change_only_what_the_caller_saw(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        seen = order.etag
        request = rpc.RecordFirstContactRequest(name=order.name, note="已告知", etag=seen)
        dispatch.call("RecordFirstContact", request, HEATING)
        with pytest.raises(EtagMismatch):
            dispatch.call("ReportResult", result(order, etag=seen), HEATING)

    def test_of_the_office_relay_the_contact_of_a_confidential_order(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating", confidential=True)
        request = rpc.RecordFirstContactRequest(name=order.name, note="已转达")
        assert dispatch.call("RecordFirstContact", request, OFFICE).first_contact.relayed

    def test_refuse_times_that_no_calendar_knows(self, dispatch: Any) -> None:
        order = dispatch.refer(lead_unit="units/heating")
        with pytest.raises(FieldInvalid) as refused:
            dispatch.call("ReportResult", result(order, reply_time=Timestamp(seconds=10**18)), HEATING)
        assert refused.value.violations[0][0] == "reply_time"

    def test_find_no_order_under_a_name_that_is_none(self, dispatch: Any) -> None:
        with pytest.raises(ResourceNotFound):
            dispatch.order(f"workOrders/{uuid.uuid4()}")
        with pytest.raises(FieldInvalid):
            dispatch.order("workOrders/" + "-" * 36)
