"""A city and its counties on real databases; what one tells the other is carried by hand, whole or late (ADR 0034)."""

import json
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.symbol_database import Default
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.events.v1.callback_events_pb2 import CallbackCompleted, ReviewConcluded
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1.appeal_events_pb2 import ContactErased
from hotline.sla.events.v1.deadline_events_pb2 import SupervisionIssued
from hotline.sla.v1 import deadline_pb2
from hotline_dispatch.domain.refusals import (
    ApplicationInvalid,
    CertificateInvalid,
    ContactNotHeld,
    DecidedByCity,
    LedByCounty,
    NotFromCity,
    NotOwnUnit,
    WrongSide,
)
from hotline_dispatch.handlers.counties import application
from hotline_kernel import sealing
from hotline_kernel.auth import Principal
from hotline_kernel.inbox import Envelope
from hotline_kernel.sealed_box import SealingKeys, fingerprint

from tests.integration.dispatch.conftest import OFFICE, Dispatch
from tests.integration.dispatch.counties.lines import (
    AT_CITY,
    BUREAU,
    ENGINEER,
    OTHER_BUREAU,
    Line,
    enrol,
)


class TestAnOrderForACounty:
    def test_becomes_an_order_of_the_countys_own(self, line: Line) -> None:
        at_city, in_county = line.request()
        assert (in_county.title, in_county.text) == (at_city.title, at_city.text)
        assert in_county.number.startswith("130181-20260511-")
        assert in_county.state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
        errand = line.errand(line.county, in_county.name)
        assert (errand.other_number, errand.city_due_date.day) == (at_city.number, 13)
        assert line.errand(line.city, at_city.name).other_number == in_county.number
        line.send_to_bureau(in_county)
        line.carry()
        errand = line.errand(line.city, at_city.name)
        assert errand.other_number == in_county.number
        assert errand.other_state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        assert errand.other_lead == "housing"
        dispatched = line.county.events(in_county.name)[-1]
        assert dispatched.received_time == at_city.dispatch_time  # type: ignore[attr-defined]

    def test_has_first_contact_and_result_at_the_city_by_the_countys_time(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        line.county.pass_hours(1)
        contact = service_pb2.RecordFirstContactRequest(name=in_county.name, note="已电话联系")
        line.county.call("RecordFirstContact", contact, BUREAU)
        reached = line.county.now
        line.county.pass_hours(2)
        line.result(in_county)
        done = line.county.now
        line.county.pass_hours(72)  # the line was cut, and the deadline passed
        line.carry()
        order = line.city.order(at_city.name)
        assert order.first_contact.contact_time.ToDatetime(UTC) == reached
        assert order.first_contact.note == "已电话联系"
        assert order.result.report_time.ToDatetime(UTC) == done
        assert (order.result.text, order.result.unit) == ("已更换循环泵", "units/xinji")
        assert line.errand(line.city, at_city.name).asked_while_cut_off
        assert line.city.event_names(at_city.name)[-2:] == ["FirstContactRecorded", "ResultReported"]

    def test_closes_and_reopens_in_the_county_with_the_citys(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        review = ReviewConcluded(work_order=at_city.name, outcome=callback_pb2.REVIEW_OUTCOME_REOPENED)
        line.city.hear(review)
        line.carry()
        again = line.county.order(in_county.name)
        assert (again.round, again.key_supervision, again.lead_unit) == (2, True, "units/housing")
        line.result(in_county)
        line.carry()
        assert line.city.order(at_city.name).result.text == "已更换循环泵"
        line.city.hear(CallbackCompleted(work_order=at_city.name, round=2, verdict=callback_pb2.VERDICT_SATISFIED))
        line.carry()
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_CLOSED
        assert line.errand(line.city, at_city.name).state == pb.ERRAND_STATE_CLOSED

    def test_is_told_of_supervision(self, line: Line) -> None:
        at_city, in_county = line.request()
        issued = SupervisionIssued(
            work_order=at_city.name, unit="units/xinji", step=deadline_pb2.SUPERVISION_STEP_WRITTEN
        )
        issued.issue_time.FromDatetime(line.city.now)
        line.city.hear(issued)
        line.carry()
        (step,) = line.errand(line.county, in_county.name).supervisions
        assert step.step == deadline_pb2.SUPERVISION_STEP_WRITTEN

    def test_is_not_written_at_the_city_by_the_unit(self, line: Line) -> None:
        at_city, _ = line.request()
        contact = service_pb2.RecordFirstContactRequest(name=at_city.name, note="x")
        with pytest.raises(LedByCounty):
            line.city.call("RecordFirstContact", contact, AT_CITY)


class TestAnExtension:
    def test_is_asked_in_the_county_and_decided_by_the_city(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        ask = service_pb2.RequestExtensionRequest(name=in_county.name, working_days=3, reason="管道须招标")
        line.county.call("RequestExtension", ask, BUREAU)
        with pytest.raises(DecidedByCity):
            line.county.call(
                "DecideExtension", service_pb2.DecideExtensionRequest(name=in_county.name, granted=True), OFFICE
            )
        line.carry()
        assert line.city.order(at_city.name).extension.reason == "管道须招标"
        decide = service_pb2.DecideExtensionRequest(name=at_city.name, granted=True, note="同意")
        line.city.call("DecideExtension", decide, OFFICE)
        line.carry()
        decided = line.county.order(in_county.name).extension
        assert (decided.state, decided.decision_note) == (work_order_pb2.EXTENSION_STATE_GRANTED, "同意")
        assert line.county.event_names(in_county.name)[-1] == "ExtensionGranted"

    def test_asked_in_time_while_the_line_was_cut_is_in_time(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        ask = service_pb2.RequestExtensionRequest(name=in_county.name, working_days=3, reason="管道须招标")
        line.county.call("RequestExtension", ask, BUREAU)
        line.city.pass_hours(40)  # past the cut-off, before the deadline
        line.carry()
        assert line.city.order(at_city.name).extension.state == work_order_pb2.EXTENSION_STATE_REQUESTED
        assert line.errand(line.city, at_city.name).asked_while_cut_off

    def test_that_the_city_cannot_take_is_refused_in_the_county(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        with line.city.database.transaction() as tx:  # the city's calendar is another than the county's
            tx.run("UPDATE work_order SET extension_cutoff_time = '2026-05-10T00:00:00Z'")
        ask = service_pb2.RequestExtensionRequest(name=in_county.name, working_days=3, reason="管道须招标")
        line.county.call("RequestExtension", ask, BUREAU)
        line.carry()
        assert not line.city.order(at_city.name).HasField("extension")
        assert line.county.order(in_county.name).extension.state == work_order_pb2.EXTENSION_STATE_REFUSED
        assert line.errand(line.county, in_county.name).refused == "EXTENSION_ASKED_LATE"


class TestAHandBack:
    def back(self, line: Line, order: work_order_pb2.WorkOrder) -> None:
        request = pb.HandBackWorkOrderRequest(name=order.name, reason="属省管高速")
        line.county.call("HandBackWorkOrder", request, OFFICE)

    def test_brings_the_order_to_the_citys_office(self, line: Line) -> None:
        at_city, in_county = line.request()
        self.back(line, in_county)
        line.carry()
        order = line.city.order(at_city.name)
        assert order.state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
        assert order.send_backs[0].reason == "属省管高速"
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_WITHDRAWN
        with pytest.raises(NotFromCity):
            self.back(line, in_county)

    def test_given_again_is_another_order(self, line: Line) -> None:
        at_city, first = line.request()
        self.back(line, first)
        line.carry()
        request = service_pb2.DispatchWorkOrderRequest(name=at_city.name, lead_unit="units/xinji")
        line.city.call("DispatchWorkOrder", request, OFFICE)
        line.carry()
        second = line.other(at_city)
        assert second.name != first.name
        assert second.state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD

    def test_beyond_the_limit_stays_in_the_county(self, line: Line) -> None:
        at_city, order = line.request()
        for _ in range(2):
            self.back(line, order)
            line.carry()
            request = service_pb2.DispatchWorkOrderRequest(name=at_city.name, lead_unit="units/xinji")
            line.city.call("DispatchWorkOrder", request, OFFICE)
            line.carry()
            order = line.other(at_city)
        self.back(line, order)
        line.carry()
        assert line.county.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
        assert line.errand(line.county, order.name).refused == "SEND_BACK_LIMIT_REACHED"
        assert line.city.order(at_city.name).lead_unit == "units/xinji"


class TestAWithdrawal:
    def reassign(self, line: Line, at_city: work_order_pb2.WorkOrder, lead: str = "units/heating") -> None:
        request = service_pb2.ReassignWorkOrderRequest(name=at_city.name, lead_unit=lead, reason="改派")
        line.city.call("ReassignWorkOrder", request, OFFICE)

    def test_takes_the_order_from_the_county(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        self.reassign(line, at_city)
        line.carry()
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_WITHDRAWN
        assert line.county.event_names(in_county.name)[-1] == "WorkOrderWithdrawn"

    def test_beats_a_result_committed_later(self, line: Line) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        self.reassign(line, at_city)
        line.county.pass_hours(1)
        line.result(in_county)  # the line is cut: the county does not know
        line.carry()
        order = line.city.order(at_city.name)
        assert (order.lead_unit, order.state) == ("units/heating", work_order_pb2.WORK_ORDER_STATE_DISPATCHED)
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_WITHDRAWN

    @pytest.mark.parametrize("first", ["down", "up"])
    def test_does_not_beat_a_result_committed_before(self, line: Line, first: str) -> None:
        at_city, in_county = line.request()
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.county.tick("errands")
        line.county.pass_hours(1)
        self.reassign(line, at_city)
        line.carry_once(down=first == "down", up=first == "up")
        line.carry()
        order = line.city.order(at_city.name)
        assert (order.lead_unit, order.state) == ("units/xinji", work_order_pb2.WORK_ORDER_STATE_REPORTED)
        assert line.county.order(in_county.name).state == work_order_pb2.WORK_ORDER_STATE_REPORTED
        assert line.errand(line.city, at_city.name).state == pb.ERRAND_STATE_OPEN


class TestIdentity:
    def reveal(self, line: Line, order: str, who: Principal) -> Any:
        return line.county.call("RevealContact", pb.RevealContactRequest(name=order, purpose="首次联系"), who)

    def test_is_opened_by_the_countys_lead_alone_and_on_record(self, line: Line) -> None:
        _, in_county = line.request()
        line.send_to_bureau(in_county)
        contact = self.reveal(line, in_county.name, BUREAU)
        assert (contact.full_name, contact.phone) == ("王小明", "13800000000")
        assert ("RevealContact", "clerk-1") in line.county.audited(in_county.name)
        with pytest.raises(NotOwnUnit):
            self.reveal(line, in_county.name, OTHER_BUREAU)
        with pytest.raises(ContactNotHeld):
            line.city.call(
                "RevealContact",
                pb.RevealContactRequest(name=line.errand(line.city, _.name).work_order, purpose="首次联系"),
                OFFICE,
            )

    def test_crosses_as_ciphertext_with_all_that_people_wrote(self, line: Line) -> None:
        _, in_county = line.request()
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        for _, event, _envelope in line.crossed:
            for secret in ("王小明", "13800000000", "暖气不热", "请查看", "循环泵", "恢复供热"):
                assert secret.encode() not in event.SerializeToString()
        with line.county.database.transaction() as tx:
            kept = tx.one("SELECT sealed_contact FROM errand")
        assert kept
        assert "王小明".encode() not in bytes(kept["sealed_contact"])

    def test_is_forgotten_when_the_city_erases_the_citizen_and_that_is_acknowledged(self, line: Line) -> None:
        at_city, in_county = line.request()
        assert line.errand(line.city, at_city.name).contact == pb.ERRAND_CONTACT_STATE_HELD
        line.city.hear(ContactErased(appeal=at_city.appeal))
        listed = line.city.call("ListCounties", pb.ListCountiesRequest(), ENGINEER)
        assert listed.counties[0].erasures_open == 1
        line.carry()
        with pytest.raises(ContactNotHeld):
            self.reveal(line, in_county.name, OFFICE)
        assert line.errand(line.city, at_city.name).contact == pb.ERRAND_CONTACT_STATE_ERASED
        again = line.city.call("RepeatErasures", pb.RepeatErasuresRequest(name="counties/xinji"), ENGINEER)
        line.carry()
        assert again.told == 1
        assert line.errand(line.city, at_city.name).contact == pb.ERRAND_CONTACT_STATE_ERASED

    def test_of_a_confidential_appeal_never_crosses(self, line: Line) -> None:
        at_city, in_county = line.request(confidential=True)
        assert in_county.confidential
        assert line.told("ContactSealed") == []
        line.send_to_bureau(in_county)
        contact = service_pb2.RecordFirstContactRequest(name=at_city.name, note="已转达")
        line.city.call("RecordFirstContact", contact, OFFICE)
        line.carry()
        assert line.county.order(in_county.name).first_contact.relayed

    def test_goes_with_an_order_that_is_taken_back(self, line: Line) -> None:
        at_city, in_county = line.request()
        TestAWithdrawal().reassign(line, at_city)
        line.carry()
        assert line.errand(line.city, at_city.name).contact == pb.ERRAND_CONTACT_STATE_ERASED
        with pytest.raises(ContactNotHeld):
            self.reveal(line, in_county.name, OFFICE)


class TestTwoCounties:
    def test_one_cannot_speak_for_the_other(self, new_county: Callable[[str], Line]) -> None:
        xinji, dingzhou = new_county("xinji"), new_county("dingzhou")
        at_city, in_county = xinji.request()
        xinji.send_to_bureau(in_county)
        xinji.result(in_county)
        xinji.county.tick("errands")
        with xinji.county.database.transaction() as tx:
            messages = tx.claim_messages("counties/xinji", limit=100)
        before = xinji.city.order(at_city.name)
        for message in messages:  # dingzhou has got hold of all of it, and says it by its own line
            event = Parse(message.payload, Default().GetSymbol(message.type)())
            envelope = Envelope(
                message.event_id, "county.dingzhou", message.aggregate, 1, message.type, message.occurred_time, ""
            )
            dingzhou.deliver(dingzhou.city, event, envelope)
        assert xinji.city.order(at_city.name) == before
        assert len(xinji.city.audited("counties/dingzhou")) == len(messages) + 1  # and its enrolment

    def test_neither_sees_anything_of_the_others_orders(self, new_county: Callable[[str], Line]) -> None:
        xinji, dingzhou = new_county("xinji"), new_county("dingzhou")
        at_city, _ = xinji.request()
        dingzhou.carry()
        with dingzhou.county.database.transaction() as tx:
            assert tx.all("SELECT id FROM work_order") == []
        assert [errand.county for errand in dingzhou.city.call("ListErrands", pb.ListErrandsRequest(), OFFICE).errands]
        TestAWithdrawal().reassign(xinji, at_city, lead="units/dingzhou")
        xinji.carry()
        dingzhou.carry()
        with dingzhou.county.database.transaction() as tx:
            (order,) = tx.all("SELECT id, number FROM work_order")
        assert order["id"] != xinji.crossed[0][1].errand


class TestAnotherVersion:
    """City and county are one minor version apart."""

    def test_of_a_message_may_say_less_or_more(self, line: Line) -> None:
        line.city.refer(lead_unit="units/xinji")
        line.city.tick("errands")
        with line.city.database.transaction() as tx:
            asked = tx.claim_messages("counties/xinji", limit=1)[0]
        body = json.loads(asked.payload)
        older = {key: body[key] for key in ("errand", "commitTime", "number", "round", "requestType", "sealedText")}
        later = {"addedLater": {"deep": 1}, "studyGrounds": ["STUDY_GROUND_MEDIA", "STUDY_GROUND_OF_LATER"]}
        event = Parse(json.dumps(older | later), crossing.OrderRequested(), ignore_unknown_fields=True)
        envelope = Envelope(asked.event_id, "county.xinji", asked.aggregate, 1, asked.type, asked.occurred_time, "")
        line.deliver(line.county, event, envelope)
        (order,) = line.county.call("ListWorkOrders", service_pb2.ListWorkOrdersRequest(), OFFICE).work_orders
        assert (order.title, order.text[:3]) == ("暖气不热", "请查看")
        assert order.study_grounds == [work_order_pb2.STUDY_GROUND_MEDIA]

    def test_of_a_report_that_cannot_be_read_is_refused_and_blocks_nothing(self, line: Line) -> None:
        at_city, in_county = line.request()
        report = crossing.CountyResultReported(errand=line.errand(line.city, at_city.name).name, round=1)
        report.commit_time.FromDatetime(line.city.now)
        envelope = Envelope(None, "county.xinji", report.errand, 1, "", line.city.now, "")
        line.deliver(line.city, report, envelope)
        line.carry()
        assert line.errand(line.city, at_city.name).refused == "FIELD_INVALID"
        line.send_to_bureau(in_county)
        line.result(in_county)
        line.carry()
        assert line.city.order(at_city.name).result.text == "已更换循环泵"


class TestEnrolment:
    def test_is_refused_without_the_countys_own_signature(self, dispatch: Dispatch, tmp_path: Path) -> None:
        (tmp_path / "other").write_text(sealing.new_key_line(key_id="other"))
        keys = SealingKeys(tmp_path / "other")
        request = pb.EnrolCountyRequest(
            county="counties/xinji",
            public_keys=keys.public_keys,
            signature=keys.sign(application("counties/dingzhou", keys.public_keys)),
            unit="units/heating",
            broker="127.0.0.1:5672/hotline",
        )
        with pytest.raises(ApplicationInvalid):
            dispatch.call("EnrolCounty", request, ENGINEER)

    def test_answer_is_taken_by_the_county_it_is_for_with_the_citys_fingerprint(
        self, new_county: Callable[[str], Line], tmp_path: Path
    ) -> None:
        line = new_county("xinji")
        keys = SealingKeys(tmp_path / "xinji.keys")
        answer = enrol(line.city, line.county, "xinji", keys)
        join = pb.JoinCityRequest(
            certificate=answer.certificate, signature=answer.signature, fingerprint=answer.county.city_fingerprint
        )
        with pytest.raises(WrongSide):
            line.city.call("JoinCity", join, ENGINEER)
        join.ClearField("request_id")
        join.fingerprint = fingerprint(keys.public_keys)
        with pytest.raises(CertificateInvalid):
            line.county.call("JoinCity", join, ENGINEER)
        changed = pb.CountyCertificate.FromString(answer.certificate)
        changed.broker = "evil.example:5672/hotline"
        forged = pb.JoinCityRequest(
            certificate=changed.SerializeToString(),
            signature=answer.signature,
            fingerprint=answer.county.city_fingerprint,
        )
        with pytest.raises(CertificateInvalid):
            line.county.call("JoinCity", forged, ENGINEER)
        other = enrol_other(line, tmp_path)
        with pytest.raises(CertificateInvalid):
            line.county.call("JoinCity", other, ENGINEER)

    def test_of_a_unit_that_has_orders_already_lets_them_cross(
        self, new_county: Callable[[str], Line], dispatch: Dispatch
    ) -> None:
        line = new_county("xinji")
        with dispatch.database.transaction() as tx:
            tx.run("DELETE FROM county")
        at_city = dispatch.refer(lead_unit="units/xinji")
        dispatch.tick("errands")
        with dispatch.database.transaction() as tx:
            county = line.county.database
        with county.transaction() as theirs:
            known = theirs.find_county("counties/xinji")
        assert known is not None
        with dispatch.database.transaction() as tx:
            known.side = type(known.side).CITY
            tx.add_county(known)
            tx.compare_orders_of("units/xinji")
        line.carry()
        assert line.other(at_city).state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD


def enrol_other(line: Line, tmp_path: Path) -> pb.JoinCityRequest:
    """The city's good answer to another county."""
    (tmp_path / "stranger").write_text(sealing.new_key_line(key_id="stranger"))
    keys = SealingKeys(tmp_path / "stranger")
    request = pb.EnrolCountyRequest(
        county="counties/stranger",
        public_keys=keys.public_keys,
        signature=keys.sign(application("counties/stranger", keys.public_keys)),
        unit="units/roads",
        broker="127.0.0.1:5672/hotline",
    )
    answer = line.city.call("EnrolCounty", request, ENGINEER)
    return pb.JoinCityRequest(
        certificate=answer.certificate, signature=answer.signature, fingerprint=answer.county.city_fingerprint
    )
