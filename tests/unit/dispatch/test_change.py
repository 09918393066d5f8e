"""What units' systems are told of an order: where it stands, and nothing that a citizen wrote."""

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from hotline_dispatch.domain.change import UnitPart, changes_of
from hotline_dispatch.domain.record import Extension, ExtensionState, State
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder

MONDAY = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
HEATING, WATER, ROADS = "units/heating", "units/water", "units/roads"


def order_of(assignment: Assignment | None) -> WorkOrder:
    order = WorkOrder(
        id=UUID("01900000-0000-7000-8000-000000000001"),
        number="130100-20260511-000001",
        appeal="appeals/01900000-0000-7000-8000-000000000002",
        title="张三家暖气不热",
        text="张三住在和平路",
        request_type="COMPLAINT",
        category="城乡建设/供热",
        region="130102",
        confidential=False,
        create_time=MONDAY,
    )
    order.start(proposed=assignment, assignment=assignment, now=MONDAY)
    return order


class TestChangesOf:
    def test_tell_the_lead_and_the_supporting_units(self) -> None:
        order = order_of(Assignment(HEATING, (WATER,)))
        told = changes_of(order, before=())
        assert [(change.unit, change.part, change.state) for change in told] == [
            (HEATING, UnitPart.LEAD, State.DISPATCHED),
            (WATER, UnitPart.SUPPORTING, State.DISPATCHED),
        ]

    def test_tell_whoever_had_it_that_it_is_gone_and_nothing_more(self) -> None:
        told = changes_of(order_of(Assignment(WATER)), before=(HEATING, WATER))
        [gone] = [change for change in told if change.unit == HEATING]
        assert (gone.part, gone.state, gone.round, gone.due_date) == (UnitPart.NONE, None, 0, None)

    def test_tell_the_unit_complained_about_nothing_and_its_line_no_extension(self) -> None:
        order = order_of(Assignment(HEATING, (WATER,)))
        order.concerned = (ROADS, WATER)
        order.extension = Extension(ExtensionState.REQUESTED, 3, "需更换主管道", MONDAY)
        told = {change.unit: change.extension for change in changes_of(order, before=(HEATING, WATER))}
        assert told == {HEATING: ExtensionState.REQUESTED, WATER: None}

    def test_tell_nobody_of_an_order_that_no_unit_has(self) -> None:
        assert changes_of(order_of(None), before=()) == []

    def test_hold_no_word_of_the_text(self) -> None:
        [told] = changes_of(order_of(Assignment(HEATING)), before=())
        assert not any(word in str(asdict(told)) for word in ("张三", "暖气", "和平路", "appeals/"))
