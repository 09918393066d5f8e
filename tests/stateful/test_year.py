"""A year across the National Day and the Spring Festival, with the clock stopped, jumping, and services restarting.

Every term that began is counted again by another package's calendar (Art. 24(2)), and every end of one is told once.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

import holidays
import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.events.v1 import deadline_events_pb2
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel.calendar import ZONE

from tests.regulation.city import day, moment
from tests.stateful.house import House, staff
from tests.support.lives import unlike

START, END = datetime(2025, 6, 2, 10, tzinfo=ZONE), datetime(2026, 6, 2, 10, tzinfo=ZONE)
UNIT = "units/heating"
JUMPS = tuple(timedelta(hours=hours) for hours in (0, 7, 24, 9 * 24, 17 * 24, 40 * 24))
_NUMBERS = count(1)
HANDLING, OVERDUE = deadline_pb2.DEADLINE_KIND_HANDLING, deadline_pb2.DEADLINE_STATE_OVERDUE
RUNNING = deadline_pb2.DEADLINE_STATE_RUNNING


def refer(house: House, request_type: "appeal_pb2.RequestType.ValueType") -> str:
    """A citizen brings something, and the unit receives it."""
    draft = appeal_pb2.DraftContent(text="请入户处理", lead_unit=UNIT)
    appeal = house.ask(
        "RegisterAppeal",
        intake.RegisterAppealRequest(
            channel=appeal_pb2.CHANNEL_PHONE,
            kind=appeal_pb2.APPEAL_KIND_DAILY_LIFE,
            request_type=request_type,
            asker=appeal_pb2.ASKER_PERSON,
            category="城乡建设/供热",
            region="130102",
            title="暖气不热",
            text=f"家里暖气不热。{unlike(next(_NUMBERS))}",
            draft=draft,
        ),
        staff("operator"),
    )
    house.ask("ReleaseDraft", intake.ReleaseDraftRequest(name=appeal.name), staff("reviewer"))
    house.settle()
    listed = house.ask("ListWorkOrders", dispatch.ListWorkOrdersRequest(appeal=appeal.name), staff("office"))
    name: str = listed.work_orders[0].name
    return name


def report(house: House, order: str) -> None:
    """The unit is done."""
    request = dispatch.ReportResultRequest(
        name=order,
        outcome=work_order_pb2.OUTCOME_SOLVED,
        text="已检修",
        reply_means=work_order_pb2.REPLY_MEANS_PHONE,
        reply_text="已告知",
    )
    house.ask("ReportResult", request, staff("unit", unit=UNIT))


def nothing_more_happens(house: House) -> None:
    """The clock stands still: what was due is done, and is not done again."""
    house.settle()
    before = len(house.announced)
    for _ in range(2):
        house.tick()
        house.settle()
    assert len(house.announced) == before
    assert house.failed() == []


def counted_by_another(start: date, working_days: int) -> date:
    """The so-manieth working day after a day, by the package `holidays`."""
    others = holidays.country_holidays("CN", years=(2025, 2026))
    last = start
    for _ in range(working_days):
        last += timedelta(days=1)
        while not others.is_working_day(last):
            last += timedelta(days=1)
    return last


@pytest.mark.timeout(1200)  # a slow machine takes long for it
def test_a_year_is_lived_through_whatever_the_clock_does(house: House) -> None:
    chance = Random(2038)  # of which terms begin before the National Day and before the Spring Festival
    house.begin(START)
    unit = work_order_pb2.Unit(
        name=UNIT, display_name="供热办", region="130102", principal="王主任", kind=work_order_pb2.UNIT_KIND_DEPARTMENT
    )
    house.ask("CreateUnit", dispatch.CreateUnitRequest(unit=unit), staff("office"))
    terms = {}
    while house.now < END:
        request_type, working_days = chance.choice(
            ((appeal_pb2.REQUEST_TYPE_CONSULTATION, 2), (appeal_pb2.REQUEST_TYPE_COMPLAINT, 7))
        )
        order = refer(house, request_type)
        terms[order] = counted_by_another(house.now.astimezone(ZONE).date(), working_days)
        house.pass_time(chance.choice(JUMPS))
        if chance.random() < 0.4:
            report(house, order)
        if chance.random() < 0.2:
            house.restart()
        nothing_more_happens(house)
    clocks = {
        deadline.subject: deadline
        for deadline in house.ask("ListDeadlines", sla.ListDeadlinesRequest(page_size=1000), staff("office")).deadlines
        if deadline.kind == HANDLING
    }
    assert {order: day(clock.due_date) for order, clock in clocks.items()} == terms
    spans = [(moment(clock.start_time).astimezone(ZONE).date(), terms[order]) for order, clock in clocks.items()]
    for holiday in (date(2025, 10, 6), date(2026, 2, 17)):  # Mid-Autumn in the National Day's week, and New Year's Day
        assert any(start < holiday < due for start, due in spans)
    for clock in clocks.values():
        if clock.state in (RUNNING, OVERDUE):
            assert (clock.state == OVERDUE) == (moment(clock.due_time) < house.now)
    steps = house.ask("ListSupervisions", sla.ListSupervisionsRequest(page_size=1000), staff("office")).supervisions
    taken = Counter((step.work_order, step.step) for step in steps)
    assert set(taken.values()) == {1}
    reminded = {order for order, step in taken if step == deadline_pb2.SUPERVISION_STEP_REMINDER}
    assert {order for order, clock in clocks.items() if clock.state == OVERDUE} <= reminded
    missed = deadline_events_pb2.DeadlineMissed.DESCRIPTOR.full_name
    told = Counter(event.payload for event in house.announced if event.type == missed)
    assert set(told.values()) == {1}
