"""第三十六条: who leaks what a citizen said is found; the record is whole."""

import json

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import pages
from hotline_cli.verify import Proof, verify, verify_audit

from tests.regulation.city import HANDLING, OTHER, City, moment, refused

DUTIES = ("all:36(4)", "dispatch:36(4)")


def record_of(city: City, service: str, resource: str) -> list[audit_service_pb2.AuditEntry]:
    """What is on record about something."""
    request = audit_service_pb2.ListAuditEntriesRequest(resource=resource)
    return [entry for page in pages(city.auditor.audit[service].ListAuditEntries, request) for entry in page.entries]


class TestWhoTheCitizenIs:
    """泄露工作秘密,违反规定将求助群众提供的投诉材料或有关情况透露给被投诉人或单位 (Art. 36(4))."""

    def test_is_told_for_a_purpose_that_goes_on_record(self, city: City) -> None:
        """Who read it, when, what for, in which trace (Art. 36(4))."""
        appeal = city.register()
        office = city.hotline.person("office", subject="office-501").intake
        told = office.RevealContact(intake.RevealContactRequest(name=appeal.name, purpose="代为联系群众"))
        assert told.full_name == "甄好听"
        [entry] = [e for e in record_of(city, "intake", appeal.name) if e.action == "intake.contacts.reveal"]
        assert (entry.actor, entry.roles, entry.purpose) == ("office-501", "office", "代为联系群众")
        assert moment(entry.time) == city.now
        assert len(entry.trace_id) == 32
        assert "甄好听" not in str(entry)

    def test_is_told_for_no_purpose_to_nobody(self, city: City) -> None:
        """The purpose is stated first (Art. 36(4))."""
        with refused("FIELD_INVALID", field="purpose"):
            city.operator.RevealContact(intake.RevealContactRequest(name=city.register().name))

    def test_is_told_to_the_unit_that_leads_and_to_no_other(self, city: City) -> None:
        """透露给被投诉人或单位: another unit gets nothing (Art. 36(4))."""
        appeal = city.refer()
        city.settle()
        ask = intake.RevealContactRequest(name=appeal.name, purpose="联系群众")
        with refused("NOT_OWN_UNIT", article="Art. 36(4)"):
            city.unit(OTHER).intake.RevealContact(ask)
        assert city.unit().intake.RevealContact(ask).full_name == "甄好听"

    def test_reading_their_own_words_is_on_record_too(self, city: City) -> None:
        """投诉材料 (Art. 36(4))."""
        appeal = city.register(text="举报邻居违建")
        words = city.reviewer.ReadAppealText(intake.ReadAppealTextRequest(name=appeal.name))
        assert words.text == "举报邻居违建"
        assert "intake.texts.read" in {entry.action for entry in record_of(city, "intake", appeal.name)}

    def test_is_told_of_whoever_reads_many(self, city: City) -> None:
        """Contacts, texts, objections, calls and searches count together: the sixtieth of an hour stands out (ours)."""
        appeal = city.register(text="举报邻居违建")
        reader = city.hotline.person("operator", subject="operator-curious").intake
        for number in range(20):
            reader.RevealContact(intake.RevealContactRequest(name=appeal.name, purpose="核实"))
            reader.ReadAppealText(intake.ReadAppealTextRequest(name=appeal.name))
            reader.ListAppeals(intake.ListAppealsRequest(phone=f"139{number:08d}"))
        [alarm] = [entry for entry in record_of(city, "intake", "reads") if entry.actor == "operator-curious"]
        assert alarm.action == "intake.reads.unusual"
        assert json.loads(alarm.details)["in_an_hour"] == "60"


class TestAnotherUnit:
    """A unit sees its own matters alone (Art. 36(4))."""

    def test_sees_nothing_of_an_order(self, city: City) -> None:
        """Neither the order nor its clocks, listed or by name (Art. 36(4))."""
        order = city.dispatched()
        other = city.unit(OTHER)
        with refused("NOT_OWN_UNIT"):
            other.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        with refused("NOT_OWN_UNIT"):
            other.sla.GetDeadline(sla.GetDeadlineRequest(name=city.clock(order.name, HANDLING).name))
        listed = [
            each.name
            for page in pages(other.dispatch.ListWorkOrders, dispatch.ListWorkOrdersRequest(page_size=1000))
            for each in page.work_orders
        ]
        assert order.name not in listed
        assert not other.sla.ListDeadlines(sla.ListDeadlinesRequest(subject=order.name)).deadlines
        of_that_unit = other.dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(unit=order.lead_unit)).work_orders
        assert order.name not in {each.name for each in of_that_unit}


class TestTheRecord:
    """依法依规追究: only a record that is whole proves anything (Art. 36)."""

    def test_is_whole_and_its_heads_are_kept_by_others(self, city: City) -> None:
        """Every chain is unbroken and agrees with what other services keep of it (Art. 36)."""
        city.refer()
        city.settle()
        proof = Proof()
        assert verify_audit(city.hotline, proof) == []
        assert proof.counted["audit_entries"] > 0
        assert proof.counted["kept_heads"] > 0

    def test_agrees_with_the_books(self, city: City) -> None:
        """One disposition, one lead, a deadline, a callback, every event once (Art. 21-24, 30, 36)."""
        city.settle()
        assert verify(city.hotline).findings == []

    def test_is_read_by_the_auditor_alone(self, city: City) -> None:
        """Reads all, changes nothing (Art. 36)."""
        request = audit_service_pb2.ListAuditEntriesRequest()
        for role in ("office", "engineer", "operator", "unit"):
            with refused("PERMISSION_DENIED"):
                city.hotline.person(role).audit["intake"].ListAuditEntries(request)
