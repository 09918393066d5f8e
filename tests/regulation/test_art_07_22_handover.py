"""第七条、第二十二条: hand-overs keep the time already spent; supporting units have parts, the lead answers for all."""

from datetime import date, timedelta

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import (
    FIRST_CONTACT,
    HANDLING,
    LEAD,
    OTHER,
    WITHOUT_PRINCIPAL,
    City,
    date_of,
    day,
    moment,
    refused,
)

DUTIES = ("dispatch:7,22",)

OPEN, REPORTED, LAPSED = (
    work_order_pb2.PART_STATE_OPEN,
    work_order_pb2.PART_STATE_REPORTED,
    work_order_pb2.PART_STATE_LAPSED,
)


class TestAHandOver:
    """由热线工作机构确定主要负责部门 (Art. 22): also when the office changes its mind."""

    def test_moves_no_deadline_and_keeps_each_units_time(self, city: City) -> None:
        """The second lead inherits the day; who held it from when to when stays on record (Art. 22)."""
        city.next_morning()
        order = city.order(city.dispatched().name)
        due, received = day(order.due_date), city.now
        city.pass_by(hours=2)
        handed = city.now
        city.reassign(order.name, lead=OTHER, reason="管网属水务集团")
        city.settle()
        now = city.order(order.name)
        assert (now.lead_unit, day(now.due_date)) == (OTHER, due)
        assert (city.clock(order.name, HANDLING).unit, city.clock(order.name, FIRST_CONTACT).unit) == (OTHER, OTHER)
        held = [(each.unit, moment(each.start_time), each.reason) for each in now.holdings[-2:]]
        assert held == [(LEAD, received, ""), (OTHER, handed, "管网属水务集团")]
        assert moment(now.holdings[-2].end_time) == handed
        with refused("NOT_OWN_UNIT"):
            city.report(order.name)
        city.report(order.name, unit=OTHER)

    def test_leaves_what_is_overdue_to_answer_for_to_the_holder(self, city: City) -> None:
        """逾期 counts to the unit that held it then, and from the hand-over on to the next (Art. 22, 28)."""
        city.next_morning()
        order = city.dispatched()
        due = moment(city.clock(order.name, HANDLING).due_time)
        city.move_to(due + timedelta(hours=1))
        handed = city.now
        city.reassign(order.name, lead=OTHER)
        now = city.order(order.name)
        assert now.overdue
        assert [(each.unit, moment(each.overdue_since)) for each in now.holdings[-2:]] == [(LEAD, due), (OTHER, handed)]

    def test_is_the_offices_and_to_another_unit_of_the_registry(self, city: City) -> None:
        """由热线工作机构确定 (Art. 22)."""
        order = city.dispatched()
        with refused("PERMISSION_DENIED"):
            city.unit().dispatch.ReassignWorkOrder(dispatch.ReassignWorkOrderRequest(name=order.name))
        with refused("LEAD_ALREADY", article="Art. 22"):
            city.reassign(order.name, lead=LEAD)
        with refused("UNIT_UNKNOWN", article="Art. 10"):
            city.reassign(order.name, lead="units/no-such-unit")


class TestASupportingUnit:
    """涉及多部门 (Art. 7): each has its own part, and one answers for the whole."""

    def part(self, city: City, order: str, due: date | None = None, unit: str = OTHER) -> work_order_pb2.WorkOrder:
        """The lead gives a supporting unit its part."""
        given: work_order_pb2.WorkOrder = city.unit().dispatch.AssignPart(
            dispatch.AssignPartRequest(
                name=order,
                unit=unit,
                text="请查明漏点",
                due_date=date_of(due) if due else None,
                request_id=new_request_id(),
            )
        )
        return given

    def done(self, city: City, order: str, unit: str = OTHER) -> work_order_pb2.WorkOrder:
        """The supporting unit reports its part."""
        reported: work_order_pb2.WorkOrder = city.unit(unit).dispatch.ReportPart(
            dispatch.ReportPartRequest(name=order, text="漏点已修复", request_id=new_request_id())
        )
        return reported

    def test_has_a_part_with_a_day_no_later_than_the_leads(self, city: City) -> None:
        """Within the lead's term (Art. 24(2)), which is not the supporter's to use up."""
        order = city.order(city.dispatched(supporting=[OTHER]).name)
        last = day(order.due_date)
        with refused("PART_DUE_TOO_LATE", article="Art. 7, 22"):
            self.part(city, order.name, last + timedelta(days=1))
        [part] = self.part(city, order.name, last).parts
        assert (part.unit, part.text, day(part.due_date), part.state) == (OTHER, "请查明漏点", last, OPEN)
        [part] = self.done(city, order.name).parts
        assert (part.state, part.report_text, part.is_late) == (REPORTED, "漏点已修复", False)
        with refused("PART_NOT_OPEN", article="Art. 7, 22"):
            self.done(city, order.name)

    def test_has_none_in_an_order_that_it_does_not_support(self, city: City) -> None:
        """One lead, and those who support it (Art. 7)."""
        order = city.dispatched()
        with refused("NOT_SUPPORTING", article="Art. 7, 22"):
            self.part(city, order.name)
        with refused("NOT_OWN_UNIT"):
            self.done(city, order.name)

    def clocks(self, city: City, order: str, unit: str = OTHER) -> list[tuple[str, str]]:
        """The clocks of its parts, as the supporting unit itself reads them: their states and ends."""
        request = sla.ListDeadlinesRequest(subject=order, kind=deadline_pb2.DEADLINE_KIND_PART)
        return [
            (deadline_pb2.DeadlineState.Name(clock.state).removeprefix("DEADLINE_STATE_"), str(day(clock.due_date)))
            for clock in city.unit(unit).sla.ListDeadlines(request).deadlines
        ]

    def test_has_a_clock_of_its_own_which_its_report_stops(self, city: City) -> None:
        """The day that it was given, in its own name (Art. 22); another day moves the clock."""
        city.next_morning()
        order = city.order(city.dispatched(supporting=[OTHER]).name)
        today, last = city.now.date(), day(order.due_date)
        self.part(city, order.name, last)
        city.settle()
        assert self.clocks(city, order.name) == [("RUNNING", str(last))]
        assert self.clocks(city, order.name, LEAD) == []
        self.part(city, order.name, today)
        city.settle()
        assert self.clocks(city, order.name) == [("RUNNING", str(today))]
        self.done(city, order.name)
        city.settle()
        assert self.clocks(city, order.name) == [("MET", str(today))]
        [part] = city.clocks(order.name, deadline_pb2.DEADLINE_KIND_PART)
        assert "分派协办部分" in part.explanation
        assert [change.change for change in part.history] == ["opened", "moved", "settled"]

    def test_is_reminded_of_what_it_did_not_do_and_the_lead_is_not(self, city: City) -> None:
        """逾期 counts to who holds it (Art. 28): here the supporting unit; the lead's own day is still to come."""
        city.next_morning()
        order = city.order(city.dispatched(supporting=[OTHER, WITHOUT_PRINCIPAL]).name)
        for unit in (OTHER, WITHOUT_PRINCIPAL):
            self.part(city, order.name, city.now.date(), unit)
        city.settle()
        city.move_to(city.close_of_office(city.now.date()) + timedelta(minutes=5))
        assert [state for state, _ in self.clocks(city, order.name)] == ["OVERDUE"]
        reminded = [
            (each.unit, each.step)
            for each in city.supervisions(order.name)
            if each.step == deadline_pb2.SUPERVISION_STEP_PART_REMINDER
        ]
        step = deadline_pb2.SUPERVISION_STEP_PART_REMINDER
        assert sorted(reminded) == sorted([(OTHER, step), (WITHOUT_PRINCIPAL, step)])
        assert not city.order(order.name).overdue
        assert city.state(order.name, HANDLING) == "RUNNING"
        city.move_to(city.close_of_office(city.working_day(1)) + timedelta(minutes=5))
        on_paper = [each for each in city.supervisions(order.name) if each.number]
        written = deadline_pb2.SUPERVISION_STEP_PART_WRITTEN
        assert {(each.unit, each.step) for each in on_paper} == {(OTHER, written), (WITHOUT_PRINCIPAL, written)}
        [late] = [part for part in self.done(city, order.name).parts if part.unit == OTHER]
        assert late.is_late
        city.report(order.name)
        city.settle()
        assert [state for state, _ in self.clocks(city, order.name)] == ["MET_LATE"]
        assert [state for state, _ in self.clocks(city, order.name, WITHOUT_PRINCIPAL)] == ["CANCELLED"]

    def test_has_no_clock_once_it_supports_no_more(self, city: City) -> None:
        """The office gave the order to others (Art. 22)."""
        order = city.dispatched(supporting=[OTHER])
        self.part(city, order.name)
        city.reassign(order.name, lead=WITHOUT_PRINCIPAL)
        city.settle()
        assert [state for state, _ in self.clocks(city, order.name)] == ["CANCELLED"]

    def test_does_not_answer_for_the_whole(self, city: City) -> None:
        """主要责任单位 (Art. 7): the lead reports, and what was not done by then lapses on record."""
        order = city.dispatched(supporting=[OTHER])
        self.part(city, order.name)
        with refused("NOT_OWN_UNIT"):
            city.report(order.name, unit=OTHER)
        [part] = city.report(order.name).parts
        assert part.state == LAPSED
