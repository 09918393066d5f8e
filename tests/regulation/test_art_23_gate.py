"""第二十三条: the gate is held everywhere, and an urgent matter's directive is chased."""

import json
from datetime import timedelta

from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.sla.v1 import deadline_pb2
from hotline_cli.local.servers import wait_until

from tests.regulation.city import HANDLING, City, moment, refused
from tests.regulation.test_art_23_directives import HELD, instruct
from tests.regulation.test_art_36_record import record_of

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
        assert chased.state == HELD
        # It was chased on the way to now or now, and an hour later it will be again.
        first_due = moment(urgent.chase_time)
        assert first_due <= moment(chased.chase_time) - timedelta(minutes=60) <= city.now
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


class TestAMatterRecognisedLater:
    """应当先报…批示 (Art. 23): the review seat may have overlooked what it was."""

    def test_is_stopped_by_the_office_while_it_is_not_out(self, city: City) -> None:
        """Then it waits as if it had been drafted so, and is under key supervision when it goes out (Art. 28(1))."""
        order = city.dispatched(lead="")
        held = city.hold(order.name)
        assert (held.state, held.directive.kind) == (HELD, appeal_pb2.DIRECTIVE_KIND_COMPLEX)
        with refused("DIRECTIVE_MISSING", article="Art. 23"):
            city.send_out(order.name)
        urgent = city.hold(city.dispatched(lead="").name, appeal_pb2.DIRECTIVE_KIND_URGENT)
        assert urgent.HasField("chase_time")
        instruct(city, order.name)
        city.send_out(order.name)
        city.settle()
        [notice] = city.supervisions(order.name)
        assert notice.step == deadline_pb2.SUPERVISION_STEP_KEY_NOTICE

    def test_that_was_sent_back_goes_to_the_office_with_its_directive(self, city: City) -> None:
        """Not to the unit that gave it back; the term of its first receipt runs on (Art. 22, 24)."""
        order = city.dispatched()
        city.send_back(order.name)
        city.hold(order.name)
        instructed = instruct(city, order.name)
        assert instructed.state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
        city.settle()
        assert city.state(order.name, HANDLING) == "RUNNING"

    def test_is_not_called_back_once_it_is_out(self, city: City) -> None:
        """先…再转: after that the refusal is on record with who asked (Art. 23, 36)."""
        order = city.dispatched()
        with refused("ORDER_OUT_ALREADY", article="Art. 23"):
            city.hold(order.name)
        details = [json.loads(entry.details) for entry in record_of(city, "dispatch", order.name)]
        assert [each["refused"] for each in details if "refused" in each] == ["ORDER_OUT_ALREADY"]
        assert city.order(order.name) == order
