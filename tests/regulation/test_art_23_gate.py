"""第二十三条: the gate is held everywhere, and an urgent matter's directive is chased."""

from datetime import timedelta

from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_cli.local.servers import wait_until

from tests.regulation.city import City, moment, refused
from tests.regulation.test_art_23_directives import HELD, instruct

DUTIES = ("dispatch:23",)


class TestAnUrgentMatter:
    """涉及安全、稳定等需要紧急处理的重大事件 (Art. 23(1)): raised at once and chased (ours)."""

    def test_is_chased_each_hour_until_its_directive_comes(self, city: City) -> None:
        """先报…批示: asked for again 60 minutes after it was raised (ours), and not once more when it came."""
        urgent = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_URGENT)
        patient = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_COMPLEX)
        assert moment(urgent.chase_time) - moment(urgent.create_time) == timedelta(minutes=60)
        assert not patient.HasField("chase_time")
        city.pass_by(minutes=59)
        assert city.order(urgent.name).chases == 0
        city.pass_by(minutes=2)
        wait_until(lambda: city.order(urgent.name).chases == 1, seconds=30, failure="the directive was not chased")
        chased = city.order(urgent.name)
        assert (chased.state, moment(chased.chase_time)) == (HELD, city.now + timedelta(minutes=60))
        instruct(city, urgent.name)
        out = city.order(urgent.name)
        assert out.state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        assert not out.HasField("chase_time")
        assert city.order(patient.name).chases == 0

    def test_is_not_handed_to_another_lead_instead(self, city: City) -> None:
        """再转: what is held has no lead to be changed (Art. 23)."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_URGENT)
        with refused("STATE_NOT_ALLOWED"):
            city.reassign(order.name)
        assert city.order(order.name).state == HELD
