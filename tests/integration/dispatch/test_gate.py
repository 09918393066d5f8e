"""The gate of Art. 23 in the database: no statement and no race sends an order out without its directive."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_dispatch.domain.record import OfficeDuty
from hotline_dispatch.domain.refusals import OrderOutAlready
from hotline_dispatch.handlers import directives, office
from hotline_kernel.auth import Principal
from hotline_kernel.errors import HotlineError
from hotline_kernel.names import uuid_of

OFFICE = Principal("office-1", frozenset({"office"}), "", "")
STATES = work_order_pb2.WorkOrderState
URGENT = 1


def run(dispatch: Any, sql: str, order: Any) -> None:
    """A statement by somebody with a key to the database."""
    with dispatch.database.transaction() as tx:
        tx.count(sql, {"id": uuid_of(order.name)})


@pytest.mark.parametrize(
    "sets",
    [
        "state = 'DISPATCHED', lead_unit = 'units/heating'",
        "state = 'AWAITING_LEAD'",
        "state = 'CLOSED', lead_unit = 'units/heating'",
        "directive = NULL",
        "directive = NULL, state = 'DISPATCHED', lead_unit = 'units/heating'",
        "directive = jsonb_set(directive, '{kind}', '\"COMMON\"')",
    ],
)
def test_no_statement_passes_it(dispatch: Any, sets: str) -> None:
    order = dispatch.refer(lead_unit="units/heating", directive_kind=URGENT)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        run(dispatch, f"UPDATE work_order SET {sets} WHERE id = %(id)s", order)
    assert refused.value.diag.constraint_name == "work_order_directive"
    assert dispatch.order(order.name).state == STATES.WORK_ORDER_STATE_HELD


def test_no_new_row_comes_in_behind_it(dispatch: Any) -> None:
    order = dispatch.refer(lead_unit="units/heating", directive_kind=URGENT)
    dispatch.call("RecordDirective", rpc.RecordDirectiveRequest(name=order.name, text="办", authority="副市长"), OFFICE)
    with pytest.raises(psycopg.errors.CheckViolation):
        run(
            dispatch,
            "INSERT INTO work_order SELECT (jsonb_populate_record(o, jsonb_build_object('id',"
            " gen_random_uuid(), 'appeal', gen_random_uuid(), 'directive', o.directive - 'directive_time'))).*"
            " FROM work_order o WHERE id = %(id)s",
            order,
        )


@pytest.mark.parametrize("sets", ["about_unit = 'units/heating'", "about_unit = lead_unit, state = 'DISPATCHED'"])
def test_no_statement_leaves_an_order_with_whom_it_is_about(dispatch: Any, sets: str) -> None:
    order = dispatch.refer(lead_unit="units/heating")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        run(dispatch, f"UPDATE work_order SET {sets} WHERE id = %(id)s", order)
    assert refused.value.diag.constraint_name == "work_order_about"


def test_a_directive_that_was_given_stays_as_it_is(dispatch: Any) -> None:
    order = dispatch.refer(lead_unit="units/heating", directive_kind=URGENT)
    dispatch.call("RecordDirective", rpc.RecordDirectiveRequest(name=order.name, text="办", authority="副市长"), OFFICE)
    with pytest.raises(psycopg.errors.CheckViolation):
        run(dispatch, "UPDATE work_order SET directive = directive - 'text' WHERE id = %(id)s", order)


def test_no_race_passes_it(dispatch: Any) -> None:
    order = dispatch.refer(directive_kind=URGENT)

    def attempt(number: int) -> str:
        try:
            if number == 20:
                request = rpc.RecordDirectiveRequest(name=order.name, text="办", authority="副市长")
                dispatch.call("RecordDirective", request, OFFICE)
            else:
                going = rpc.DispatchWorkOrderRequest(name=order.name, lead_unit="units/heating")
                assert dispatch.call("DispatchWorkOrder", going, OFFICE).directive.HasField("directive_time")
        except HotlineError as error:
            return error.reason
        return "done"

    with ThreadPoolExecutor(8) as callers:
        outcomes = list(callers.map(attempt, range(40)))
    assert outcomes[20] == "done"
    assert set(outcomes) <= {"done", "DIRECTIVE_MISSING", "STATE_NOT_ALLOWED"}
    assert outcomes.count("done") <= 2
    kinds = [type(event).__name__ for event in dispatch.events(order.name)]
    assert kinds.index("WorkOrderHeld") == 0
    assert kinds.count("WorkOrderDispatched") == outcomes.count("done") - 1


def test_an_urgent_directive_is_chased_once_by_however_many_pumps(dispatch: Any) -> None:
    urgent, other = dispatch.refer(directive_kind=URGENT), dispatch.refer(directive_kind=2)
    dispatch.pass_hours(1)

    def pump(_: int) -> int:
        with dispatch.database.transaction() as tx:
            return directives.chase(tx=tx, every=timedelta(hours=1), now=dispatch.now, limit=10)

    with ThreadPoolExecutor(4) as pumps:
        assert sum(pumps.map(pump, range(8))) == 1
    assert (dispatch.order(urgent.name).chases, dispatch.order(other.name).chases) == (1, 0)
    [_, chased] = dispatch.events(urgent.name)
    assert (chased.chases, chased.directive_kind) == (1, URGENT)
    dispatch.pass_hours(1)
    assert pump(0) == 1


def test_the_office_is_asked_once_by_however_many_pumps(dispatch: Any) -> None:
    waiting, held = dispatch.refer(), dispatch.refer(directive_kind=2)
    out = dispatch.refer(lead_unit="units/heating")
    patience = {OfficeDuty.LEAD: timedelta(hours=2), OfficeDuty.DIRECTIVE: timedelta(hours=24)}
    dispatch.pass_hours(24)

    def pump(_: int) -> int:
        with dispatch.database.transaction() as tx:
            return office.ask(tx=tx, patience=patience, now=dispatch.now, limit=10)

    with ThreadPoolExecutor(4) as pumps:
        assert sum(pumps.map(pump, range(8))) == 2
    for order, duty in ((waiting, work_order_pb2.OFFICE_DUTY_LEAD), (held, work_order_pb2.OFFICE_DUTY_DIRECTIVE)):
        [_, asked] = dispatch.events(order.name)
        assert (asked.duty, asked.asks, dispatch.order(order.name).office_duty) == (duty, 1, duty)
    with dispatch.database.transaction() as tx:
        assert tx.count_asked() == {OfficeDuty.LEAD: 1, OfficeDuty.DIRECTIVE: 1, OfficeDuty.EXTENSION: 0}
    assert not dispatch.order(out.name).HasField("office_ask_time")


def test_a_refusal_to_call_an_order_back_is_on_record(dispatch: Any) -> None:
    order = dispatch.refer(lead_unit="units/heating")
    request = rpc.HoldWorkOrderRequest(
        name=order.name, directive_kind=appeal_pb2.DIRECTIVE_KIND_COMMON, reason="多户同样反映"
    )
    with pytest.raises(OrderOutAlready):
        dispatch.call("HoldWorkOrder", request, OFFICE)
    with dispatch.database.transaction() as tx:
        [entry] = tx.all("SELECT details FROM audit_entry WHERE resource = %(name)s", {"name": order.name})
    assert entry["details"]["refused"] == "ORDER_OUT_ALREADY"
