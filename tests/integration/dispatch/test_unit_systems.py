"""Units' own systems: what they are told, over lines that are cut, slow and hostile, on a real database."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as rpc
from hotline.dispatch.v1 import unit_system_service_pb2 as pb
from hotline.dispatch.v1 import work_order_pb2
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.adapters.webhook_postgres import page_of_deliveries
from hotline_dispatch.domain.refusals import NotOwnUnit, UnitUnknown
from hotline_dispatch.domain.webhook import DeliveryState, WebhooksEnough, WebhookUrlRefused
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound, StateNotAllowed

from tests.integration.dispatch.conftest import OFFICE, Dispatch
from tests.support.unit_system import UnitSystem, verified

HEATING = Principal("system-heating", frozenset({"unit"}), "units/heating", "")
WATER = Principal("system-water", frozenset({"unit"}), "units/water", "")
DEAD, DELIVERED, PENDING = (
    pb.WEBHOOK_DELIVERY_STATE_DEAD,
    pb.WEBHOOK_DELIVERY_STATE_DELIVERED,
    pb.WEBHOOK_DELIVERY_STATE_PENDING,
)


class NoCommit(Exception):
    """The process ends before the commit."""


@pytest.fixture
def system() -> Iterator[UnitSystem]:
    """A unit's system that listens."""
    listening = UnitSystem()
    listening.start()
    yield listening
    listening.stop()


def connect(dispatch: Dispatch, system: UnitSystem, who: Principal = HEATING) -> Any:
    request = pb.CreateWebhookRequest(unit=who.unit, url=system.url)
    return dispatch.call("CreateWebhook", request, who)


def tick(dispatch: Dispatch, name: str) -> None:
    """What the pump does periodically, until there is no more to do at once."""
    ticker = next(ticker for ticker in dispatch.application.tickers if ticker.name == name)
    while ticker.run():
        pass


def try_again(dispatch: Dispatch) -> None:
    """The pauses are over: real time, of which a test has none; webhooks are called."""
    with dispatch.database.transaction() as tx:
        tx.run("UPDATE webhook_line SET retry_time = now()")
        tx.run("UPDATE webhook_delivery SET retry_time = now()")
    tick(dispatch, "webhooks")


def deliveries(dispatch: Dispatch, webhook: str, state: int = 0, who: Principal = HEATING) -> list[Any]:
    request = pb.ListWebhookDeliveriesRequest(webhook=webhook, state=state)  # type: ignore[arg-type]
    return list(dispatch.call("ListWebhookDeliveries", request, who).deliveries)


def sent_out(dispatch: Dispatch, *, lead: str = "units/heating", supporting: tuple[str, ...] = ()) -> str:
    name: str = dispatch.refer(lead_unit=lead, supporting_units=supporting).name
    return name


def contact(dispatch: Dispatch, order: str) -> None:
    dispatch.call("RecordFirstContact", rpc.RecordFirstContactRequest(name=order, note="已联系"), HEATING)


def send_back(dispatch: Dispatch, order: str) -> None:
    dispatch.call("SendBackWorkOrder", rpc.SendBackWorkOrderRequest(name=order, reason="不属于本单位"), HEATING)


def age(dispatch: Dispatch, *, days: int) -> None:
    """The deliveries have been tried for so long: real time, of which a test has none."""
    with dispatch.database.transaction() as tx:
        tx.run("UPDATE webhook_delivery SET tried_since = tried_since - %(age)s", {"age": timedelta(days=days)})


def follow(dispatch: Dispatch, token: str = "", who: Principal = HEATING, size: int = 0) -> Any:
    tick(dispatch, "order-changes")
    request = pb.FollowWorkOrdersRequest(resume_token=token, page_size=size)
    return dispatch.call("FollowWorkOrders", request, who)


class TestADelivery:
    def test_tells_where_the_order_stands_signed_and_without_its_text(
        self, dispatch: Dispatch, system: UnitSystem
    ) -> None:
        issued = connect(dispatch, system)
        order = dispatch.order(sent_out(dispatch))
        tick(dispatch, "webhooks")
        [call] = system.taken
        assert verified(call, issued.secret)
        assert call.headers["content-type"] == "application/json"
        assert (call.data["workOrder"], call.data["number"]) == (order.name, order.number)
        assert (call.data["part"], call.data["state"]) == ("UNIT_PART_LEAD", "WORK_ORDER_STATE_DISPATCHED")
        assert not any(word.encode() in call.body for word in (order.title, order.text, order.appeal))
        [delivery] = deliveries(dispatch, issued.webhook.name)
        assert (delivery.state, delivery.attempts, delivery.name) == (DELIVERED, 1, f"webhookDeliveries/{call.id}")

    def test_is_written_with_the_change_or_not_at_all(self, dispatch: Dispatch, system: UnitSystem) -> None:
        issued = connect(dispatch, system)
        order = sent_out(dispatch)
        with pytest.raises(NotOwnUnit):
            dispatch.call("SendBackWorkOrder", rpc.SendBackWorkOrderRequest(name=order, reason="不是我们"), WATER)
        with suppress(NoCommit), dispatch.database.transaction() as tx:
            changed = tx.find_order(uuid.UUID(order[11:]), for_update=True)
            assert changed is not None
            tx.save_order(changed)
            raise NoCommit
        assert [delivery.change.version for delivery in deliveries(dispatch, issued.webhook.name)] == [1]

    def test_goes_to_lead_and_supporting_and_to_whoever_had_it(self, dispatch: Dispatch, system: UnitSystem) -> None:
        with ExitStack() as stack:
            other = UnitSystem()
            other.start()
            stack.callback(other.stop)
            connect(dispatch, system)
            connect(dispatch, other, WATER)
            order = sent_out(dispatch, supporting=("units/water",))
            send_back(dispatch, order)
            tick(dispatch, "webhooks")
            assert [told["part"] for told in system.told_of(order)] == ["UNIT_PART_LEAD", "UNIT_PART_NONE"]
            assert [told["part"] for told in other.told_of(order)] == ["UNIT_PART_SUPPORTING", "UNIT_PART_NONE"]
            assert "state" not in other.told_of(order)[-1]

    def test_is_not_made_for_an_order_that_no_unit_has(self, dispatch: Dispatch, system: UnitSystem) -> None:
        issued = connect(dispatch, system)
        dispatch.refer(lead_unit="units/heating", directive_kind=1)
        assert deliveries(dispatch, issued.webhook.name) == []


class TestALineThatIsCut:
    def test_loses_and_doubles_nothing_and_keeps_the_order(self, dispatch: Dispatch, system: UnitSystem) -> None:
        issued = connect(dispatch, system)
        order = sent_out(dispatch)
        tick(dispatch, "webhooks")
        system.stop()
        contact(dispatch, order)
        send_back(dispatch, order)
        tick(dispatch, "webhooks")
        broken = dispatch.call("GetWebhook", pb.GetWebhookRequest(name=issued.webhook.name), HEATING)
        assert (broken.failures, broken.error) == (1, "no connection")
        assert broken.HasField("retry_time")
        system.start()
        tick(dispatch, "webhooks")
        assert len(system.taken) == 1  # it pauses
        try_again(dispatch)
        assert [told["version"] for told in system.told_of(order)] == [1, 2, 3]
        assert len({call.id for call in system.seen}) == 3
        mended = dispatch.call("GetWebhook", pb.GetWebhookRequest(name=issued.webhook.name), HEATING)
        assert (mended.failures, mended.error) == (0, "")

    def test_repeats_the_same_id_and_body_after_an_answer_that_was_lost(
        self, dispatch: Dispatch, system: UnitSystem
    ) -> None:
        def lose(handler: Any) -> None:
            handler.connection.close()
            system.behaviour = lambda _: 204

        issued = connect(dispatch, system)
        system.behaviour = lose
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        try_again(dispatch)
        first, second = system.seen
        assert (first.id, first.body) == (second.id, second.body)
        assert verified(second, issued.secret)

    def test_is_given_up_after_days_and_replayed_in_order(self, dispatch: Dispatch, system: UnitSystem) -> None:
        webhook = connect(dispatch, system).webhook.name
        order, other = sent_out(dispatch), sent_out(dispatch)
        contact(dispatch, order)
        system.behaviour = lambda _: 500
        age(dispatch, days=8)
        tick(dispatch, "webhooks")
        dead = deliveries(dispatch, webhook, DEAD)
        assert {(delivery.change.work_order, delivery.change.version) for delivery in dead} == {(order, 1), (other, 1)}
        assert {delivery.error for delivery in dead} == {"answered 500"}
        system.behaviour = lambda _: 204
        tick(dispatch, "webhooks")
        assert system.taken == []  # what comes later waits behind the dead one
        for delivery in dead:
            dispatch.call("ReplayWebhookDelivery", pb.ReplayWebhookDeliveryRequest(name=delivery.name), HEATING)
        tick(dispatch, "webhooks")
        assert [told["version"] for told in system.told_of(order)] == [1, 2]
        assert [told["version"] for told in system.told_of(other)] == [1]

    def test_shows_in_the_gauges(self, dispatch: Dispatch, system: UnitSystem) -> None:
        connect(dispatch, system)
        sent_out(dispatch)
        system.behaviour = lambda _: 404
        with dispatch.database.transaction() as tx:
            dead, oldest_seconds = tx.measure_deliveries()
        assert dead == 0
        assert oldest_seconds > 0
        age(dispatch, days=8)
        tick(dispatch, "webhooks")
        with dispatch.database.transaction() as tx:
            assert tx.measure_deliveries() == (1, 0.0)


class TestASystemThatMisbehaves:
    def test_that_refuses_one_order_gets_the_others(self, dispatch: Dispatch, system: UnitSystem) -> None:
        connect(dispatch, system)
        first, second = sent_out(dispatch), sent_out(dispatch)
        refusals = iter([422])
        system.behaviour = lambda _: next(refusals, 204)
        tick(dispatch, "webhooks")
        assert system.told_of(second)
        assert not system.told_of(first)
        try_again(dispatch)
        assert system.told_of(first)

    @pytest.mark.parametrize("status", [301, 307, 404, 500, 503])
    def test_is_not_followed_and_tried_again(self, dispatch: Dispatch, system: UnitSystem, status: int) -> None:
        def elsewhere(handler: Any) -> None:
            handler.send_response(status)
            handler.send_header("Location", system.url.replace("hotline", "elsewhere"))
            handler.end_headers()
            system.behaviour = lambda _: 204

        issued = connect(dispatch, system)
        system.behaviour = elsewhere
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        [waiting] = deliveries(dispatch, issued.webhook.name)
        assert (waiting.state, waiting.error) == (PENDING, f"answered {status}")
        try_again(dispatch)
        assert len(system.taken) == 1
        assert len(system.seen) == 2

    def test_that_hangs_or_drips_keeps_no_other_waiting(self, dispatch: Dispatch, system: UnitSystem) -> None:
        ended = threading.Event()

        def drip(handler: Any) -> None:
            while not ended.wait(0.05):
                handler.wfile.write(b"H")

        with ExitStack() as stack:
            slow = UnitSystem()
            slow.behaviour = drip
            slow.start()
            stack.callback(slow.stop)
            stack.callback(ended.set)
            stuck = connect(dispatch, slow)
            connect(dispatch, system, WATER)
            sent_out(dispatch)
            threads = [threading.Thread(target=tick, args=(dispatch, "webhooks")) for _ in range(2)]
            order = sent_out(dispatch, lead="units/water")
            for thread in threads:
                thread.start()
            system.wait_for(lambda: bool(system.told_of(order)))
            request = pb.GetWebhookRequest(name=stuck.webhook.name)
            assert dispatch.call("GetWebhook", request, HEATING).failures == 0  # it is still being called
            for thread in threads:
                thread.join()
            seen = dispatch.call("GetWebhook", request, HEATING)
            assert (seen.failures, seen.error) == (1, "no answer in time")

    def test_is_called_by_one_pump_at_a_time(self, dispatch: Dispatch, system: UnitSystem) -> None:
        connect(dispatch, system)
        orders = [sent_out(dispatch) for _ in range(5)]
        for order in orders:
            contact(dispatch, order)
        threads = [threading.Thread(target=tick, args=(dispatch, "webhooks")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [[told["version"] for told in system.told_of(order)] for order in orders] == [[1, 2]] * 5
        assert len(system.seen) == 10


class TestAWebhook:
    def test_is_the_units_own(self, dispatch: Dispatch, system: UnitSystem) -> None:
        webhook = connect(dispatch, system).webhook
        named = {"name": webhook.name}
        for method, request in (
            ("CreateWebhook", pb.CreateWebhookRequest(unit="units/heating", url=system.url)),
            ("GetWebhook", pb.GetWebhookRequest(**named)),
            ("SuspendWebhook", pb.SuspendWebhookRequest(**named)),
            ("RotateWebhookSecret", pb.RotateWebhookSecretRequest(**named)),
            ("DeleteWebhook", pb.DeleteWebhookRequest(**named)),
            ("ListWebhookDeliveries", pb.ListWebhookDeliveriesRequest(webhook=webhook.name)),
        ):
            with pytest.raises(NotOwnUnit):
                dispatch.call(method, request, WATER)
        listed = pb.ListWebhooksRequest()
        assert [each.name for each in dispatch.call("ListWebhooks", listed, HEATING).webhooks] == [webhook.name]
        assert not dispatch.call("ListWebhooks", listed, WATER).webhooks
        assert not dispatch.call("ListWebhooks", pb.ListWebhooksRequest(unit="units/heating"), WATER).webhooks
        assert dispatch.call("ListWebhooks", pb.ListWebhooksRequest(unit="units/heating"), OFFICE).webhooks

    def test_shows_its_secret_once_and_the_database_never(self, dispatch: Dispatch, system: UnitSystem) -> None:
        request = pb.CreateWebhookRequest(unit="units/heating", url=system.url, request_id=str(uuid.uuid4()))
        issued = dispatch.call("CreateWebhook", request, HEATING)
        assert issued.secret.startswith("whsec_")
        assert dispatch.call("CreateWebhook", request, HEATING) == issued  # the answer that was lost
        with dispatch.database.transaction() as tx:
            stored = [str(row) for table in ("webhook", "request", "audit_entry") for row in tx.all(f"TABLE {table}")]
        assert not any(issued.secret[6:] in row for row in stored)
        rotate = pb.RotateWebhookSecretRequest(name=issued.webhook.name, overlap_hours=24)
        assert dispatch.call("RotateWebhookSecret", rotate, HEATING).secret not in ("", issued.secret)
        assert dispatch.call("CreateWebhook", request, HEATING).secret == ""

    def test_is_signed_by_both_secrets_for_the_time_that_was_stated(
        self, dispatch: Dispatch, system: UnitSystem
    ) -> None:
        old = connect(dispatch, system)
        request = pb.RotateWebhookSecretRequest(name=old.webhook.name, overlap_hours=24)
        new = dispatch.call("RotateWebhookSecret", request, HEATING)
        assert new.webhook.HasField("old_secret_expire_time")
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        assert [verified(system.taken[-1], issued.secret) for issued in (old, new)] == [True, True]
        with dispatch.database.transaction() as tx:
            tx.run("UPDATE webhook SET old_secret_until = now()")
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        assert [verified(system.taken[-1], issued.secret) for issued in (old, new)] == [False, True]

    def test_ends_a_secret_at_once_that_got_into_wrong_hands(self, dispatch: Dispatch, system: UnitSystem) -> None:
        old = connect(dispatch, system)
        new = dispatch.call("RotateWebhookSecret", pb.RotateWebhookSecretRequest(name=old.webhook.name), HEATING)
        assert not new.webhook.HasField("old_secret_expire_time")
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        assert [verified(system.taken[-1], issued.secret) for issued in (old, new)] == [False, True]

    def test_is_not_called_while_it_is_suspended_and_misses_nothing(
        self, dispatch: Dispatch, system: UnitSystem
    ) -> None:
        webhook = connect(dispatch, system).webhook
        with pytest.raises(EtagMismatch):
            dispatch.call("SuspendWebhook", pb.SuspendWebhookRequest(name=webhook.name, etag="9"), HEATING)
        dispatch.call("SuspendWebhook", pb.SuspendWebhookRequest(name=webhook.name, etag=webhook.etag), HEATING)
        with pytest.raises(StateNotAllowed):
            dispatch.call("SuspendWebhook", pb.SuspendWebhookRequest(name=webhook.name), HEATING)
        order = sent_out(dispatch)
        contact(dispatch, order)
        tick(dispatch, "webhooks")
        assert system.seen == []
        dispatch.call("ResumeWebhook", pb.ResumeWebhookRequest(name=webhook.name), HEATING)
        tick(dispatch, "webhooks")
        assert [told["version"] for told in system.told_of(order)] == [1, 2]

    def test_is_forgotten_with_what_waits_for_it(self, dispatch: Dispatch, system: UnitSystem) -> None:
        webhook = connect(dispatch, system).webhook.name
        sent_out(dispatch)
        dispatch.call("DeleteWebhook", pb.DeleteWebhookRequest(name=webhook), HEATING)
        with pytest.raises(ResourceNotFound):
            dispatch.call("GetWebhook", pb.GetWebhookRequest(name=webhook), OFFICE)
        tick(dispatch, "webhooks")
        assert system.seen == []
        deeds = [deed for deed, _ in dispatch.audited(webhook)]
        assert deeds == ["CreateWebhook", "DeleteWebhook"]

    def test_is_refused_where_it_must_not_be_beyond_the_limit_and_for_nobody(
        self, dispatch: Dispatch, system: UnitSystem
    ) -> None:
        for url in ("http://169.254.169.254/latest", "https://10.0.0.1/", "http://[::1]/"):
            with pytest.raises(WebhookUrlRefused):
                dispatch.call("CreateWebhook", pb.CreateWebhookRequest(unit="units/heating", url=url), HEATING)
        with pytest.raises(UnitUnknown):
            dispatch.call("CreateWebhook", pb.CreateWebhookRequest(unit="units/nowhere", url=system.url), OFFICE)
        for _ in range(5):
            connect(dispatch, system)
        with pytest.raises(WebhooksEnough):
            connect(dispatch, system)

    def test_lists_its_deliveries_by_page_and_state(self, dispatch: Dispatch, system: UnitSystem) -> None:
        webhook = connect(dispatch, system).webhook.name
        orders = [sent_out(dispatch) for _ in range(3)]
        tick(dispatch, "webhooks")
        orders.append(sent_out(dispatch))
        request = pb.ListWebhookDeliveriesRequest(webhook=webhook, page_size=3)
        first = dispatch.call("ListWebhookDeliveries", request, HEATING)
        request.page_token = first.next_page_token
        second = dispatch.call("ListWebhookDeliveries", request, HEATING)
        found = [delivery.change.work_order for page in (first, second) for delivery in page.deliveries]
        assert found == orders[::-1]
        assert second.next_page_token == ""
        assert [one.change.work_order for one in deliveries(dispatch, webhook, PENDING)] == orders[3:]
        name = deliveries(dispatch, webhook, PENDING)[0].name
        with pytest.raises(StateNotAllowed):
            dispatch.call("ReplayWebhookDelivery", pb.ReplayWebhookDeliveryRequest(name=name), HEATING)

    def test_forgets_what_arrived_long_ago(self, dispatch: Dispatch, system: UnitSystem) -> None:
        webhook = connect(dispatch, system).webhook.name
        sent_out(dispatch)
        tick(dispatch, "webhooks")
        sent_out(dispatch)
        with dispatch.database.transaction() as tx:
            tx.run("UPDATE webhook_delivery SET deliver_time = deliver_time - interval '31 days'")
        tick(dispatch, "webhook-retention")
        assert [one.state for one in deliveries(dispatch, webhook)] == [PENDING]


class TestFollowing:
    def test_goes_on_where_it_stopped_and_tells_each_order_once(self, dispatch: Dispatch) -> None:
        first, second = sent_out(dispatch), sent_out(dispatch)
        page = follow(dispatch, size=1)
        assert ([change.work_order for change in page.changes], page.more) == ([first], True)
        page = follow(dispatch, page.resume_token)
        assert ([change.work_order for change in page.changes], page.more) == ([second], False)
        contact(dispatch, first)
        send_back(dispatch, first)
        contact(dispatch, second)
        page = follow(dispatch, page.resume_token)
        assert [(change.work_order, change.version, change.part) for change in page.changes] == [
            (first, 3, pb.UNIT_PART_NONE),
            (second, 2, pb.UNIT_PART_LEAD),
        ]
        last = follow(dispatch, page.resume_token)
        assert (list(last.changes), last.resume_token, last.more) == ([], page.resume_token, False)

    def test_shows_nobody_anothers_orders(self, dispatch: Dispatch) -> None:
        sent_out(dispatch)
        assert not follow(dispatch, who=WATER).changes
        with pytest.raises(NotOwnUnit):
            follow(dispatch, who=Principal("nobody", frozenset({"unit"}), "", ""))

    def test_passes_over_no_change_that_commits_late(self, dispatch: Dispatch) -> None:
        early, late = sent_out(dispatch), sent_out(dispatch)
        token = follow(dispatch).resume_token
        started, go_on = threading.Event(), threading.Event()

        def change_slowly() -> None:
            with dispatch.database.transaction() as tx:
                order = tx.find_order(uuid.UUID(late[11:]), for_update=True)
                assert order is not None
                tx.save_order(order)
                tx.one("SELECT 1")
                started.set()
                assert go_on.wait(10)

        thread = threading.Thread(target=change_slowly)
        thread.start()
        assert started.wait(10)
        contact(dispatch, early)
        page = follow(dispatch, token)
        assert [change.work_order for change in page.changes] == [early]
        go_on.set()
        thread.join()
        page = follow(dispatch, page.resume_token)
        assert [change.work_order for change in page.changes] == [late]

    def test_takes_no_token_that_is_not_a_number_of_ours(self, dispatch: Dispatch) -> None:
        sent_out(dispatch)
        assert not follow(dispatch, "999999999999999999").changes


class TestTheWayBack:
    def test_has_its_effect_once_when_the_answer_was_lost(self, dispatch: Dispatch) -> None:
        order = sent_out(dispatch)
        request = rpc.ReportResultRequest(
            name=order,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text="已恢复供热",
            reply_means=work_order_pb2.REPLY_MEANS_PHONE,
            reply_text="已电话答复",
            request_id=str(uuid.uuid4()),
        )
        first = dispatch.call("ReportResult", request, HEATING)
        assert dispatch.call("ReportResult", request, HEATING) == first
        assert dispatch.event_names(order).count("ResultReported") == 1


class TestPlans:
    @pytest.mark.parametrize("state", [None, *DeliveryState])
    @pytest.mark.parametrize("before", [None, 40_000])
    def test_of_lists_cost_what_a_page_costs(
        self, dispatch: Dispatch, system: UnitSystem, state: DeliveryState | None, before: int | None
    ) -> None:
        webhook = uuid.UUID(connect(dispatch, system).webhook.name[9:])
        sql, params = page_of_deliveries(webhook=webhook, state=state, before=before, limit=51)
        with dispatch.database.transaction() as tx:
            _fill(tx, webhook)
            plan = "\n".join(str(row) for row in tx.all(f"EXPLAIN {sql}", params))
            tx.run("TRUNCATE webhook_delivery")
        assert "Index Scan" in plan
        assert "Seq Scan" not in plan
        assert "Sort" not in plan


def _fill(tx: Store, webhook: uuid.UUID) -> None:
    tx.run(
        "INSERT INTO webhook_delivery (webhook, work_order, version, change, state, deliver_time)"
        " SELECT %(webhook)s, gen_random_uuid(), 1, '{}', CASE WHEN i %% 100 = 0 THEN 'PENDING' ELSE 'DELIVERED' END,"
        " CASE WHEN i %% 100 = 0 THEN NULL ELSE now() END FROM generate_series(1, 20000) i",
        {"webhook": webhook},
    )
    tx.run("ANALYZE webhook_delivery")
