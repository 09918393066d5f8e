"""第十条(一): the registry of units, in versions; no order is stranded for want of a responsible person or a unit."""

import urllib.request
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import deadline_pb2
from hotline_cli.client import new_request_id
from hotline_cli.local.servers import wait_until

from tests.regulation.city import HANDLING, OTHER, WITHOUT_PRINCIPAL, City, date_of, day, moment, refused

DUTIES = ("dispatch:10(1)",)

AWAITING = work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD
DISPATCHED = work_order_pb2.WORK_ORDER_STATE_DISPATCHED
PLANNED, IN_EFFECT, WITHDRAWN = (
    work_order_pb2.UNIT_VERSION_STATE_PLANNED,
    work_order_pb2.UNIT_VERSION_STATE_IN_EFFECT,
    work_order_pb2.UNIT_VERSION_STATE_WITHDRAWN,
)
_numbers = count(1)


@pytest.fixture
def unit(city: City) -> str:
    """A unit of its own for each test, complete, with a subject that nobody else answers for."""
    number = next(_numbers)
    entered = city.office.CreateUnit(
        dispatch.CreateUnitRequest(
            unit=work_order_pb2.Unit(
                name=f"units/chronicles-{number}",
                display_name=f"燕宁市地方志办公室{number}",
                region="139900",
                kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
                principal="史主任",
                competences=[f"综合/地方志{number}"],
                handling_body="热线办理科",
                handlers=[work_order_pb2.Handler(name="钱科员", duty="工单签收", telephone="0399-8100 0001")],
                working_hours="工作日 8:30-17:30",
                office_telephone="0399-81000000",
                office_address="燕宁市政府二号楼",
            ),
            request_id=new_request_id(),
        )
    )
    return entered.name


def unit_on(city: City, name: str, on: date | None = None) -> work_order_pb2.Unit:
    """As it is or as it was or will be on a day."""
    return city.office.GetUnit(dispatch.GetUnitRequest(name=name, on_date=date_of(on) if on else None))


def change(city: City, name: str, *, on: date | None = None, **fields: Any) -> work_order_pb2.Unit:
    """The office changes it, from a day on."""
    return city.office.UpdateUnit(
        dispatch.UpdateUnitRequest(
            unit=work_order_pb2.Unit(name=name, **fields),
            update_mask=FieldMask(paths=list(fields)),
            effective_date=date_of(on) if on else None,
            reason="任免通知",
            request_id=new_request_id(),
        )
    )


def close(city: City, name: str, *, into: str = "", on: date | None = None) -> work_order_pb2.Unit:
    """The office merges it into another, or closes it."""
    return city.office.CloseUnit(
        dispatch.CloseUnitRequest(
            name=name,
            successor=into,
            effective_date=date_of(on) if on else None,
            reason="机构改革方案",
            request_id=new_request_id(),
        )
    )


def versions(city: City, name: str) -> list[work_order_pb2.UnitVersion]:
    """Its changes, newest first."""
    return list(city.office.ListUnitVersions(dispatch.ListUnitVersionsRequest(parent=name)).versions)


def left(city: City, order: str, unit: str) -> work_order_pb2.WorkOrder:
    """The order as soon as the unit does not lead it any more."""
    wait_until(lambda: city.order(order).lead_unit != unit, seconds=30, failure="the closed unit kept its order")
    city.settle()
    return city.order(order)


def alarms(city: City) -> float:
    """How many orders for units without a principal dispatch has counted, in all of its processes."""
    total = 0.0
    for process in ("serve", "pump"):
        port = city.hotline.instance.environment("dispatch", process)["HOTLINE_METRICS_PORT"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        total += sum(float(line.split()[-1]) for line in lines if line.startswith("hotline_orders_without_principal_t"))
    return total


class TestTheRegistry:
    """明确主要负责人为第一责任人,设立专门机构,配备工作人员 (Art. 10(1))."""

    def test_holds_who_is_responsible_who_handles_where_for_what_and_when(self, city: City, unit: str) -> None:
        """Every unit: principal, handling body, handlers, region, competences, hours, contacts."""
        known = unit_on(city, unit)
        assert (known.principal, known.handling_body, known.region) == ("史主任", "热线办理科", "139900")
        assert [(each.name, each.duty) for each in known.handlers] == [("钱科员", "工单签收")]
        assert (known.working_hours, known.office_telephone) == ("工作日 8:30-17:30", "0399-81000000")

    def test_keeps_every_change_with_who_when_what_and_from_which_day_on(self, city: City, unit: str) -> None:
        """The principal of a day that has passed is still known, that of a day to come already."""
        city.next_morning()
        today, then = city.now.date(), city.working_day(1)
        change(city, unit, on=then, principal="吴主任")
        assert (unit_on(city, unit).principal, unit_on(city, unit, then).principal) == ("史主任", "吴主任")
        latest, entry = versions(city, unit)
        assert (latest.state, latest.actor, latest.reason) == (PLANNED, "office-501", "任免通知")
        assert (list(latest.changed_fields), day(latest.effective_date)) == (["principal"], then)
        assert (entry.state, moment(latest.change_time).date()) == (IN_EFFECT, today)
        assert city.next_morning() == then
        assert (unit_on(city, unit).principal, unit_on(city, unit, today).principal) == ("吴主任", "史主任")
        wait_until(
            lambda: versions(city, unit)[0].state == IN_EFFECT, seconds=30, failure="the change did not take effect"
        )

    def test_rewrites_nothing_that_was_and_takes_back_only_what_is_to_come(self, city: City, unit: str) -> None:
        """A change holds from today on or later (ours), so that who was responsible stays on record."""
        with refused("EFFECTIVE_DATE_PAST", article="Art. 10(1)", field="effective_date"):
            change(city, unit, on=city.now.date() - timedelta(days=1), principal="吴主任")
        close(city, unit, on=city.working_day(20))
        request = dispatch.WithdrawUnitVersionRequest(name=f"{unit}/versions/2", request_id=new_request_id())
        assert city.office.WithdrawUnitVersion(request).state == WITHDRAWN
        assert not unit_on(city, unit, city.working_day(20)).HasField("close_date")

    def test_is_the_offices_to_change(self, city: City, unit: str) -> None:
        """A unit reads it and does not write it."""
        with refused("PERMISSION_DENIED"):
            city.unit(unit).dispatch.CloseUnit(dispatch.CloseUnitRequest(name=unit))


class TestAnOrderForAUnitWithoutAResponsiblePerson:
    """第一责任人 (Art. 10(1)): without one nobody answers for the order."""

    def test_goes_to_the_office_with_an_alarm(self, city: City) -> None:
        """Never stranded, never refused to the citizen; the office names who leads."""
        before = alarms(city)
        order = city.dispatched(lead=WITHOUT_PRINCIPAL)
        assert (order.state, order.lead_unit) == (AWAITING, "")
        assert alarms(city) == before + 1
        assert city.send_out(order.name).state == DISPATCHED

    def test_goes_there_too_when_the_unit_lost_its_person(self, city: City, unit: str) -> None:
        """Whoever leaves is not responsible from that day on."""
        change(city, unit, principal="")
        order = city.dispatched(lead=unit)
        assert order.state == AWAITING


class TestAReorganisation:
    """承办单位 merge, are renamed, lose duties and are closed: no order is left without a lead (Art. 7, 10, 22)."""

    def test_gives_the_open_orders_to_the_successor_and_moves_no_deadline(self, city: City, unit: str) -> None:
        """The hand-over is on record, with each unit's time; the successor answers for the same day (Art. 22, 24)."""
        city.next_morning()
        order = city.order(city.dispatched(lead=unit).name)
        city.contact(order.name, unit=unit)
        received = city.now
        city.pass_by(hours=2)
        close(city, unit, into=OTHER)
        after = left(city, order.name, unit)
        assert (after.state, after.lead_unit, day(after.due_date)) == (DISPATCHED, OTHER, day(order.due_date))
        assert [(each.unit, moment(each.start_time)) for each in after.holdings[-2:]] == [
            (unit, received),
            (OTHER, city.now),
        ]
        assert after.first_contact.note
        assert "承接" in after.holdings[-1].reason
        clock = city.clock(order.name, HANDLING)
        assert (clock.unit, day(clock.due_date)) == (OTHER, day(order.due_date))
        with refused("NOT_OWN_UNIT"):
            city.report(order.name, unit=unit)
        city.report(order.name, unit=OTHER)

    def test_without_a_successor_gives_them_to_the_office(self, city: City, unit: str) -> None:
        """由热线工作机构确定主要负责部门 (Art. 22); the clock runs on."""
        order = city.order(city.dispatched(lead=unit).name)
        close(city, unit)
        after = left(city, order.name, unit)
        assert (after.state, after.holdings[-1].unit) == (AWAITING, "")
        assert city.state(order.name, HANDLING) == "RUNNING"
        city.send_out(order.name, lead=OTHER)
        city.settle()
        clock = city.clock(order.name, HANDLING)
        assert (clock.unit, day(clock.due_date)) == (OTHER, day(order.due_date))

    def test_gives_the_parts_to_the_successor_with_their_clocks(self, city: City, unit: str) -> None:
        """Until the same day, in the successor's name (Art. 7, 22)."""
        order = city.order(city.dispatched(supporting=[unit]).name)
        city.unit().dispatch.AssignPart(
            dispatch.AssignPartRequest(name=order.name, unit=unit, text="请查明漏点", request_id=new_request_id())
        )
        close(city, unit, into=OTHER)
        wait_until(
            lambda: list(city.order(order.name).supporting_units) == [OTHER],
            seconds=30,
            failure="the closed unit kept its part",
        )
        city.settle()
        part = deadline_pb2.DEADLINE_KIND_PART
        states = {clock.unit: (clock.state, clock.due_date) for clock in city.clocks(order.name, part)}
        assert states == {
            unit: (deadline_pb2.DEADLINE_STATE_CANCELLED, order.due_date),
            OTHER: (deadline_pb2.DEADLINE_STATE_RUNNING, order.due_date),
        }

    def test_sends_new_orders_to_the_successor(self, city: City, unit: str) -> None:
        """Whoever proposes or names the closed unit; the office is told who took its place."""
        close(city, unit, into=OTHER)
        assert city.dispatched(lead=unit).lead_unit == OTHER
        waiting = city.dispatched(lead="")
        with refused("UNIT_CLOSED", article="Art. 10"):
            city.send_out(waiting.name, lead=unit)

    def test_passes_what_the_unit_answered_for_to_the_successor(self, city: City, unit: str) -> None:
        """In a version of the successor's own, on the same day; what is said afterwards holds (ours, Art. 10)."""
        [duty] = unit_on(city, unit).competences
        heir = unit_on(city, OTHER)
        close(city, unit, into=OTHER)
        assert list(unit_on(city, OTHER).competences) == [*heir.competences, duty]
        latest = versions(city, OTHER)[0]
        assert (list(latest.changed_fields), day(latest.effective_date)) == (["competences"], city.now.date())
        assert "承接" in latest.reason
        assert list(change(city, OTHER, competences=list(heir.competences)).competences) == list(heir.competences)

    def test_that_takes_a_duty_or_the_name_leaves_the_orders_until_they_are_handed_over(
        self, city: City, unit: str
    ) -> None:
        """What is in its hands stays there; the office reassigns it (Art. 22)."""
        order = city.dispatched(lead=unit)
        changed = change(city, unit, competences=[], display_name="燕宁市史志研究室")
        assert (list(changed.competences), changed.display_name) == ([], "燕宁市史志研究室")
        assert city.order(order.name).lead_unit == unit
        assert city.reassign(order.name, lead=OTHER).lead_unit == OTHER
