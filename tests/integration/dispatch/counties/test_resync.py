"""One side of a line goes back to a moment, as a restored backup does; both agree again (ADR 0044)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline_dispatch.domain.refusals import ContactNotHeld
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.inbox import Envelope

from tests.integration.dispatch.conftest import OFFICE
from tests.integration.dispatch.counties.lines import ENGINEER, Line, Moment, due

WITHDRAWN, REPORTED = work_order_pb2.WORK_ORDER_STATE_WITHDRAWN, work_order_pb2.WORK_ORDER_STATE_REPORTED
AWAITING_LEAD = work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD


def agree(line: Line) -> None:
    """As long as either side has something to say."""
    line.carry()
    for _ in range(2):
        line.beat()
        line.carry()


def back(line: Line, moment: Moment) -> None:
    """A restore, the step after it, and what follows by itself."""
    moment.go_back()
    assert moment.resync().resync_open
    agree(line)


def in_hand(line: Line) -> tuple[work_order_pb2.WorkOrder, work_order_pb2.WorkOrder]:
    """An order that a bureau of the county works on, as both sides know; at the city and in the county."""
    at_city, in_county = line.request()
    line.send_to_bureau(in_county)
    line.carry()
    return at_city, in_county


def reassign(line: Line, at_city: work_order_pb2.WorkOrder) -> None:
    request = service_pb2.ReassignWorkOrderRequest(name=at_city.name, lead_unit="units/heating", reason="改派")
    line.city.call("ReassignWorkOrder", request, OFFICE)


def called_back(line: Line, at_city: work_order_pb2.WorkOrder) -> None:
    line.city.hear(CallbackCompleted(work_order=at_city.name, round=1, verdict=callback_pb2.VERDICT_SATISFIED))


class TestACityThatWentBack:
    def test_hears_again_what_was_reported_since(self, line: Line) -> None:
        at_city, in_county = in_hand(line)
        moment = Moment(line, "city")
        line.result(in_county)
        line.carry()
        moment.go_back()
        assert not line.city.order(at_city.name).HasField("result")
        moment.resync()
        agree(line)
        assert line.city.order(at_city.name).result.text == "已更换循环泵"
        assert line.county.order(in_county.name).state == REPORTED

    def test_is_heard_though_it_uses_numbers_again(self, line: Line) -> None:
        at_city, in_county = line.request()
        moment = Moment(line, "city")
        for days in (3, 4):
            due(line.city, at_city.name, days=days)
            line.carry()
        moment.go_back()
        due(line.city, at_city.name, days=9)  # before anybody thought of the line
        line.city.tick("errands")
        moment.resync()
        agree(line)
        assert line.errand(line.county, in_county.name).city_due_date.day == 20

    def test_takes_back_from_the_county_what_it_does_not_know(self, line: Line) -> None:
        moment = Moment(line, "city")
        at_city, in_county = line.request()
        assert line.county.order(in_county.name).state == AWAITING_LEAD
        back(line, moment)
        with pytest.raises(ResourceNotFound):
            line.city.order(at_city.name)
        assert line.county.order(in_county.name).state == WITHDRAWN
        assert line.errand(line.county, in_county.name).state == pb.ERRAND_STATE_WITHDRAWN
        with pytest.raises(ContactNotHeld):
            line.county.call("RevealContact", pb.RevealContactRequest(name=in_county.name, purpose="首次联系"), OFFICE)

    def test_has_the_order_in_hand_that_it_forgot_to_have_taken_back(self, line: Line) -> None:
        at_city, in_county = in_hand(line)
        moment = Moment(line, "city")
        reassign(line, at_city)
        line.carry()
        assert line.county.order(in_county.name).state == WITHDRAWN
        back(line, moment)
        assert line.city.order(at_city.name).state == AWAITING_LEAD
        assert line.errand(line.city, at_city.name).state == pb.ERRAND_STATE_HANDED_BACK

    def test_goes_on_with_an_order_that_it_forgot_to_have_closed(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        moment = Moment(line, "city")
        called_back(line, at_city)
        line.carry()
        back(line, moment)
        line.city.hear(ReviewConcluded(work_order=at_city.name, outcome=callback_pb2.REVIEW_OUTCOME_REOPENED))
        line.carry()
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_CLOSED
        assert line.city.order(at_city.name).state == AWAITING_LEAD, "the county has it no more"

    def test_says_whether_the_other_side_has_answered(self, line: Line) -> None:
        moment = Moment(line, "city")
        moment.go_back()
        seen = moment.resync()
        assert seen.resync_open
        assert seen.restored_time.ToDatetime(UTC) == moment.time
        agree(line)
        seen = line.city.call("GetCounty", pb.GetCountyRequest(name=seen.name), ENGINEER)
        assert not seen.resync_open

    def test_may_go_back_again(self, line: Line) -> None:
        at_city, in_county = in_hand(line)
        moment = Moment(line, "city")
        line.result(in_county)
        line.carry()
        for _ in range(2):
            back(line, moment)
        assert line.city.order(at_city.name).state == REPORTED


class TestACountyThatWentBack:
    def test_has_again_what_it_was_asked_since(self, line: Line) -> None:
        moment = Moment(line, "county")
        at_city, in_county = line.request()
        back(line, moment)
        assert line.county.order(in_county.name).state == AWAITING_LEAD
        contact = pb.RevealContactRequest(name=in_county.name, purpose="首次联系")
        assert line.county.call("RevealContact", contact, OFFICE).full_name == "王小明"
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        assert line.city.order(at_city.name).state == REPORTED

    def test_is_heard_though_it_uses_numbers_again(self, line: Line) -> None:
        at_city, in_county = line.request()
        moment = Moment(line, "county")
        line.send_to_bureau(in_county, "units/water-bureau")
        line.carry()
        back(line, moment)
        assert line.errand(line.city, at_city.name).other_lead == "", "what it forgot is not shown any more"
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        assert line.errand(line.city, at_city.name).other_lead == "housing"
        assert line.city.order(at_city.name).state == REPORTED

    def test_has_no_order_that_it_handed_back(self, line: Line) -> None:
        at_city, in_county = line.request()
        moment = Moment(line, "county")
        line.county.call("HandBackWorkOrder", pb.HandBackWorkOrderRequest(name=in_county.name, reason="非本县"), OFFICE)
        line.carry()
        back(line, moment)
        assert line.county.order(in_county.name).state == WITHDRAWN
        assert line.errand(line.county, in_county.name).state == pb.ERRAND_STATE_HANDED_BACK
        assert line.city.order(at_city.name).state == AWAITING_LEAD

    @pytest.mark.parametrize("closed_before", [True, False])
    def test_has_no_order_that_the_city_closed_by_a_result_it_forgot(self, line: Line, closed_before: bool) -> None:
        at_city, in_county = in_hand(line)
        moment = Moment(line, "county")
        line.result(in_county)
        line.carry()
        if not closed_before:
            back(line, moment)
            assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        called_back(line, at_city)
        line.carry()
        if closed_before:
            back(line, moment)
        assert line.errand(line.county, in_county.name).state == pb.ERRAND_STATE_CLOSED
        assert line.county.order(in_county.name).state == WITHDRAWN
        assert line.city.order(at_city.name).state == work_order_pb2.WORK_ORDER_STATE_CLOSED

    def test_reports_the_round_that_the_city_counts(self, line: Line) -> None:
        at_city, in_county = in_hand(line)
        moment = Moment(line, "county")
        line.result(in_county)
        line.carry()
        line.city.hear(ReviewConcluded(work_order=at_city.name, outcome=callback_pb2.REVIEW_OUTCOME_REOPENED))
        line.carry()
        back(line, moment)
        line.result(in_county)
        line.carry()
        order = line.city.order(at_city.name)
        assert (order.round, order.state) == (2, REPORTED)


class TestTheStep:
    def test_is_refused_for_a_moment_that_has_not_come(self, line: Line) -> None:
        request = pb.ResyncCountyRequest(name="counties/xinji")
        request.restored_time.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
        with pytest.raises(FieldInvalid) as refused:
            line.city.call("ResyncCounty", request, ENGINEER)
        assert [field for field, _ in refused.value.violations] == ["restored_time"]

    def test_is_refused_for_a_county_that_is_none(self, line: Line) -> None:
        request = pb.ResyncCountyRequest(name="counties/nowhere")
        request.restored_time.FromDatetime(datetime(2026, 5, 1, tzinfo=UTC))
        with pytest.raises(ResourceNotFound):
            line.city.call("ResyncCounty", request, ENGINEER)

    def test_is_on_record(self, line: Line) -> None:
        before = len(line.city.audited("counties/xinji"))
        Moment(line, "city").resync()
        assert line.city.audited("counties/xinji")[before:] == [("ResyncCounty", "engineer-1")]

    def test_is_answered_once_in_a_while_however_often_it_is_said(self, line: Line) -> None:
        """A county may say it ever again, with ever later times: the city does not send all of it each time."""

        def heard(epoch: int, *, minutes: int) -> bool:
            with line.city.database.transaction() as tx:
                return tx.note_far_epoch("counties/xinji", epoch, pause=timedelta(minutes=minutes))

        assert [heard(epoch, minutes=10) for epoch in (1, 1, 2, 3)] == [True, False, False, False]
        assert [heard(epoch, minutes=0) for epoch in (1, 2, 2, 3)] == [False, True, False, True]

    def test_twice_without_going_back_again_doubles_nothing(self, line: Line) -> None:
        at_city, in_county = line.request()
        moment = Moment(line, "county")
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        for _ in range(2):
            moment.resync()
            agree(line)
        assert line.county.order(in_county.name).state == REPORTED
        assert line.city.order(at_city.name).state == REPORTED
        assert len(line.told("CountyResultReported")) == 1

    def test_is_what_an_unknown_errand_waits_for(self, line: Line) -> None:
        """A city that never went back says nothing of errands that it does not know: nobody may guess."""
        line.request()
        stranger: Any = crossing.CountyStatus(errand="errands/01900000-0000-7000-8000-000000000001", number="1")
        stranger.commit_time.FromDatetime(line.city.now)
        envelope = Envelope(None, "county.xinji", stranger.errand, 1, "", line.city.now, "")
        line.deliver(line.city, stranger, envelope)
        line.carry()
        assert line.told("ErrandUnknown") == []
