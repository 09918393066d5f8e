"""第二十八条: key supervision as a class of orders by the three kinds; notices on paper, acknowledged by the unit."""

from datetime import timedelta

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import HANDLING, LEAD, OTHER, City, moment, refused

DUTIES = ("sla:28",)

DIRECTIVE = deadline_pb2.KEY_SUPERVISION_GROUND_DIRECTIVE
IMPORTANT = deadline_pb2.KEY_SUPERVISION_GROUND_IMPORTANT
STEPS = deadline_pb2.SupervisionStep


def watch(city: City, order: str, **changes: object) -> deadline_pb2.KeySupervision:
    """The office puts an order under key supervision."""
    fields = {"work_order": order, "ground": IMPORTANT, "reason": "涉及面广", "request_id": new_request_id()}
    return city.hotline.person("office").sla.StartKeySupervision(
        sla.StartKeySupervisionRequest(**fields | changes)  # type: ignore[arg-type]
    )


class TestTheClass:
    """对下列事项进行重点督办 (Art. 28)."""

    def test_holds_what_the_leaders_wrote_on(self, city: City) -> None:
        """市领导批示事项: from its receipt, without anybody's doing (Art. 28(1))."""
        city.next_morning()
        appeal = city.refer(directive=appeal_pb2.DIRECTIVE_KIND_COMPLEX)
        city.settle()
        order = city.order_of(appeal.name)
        city.office.RecordDirective(
            dispatch.RecordDirectiveRequest(
                name=order.name, text="请抓紧解决", authority="副市长", request_id=new_request_id()
            )
        )
        city.settle()
        request = sla.ListKeySupervisionsRequest(work_order=order.name)
        [key] = city.auditor.sla.ListKeySupervisions(request).key_supervisions
        assert (key.ground, key.unit, key.handling) == (DIRECTIVE, LEAD, deadline_pb2.DEADLINE_STATE_RUNNING)
        assert [step.step for step in city.supervisions(order.name)] == [STEPS.SUPERVISION_STEP_KEY_NOTICE]

    def test_holds_what_the_office_finds_important(self, city: City) -> None:
        """重点、热点、难点或涉及面广、影响大的事项: with its reason, once, on record (Art. 28(2))."""
        order = city.dispatched()
        key = watch(city, order.name)
        assert (key.number, key.unit, key.reason) == (order.number, LEAD, "涉及面广")
        with refused("KEY_SUPERVISED_ALREADY", article="Art. 28"):
            watch(city, order.name)
        assert "列为重点督办" in city.supervisions(order.name)[-1].text
        city.settle()
        read = city.unit().dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        assert read.key_supervision
        assert [note.step for note in read.supervisions] == [STEPS.SUPERVISION_STEP_KEY_NOTICE]
        assert "put under key supervision (Art. 28)" in city.clock(order.name, HANDLING).account
        city.report(order.name)
        city.settle()
        with refused("STATE_NOT_ALLOWED"):
            watch(city, order.name, ground=DIRECTIVE)

    def test_is_set_by_the_office_alone(self, city: City) -> None:
        """热线工作机构…进行重点督办 (Art. 28)."""
        with refused("PERMISSION_DENIED"):
            city.unit().sla.StartKeySupervision(sla.StartKeySupervisionRequest())

    def test_is_seen_by_its_unit_alone(self, city: City) -> None:
        """A unit lists what it holds; another does not see it (Art. 36(4))."""
        listed = city.unit().sla.ListKeySupervisions(sla.ListKeySupervisionsRequest()).key_supervisions
        assert {key.unit for key in listed} == {LEAD}
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).sla.ListKeySupervisions(sla.ListKeySupervisionsRequest(unit=LEAD))


@pytest.fixture(scope="module")
def overdue(city: City) -> work_order_pb2.WorkOrder:
    """An order under key supervision that its unit let pass."""
    city.next_morning()
    order = city.dispatched()
    watch(city, order.name)
    city.move_to(moment(city.clock(order.name, HANDLING).due_time) + timedelta(minutes=1))
    return order


class TestTheNotice:
    """书面督办 on paper (Art. 28)."""

    def test_goes_out_with_the_end_of_the_term(self, city: City, overdue: work_order_pb2.WorkOrder) -> None:
        """Under key supervision nobody waits another day (ours)."""
        steps = [step.step for step in city.supervisions(overdue.name)]
        assert steps[0] == STEPS.SUPERVISION_STEP_KEY_NOTICE
        assert steps[-2:] == [STEPS.SUPERVISION_STEP_REMINDER, STEPS.SUPERVISION_STEP_WRITTEN]
        listed = city.auditor.sla.ListKeySupervisions(
            sla.ListKeySupervisionsRequest(work_order=overdue.name, overdue=True)
        ).key_supervisions
        assert [key.handling for key in listed] == [deadline_pb2.DEADLINE_STATE_OVERDUE]

    def test_is_a_pdf_and_always_the_same(self, city: City, overdue: work_order_pb2.WorkOrder) -> None:
        """With number, date and a box for the seal; the unit gets its own (Art. 28)."""
        written = city.supervisions(overdue.name)[-1]
        request = sla.GetDocumentRequest(name=written.name)
        first, again = (person.sla.GetDocument(request) for person in (city.auditor, city.unit()))
        assert first.media_type == "application/pdf"
        assert written.number in first.file_name
        assert first.content.startswith(b"%PDF-")
        assert first.content == again.content
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).sla.GetDocument(request)
        reminder = city.supervisions(overdue.name)[-2]
        with refused("NOTICE_NOT_WRITTEN", article="Art. 28"):
            city.auditor.sla.GetDocument(sla.GetDocumentRequest(name=reminder.name))

    def test_is_acknowledged_by_its_unit_once(self, city: City, overdue: work_order_pb2.WorkOrder) -> None:
        """督促承办单位按要求办结: the unit signs for it, and nobody else (Art. 28)."""
        written = city.supervisions(overdue.name)[-1]
        fields = {"name": written.name, "note": "已安排专人", "request_id": new_request_id()}
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).sla.AcknowledgeNotice(sla.AcknowledgeNoticeRequest(**fields))
        signed = city.unit().sla.AcknowledgeNotice(sla.AcknowledgeNoticeRequest(**fields))
        assert moment(signed.acknowledge_time) == city.now
        assert (signed.acknowledge_note, bool(signed.acknowledged_by)) == ("已安排专人", True)
        assert city.supervisions(overdue.name)[-1] == signed
        with refused("NOTICE_ACKNOWLEDGED", article="Art. 28"):
            city.unit().sla.AcknowledgeNotice(
                sla.AcknowledgeNoticeRequest(name=written.name, request_id=new_request_id())
            )

    def test_costs_points(self, city: City, overdue: work_order_pb2.WorkOrder) -> None:
        """形成考核: what was supervised in writing counts in the unit's score (Art. 28, 34)."""
        received = moment(overdue.dispatch_time).astimezone(city.now.tzinfo).date()
        assert city.scores(received, received, LEAD).supervised >= 1
