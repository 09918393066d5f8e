"""What talks to what in dispatch."""

from datetime import timedelta
from functools import partial

from hotline.dispatch.v1 import dispatch_service_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import intake_service_pb2
from hotline_kernel import clock, rpc_client, telemetry
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import Ticker

from hotline_dispatch.adapters.clients import IntakeReferrals
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.entrypoints.grpc_server import DispatchServicer
from hotline_dispatch.handlers import directives, events, reorganisations
from hotline_dispatch.settings import Settings

ORDERS_A_TRANSACTION = 100
TICK_SECONDS = 1.0
GAUGE_SECONDS = 15.0


def build(settings: Settings) -> Application[Store]:
    """The service as its processes run it; nothing connects before it is used."""
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
    servicer = DispatchServicer(database=database, clock=legal_time, settings=settings)
    return Application(
        settings=settings,
        database=database,
        clock=legal_time,
        servicers={dispatch_service_pb2.DESCRIPTOR.services_by_name["DispatchService"]: servicer},
        subscriptions={
            **events.ON_EVENT,
            AppealReferred: partial(
                events.make_order,
                referrals=IntakeReferrals(intake),
                chase_every=timedelta(minutes=settings.directive_chase_minutes),
            ),
        },
        tickers=tickers(settings, database=database, legal_time=legal_time),
    )


def tickers(settings: Settings, *, database: Database[Store], legal_time: Clock) -> list[Ticker]:
    """The periodic tasks. Any number of pumps may run them at once."""
    every = timedelta(minutes=settings.directive_chase_minutes)

    def chase() -> bool:
        with database.transaction() as tx:
            chased = directives.chase(tx=tx, every=every, now=legal_time.now(), limit=ORDERS_A_TRANSACTION)
        return chased == ORDERS_A_TRANSACTION

    def change_units() -> bool:
        with database.transaction() as tx:
            changed = reorganisations.change_units(tx=tx, now=legal_time.now(), limit=ORDERS_A_TRANSACTION)
        return changed == ORDERS_A_TRANSACTION

    def hand_over() -> bool:
        with database.transaction() as tx:
            handed = reorganisations.hand_orders_over(tx=tx, now=legal_time.now(), limit=ORDERS_A_TRANSACTION)
        return handed == ORDERS_A_TRANSACTION

    def gauge() -> bool:
        with database.transaction() as tx:
            telemetry.DIRECTIVES_LATE.labels(settings.service).set(tx.count_chased())
        return False

    return [
        Ticker(name="directives", interval_seconds=TICK_SECONDS, run=chase),
        Ticker(name="unit-changes", interval_seconds=TICK_SECONDS, run=change_units),
        Ticker(name="hand-overs", interval_seconds=TICK_SECONDS, run=hand_over),
        Ticker(name="directive-gauges", interval_seconds=GAUGE_SECONDS, run=gauge),
    ]
