"""A year of orders, and any order of events, next to a person with a paper calendar (Art. 24, 26, 28)."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.intake.v1 import appeal_pb2
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.sla.model import PaperOrder
from tests.integration.sla.office import Office, shanghai, stamp

DAYS = {appeal_pb2.REQUEST_TYPE_HELP: 2, appeal_pb2.REQUEST_TYPE_COMPLAINT: 7}


class City:
    """The office and the paper side by side."""

    def __init__(self, office: Office, now: datetime) -> None:
        self.office = office
        self.now = now
        self.orders: list[PaperOrder] = []

    def pass_time(self, length: timedelta) -> None:
        self.now += length
        self.office.tick(self.now)
        for order in self.orders:
            order.pass_time(self.now)

    def receive(self, request_type: "appeal_pb2.RequestType.ValueType", unit: str) -> None:
        name = self.office.dispatch(self.now, request_type=request_type, unit=unit)
        self.orders.append(PaperOrder(name=name, unit=unit, start=self.now, days=DAYS[request_type]))

    def send_back(self, order: PaperOrder) -> None:
        self.office.receive(dispatch.WorkOrderSentBack(work_order=order.name, send_back_time=stamp(self.now)))
        order.send_back(self.now)

    def take_over(self, order: PaperOrder, unit: str) -> None:
        self.office.dispatch(self.now, work_order=order.name, unit=unit, round=order.round)
        order.take_over(self.now, unit)

    def extend(self, order: PaperOrder, days: int) -> None:
        self.office.receive(
            dispatch.ExtensionGranted(work_order=order.name, working_days=days, grant_time=stamp(self.now))
        )
        order.extend(self.now, days)

    def report(self, order: PaperOrder, known_after: timedelta) -> None:
        done = max(self.now - known_after, order.held_since)
        self.office.report(order.name, done, round=order.round)
        order.report(done)

    def reopen(self, order: PaperOrder) -> None:
        self.office.dispatch(self.now, work_order=order.name, unit=order.unit, round=order.round + 1)
        order.reopen(self.now, 2)

    def agree(self) -> None:
        found = {
            (subject, number): (state, due)
            for subject, number, state, due in self.office.rows(
                "SELECT subject, round, state, due_time FROM deadline WHERE kind = 'HANDLING'"
            )
        }
        issued = self.office.rows("SELECT work_order, round, step, unit FROM supervision ORDER BY id")
        for order in self.orders:
            assert found[order.name, order.round] == (order.state, order.due)
            steps = [(number, step, unit) for name, number, step, unit in issued if name == order.name]
            assert steps == order.steps
        assert self.office.rows(
            "SELECT count(*) FROM due_moment m JOIN deadline d ON d.id = m.deadline"
            " WHERE d.state NOT IN ('RUNNING', 'OVERDUE')"
        ) == [0]


@pytest.mark.parametrize("seed", [1, 2026])
def test_a_year_of_orders(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    city = City(office, shanghai("2026-01-05 08:00"))
    while city.now < shanghai("2026-12-25 08:00"):
        city.pass_time(timedelta(hours=chance.choice([1, 5, 20, 60, 200])))
        if len(city.orders) < 100:
            city.receive(chance.choice(list(DAYS)), f"units/u{chance.randrange(5)}")
        for order in chance.sample(city.orders, min(8, len(city.orders))):
            match chance.randrange(6), order.is_open, bool(order.unit):
                case 0, True, True:
                    city.send_back(order)
                case ((0 | 1 | 2), True, False):
                    city.take_over(order, f"units/u{chance.randrange(5)}")
                case 1, True, True:
                    city.extend(order, chance.randint(1, 5))
                case ((2 | 3), True, True):
                    city.report(order, timedelta(hours=chance.choice([0, 0, 3])))
                case 4, False, _:
                    city.reopen(order)
                case _:
                    pass
    city.agree()
    assert {order.state for order in city.orders} >= {"MET", "MET_LATE"}
    assert {step for order in city.orders for _, step, _ in order.steps} == {"ADVANCE_REMINDER", "REMINDER", "WRITTEN"}


class AnyOrder(RuleBasedStateMachine):
    """Any sequence of events and any passing of time."""

    open_office: Callable[[], Office]
    units = st.sampled_from(["units/water", "units/heat"])
    city: City

    @initialize(start=st.integers(0, 330 * 24))
    def begin(self, start: int) -> None:
        self.city = City(type(self).open_office(), shanghai("2026-01-01 00:00") + timedelta(hours=start))

    @rule(hours=st.sampled_from([1, 8, 24, 72, 300]))
    def pass_time(self, hours: int) -> None:
        self.city.pass_time(timedelta(hours=hours))

    @rule(request_type=st.sampled_from(list(DAYS)), unit=units)
    def receive(self, request_type: "appeal_pb2.RequestType.ValueType", unit: str) -> None:
        self.city.receive(request_type, unit)

    def _those(self, *, is_open: bool, held: bool) -> list[PaperOrder]:
        return [order for order in self.city.orders if order.is_open is is_open and bool(order.unit) is held]

    @precondition(lambda self: self._those(is_open=True, held=True))
    @rule(data=st.data(), days=st.integers(1, 5), hours=st.sampled_from([0, 1, 30]))
    def work(self, data: st.DataObject, days: int, hours: int) -> None:
        order = data.draw(st.sampled_from(self._those(is_open=True, held=True)))
        match data.draw(st.sampled_from(["send back", "extend", "report"])):
            case "send back":
                self.city.send_back(order)
            case "extend":
                self.city.extend(order, days)
            case _:
                self.city.report(order, timedelta(hours=hours))

    @precondition(lambda self: self._those(is_open=True, held=False))
    @rule(data=st.data(), unit=units)
    def take_over(self, data: st.DataObject, unit: str) -> None:
        self.city.take_over(data.draw(st.sampled_from(self._those(is_open=True, held=False))), unit)

    @precondition(lambda self: self._those(is_open=False, held=True))
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        self.city.reopen(data.draw(st.sampled_from(self._those(is_open=False, held=True))))

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "city"):
            self.city.agree()


def test_any_order_of_events(office: Office) -> None:
    def open_office() -> Office:
        with office.database.transaction() as tx:
            tx.run("TRUNCATE deadline, deadline_change, due_moment, supervision, work_order")
        return office

    machine = type("AnyOrderHere", (AnyOrder,), {"open_office": staticmethod(open_office)})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=15, stateful_step_count=25, suppress_health_check=list(HealthCheck)),
    )
