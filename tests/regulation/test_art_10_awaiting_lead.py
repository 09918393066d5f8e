"""第十条、第二十二条: what waits for the office is asked for until it is done, and never stranded."""

from datetime import timedelta
from functools import partial

from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_cli.local.servers import wait_until

from tests.regulation.city import WITHOUT_PRINCIPAL, City, moment

DUTIES = ("dispatch:7,22", "dispatch:23")


class TestAnOrderWithoutALead:
    """由热线工作机构确定 (Art. 22): within two hours (ours), else the office is asked again and again."""

    def test_is_asked_for_until_the_office_names_one(self, city: City) -> None:
        """Nobody proposed, or whoever was has nobody who answers for it (Art. 10(1)): from the release on."""
        orders = [city.dispatched(lead=lead) for lead in ("", WITHOUT_PRINCIPAL)]
        made = city.now
        for order in orders:
            assert (order.office_duty, moment(order.office_ask_time)) == (
                work_order_pb2.OFFICE_DUTY_LEAD,
                made + timedelta(hours=2),
            )
        for asks in (1, 2):
            city.move_to(made + timedelta(hours=2 * asks, minutes=1))
            wait_until(partial(self._all_asked, city, orders, asks), seconds=30, failure="the office was not asked")
        city.send_out(orders[0].name)
        named = city.order(orders[0].name)
        assert (named.office_duty, named.office_asks, named.HasField("office_ask_time")) == (0, 0, False)
        assert city.order(orders[1].name).office_asks == 2

    def _all_asked(self, city: City, orders: list[work_order_pb2.WorkOrder], asks: int) -> bool:
        return all(city.order(order.name).office_asks == asks for order in orders)

    def test_is_asked_for_again_when_a_unit_gave_it_back(self, city: City) -> None:
        """The office owes the next lead (Art. 22)."""
        order = city.send_back(city.dispatched().name)
        assert order.office_duty == work_order_pb2.OFFICE_DUTY_LEAD
        assert moment(order.office_ask_time) == city.now + timedelta(hours=2)


class TestAnOrderThatWaitsForADirective:
    """先报…批示 (Art. 23): a matter that is not urgent is not forgotten either."""

    def test_is_asked_for_after_a_day(self, city: City) -> None:
        """24 hours (ours); the urgent ones are chased each hour, apart."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_COMMON)
        assert order.office_duty == work_order_pb2.OFFICE_DUTY_DIRECTIVE
        assert moment(order.office_ask_time) - moment(order.create_time) == timedelta(hours=24)
        assert not city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_URGENT).office_duty
