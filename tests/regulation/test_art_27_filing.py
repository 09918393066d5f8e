"""第二十七条: what cannot be solved now is explained to the citizen and filed with the office."""

from datetime import date, timedelta
from typing import Any

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import CALLBACK, HANDLING, LEAD, City, date_of, day, refused

DUTIES = ("dispatch:27",)

OBSTACLE = "地铁施工占用管线走廊,恢复前无法改造"


def file(city: City, order: str, **changes: Any) -> work_order_pb2.WorkOrder:
    """The lead explains to the citizen, and files."""
    content: dict[str, Any] = {
        "outcome": work_order_pb2.OUTCOME_FILED,
        "obstacle": OBSTACLE,
        "understood": True,
    } | changes
    return city.report(order, **content)


class TestAMatterThatCannotBeSolvedNow:
    """因客观条件限制、当前无法解决 (Art. 27)."""

    def test_is_explained_filed_called_back_and_ends_the_clock(self, city: City) -> None:
        """做好解释、疏导工作,取得群众理解,并反馈给热线工作机构备案 (Art. 27); every result is called back (Art. 30)."""
        order = city.dispatched()
        filed = file(city, order.name, reply="已上门解释管线走廊被占用的情况。", means=work_order_pb2.REPLY_MEANS_VISIT)
        assert (filed.filing.obstacle, filed.filing.understood) == (OBSTACLE, True)
        assert filed.result.reply_text == "已上门解释管线走廊被占用的情况。"
        city.settle()
        assert city.state(order.name, HANDLING) == "MET"
        assert city.state(order.name, CALLBACK) == "RUNNING"
        city.call_back(order.name, callback_pb2.VERDICT_NEUTRAL)
        city.settle()
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_CLOSED

    @pytest.mark.parametrize("missing", [{"reply": ""}, {"means": work_order_pb2.REPLY_MEANS_UNSPECIFIED}])
    def test_is_not_filed_without_the_explanation(self, city: City, missing: dict[str, Any]) -> None:
        """应当向求助群众做好解释 (Art. 27): when, how and what was said."""
        order = city.dispatched()
        with refused("FILING_WITHOUT_EXPLANATION", article="Art. 27"):
            file(city, order.name, **missing)
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED

    def test_names_what_stands_in_the_way(self, city: City) -> None:
        """客观条件限制 (Art. 27): without it, it is no filing; with it, it is nothing else."""
        order = city.dispatched()
        with refused("FILING_INCOMPLETE", article="Art. 27"):
            file(city, order.name, obstacle=" ")
        with refused("FILING_INCOMPLETE", article="Art. 27"):
            file(city, order.name, outcome=work_order_pb2.OUTCOME_SOLVED)

    def test_is_scored_apart(self, city: City) -> None:
        """Neither handled nor against the unit (Art. 27, 34)."""
        order = city.dispatched()
        today = city.now.date()
        before = city.scores(today, today, LEAD)
        file(city, order.name)
        city.settle()
        after = city.scores(today, today, LEAD)
        assert (after.filed - before.filed, after.running - before.running) == (1, -1)
        assert (after.handled_in_time, after.handled_late) == (before.handled_in_time, before.handled_late)


class TestAFiledMatter:
    """Is not forgotten: it is listed for another look later (Art. 27; ours)."""

    def test_is_listed_when_its_day_has_come(self, city: City) -> None:
        """By the day that was named; looked at, it goes to the next day, or off the list."""
        order = city.dispatched()
        look = city.now.date() + timedelta(days=40)
        file(city, order.name, look_date=date_of(look))
        assert order.name not in due(city, look - timedelta(days=1))
        assert order.name in due(city, look)
        later = look + timedelta(days=30)
        looked = city.office.RecordLook(
            dispatch.RecordLookRequest(
                name=order.name, note="施工未完", next_date=date_of(later), request_id=new_request_id()
            )
        )
        assert [each.note for each in looked.filing.looks] == ["施工未完"]
        assert order.name not in due(city, look)
        city.office.RecordLook(
            dispatch.RecordLookRequest(name=order.name, note="走廊已恢复,可改造", request_id=new_request_id())
        )
        assert order.name not in due(city, later)
        with refused("NOT_FILED", article="Art. 27"):
            city.office.RecordLook(
                dispatch.RecordLookRequest(name=order.name, note="再看", request_id=new_request_id())
            )

    def test_is_looked_at_again_after_90_days_unless_a_day_is_named(self, city: City) -> None:
        """A day that is not later is refused (ours)."""
        order = city.dispatched()
        with refused("LOOK_NOT_LATER", article="Art. 27"):
            file(city, order.name, look_date=date_of(city.now.date()))
        assert day(file(city, order.name).filing.look_date) == city.now.date() + timedelta(days=90)


def due(city: City, until: date) -> set[str]:
    """Filed matters to be looked at by then."""
    request = dispatch.ListWorkOrdersRequest(look_by=date_of(until), page_size=1000)
    return {order.name for order in city.office.ListWorkOrders(request).work_orders}
