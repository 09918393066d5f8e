"""What talks to what in dispatch."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

import structlog
from google.protobuf.message import Message
from hotline.dispatch.v1 import county_service_pb2, dispatch_service_pb2, unit_system_service_pb2
from hotline.feedback.events.v1.callback_events_pb2 import ReviewConcluded
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import intake_service_pb2
from hotline_kernel import clock, rpc_client, telemetry, topology
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.errors import NotYet, Unavailable
from hotline_kernel.process import Application
from hotline_kernel.pump import EventHandler, Ticker
from hotline_kernel.sealed_box import SealingKeys
from hotline_kernel.sealing import Envelopes, FileKeyEncryption, KeyFileError

from hotline_dispatch.adapters import county_messages
from hotline_dispatch.adapters.clients import IntakeContacts, IntakeReferrals
from hotline_dispatch.adapters.county_line import Receiver, Sender
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.adapters.webhook_http import HttpCaller
from hotline_dispatch.domain.county import County, Side
from hotline_dispatch.domain.record import OfficeDuty
from hotline_dispatch.domain.webhook import Patience
from hotline_dispatch.entrypoints.counties import CountyServicer
from hotline_dispatch.entrypoints.grpc_server import DispatchServicer
from hotline_dispatch.entrypoints.unit_systems import UnitSystemServicer, WebhookPump
from hotline_dispatch.handlers import asking, directives, events, judging, office, reorganisations, reporting, resync
from hotline_dispatch.settings import Settings

ORDERS_A_TRANSACTION = 100
CHANGES_A_TRANSACTION = 1000
DELIVERIES_A_TURN = 5000
TICK_SECONDS = 1.0
GAUGE_SECONDS = 15.0
FORGET_SECONDS = 600.0
LINE_SECONDS = 0.2
"""How soon what changed crosses: a county's status is at the city in well under two seconds."""


def build(settings: Settings) -> Application[Store]:
    """The service as its processes run it; nothing connects before it is used.

    Raises `SettingsError` for a key file that is missing or open to everybody.
    """
    settings.require_files("vault_key")
    if settings.side is Side.COUNTY:
        settings.require_files("county_key")
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
        audience=topology.audience(settings.service, profile=settings.profile),
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_time = clock.from_setting(settings.clock, environment=settings.environment)
    keys = partial(own_keys, settings.county_key)
    desk = reporting.Desk(keys=keys, patience=settings.office_patience)
    envelopes = Envelopes(FileKeyEncryption(settings.vault_key))
    return Application(
        settings=settings,
        database=database,
        clock=legal_time,
        make_servicers=lambda: {
            dispatch_service_pb2.DESCRIPTOR.services_by_name["DispatchService"]: DispatchServicer(
                database=database, clock=legal_time, settings=settings
            ),
            unit_system_service_pb2.DESCRIPTOR.services_by_name["UnitSystemService"]: UnitSystemServicer(
                database=database, clock=legal_time, settings=settings, envelopes=envelopes
            ),
            county_service_pb2.DESCRIPTOR.services_by_name["CountyService"]: CountyServicer(
                database=database, clock=legal_time, settings=settings, desk=desk
            ),
        },
        subscriptions=county_subscriptions(desk)
        if settings.side is Side.COUNTY
        else city_subscriptions(settings, keys),
        tickers=[
            *tickers(settings, database=database, legal_time=legal_time),
            *unit_system_tickers(settings, database=database, envelopes=envelopes),
            *county_tickers(settings, database=database, legal_time=legal_time),
        ],
        key_rings={"vault": settings.vault_key},
    )


def own_keys(path: Path) -> SealingKeys:
    """This side's keys, read when they are needed. Raises `Unavailable` while there are none."""
    try:
        return read_keys(path)
    except (OSError, KeyFileError) as error:
        structlog.get_logger().error("county_key_missing", path=str(path))
        raise Unavailable from error


@cache
def read_keys(path: Path) -> SealingKeys:
    """Keys of a file that a process has read once; a rotation restarts it."""
    return SealingKeys(path)


def intake_client(settings: Settings) -> rpc_client.Client:
    """Who holds the texts and the contacts, at the city."""
    return rpc_client.Client(
        rpc_client.channel(
            settings.intake_address, ca=settings.tls_ca, certificate=settings.tls_certificate, key=settings.tls_key
        ),
        intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"],
    )


def city_subscriptions(settings: Settings, keys: Callable[[], SealingKeys]) -> dict[type[Message], EventHandler]:
    """What dispatch listens to at the city: the services beside it, and its counties."""
    bench = judging.Bench(
        keys=keys,
        cut_off=timedelta(seconds=settings.county_cut_off_seconds),
        skew=timedelta(seconds=settings.county_skew_seconds),
        send_back_limit=settings.send_back_limit,
        patience=settings.office_patience,
    )
    return {
        **events.ON_EVENT,
        AppealReferred: partial(
            events.make_order,
            referrals=IntakeReferrals(intake_client(settings)),
            chase_every=timedelta(minutes=settings.directive_chase_minutes),
            patience=settings.office_patience,
        ),
        ReviewConcluded: partial(events.end_review, patience=settings.office_patience),
        **judging.on_report(bench),
    }


def county_subscriptions(desk: reporting.Desk) -> dict[type[Message], EventHandler]:
    """What dispatch listens to in a county: its own sla, and the city."""
    own = {
        type_: handler
        for type_, handler in events.ON_EVENT.items()
        if type_.DESCRIPTOR.file.package == "hotline.sla.events.v1"
    }
    return {**own, **reporting.on_errand(desk)}


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


def county_tickers(settings: Settings, *, database: Database[Store], legal_time: Clock) -> list[Ticker]:
    """What the pump does for the lines of counties. Any number of pumps may do it at once."""
    sender = Sender(database=database, settings=settings, heartbeat_seconds=settings.county_heartbeat_seconds)

    def answer(county: County, restored_time: datetime, tx: Store) -> None:
        resync.answer(county, restored_time=restored_time, tx=tx, now=legal_time.now())

    receiver = Receiver(database=database, settings=settings, answer=answer)
    city = settings.side is Side.CITY

    def compare() -> bool:
        with database.transaction() as tx:
            changed = tx.take_changes(limit=ORDERS_A_TRANSACTION)
            for work_order in changed:
                if city:
                    asking.ask(work_order, tx=tx)
                else:
                    reporting.report(work_order, tx=tx, now=legal_time.now())
        return len(changed) > 0

    def forget() -> bool:
        with database.transaction() as tx:
            gone = tx.forget_messages(older_than_days=settings.county_retention_days, limit=DELIVERIES_A_TURN)
        return gone == DELIVERIES_A_TURN

    def gauge() -> bool:
        with database.transaction() as tx:
            lines = [(county, tx.line(county.name)) for county in tx.list_counties()]
        for county, line in lines:
            labels = settings.service, county.name.removeprefix("counties/")
            is_up = county_messages.is_up(county, line, heartbeat_seconds=settings.county_heartbeat_seconds)
            telemetry.COUNTY_LINE_UP.labels(*labels).set(is_up)
            telemetry.COUNTY_LAG.labels(*labels).set(line.view_age_seconds)
            down, up = (line.waiting_out, line.waiting_in) if city else (line.waiting_in, line.waiting_out)
            telemetry.COUNTY_WAITING.labels(*labels, "down").set(down)
            telemetry.COUNTY_WAITING.labels(*labels, "up").set(up)
            telemetry.COUNTY_ERASURES_OPEN.labels(*labels).set(line.erasures_open)
        return False

    seal = [Ticker(name="county-contacts", interval_seconds=TICK_SECONDS, run=_sealer(settings, database, legal_time))]
    return [
        Ticker(name="errands", interval_seconds=LINE_SECONDS, run=compare),
        Ticker(name="county-sender", interval_seconds=LINE_SECONDS, run=sender.run),
        Ticker(name="county-receiver", interval_seconds=LINE_SECONDS, run=receiver.run),
        Ticker(name="county-retention", interval_seconds=FORGET_SECONDS, run=forget),
        Ticker(name="county-gauges", interval_seconds=min(GAUGE_SECONDS, settings.county_heartbeat_seconds), run=gauge),
        *(seal if city else []),
    ]


def _sealer(settings: Settings, database: Database[Store], legal_time: Clock) -> Callable[[], bool]:
    contacts = IntakeContacts(intake_client(settings))

    def seal_one() -> bool:
        with database.transaction() as tx:
            errand = tx.claim_wanted_contact()
            county = tx.find_county(errand.county) if errand else None
            if errand is None or county is None:
                return False
            try:
                sealed = contacts.sealed(
                    appeal=errand.appeal, unit=errand.unit, public_keys=county.county_keys, place=errand.name
                )
            except (NotYet, Unavailable):
                tx.wait_for_contact(errand, pause=asking.RETRY_CONTACT)
            else:
                asking.send_contact(errand, sealed, tx=tx, now=legal_time.now())
        return True

    return seal_one


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
