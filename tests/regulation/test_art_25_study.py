"""第二十五条: four kinds of matters are studied by the unit's principal before the result."""

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, OTHER, City, moment, refused
from tests.regulation.test_art_23_directives import instruct

DUTIES = ("dispatch:25",)

GROUNDS = [name for name, value in work_order_pb2.StudyGround.items() if value]


def mark(city: City, order: str, ground: work_order_pb2.StudyGround.ValueType) -> work_order_pb2.WorkOrder:
    """The office says why the principal must study it."""
    return city.office.MarkForPrincipal(
        dispatch.MarkForPrincipalRequest(name=order, ground=ground, request_id=new_request_id())
    )


class TestAMatterOfTheFourKinds:
    """应当将有关问题报本单位主要负责人研究解决 (Art. 25)."""

    @pytest.mark.parametrize("ground", GROUNDS)
    def test_has_no_result_before_its_principal_studied_it(self, city: City, ground: str) -> None:
        """市政府交办, 多次反映, 有较大影响, 媒体关注 (Art. 25(1)-(4)): who, when and what are on record."""
        order = city.dispatched()
        marked = mark(city, order.name, work_order_pb2.StudyGround.Value(ground))
        assert [work_order_pb2.StudyGround.Name(each) for each in marked.study_grounds] == [ground]
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(order.name)
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        study = city.study(order.name).study
        assert (study.principal, study.decision) == ("韩立冬", "由副主任牵头,三日内更换管道。")
        assert moment(study.study_time) == city.now
        assert city.report(order.name).study == study

    def test_is_marked_where_the_office_names_its_units(self, city: City) -> None:
        """The mark goes out with the order (Art. 25)."""
        order = city.dispatched(lead="")
        city.office.DispatchWorkOrder(
            dispatch.DispatchWorkOrderRequest(
                name=order.name,
                lead_unit=LEAD,
                study_grounds=[work_order_pb2.STUDY_GROUND_MEDIA],
                request_id=new_request_id(),
            )
        )
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(order.name)

    def test_is_what_the_city_government_gave_directive_on(self, city: City) -> None:
        """市政府交办的事项 (Art. 25(1)): a vice-mayor's directive assigns it (ours)."""
        order = city.dispatched(directive=appeal_pb2.DIRECTIVE_KIND_COMPLEX)
        out = instruct(city, order.name)
        assert list(out.study_grounds) == [work_order_pb2.STUDY_GROUND_CITY_ASSIGNED]
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(order.name)

    def test_is_studied_anew_by_the_principal_of_another_lead(self, city: City) -> None:
        """本单位主要负责人: of the unit that leads now (Art. 25)."""
        order = city.dispatched()
        mark(city, order.name, work_order_pb2.STUDY_GROUND_GREAT_EFFECT)
        city.study(order.name)
        city.send_back(order.name)
        city.send_out(order.name, lead=OTHER)
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(order.name, unit=OTHER)


class TestTheStudy:
    """报本单位主要负责人研究 (Art. 25)."""

    def test_is_the_first_responsible_persons_and_nobody_elses(self, city: City) -> None:
        """主要负责人为第一责任人 (Art. 10(1)); the lead unit alone records it."""
        order = city.dispatched(supporting=[OTHER])
        with refused("STUDY_NOT_BY_PRINCIPAL", article="Art. 25"):
            city.study(order.name, principal="某科员")
        with refused("NOT_OWN_UNIT"):
            city.study(order.name, unit=OTHER)

    def test_is_asked_for_by_the_office_alone_and_before_the_result(self, city: City) -> None:
        """A result that is in cannot be studied before it any more (Art. 25)."""
        order = city.dispatched()
        request = dispatch.MarkForPrincipalRequest(name=order.name, ground=work_order_pb2.STUDY_GROUND_MEDIA)
        with refused("PERMISSION_DENIED"):
            city.unit().dispatch.MarkForPrincipal(request)
        city.report(order.name)
        with refused("STATE_NOT_ALLOWED"):
            mark(city, order.name, work_order_pb2.STUDY_GROUND_MEDIA)
