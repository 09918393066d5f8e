"""第二十九条: who still does not act after supervision is named, with orders and evidence, and loses points."""

from secrets import token_hex

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import circular_pb2, deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, City, moment, refused

DUTIES = ("sla:29", "sla:32,34,35", "dispatch:7,22")


class Played:
    """A unit that let three orders pass, reported one after the written notice, and two never."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.unit = city.office.CreateUnit(
            dispatch.CreateUnitRequest(
                unit=work_order_pb2.Unit(
                    name=f"units/idle-{token_hex(4)}",
                    display_name="拖延单位",
                    region="139900",
                    kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
                    principal="拖一天",
                ),
                request_id=new_request_id(),
            )
        ).name
        self.day = city.next_morning()
        appeals = [city.refer(lead=self.unit) for _ in range(3)]
        city.settle()
        self.orders = [city.order_of(appeal.name) for appeal in appeals]
        self.written = city.close_of_office(city.working_day(3))
        city.move_to(self.written)
        self.score_before = city.scores(self.day, self.day, self.unit).score
        self.at_once = self.undone()
        city.report(self.orders[2].name, unit=self.unit)
        city.next_morning()
        city.next_morning()

    def undone(self) -> list[circular_pb2.UndoneOrder]:
        """What a circular could name."""
        request = sla.ListUndoneOrdersRequest(unit=self.unit)
        return list(self.city.auditor.sla.ListUndoneOrders(request).orders)

    def publish(self, **fields: object) -> circular_pb2.Circular:
        """The office names the unit."""
        request = sla.PublishCircularRequest(unit=self.unit, request_id=new_request_id())
        request.MergeFrom(sla.PublishCircularRequest(**fields))  # type: ignore[arg-type]
        circular: circular_pb2.Circular = self.city.hotline.person("office").sla.PublishCircular(request)
        return circular


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


class TestTheCircular:
    """对经督办仍不按要求办理的承办单位,热线工作机构予以通报 (Art. 29)."""

    def test_waits_until_the_unit_had_its_time_after_supervision(self, played: Played) -> None:
        """经督办仍不: a working day after the written notice (ours); what was reported meanwhile is not named."""
        assert played.at_once == []
        names = {order.work_order for order in played.undone()}
        assert names == {order.name for order in played.orders[:2]}

    def test_is_not_about_other_orders(self, city: City, played: Played) -> None:
        """Not for what was reported, and not where nothing was left undone (Art. 29)."""
        with refused("ORDER_NOT_CIRCULABLE", article="Art. 29"):
            played.publish(work_orders=[played.orders[2].name])
        with refused("NOTHING_TO_CIRCULATE", article="Art. 29"):
            city.hotline.person("office").sla.PublishCircular(
                sla.PublishCircularRequest(unit="units/nobody", request_id=new_request_id())
            )

    def test_lists_orders_and_evidence_and_costs_points(self, city: City, played: Played) -> None:
        """予以通报,并在考核中予以扣分: each order once, with its written notice (Art. 29)."""
        circular = played.publish(text="请引以为戒")
        assert [order.number for order in circular.orders] == sorted(order.number for order in played.orders[:2])
        for order in circular.orders:
            [written] = [step for step in city.supervisions(order.work_order) if step.name == order.supervision]
            assert (order.notice, order.notice_time) == (written.number, written.issue_time)
            assert moment(order.notice_time) == played.written
            assert not order.HasField("acknowledge_time")
        score = city.scores(played.day, played.day, played.unit)
        assert (score.circulated, circular.points) == (2, 4)
        assert score.score < played.score_before
        assert played.undone() == []
        with refused("NOTHING_TO_CIRCULATE", article="Art. 29"):
            played.publish()
        assert city.auditor.sla.GetCircular(sla.GetCircularRequest(name=circular.name)) == circular

    def test_is_printed(self, city: City, played: Played) -> None:
        """通报 on paper, with number, date and seal box (Art. 29)."""
        [circular] = city.auditor.sla.ListCirculars(sla.ListCircularsRequest(unit=played.unit)).circulars
        printed = city.auditor.sla.GetDocument(sla.GetDocumentRequest(name=circular.name))
        assert printed.content.startswith(b"%PDF-")
        assert circular.number in printed.file_name

    def test_is_seen_by_the_unit_named_and_published_by_the_office(self, city: City, played: Played) -> None:
        """热线工作机构予以通报: nobody else does (Art. 29)."""
        own = city.unit(played.unit).sla.ListCirculars(sla.ListCircularsRequest()).circulars
        assert [circular.unit for circular in own] == [played.unit]
        with refused("NOT_OWN_UNIT"):
            city.unit(LEAD).sla.GetCircular(sla.GetCircularRequest(name=own[0].name))
        with refused("PERMISSION_DENIED"):
            city.unit(played.unit).sla.PublishCircular(sla.PublishCircularRequest())

    def test_stays_with_the_unit_that_gives_the_order_away(self, city: City, played: Played) -> None:
        """在考核中予以扣分: what a unit did late stays its own; the next is supervised for itself (Art. 22, 28, 29)."""
        order = played.orders[0].name
        before = city.scores(played.day, played.day, played.unit)
        city.send_back(order, unit=played.unit)
        city.settle()
        assert city.scores(played.day, played.day, played.unit) == before
        city.send_out(order, lead=LEAD)
        city.settle()
        [reminder] = steps_to(city, order, LEAD)
        assert reminder.step == deadline_pb2.SUPERVISION_STEP_REMINDER
        city.move_to(city.close_of_office(city.working_day(1)))
        city.pass_by(days=3)
        steps = [step.step for step in steps_to(city, order, LEAD)]
        assert steps == [deadline_pb2.SUPERVISION_STEP_REMINDER, deadline_pb2.SUPERVISION_STEP_WRITTEN]
        assert city.scores(played.day, played.day, played.unit) == before


def steps_to(city: City, order: str, unit: str) -> list[deadline_pb2.Supervision]:
    """Steps of supervision to a unit, oldest first."""
    return [step for step in city.supervisions(order) if step.unit == unit]
