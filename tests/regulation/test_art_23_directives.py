"""第二十三条: four kinds of matters wait for the written instruction of the city's government."""

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import FIRST_CONTACT, HANDLING, LEAD, City, moment, refused

DUTIES = ("dispatch:23",)

HELD = work_order_pb2.WORK_ORDER_STATE_HELD
KINDS = [name for name, value in appeal_pb2.DirectiveKind.items() if value]


def instruct(city: City, order: str) -> work_order_pb2.WorkOrder:
    """The vice-mayor's words are put on record."""
    return city.office.RecordDirective(
        dispatch.RecordDirectiveRequest(
            name=order, text="请供热办牵头,今日解决。", authority="分管副市长", request_id=new_request_id()
        )
    )


class TestAMatterOfTheFourKinds:
    """应当先报市政府分管负责同志批示后,再转相关承办单位办理 (Art. 23)."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_is_held_until_the_directive_and_goes_out_with_it(self, city: City, kind: str) -> None:
        """紧急, 复杂, 共性, 难点 (Art. 23(1)-(4)); the unit's term starts when it receives the order (Art. 24)."""
        order = city.dispatched(directive=appeal_pb2.DirectiveKind.Value(kind))
        assert (order.state, order.lead_unit) == (HELD, "")
        assert city.clocks(order.name, HANDLING) == []
        city.pass_by(minutes=30)
        instruct(city, order.name)
        city.settle()
        out = city.order(order.name)
        assert (out.state, out.lead_unit) == (work_order_pb2.WORK_ORDER_STATE_DISPATCHED, LEAD)
        assert (out.directive.text, out.directive.authority) == ("请供热办牵头,今日解决。", "分管副市长")
        assert moment(out.dispatch_time) == moment(city.clock(out.name, HANDLING).start_time) == city.now
        assert city.state(out.name, FIRST_CONTACT) == "RUNNING"

    def test_has_no_way_round(self, city: City) -> None:
        """先报…再转: the office does not send it, the unit neither sees, contacts nor reports it (Art. 23)."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_URGENT)
        unit = city.unit().dispatch
        with refused("DIRECTIVE_MISSING", article="Art. 23"):
            city.send_out(order.name)
        with refused("NOT_OWN_UNIT"):
            unit.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        listed = unit.ListWorkOrders(dispatch.ListWorkOrdersRequest(page_size=1000, state=HELD)).work_orders
        assert list(listed) == []
        with refused("NOT_OWN_UNIT"):
            city.contact(order.name)
        with refused("NOT_OWN_UNIT"):
            city.report(order.name)
        with refused("NOT_OWN_UNIT"):
            city.send_back(order.name)
        city.pass_by(days=1)
        assert city.order(order.name).state == HELD

    def test_takes_one_directive(self, city: City) -> None:
        """批示 is given once (Art. 23)."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_STALLED)
        instruct(city, order.name)
        with refused("STATE_NOT_ALLOWED"):
            instruct(city, order.name)

    def test_is_not_instructed_by_a_unit(self, city: City) -> None:
        """市政府分管负责同志批示: the office puts it on record (Art. 23)."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_COMMON)
        with refused("PERMISSION_DENIED"):
            city.unit().dispatch.RecordDirective(dispatch.RecordDirectiveRequest(name=order.name))
