"""What talks to what in dispatch."""

from datetime import timedelta
from functools import partial

from hotline.dispatch.v1 import dispatch_service_pb2, unit_system_service_pb2
from hotline.feedback.events.v1.callback_events_pb2 import ReviewConcluded
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import intake_service_pb2
from hotline_kernel import clock, rpc_client, telemetry
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import Ticker
from hotline_kernel.sealing import Envelopes, FileKeyEncryption

from hotline_dispatch.adapters.clients import IntakeReferrals
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.adapters.webhook_http import HttpCaller
from hotline_dispatch.domain.record import OfficeDuty
from hotline_dispatch.domain.webhook import Patience
from hotline_dispatch.entrypoints.grpc_server import DispatchServicer
from hotline_dispatch.entrypoints.unit_systems import UnitSystemServicer, WebhookPump
from hotline_dispatch.handlers import directives, events, office, reorganisations
from hotline_dispatch.settings import Settings

ORDERS_A_TRANSACTION = 100
CHANGES_A_TRANSACTION = 1000
DELIVERIES_A_TURN = 5000
TICK_SECONDS = 1.0
GAUGE_SECONDS = 15.0
FORGET_SECONDS = 600.0


def build(settings: Settings) -> Application[Store]:
    """The service as its processes run it; nothing connects before it is used.

    Raises `SettingsError` for a key file that is missing or open to everybody.
    """
    settings.require_files("vault_key")
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_time = clock.from_setting(settings.clock, environment=settings.environment)
    intake = rpc_client.Client(
        rpc_client.channel(
            settings.intake_address, ca=settings.tls_ca, certificate=settings.tls_certificate, key=settings.tls_key
        ),
        intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"],
    )
    envelopes = Envelopes(FileKeyEncryption(settings.vault_key))
    servicer = DispatchServicer(database=database, clock=legal_time, settings=settings)
    unit_systems = UnitSystemServicer(database=database, clock=legal_time, settings=settings, envelopes=envelopes)
    return Application(
        settings=settings,
        database=database,
        clock=legal_time,
        servicers={
            dispatch_service_pb2.DESCRIPTOR.services_by_name["DispatchService"]: servicer,
            unit_system_service_pb2.DESCRIPTOR.services_by_name["UnitSystemService"]: unit_systems,
        },
        subscriptions={
            **events.ON_EVENT,
            AppealReferred: partial(
                events.make_order,
                referrals=IntakeReferrals(intake),
                chase_every=timedelta(minutes=settings.directive_chase_minutes),
                patience=settings.office_patience,
            ),
            ReviewConcluded: partial(events.end_review, patience=settings.office_patience),
        },
        tickers=[
            *tickers(settings, database=database, legal_time=legal_time),
            *unit_system_tickers(settings, database=database, envelopes=envelopes),
        ],
        key_rings={"vault": settings.vault_key},
    )


def tickers(settings: Settings, *, database: Database[Store], legal_time: Clock) -> list[Ticker]:
    """The periodic tasks. Any number of pumps may run them at once."""
    every = timedelta(minutes=settings.directive_chase_minutes)

    def chase() -> bool:
        with database.transaction() as tx:
            chased = directives.chase(tx=tx, every=every, now=legal_time.now(), limit=ORDERS_A_TRANSACTION)
        return chased == ORDERS_A_TRANSACTION

    def ask() -> bool:
        with database.transaction() as tx:
            now = legal_time.now()
            asked = office.ask(tx=tx, patience=settings.office_patience, now=now, limit=ORDERS_A_TRANSACTION)
        return asked == ORDERS_A_TRANSACTION

    def change_units() -> bool:
        with database.transaction() as tx:
            changed = reorganisations.change_units(tx=tx, now=legal_time.now(), limit=ORDERS_A_TRANSACTION)
        return changed == ORDERS_A_TRANSACTION

    def hand_over() -> bool:
        with database.transaction() as tx:
            handed = reorganisations.hand_orders_over(
                tx=tx, patience=settings.office_patience, now=legal_time.now(), limit=ORDERS_A_TRANSACTION
            )
        return handed == ORDERS_A_TRANSACTION

    def gauge() -> bool:
        with database.transaction() as tx:
            telemetry.DIRECTIVES_LATE.labels(settings.service).set(tx.count_chased())
            late = tx.count_asked()
        telemetry.ORDERS_AWAITING_LEAD_LATE.labels(settings.service).set(late[OfficeDuty.LEAD])
        telemetry.ORDERS_HELD_LATE.labels(settings.service).set(late[OfficeDuty.DIRECTIVE])
        telemetry.EXTENSIONS_UNDECIDED_LATE.labels(settings.service).set(late[OfficeDuty.EXTENSION])
        return False

    return [
        Ticker(name="directives", interval_seconds=TICK_SECONDS, run=chase),
        Ticker(name="office", interval_seconds=TICK_SECONDS, run=ask),
        Ticker(name="unit-changes", interval_seconds=TICK_SECONDS, run=change_units),
        Ticker(name="hand-overs", interval_seconds=TICK_SECONDS, run=hand_over),
        Ticker(name="directive-gauges", interval_seconds=GAUGE_SECONDS, run=gauge),
    ]


def unit_system_tickers(settings: Settings, *, database: Database[Store], envelopes: Envelopes) -> list[Ticker]:
    """What the pump does for units' own systems (Art. 10(2)). Any number of pumps may do it at once."""
    caller = HttpCaller(
        destinations=settings.destinations, timeout_seconds=settings.webhook_timeout_seconds, ca=settings.webhook_ca
    )
    patience = Patience(
        first=timedelta(seconds=settings.retry_delay_seconds),
        longest=timedelta(seconds=settings.retry_delay_max_seconds),
        give_up=timedelta(days=settings.webhook_give_up_days),
    )
    pump = WebhookPump(
        database=database, envelopes=envelopes, caller=caller, patience=patience, service=settings.service
    )

    def number() -> bool:
        with database.transaction() as tx:
            return tx.number_changes(limit=CHANGES_A_TRANSACTION) == CHANGES_A_TRANSACTION

    def gauge() -> bool:
        with database.transaction() as tx:
            dead, oldest_seconds = tx.measure_deliveries()
        telemetry.WEBHOOKS_DEAD.labels(settings.service).set(dead)
        telemetry.WEBHOOKS_OLDEST_SECONDS.labels(settings.service).set(oldest_seconds)
        return False

    def forget() -> bool:
        with database.transaction() as tx:
            gone = tx.forget_deliveries(older_than_days=settings.webhook_retention_days, limit=DELIVERIES_A_TURN)
        return gone == DELIVERIES_A_TURN

    # A thread each: whoever answers slowly or not at all keeps one of them busy, and nothing else of the pump.
    calls = [Ticker(name="webhooks", interval_seconds=TICK_SECONDS, run=pump.run)] * settings.webhook_threads
    return [
        Ticker(name="order-changes", interval_seconds=TICK_SECONDS, run=number),
        Ticker(name="webhook-gauges", interval_seconds=GAUGE_SECONDS, run=gauge),
        Ticker(name="webhook-retention", interval_seconds=FORGET_SECONDS, run=forget),
        *calls,
    ]
