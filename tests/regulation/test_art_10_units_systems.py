"""第十条(二): a unit's own system is connected, hears of its orders and reports by itself, over a line that is cut."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import unit_system_service_pb2 as unit_systems
from hotline.dispatch.v1 import work_order_pb2
from hotline.operations.v1 import audit_service_pb2 as audit
from hotline_cli.client import new_request_id

from tests.regulation.city import HANDLING, LEAD, City, refused
from tests.support.unit_system import UnitSystem, eventually, verified

DUTIES = ("dispatch:10(2)",)

UNIT = "units/connected-heating"


@dataclass
class Connected:
    """A unit whose people work in a system of their own, which is connected."""

    city: City
    system: UnitSystem
    issued: unit_systems.IssuedWebhook
    speaker: Any = field(init=False)
    """The system as it calls: a token of its unit."""

    def __post_init__(self) -> None:
        """With an account of its own."""
        self.speaker = self.city.hotline.person("unit", unit=UNIT, subject="system:connected-heating")

    def wait_for(self, order: str, *wanted: Any) -> list[dict[str, Any]]:
        """Until its system was told as many things of an order."""
        self.system.wait_for(lambda: len(self.system.told_of(order)) >= len(wanted))
        return self.system.told_of(order)

    def follow(self, token: str, *, until: str) -> unit_systems.FollowWorkOrdersResponse:
        """Asks what changed until an order is among it."""

        def asked() -> unit_systems.FollowWorkOrdersResponse | None:
            request = unit_systems.FollowWorkOrdersRequest(resume_token=token, page_size=1000)
            answer: unit_systems.FollowWorkOrdersResponse = self.speaker.unit_systems.FollowWorkOrders(request)
            return answer if any(change.work_order == until for change in answer.changes) else None

        found: unit_systems.FollowWorkOrdersResponse = eventually(asked)
        return found


@pytest.fixture(scope="module")
def connected(city: City) -> Iterator[Connected]:
    """The unit enters its webhook by itself, and takes it away in the end."""
    unit = work_order_pb2.Unit(
        name=UNIT,
        display_name="联网供热公司",
        region="139902",
        kind=work_order_pb2.UNIT_KIND_PUBLIC_SERVICE,
        principal="高经理",
    )
    city.office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id()))
    system = UnitSystem()
    system.start()
    speaker = city.hotline.person("unit", unit=UNIT, subject="system:connected-heating").unit_systems
    issued = speaker.CreateWebhook(
        unit_systems.CreateWebhookRequest(unit=UNIT, url=system.url, request_id=new_request_id())
    )
    yield Connected(city, system, issued)
    speaker.DeleteWebhook(unit_systems.DeleteWebhookRequest(name=issued.webhook.name, request_id=new_request_id()))
    system.stop()


class TestAUnitsSystem:
    """接到热线工作机构转办的工单 (Art. 10(2))."""

    def test_gets_an_order_and_its_result_comes_back_with_the_line_cut_in_between(
        self, city: City, connected: Connected
    ) -> None:
        city.next_morning()
        order = city.dispatched(lead=UNIT)
        told = connected.wait_for(order.name, "dispatched")
        assert (told[0]["part"], told[0]["state"]) == ("UNIT_PART_LEAD", "WORK_ORDER_STATE_DISPATCHED")

        connected.system.stop()
        city.contact(order.name, unit=UNIT)
        city.ask_extension(order.name, unit=UNIT)
        city.decide_extension(order.name, granted=True)
        city.settle()
        known = city.order(order.name)
        connected.system.start()

        told = connected.wait_for(order.name, *range(int(known.etag)))
        assert [change["version"] for change in told] == [*range(1, int(known.etag) + 1)]  # each once, in their order
        assert told[-1]["dueTime"] == known.due_time.ToJsonString()
        assert told[-1]["extensionState"] == "EXTENSION_STATE_GRANTED"
        assert len({call.id for call in connected.system.seen}) == len(connected.system.seen)
        assert all(verified(call, connected.issued.secret) for call in connected.system.taken)

        report = dispatch.ReportResultRequest(
            name=order.name,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text="已入户检修,室温达标。",
            reply_means=work_order_pb2.REPLY_MEANS_PHONE,
            reply_text="已电话告知处理结果。",
            request_id=new_request_id(),
        )
        first = connected.speaker.dispatch.ReportResult(report)
        again = connected.speaker.dispatch.ReportResult(report)  # the line was cut: nobody heard the first answer
        assert again == first
        city.settle()
        assert city.state(order.name, HANDLING) == "MET"
        assert city.callback_of(order.name).round == 1
        entries = city.auditor.audit["dispatch"].ListAuditEntries(audit.ListAuditEntriesRequest(resource=order.name))
        reported = [entry for entry in entries.entries if entry.action == "dispatch.results.report"]
        assert [entry.actor for entry in reported] == ["system:connected-heating"]

    def test_hears_nothing_that_a_citizen_wrote_and_nothing_of_others(self, city: City, connected: Connected) -> None:
        foreign = city.dispatched(lead=LEAD)
        order = city.dispatched(lead=UNIT)
        connected.wait_for(order.name, "dispatched")
        heard = b"".join(call.body for call in connected.system.seen).decode()
        assert not connected.system.told_of(foreign.name)
        assert order.number in heard
        for word in (order.text, order.title, order.appeal, "甄好听"):
            assert word not in heard
        read = connected.speaker.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
        assert read.text == order.text
        with refused("NOT_OWN_UNIT", article="Art. 22"):
            connected.speaker.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=foreign.name))

    def test_hears_of_supervision_towards_it(self, city: City, connected: Connected) -> None:
        city.next_morning()
        order = city.dispatched(lead=UNIT)
        city.move_to(city.close_of_office(city.working_day(2)) + timedelta(minutes=1))
        city.settle()
        version = int(city.order(order.name).etag)
        told = connected.wait_for(order.name, *range(version))[-1]
        assert (told["overdue"], told["supervisionStep"]) == (True, "SUPERVISION_STEP_REMINDER")
        city.report(order.name, unit=UNIT)

    def test_hears_that_an_order_is_its_own_no_more(self, city: City, connected: Connected) -> None:
        order = city.dispatched(lead=UNIT)
        city.reassign(order.name, lead=LEAD)
        city.settle()
        told = connected.wait_for(order.name, "dispatched", "deadline", "gone")
        assert told[-1]["part"] == "UNIT_PART_NONE"
        assert "state" not in told[-1]

    def test_follows_by_itself_when_nobody_can_call_it(self, city: City, connected: Connected) -> None:
        order = city.dispatched(lead=UNIT)
        answer = connected.follow("", until=order.name)
        city.contact(order.name, unit=UNIT)
        answer = connected.follow(answer.resume_token, until=order.name)
        [change] = [change for change in answer.changes if change.work_order == order.name]
        assert change.version == int(city.order(order.name).etag)
        assert change.part == unit_systems.UNIT_PART_LEAD

    def test_is_called_by_https_and_where_the_operator_allows_it(self, connected: Connected) -> None:
        with refused("WEBHOOK_URL_REFUSED", article="Art. 10(2)", field="url"):
            connected.speaker.unit_systems.CreateWebhook(
                unit_systems.CreateWebhookRequest(unit=UNIT, url="http://10.0.0.7/", request_id=new_request_id())
            )
        with refused("NOT_OWN_UNIT"):
            connected.speaker.unit_systems.CreateWebhook(
                unit_systems.CreateWebhookRequest(
                    unit=LEAD, url="https://oa.example.gov.cn/", request_id=new_request_id()
                )
            )
