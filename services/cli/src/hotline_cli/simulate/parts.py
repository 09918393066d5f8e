"""Supporting units and their parts of an order: given by the lead, done in time, late or never (Art. 7, 22, 28)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import HotlineError

from hotline_cli.client import new_request_id
from hotline_cli.simulate.city import Temper
from hotline_cli.simulate.clockwork import Due

if TYPE_CHECKING:
    from hotline_cli.simulate.people import Case

_WORKING_HOURS = {Temper.PROMPT: (1.0, 5.0), Temper.SLOW: (6.0, 24.0), Temper.REFUSING: (4.0, 12.0)}
"""In which a unit does its part; who is silent never does."""


def are_given(case: "Case", order: work_order_pb2.WorkOrder, now: datetime) -> Iterator[Due]:
    """The lead tells every supporting unit its part, due on the next working day."""
    day = case.city.calendar.nth_working_day_after(now.astimezone(ZONE).date(), 1)
    for unit in order.supporting_units:
        try:
            case.city.hotline.person("unit", unit=order.lead_unit).dispatch.AssignPart(
                dispatch.AssignPartRequest(
                    name=order.name,
                    unit=unit,
                    text="请核实本单位职责内的情况并反馈。",
                    due_date=Date(year=day.year, month=day.month, day=day.day),
                    request_id=new_request_id(),
                )
            )
        except HotlineError as error:
            if error.reason != "PART_DUE_TOO_LATE":  # the order itself is due before
                raise
            case.city.refused(error)
            continue
        hours = _WORKING_HOURS.get(case.city.tempers[unit])
        if hours is not None:
            yield case.due(case.office_time(now, case.random.uniform(*hours)), partial(_is_done, case, unit))


def _is_done(case: "Case", unit: str, now: datetime) -> Iterator[Due]:  # noqa: ARG001
    """A supporting unit reports its part, unless the order is no longer at work."""
    try:
        case.city.hotline.person("unit", unit=unit).dispatch.ReportPart(
            dispatch.ReportPartRequest(name=case.order, text="已核实并处理。", request_id=new_request_id())
        )
    except HotlineError as error:
        if error.reason not in ("STATE_NOT_ALLOWED", "PART_NOT_OPEN"):
            raise
        case.city.refused(error)
    yield from ()
