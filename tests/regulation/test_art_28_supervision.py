"""第二十八条: what is overdue is reminded, then supervised in writing; what was confirmed as ill handled is watched."""

from datetime import timedelta

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.sla.v1 import deadline_pb2

from tests.regulation.city import FIRST_CONTACT, HANDLING, LEAD, City, day, moment, refused

DUTIES = ("sla:28", "dispatch:28(3),30")

ADVANCE = deadline_pb2.SUPERVISION_STEP_ADVANCE_REMINDER
REMINDER = deadline_pb2.SUPERVISION_STEP_REMINDER
WRITTEN = deadline_pb2.SUPERVISION_STEP_WRITTEN
KEY_NOTICE = deadline_pb2.SUPERVISION_STEP_KEY_NOTICE


class TestAnOverdueOrder:
    """对逾期未办结事项进行跟踪督办,采取系统提醒、书面督办等方式 (Art. 28)."""

    def test_is_reminded_then_supervised_in_writing_and_each_once(self, city: City) -> None:
        """One working day before (ours), at the end, one working day after (ours); never twice (Art. 28)."""
        city.next_morning()
        order = city.dispatched()
        due = city.working_day(2)
        moments = [
            city.close_of_office(city.calendar.previous_working_day(due)),
            city.close_of_office(due),
            city.close_of_office(city.calendar.nth_working_day_after(due, 1)),
        ]
        for number, moment_of_step in enumerate(moments):
            city.move_to(moment_of_step - timedelta(minutes=1))
            assert len(city.supervisions(order.name)) == number
            city.move_to(moment_of_step + timedelta(minutes=1))
            assert len(city.supervisions(order.name)) == number + 1
        city.pass_by(days=3)
        steps = city.supervisions(order.name)
        assert [step.step for step in steps] == [ADVANCE, REMINDER, WRITTEN]
        assert [moment(step.issue_time) for step in steps] == moments
        assert city.order(order.name).overdue
        assert city.state(order.name, HANDLING) == "OVERDUE"

    def test_is_written_to_with_a_number(self, city: City) -> None:
        """书面督办: a notice with number, order and day, for the unit to read (Art. 28)."""
        city.next_morning()
        order, other = city.dispatched(), city.dispatched()
        city.move_to(city.close_of_office(city.working_day(3)) + timedelta(minutes=1))
        notices = [city.supervisions(each.name)[-1] for each in (order, other)]
        assert {notice.step for notice in notices} == {WRITTEN}
        assert len({notice.number for notice in notices}) == 2
        assert notices[0].number in notices[0].text
        assert order.number in notices[0].text
        assert {notice.unit for notice in notices} == {LEAD}

    def test_carries_what_was_issued_so_that_the_unit_sees_it_there(self, city: City) -> None:
        """督促承办单位: each step stands on the order, for the unit that it is about (Art. 28)."""
        city.next_morning()
        order = city.dispatched()
        city.move_to(city.close_of_office(city.working_day(3)) + timedelta(minutes=1))
        read = city.unit().dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        issued = city.supervisions(order.name)
        assert [note.step for note in read.supervisions] == [ADVANCE, REMINDER, WRITTEN]
        assert [note.supervision for note in read.supervisions] == [step.name for step in issued]
        assert {note.unit for note in read.supervisions} == {LEAD}

    def test_is_supervised_no_more_once_reported(self, city: City) -> None:
        """督促承办单位按要求办结并反馈办理结果: then it has done so (Art. 28)."""
        city.next_morning()
        order = city.dispatched()
        city.move_to(city.close_of_office(city.working_day(2)) + timedelta(minutes=1))
        city.report(order.name)
        city.pass_by(days=4)
        assert [step.step for step in city.supervisions(order.name)] == [ADVANCE, REMINDER]

    def test_in_time_is_left_alone(self, city: City) -> None:
        """逾期未办结事项 alone (Art. 28)."""
        city.next_morning()
        order = city.dispatched()
        city.report(order.name)
        city.pass_by(days=5)
        assert city.supervisions(order.name) == []


@pytest.fixture(scope="module")
def reopened(city: City) -> work_order_pb2.WorkOrder:
    """An order of which the quality seat confirmed that it was handled ill."""
    city.next_morning()
    appeal = city.refer()
    city.settle()
    order = city.order_of(appeal.name)
    assert not order.key_supervision
    city.contact(order.name)
    city.report(order.name)
    city.settle()
    city.call_back(order.name, callback_pb2.VERDICT_DISSATISFIED)
    city.pass_by(hours=24)
    city.conclude(city.review_of(appeal.name).name, callback_pb2.REVIEW_OUTCOME_REOPENED)
    city.settle()
    return city.order(order.name)


class TestKeySupervision:
    """群众对办理结果不满意,经评估确认存在办理问题的事项 (Art. 28(3))."""

    def test_follows_a_confirmed_dissatisfaction(self, reopened: work_order_pb2.WorkOrder) -> None:
        """重点督办 (Art. 28(3))."""
        assert reopened.key_supervision
        assert reopened.round == 2
        assert reopened.state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        assert reopened.lead_unit == LEAD

    def test_gives_the_new_round_clocks_of_its_own(self, city: City, reopened: work_order_pb2.WorkOrder) -> None:
        """The term of Art. 24 begins anew with the second receipt; the first round's clocks stay as they were."""
        for kind in (FIRST_CONTACT, HANDLING):
            first, second = city.clocks(reopened.name, kind)
            assert (first.round, first.state) == (1, deadline_pb2.DEADLINE_STATE_MET)
            assert second.round == 2
            assert second.start_time == reopened.dispatch_time
        received = moment(reopened.dispatch_time).astimezone(city.now.tzinfo).date()
        assert day(reopened.due_date) == city.calendar.nth_working_day_after(received, 2)

    def test_supervises_the_new_round_again(self, city: City, reopened: work_order_pb2.WorkOrder) -> None:
        """Each step once a round (Art. 28)."""
        city.move_to(max(city.now, moment(reopened.due_time)) + timedelta(days=5))
        steps = city.supervisions(reopened.name)
        assert [(step.round, step.step) for step in steps] == [
            (2, KEY_NOTICE),
            (2, ADVANCE),
            (2, REMINDER),
            (2, WRITTEN),
        ]

    def test_is_not_ordered_by_anybody_else(self, city: City) -> None:
        """经评估确认: only the quality seat's assessment reopens (Art. 28(3), 30)."""
        with refused("PERMISSION_DENIED"):
            city.seat.ConcludeReview(feedback.ConcludeReviewRequest())
