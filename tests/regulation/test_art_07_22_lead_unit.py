"""第七条、第二十二条: the office names the unit that leads, and there is always one."""

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2

from tests.regulation.city import FIRST_CONTACT, HANDLING, LEAD, OTHER, WITHOUT_PRINCIPAL, City, day, refused

DUTIES = ("dispatch:7,22",)

AWAITING = work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
DISPATCHED = work_order_pb2.WORK_ORDER_STATE_DISPATCHED


class TestAMatterWithoutAClearUnit:
    """不能明确主要负责部门或涉及多个部门的问题,由热线工作机构确定主要负责部门办理 (Art. 22)."""

    @pytest.mark.parametrize("lead", ["", "units/no-such-unit", WITHOUT_PRINCIPAL])
    def test_waits_for_the_office(self, city: City, lead: str) -> None:
        """No lead, an unknown one or one without a responsible person (Art. 10(1)): never stranded (Art. 22)."""
        order = city.dispatched(lead=lead)
        assert order.state == AWAITING
        assert order.lead_unit == ""
        assert city.clocks(order.name, HANDLING) == []

    def test_gets_one_lead_and_its_supporters_from_the_office(self, city: City) -> None:
        """热线工作机构指定的主要责任单位 (Art. 7); the term starts when the unit receives it (Art. 24)."""
        order = city.dispatched(lead="")
        city.send_out(order.name, lead=LEAD, supporting=[OTHER])
        city.settle()
        out = city.order(order.name)
        assert (out.state, out.lead_unit, list(out.supporting_units)) == (DISPATCHED, LEAD, [OTHER])
        assert {city.clock(out.name, kind).unit for kind in (HANDLING, FIRST_CONTACT)} == {LEAD}

    def test_is_not_given_to_a_unit_that_does_not_exist(self, city: City) -> None:
        """承办单位 are those of the registry (Art. 10)."""
        order = city.dispatched(lead="")
        with refused("UNIT_UNKNOWN", article="Art. 10"):
            city.send_out(order.name, lead="units/no-such-unit")

    def test_is_named_by_nobody_but_the_office(self, city: City) -> None:
        """由热线工作机构确定 (Art. 22)."""
        order = city.dispatched(lead="")
        with refused("PERMISSION_DENIED"):
            city.unit().dispatch.DispatchWorkOrder(dispatch.DispatchWorkOrderRequest(name=order.name, lead_unit=LEAD))


class TestTheLeadUnit:
    """主要责任单位 (Art. 7)."""

    def test_does_not_support_itself(self, city: City) -> None:
        """Refused where it is drafted and where it is sent out (Art. 22)."""
        with refused("LEAD_ALSO_SUPPORTING", article="Art. 22"):
            city.refer(lead=LEAD, supporting=[LEAD])
        order = city.dispatched(lead="")
        with refused("LEAD_ALSO_SUPPORTING", article="Art. 22"):
            city.send_out(order.name, lead=LEAD, supporting=[LEAD])

    def test_alone_acts_while_supporters_read(self, city: City) -> None:
        """One unit answers for the whole (Art. 7)."""
        order = city.dispatched(supporting=[OTHER])
        supporter = city.unit(OTHER).dispatch
        assert supporter.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name)).lead_unit == LEAD
        with refused("NOT_OWN_UNIT"):
            city.report(order.name, unit=OTHER)
        with refused("NOT_OWN_UNIT"):
            city.send_back(order.name, unit=OTHER)


class TestSendingBack:
    """先解决问题: passing on has an end (Art. 7, 22)."""

    def test_goes_to_the_office_and_stays_in_the_history(self, city: City) -> None:
        """Who gave it back and why is kept, oldest first (Art. 22)."""
        order = city.dispatched()
        city.send_back(order.name, reason="归水务管")
        assert city.order(order.name).state == AWAITING
        city.send_out(order.name, lead=OTHER)
        city.send_back(order.name, unit=OTHER, reason="归供热管")
        history = city.order(order.name).send_backs
        assert [(back.unit, back.reason) for back in history] == [(LEAD, "归水务管"), (OTHER, "归供热管")]

    def test_is_limited(self, city: City) -> None:
        """After two (ours) the office's decision is final (Art. 22)."""
        order = city.dispatched()
        for _ in range(2):
            city.send_back(order.name)
            city.send_out(order.name)
        with refused("SEND_BACK_LIMIT_REACHED", article="Art. 22"):
            city.send_back(order.name)
        assert city.order(order.name).state == DISPATCHED

    def test_resets_no_deadline(self, city: City) -> None:
        """推诿 wins no time: the term of Art. 24(2) counts from the first unit's receipt."""
        city.next_morning()
        order = city.dispatched()
        due = day(order.due_date) if order.HasField("due_date") else day(city.order(order.name).due_date)
        city.next_morning()
        city.send_back(order.name)
        city.settle()
        city.send_out(order.name, lead=OTHER)
        city.settle()
        assert day(city.order(order.name).due_date) == due
        clock = city.clock(order.name, HANDLING)
        assert (day(clock.due_date), clock.unit) == (due, OTHER)
