"""Every List and every filter over 1,000,000 orders: the first page and a page from deep inside."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import Hotline, Person

from tests.support.bench import describe_machine, emit, platforms, quantile
from tests.support.bulk import write_past

ORDERS, CALLS, PAGE = 1_000_000, 200, 50
DEEP_PAGES = 300  # pages of 1,000 that are turned before the deep page is measured, or as many as there are
_UNIT = "units/water-group"


@dataclass(frozen=True)
class _List:
    name: str
    request: type[Message]
    call: Callable[[Person], Callable[[Any], Any]]
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)


def _lists(sample: work_order_pb2.WorkOrder) -> list[_List]:
    order = {"work_order": sample.name}
    state, unit = {"state": work_order_pb2.WORK_ORDER_STATE_CLOSED}, {"unit": _UNIT}
    return [
        _List("appeals", intake.ListAppealsRequest, lambda p: p.intake.ListAppeals, {
            "none": {}, "state": {"state": appeal_pb2.APPEAL_STATE_CLOSED}, "channel": {"channel": appeal_pb2.CHANNEL_SMS},
            "region": {"region": "139905"}, "city": {"region": "139900"}, "number": {"number": sample.number},
            "phone": {"phone": "13900000001"}, "transfer_reference": {"transfer_reference": "none"},
            "decline_ground": {"decline_ground": appeal_pb2.DECLINE_GROUND_MILITARY},
            "state+region": {"state": appeal_pb2.APPEAL_STATE_CLOSED, "region": "139905"},
            "state+channel": {"state": appeal_pb2.APPEAL_STATE_REGISTERED, "channel": appeal_pb2.CHANNEL_SMS},
        }),
        _List("work_orders", dispatch.ListWorkOrdersRequest, lambda p: p.dispatch.ListWorkOrders, {
            "none": {}, "state": state, "open": {"state": work_order_pb2.WORK_ORDER_STATE_DISPATCHED}, "unit": unit,
            "region": {"region": "139905"}, "appeal": {"appeal": sample.appeal}, "number": {"number": sample.number},
            "overdue": {"overdue": True}, "extension_requested": {"extension_requested": True},
            "due_by": {"due_by": Date(year=2023, month=7, day=23)}, "unit+state": unit | state,
            "unit+open": unit | {"state": work_order_pb2.WORK_ORDER_STATE_DISPATCHED},
            "unit+overdue": unit | {"overdue": True}, "region+state": {"region": "139905"} | state,
        }),
        _List("deadlines", sla.ListDeadlinesRequest, lambda p: p.sla.ListDeadlines, {
            "none": {}, "subject": {"subject": sample.name}, "unit": unit, "kind": {"kind": deadline_pb2.DEADLINE_KIND_CALLBACK},
            "state": {"state": deadline_pb2.DEADLINE_STATE_MET_LATE},
            "kind+state": {"kind": deadline_pb2.DEADLINE_KIND_HANDLING, "state": deadline_pb2.DEADLINE_STATE_OVERDUE},
            "unit+state": unit | {"state": deadline_pb2.DEADLINE_STATE_OVERDUE},
        }),
        _List("supervisions", sla.ListSupervisionsRequest, lambda p: p.sla.ListSupervisions, {
            "none": {}, "unit": unit, "work_order": order, "step": {"step": deadline_pb2.SUPERVISION_STEP_WRITTEN},
        }),
        _List("callbacks", feedback.ListCallbacksRequest, lambda p: p.feedback.ListCallbacks, {
            "none": {}, "state": {"state": callback_pb2.CALLBACK_STATE_COMPLETED}, "unit": unit, "work_order": order,
            "waiting": {"state": callback_pb2.CALLBACK_STATE_WAITING}, "overdue": {"overdue": True},
            "unit+overdue": unit | {"overdue": True},
        }),
        _List("evaluations", feedback.ListEvaluationsRequest, lambda p: p.feedback.ListEvaluations, {
            "none": {}, "verdict": {"verdict": callback_pb2.VERDICT_SATISFIED}, "appeal": {"appeal": sample.appeal},
            "dissatisfied": {"verdict": callback_pb2.VERDICT_DISSATISFIED},
        }),
        _List("reviews", feedback.ListReviewsRequest, lambda p: p.feedback.ListReviews, {
            "none": {}, "open": {"open": True}, "unit": unit, "unit+open": unit | {"open": True},
            "second wanted": {"second_wanted": True},
        }),
    ]  # fmt: skip


def main() -> None:
    """Measures and prints."""
    describe_machine()
    worst: dict[str, float] = {"first": 0.0, "deep": 0.0}
    with platforms("lists") as (instance,):
        write_past(instance.database_url, orders=ORDERS)
        hotline = Hotline(instance.running)
        reader = hotline.person("office")
        sample = reader.dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(page_size=500)).work_orders[-1]
        for what in _lists(sample):
            for name, fields in what.filters.items():
                call = what.call(reader)
                for depth, token in (("first", ""), ("deep", _deep(call, what.request, fields))):
                    if depth == "deep" and not token:
                        continue  # the filter finds less than a page
                    waits = _measure(call, what.request(page_size=PAGE, page_token=token, **fields))
                    worst[depth] = max(worst[depth], quantile(waits, 0.99))
                    emit(f"list_{what.name}", quantile(waits, 0.99), "ms p99", filter=name, page=depth,
                         p50=round(quantile(waits, 0.5), 2))  # fmt: skip
        hotline.close()
    emit("list_worst_first_page", worst["first"], "ms p99", orders=ORDERS)
    emit("list_worst_deep_page", worst["deep"], "ms p99", orders=ORDERS)


def _deep(call: Callable[[Any], Any], request_type: type[Message], fields: dict[str, Any]) -> str:
    token = ""
    for _ in range(DEEP_PAGES):
        following = call(request_type(page_size=1000, page_token=token, **fields)).next_page_token
        if not following:
            break
        token = following
    return token


def _measure(call: Callable[[Any], Any], request: Message) -> list[float]:
    waits = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        call(request)
        waits.append((time.perf_counter() - begin) * 1000)
    return waits


if __name__ == "__main__":
    main()
