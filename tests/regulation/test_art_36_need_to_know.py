"""第三十六条: what was complained of is not for the unit complained about, nor for those above it (Art. 36(4))."""

from collections.abc import Sequence

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import FIRST_CONTACT, HANDLING, LEAD, OTHER, City, day, refused

DUTIES = ("dispatch:36(4)", "dispatch:24(1)")

BUREAU, STATION, POST = "units/need-bureau", "units/need-station", "units/need-post"
AWAITING = work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD


@pytest.fixture(scope="module", autouse=True)
def units(city: City) -> None:
    """A bureau, a station below it, a post below that."""
    above = ""
    for name in (BUREAU, STATION, POST):
        unit = work_order_pb2.Unit(
            name=name,
            display_name=name,
            region="139902",
            kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
            principal="卫主任",
            superior=above,
        )
        city.office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id()))
        above = name


def complaint(city: City, *, lead: str = LEAD, supporting: Sequence[str] = ()) -> work_order_pb2.WorkOrder:
    """Somebody complains about the station; the reviewer says so on the draft."""
    content = appeal_pb2.DraftContent(
        text="反映该站收费不开票", lead_unit=lead, supporting_units=supporting, about_unit=STATION
    )
    appeal = city.release(city.register(draft=city.draft(lead=lead)).name, content)
    city.settle()
    return city.order_of(appeal.name)


def mark(city: City, order: str, about: str) -> work_order_pb2.WorkOrder:
    """The office finds out whom it is about."""
    return city.office.MarkAboutUnit(
        dispatch.MarkAboutUnitRequest(name=order, about_unit=about, reason="来电补充说明", request_id=new_request_id())
    )


def seen(city: City, unit: str, order: str) -> work_order_pb2.WorkOrder:
    """What a unit reads, one by one or in its list: the same."""
    reader = city.unit(unit).dispatch
    found: work_order_pb2.WorkOrder = reader.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order))
    [listed] = [
        each for each in reader.ListWorkOrders(dispatch.ListWorkOrdersRequest()).work_orders if each.name == order
    ]
    assert listed == found
    return found


class TestTheUnitComplainedAbout:
    """泄露求助人信息 (Art. 36(4)) is answered for: so it does not get what could leak."""

    def test_does_not_lead(self, city: City) -> None:
        """Refused where people decide, sent to the office where nobody does."""
        with refused("LEAD_CONCERNED", article="Art. 36(4)"):
            complaint(city, lead=STATION)
        order = complaint(city, lead=POST)  # below it, which only the registry knows
        assert (order.state, order.lead_unit) == (AWAITING, "")
        for unit in (STATION, POST):
            with refused("LEAD_CONCERNED", article="Art. 36(4)"):
                city.send_out(order.name, lead=unit)
        city.send_out(order.name, lead=LEAD)
        with refused("LEAD_CONCERNED", article="Art. 36(4)"):
            city.reassign(order.name, lead=STATION)

    def test_reads_that_it_is_there_and_nothing_that_was_said(self, city: City) -> None:
        """By Get, by List, and in the answer to its own report of its part."""
        order = complaint(city, supporting=[STATION, POST])
        city.unit(LEAD).dispatch.AssignPart(
            dispatch.AssignPartRequest(
                name=order.name, unit=STATION, text="请交来收费台账", request_id=new_request_id()
            )
        )
        for unit in (STATION, BUREAU, POST):
            stub = seen(city, unit, order.name)
            assert (stub.redacted, stub.title, stub.text, stub.appeal) == (True, "", "", "")
            assert (stub.number, stub.state, stub.due_date) == (
                order.number,
                order.state,
                city.order(order.name).due_date,
            )
            assert [part.unit for part in stub.parts] == ([STATION] if unit == STATION else [])
        reported = city.unit(STATION).dispatch.ReportPart(
            dispatch.ReportPartRequest(name=order.name, text="台账已交", request_id=new_request_id())
        )
        assert (reported.redacted, reported.text) == (True, "")
        assert seen(city, LEAD, order.name).text == "反映该站收费不开票"
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))

    def test_loses_an_order_that_it_already_leads(self, city: City) -> None:
        """The term goes on while the office looks for another lead (Art. 22); the clock is not the unit's any more."""
        order = city.dispatched(lead=STATION)
        due = day(city.order(order.name).due_date)
        taken = mark(city, order.name, STATION)
        assert (taken.state, taken.lead_unit, taken.about_unit) == (AWAITING, "", STATION)
        city.settle()
        assert (city.clock(order.name, HANDLING).unit, city.state(order.name, HANDLING)) == ("", "RUNNING")
        assert city.state(order.name, FIRST_CONTACT) == "CANCELLED"
        assert seen(city, STATION, order.name).redacted
        city.send_out(order.name, lead=OTHER)
        city.settle()
        assert day(city.order(order.name).due_date) == due
        assert (city.clock(order.name, HANDLING).unit, city.clock(order.name, FIRST_CONTACT).unit) == (OTHER, OTHER)

    def test_stays_out_when_the_order_is_reopened(self, city: City) -> None:
        """Found out in the callback: the next round is another's (Art. 30)."""
        order = city.dispatched(lead=STATION)
        city.report(order.name, unit=STATION)
        city.settle()
        assert mark(city, order.name, STATION).lead_unit == STATION  # on record who reported
        assert seen(city, STATION, order.name).redacted
        city.call_back(order.name, callback_pb2.VERDICT_DISSATISFIED)
        city.settle()
        city.conclude(city.review_of(order.appeal).name, callback_pb2.REVIEW_OUTCOME_REOPENED)
        city.settle()
        again = city.order(order.name)
        assert (again.state, again.lead_unit, again.round) == (AWAITING, "", 2)
        city.send_out(order.name, lead=OTHER)
        city.settle()
        assert city.clock(order.name, HANDLING).unit == OTHER


class TestASuperior:
    """Outside the need to know (Art. 36(4)): whoever leads needs to, nobody else above the unit does."""

    def test_that_leads_knows_and_the_office_relays_the_contact(self, city: City) -> None:
        """The bureau examines its station; who complained it need not know (Art. 24(1))."""
        order = complaint(city, lead=BUREAU)
        assert seen(city, BUREAU, order.name).text == "反映该站收费不开票"
        with refused("CONTACT_RELAYED", article="24(1), 36(4)"):
            city.contact(order.name, unit=BUREAU)
        with refused("CONTACT_RELAYED", article="24(1), 36(4)"):
            city.unit(BUREAU).intake.RevealContact(intake.RevealContactRequest(name=order.appeal, purpose="联系"))
        relayed = city.office.RecordFirstContact(
            dispatch.RecordFirstContactRequest(name=order.name, note="已转达", request_id=new_request_id())
        )
        assert relayed.first_contact.relayed
        assert seen(city, STATION, order.name).redacted

    def test_that_supports_sees_its_part_alone(self, city: City) -> None:
        """To support is not to need to know."""
        order = complaint(city, supporting=[BUREAU])
        assert seen(city, BUREAU, order.name).redacted

    def test_is_outside_also_after_the_registry_changed(self, city: City) -> None:
        """A unit that comes to stand above it while it supports."""
        order = complaint(city, supporting=[OTHER])
        assert not seen(city, OTHER, order.name).redacted
        self.put(city, BUREAU, OTHER)
        try:
            assert seen(city, OTHER, order.name).redacted
            with refused("SUPERIOR_CIRCULAR", article="Art. 36(4)"):
                self.put(city, OTHER, POST)
            with refused("UNIT_UNKNOWN"):
                self.put(city, BUREAU, "units/no-such-unit")
        finally:
            self.put(city, BUREAU, "")

    def test_stays_outside_in_whose_place_it_stands(self, city: City) -> None:
        """A supporting unit that took the place of the unit complained about, or of one above or below it (ours)."""
        heir, former = (f"units/need-{name}" for name in ("heir", "former"))
        for name, above in ((heir, ""), (former, STATION)):
            unit = work_order_pb2.Unit(
                name=name,
                display_name=name,
                region="139902",
                kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
                principal="卫主任",
                superior=above,
            )
            city.office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id()))
        order = mark(city, complaint(city, supporting=[heir]).name, former)
        assert not seen(city, heir, order.name).redacted
        city.office.CloseUnit(
            dispatch.CloseUnitRequest(name=former, successor=heir, reason="机构改革", request_id=new_request_id())
        )
        told = seen(city, heir, order.name)
        assert (told.redacted, told.text) == (True, "")

    def put(self, city: City, unit: str, above: str) -> None:
        """The office changes who stands above a unit."""
        request = dispatch.UpdateUnitRequest(
            unit=work_order_pb2.Unit(name=unit, superior=above), request_id=new_request_id()
        )
        request.update_mask.paths.append("superior")
        city.office.UpdateUnit(request)


class TestWhomItIsAbout:
    """Found out later, or found to be wrong: the office's word, on record."""

    def test_is_put_right_and_the_unit_reaches_the_citizen_again(self, city: City) -> None:
        """About none: nothing is relayed (Art. 24(1))."""
        order = complaint(city)
        with refused("UNIT_UNKNOWN", article="Art. 10"):
            mark(city, order.name, "units/no-such-unit")
        assert mark(city, order.name, "").about_unit == ""
        city.settle()
        with refused("NOT_OWN_UNIT"):
            city.unit(STATION).dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        found = city.unit(LEAD).intake.RevealContact(intake.RevealContactRequest(name=order.appeal, purpose="联系"))
        assert found.full_name
        assert not city.contact(order.name).first_contact.relayed

    def test_no_clock_tells_the_unit(self, city: City) -> None:
        """sla's interface knows holders alone."""
        order = complaint(city)
        listed = city.unit(STATION).sla.ListDeadlines(sla.ListDeadlinesRequest(subject=order.name))
        assert not listed.deadlines
