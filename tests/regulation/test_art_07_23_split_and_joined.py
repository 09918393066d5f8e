"""第七条、第二十二条、第二十三条(三): an appeal of several leads, and one order for what many people asked."""

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id

from tests.regulation.city import HANDLING, LEAD, OTHER, City, day, moment, refused

DUTIES = ("dispatch:7,22", "intake:23(3),25(2)")

State = work_order_pb2.WorkOrderState
AppealState = appeal_pb2.AppealState
SATISFIED, DISSATISFIED = callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_DISSATISFIED


def split(city: City, order: str, *, lead: str = OTHER) -> work_order_pb2.WorkOrder:
    """The office makes a further order of the same appeal."""
    return city.office.SplitWorkOrder(
        dispatch.SplitWorkOrderRequest(
            name=order,
            title="路面塌陷",
            text="请修复塌陷路面",
            lead_unit=lead,
            reason="分属两个部门",
            request_id=new_request_id(),
        )
    )


def withdraw(city: City, order: str) -> work_order_pb2.WorkOrder:
    """The office takes it back."""
    request = dispatch.WithdrawWorkOrderRequest(name=order, reason="误拆", request_id=new_request_id())
    return city.office.WithdrawWorkOrder(request)


def join(city: City, order: str, into: str) -> work_order_pb2.WorkOrder:
    """The office lets one order work for two appeals."""
    request = dispatch.JoinWorkOrderRequest(
        name=order, into=into, reason="同一小区同一问题", request_id=new_request_id()
    )
    return city.office.JoinWorkOrder(request)


def separate(city: City, order: str) -> work_order_pb2.WorkOrder:
    """The office takes it out again."""
    request = dispatch.SeparateWorkOrderRequest(name=order, reason="并非同一问题", request_id=new_request_id())
    return city.office.SeparateWorkOrder(request)


class TestASplitOrder:
    """涉及多个部门 (Art. 22): several pieces of work, each with one lead that answers for it."""

    def test_has_its_own_lead_deadline_result_and_callback_and_the_appeal_ends_with_the_last(self, city: City) -> None:
        """每件事项 (Art. 30): each is called back, the citizen is told once, at the end."""
        city.next_morning()
        first = city.dispatched()
        city.next_morning()  # of the next working day: what begins on one day of a weekend ends with the other
        city.pass_by(hours=6)
        further = split(city, first.name)
        city.settle()
        assert (further.appeal, further.number, further.lead_unit) == (first.appeal, f"{first.number}-2", OTHER)
        assert further.split_from == first.name
        further = city.order(further.name)
        assert day(further.due_date) > day(city.order(first.name).due_date)
        for unit in (LEAD, OTHER):
            reveal = intake.RevealContactRequest(name=first.appeal, purpose="联系")
            assert city.unit(unit).intake.RevealContact(reveal).full_name
        city.report(first.name)
        city.settle()
        city.call_back(first.name, SATISFIED)
        city.settle()
        assert city.order(first.name).state == State.WORK_ORDER_STATE_CLOSED
        assert city.appeal(first.appeal).state == AppealState.APPEAL_STATE_REFERRED
        assert "closed" not in city.told(first.appeal)
        city.report(further.name, unit=OTHER)
        city.settle()
        city.call_back(further.name, SATISFIED)
        city.settle()
        assert city.appeal(first.appeal).state == AppealState.APPEAL_STATE_CLOSED
        assert "closed" in city.told(first.appeal)

    def test_is_taken_back_while_it_has_no_result(self, city: City) -> None:
        """Then the first answers for all; nothing is called back twice."""
        first = city.dispatched()
        further = split(city, first.name)
        city.settle()
        assert withdraw(city, further.name).state == State.WORK_ORDER_STATE_WITHDRAWN
        city.settle()
        assert city.state(further.name, HANDLING) == "CANCELLED"
        city.report(first.name)
        city.settle()
        city.call_back(first.name, SATISFIED)
        city.settle()
        assert city.appeal(first.appeal).state == AppealState.APPEAL_STATE_CLOSED

    def test_is_not_split_again_and_stays_once_it_has_a_result(self, city: City) -> None:
        """No chains, and no result is lost."""
        first = city.dispatched()
        further = split(city, first.name)
        with refused("ORDER_NOT_SPLITTABLE", article="Art. 7, 22"):
            split(city, further.name, lead=LEAD)
        with refused("ORDER_NOT_SPLITTABLE", article="Art. 7, 22"):
            withdraw(city, first.name)
        city.settle()
        city.report(further.name, unit=OTHER)
        with refused("STATE_NOT_ALLOWED"):
            withdraw(city, further.name)


class TestAJoinedOrder:
    """普遍性、共性问题 (Art. 23(3)): one piece of work, and everybody behind it is told and asked (Art. 30)."""

    def test_gets_the_result_and_each_citizen_is_called_back(self, city: City) -> None:
        """Satisfied or not by themselves: who is not gets their own order reopened."""
        one, two = city.dispatched(), city.dispatched()
        joined = join(city, two.name, one.name)
        assert (joined.state, joined.lead_unit, joined.joined_into) == (State.WORK_ORDER_STATE_JOINED, "", one.name)
        city.settle()
        assert "并案" in city.told(two.appeal)["joined"].text
        assert (city.clock(two.name, HANDLING).unit, city.state(two.name, HANDLING)) == ("", "RUNNING")
        listed = city.office.ListWorkOrders(dispatch.ListWorkOrdersRequest(joined_into=one.name)).work_orders
        assert [each.name for each in listed] == [two.name]
        with refused("NOT_OWN_UNIT"):
            city.report(two.name)
        city.report(one.name)
        city.settle()
        shared = city.order(two.name)
        assert (shared.state, shared.lead_unit) == (State.WORK_ORDER_STATE_REPORTED, LEAD)
        assert shared.result == city.order(one.name).result
        city.call_back(one.name, SATISFIED)
        city.call_back(two.name, DISSATISFIED)
        city.settle()
        assert city.appeal(one.appeal).state == AppealState.APPEAL_STATE_CLOSED
        assert city.appeal(two.appeal).state == AppealState.APPEAL_STATE_REFERRED
        city.conclude(city.review_of(two.appeal).name, callback_pb2.REVIEW_OUTCOME_REOPENED)
        city.settle()
        again = city.order(two.name)
        assert (again.state, again.round, again.joined_into) == (State.WORK_ORDER_STATE_DISPATCHED, 2, "")
        city.report(two.name)
        city.settle()
        city.call_back(two.name, SATISFIED)
        city.settle()
        assert city.appeal(two.appeal).state == AppealState.APPEAL_STATE_CLOSED

    def test_is_told_of_an_extension_and_shows_the_day_of_what_works_for_it(self, city: City) -> None:
        """告知求助群众 (Art. 26): all of them."""
        city.next_morning()
        one, two = city.dispatched(), city.dispatched()
        join(city, two.name, one.name)
        city.settle()
        city.ask_extension(one.name)
        city.decide_extension(one.name, granted=True)
        city.settle()
        due = day(city.order(one.name).due_date)
        for appeal in (one.appeal, two.appeal):
            assert "延期" in city.told(appeal)["extended"].text
            assert day(city.appeal(appeal).due_date) == due

    def test_is_taken_out_again_and_its_time_is_kept(self, city: City) -> None:
        """A mistake resets no deadline (Art. 22, 24)."""
        city.next_morning()
        one, two = city.dispatched(), city.dispatched()
        due = moment(city.clock(two.name, HANDLING).due_time)
        join(city, two.name, one.name)
        city.settle()
        city.pass_by(hours=2)
        assert separate(city, two.name).state == State.WORK_ORDER_STATE_AWAITING_LEAD
        city.send_out(two.name, lead=OTHER)
        city.settle()
        clock = city.clock(two.name, HANDLING)
        assert (clock.unit, moment(clock.due_time)) == (OTHER, due)
        city.report(one.name)
        city.settle()
        assert city.order(two.name).state == State.WORK_ORDER_STATE_DISPATCHED
        with refused("STATE_NOT_ALLOWED"):
            separate(city, two.name)

    def test_is_refused_where_it_would_hide_something(self, city: City) -> None:
        """Not what waits for its directive, not into itself, not in chains, not after a result (Art. 23)."""
        one, two, three = city.dispatched(), city.dispatched(), city.dispatched()
        held = city.refer(directive=appeal_pb2.DIRECTIVE_KIND_COMMON)
        city.settle()
        for order, into in (
            (city.order_of(held.name).name, one.name),
            (one.name, one.name),
            (split(city, one.name).name, one.name),
        ):
            with refused("ORDER_NOT_JOINABLE", article="Art. 23(3)"):
                join(city, order, into)
        join(city, two.name, one.name)
        for order, into in ((one.name, three.name), (three.name, two.name)):
            with refused("ORDER_NOT_JOINABLE", article="Art. 23(3)"):
                join(city, order, into)
        city.report(one.name)
        with refused("ORDER_NOT_JOINABLE", article="Art. 23(3)"):
            join(city, three.name, one.name)

    def test_brings_what_its_principal_must_study(self, city: City) -> None:
        """Art. 25 is not walked around by joining."""
        one, two = city.dispatched(), city.dispatched()
        city.office.MarkForPrincipal(
            dispatch.MarkForPrincipalRequest(
                name=two.name, ground=work_order_pb2.STUDY_GROUND_MEDIA, request_id=new_request_id()
            )
        )
        join(city, two.name, one.name)
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(one.name)
        city.study(one.name)
        city.report(one.name)
        assert city.order(two.name).study == city.order(one.name).study
