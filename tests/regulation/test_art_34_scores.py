"""第三十四条: units are assessed by what became of what they received."""

from datetime import date, timedelta
from secrets import token_hex

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import HANDLING, OTHER, City, date_of, refused

DUTIES = ("sla:32,34,35",)


def new_unit(city: City) -> str:
    """A unit that nobody else has to do with."""
    unit = work_order_pb2.Unit(
        name=f"units/scored-{token_hex(4)}",
        display_name="考核试点单位",
        region="139900",
        kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
        principal="考一分",
    )
    return city.office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id())).name


class Played:
    """Two units on the same morning: one prompt; one late, overdue, and disliked."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.prompt, self.slow = new_unit(city), new_unit(city)
        self.first = city.next_morning()
        orders = {unit: [city.refer(lead=unit) for _ in range(3)] for unit in (self.prompt, self.slow)}
        city.settle()
        names = {unit: [city.order_of(appeal.name).name for appeal in appeals] for unit, appeals in orders.items()}
        for order in names[self.prompt]:
            city.contact(order, unit=self.prompt)
            city.report(order, unit=self.prompt)
        city.settle()
        for order, verdict in zip(
            names[self.prompt],
            (callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_NEUTRAL),
            strict=True,
        ):
            city.call_back(order, verdict)
        city.move_to(city.close_of_office(city.working_day(3)) + timedelta(minutes=1))
        city.report(names[self.slow][0], unit=self.slow)
        city.report(names[self.slow][1], unit=self.slow)
        city.settle()
        city.call_back(names[self.slow][0], callback_pb2.VERDICT_DISSATISFIED)
        for _ in range(3):
            city.try_to_reach(names[self.slow][1])
        city.settle()
        self.last: date = city.now.date()

    def score(self, unit: str) -> deadline_pb2.UnitScore:
        return self.city.scores(self.first, self.last, unit)


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


class TestTheScore:
    """把…事项承办情况、群众对办理结果的满意度等内容作为…考核的重要依据 (Art. 34)."""

    def test_counts_what_became_of_every_order(self, played: Played) -> None:
        """事项承办情况, 满意度: an unreached citizen is asked by nobody (Art. 30, 34)."""
        prompt, slow = played.score(played.prompt), played.score(played.slow)
        assert (prompt.received, prompt.contacted_in_time, prompt.handled_in_time) == (3, 3, 3)
        assert (prompt.asked, prompt.satisfied, prompt.dissatisfied) == (3, 2, 0)
        assert (prompt.handled_late, prompt.overdue, prompt.reminded, prompt.supervised) == (0, 0, 0, 0)
        assert (slow.received, slow.contacted_in_time, slow.handled_in_time) == (3, 0, 0)
        assert (slow.handled_late, slow.overdue, slow.reminded, slow.supervised) == (2, 1, 3, 3)
        assert (slow.asked, slow.satisfied, slow.dissatisfied) == (1, 0, 1)

    def test_agrees_with_the_lists(self, city: City, played: Played) -> None:
        """Whoever doubts a figure finds the orders behind it (Art. 34, 35)."""
        score = played.score(played.slow)
        auditor = city.auditor
        orders = auditor.dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(unit=played.slow)).work_orders
        deadlines = auditor.sla.ListDeadlines(sla.ListDeadlinesRequest(unit=played.slow, kind=HANDLING)).deadlines
        steps = auditor.sla.ListSupervisions(sla.ListSupervisionsRequest(unit=played.slow)).supervisions
        assert score.received == len(orders) == len(deadlines)
        assert score.handled_late == sum(d.state == deadline_pb2.DEADLINE_STATE_MET_LATE for d in deadlines)
        assert score.overdue == sum(order.overdue for order in orders)
        assert score.supervised == sum(s.step == deadline_pb2.SUPERVISION_STEP_WRITTEN for s in steps)

    def test_is_lower_for_who_is_late(self, played: Played) -> None:
        """考核: late, overdue and disliked costs; prompt and liked pays (Art. 29, 34)."""
        prompt, slow = played.score(played.prompt), played.score(played.slow)
        assert 0 <= slow.score < 30 < 90 < prompt.score <= 100
        assert slow.weights_version == prompt.weights_version != ""

    def test_is_of_the_days_asked_for(self, city: City, played: Played) -> None:
        """月度、季度…统计: only what was received in the period (Art. 35)."""
        day_after = date_of(played.first + timedelta(days=1))
        request = sla.ListUnitScoresRequest(start_date=day_after, end_date=date_of(played.last), unit=played.slow)
        assert list(city.auditor.sla.ListUnitScores(request).scores) == []
        backwards = sla.ListUnitScoresRequest(start_date=day_after, end_date=date_of(played.first))
        with refused("PERIOD_INVALID"):
            city.auditor.sla.ListUnitScores(backwards)

    def test_is_seen_by_the_unit_itself_and_not_by_another(self, city: City, played: Played) -> None:
        """通报相关承办单位: each reads its own (Art. 35)."""
        days = {"start_date": date_of(played.first), "end_date": date_of(played.last)}
        own = city.unit(played.slow).sla.ListUnitScores(sla.ListUnitScoresRequest(**days))
        assert [score.unit for score in own.scores] == [played.slow]
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).sla.ListUnitScores(sla.ListUnitScoresRequest(**days, unit=played.slow))
