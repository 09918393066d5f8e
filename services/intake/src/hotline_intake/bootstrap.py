"""intake, wired."""

from collections import Counter
from datetime import datetime, timedelta
from math import nan
from typing import Any

from google.protobuf.message import Message
from hotline.intake.v1 import (
    call_centre_service_pb2,
    category_service_pb2,
    contest_service_pb2,
    hold_service_pb2,
    intake_service_pb2,
    repeat_service_pb2,
    retention_service_pb2,
)
from hotline.sla.events.v1.deadline_events_pb2 import DeadlinesOpened
from hotline_kernel import clock, telemetry, topology
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import EventHandler, Ticker
from hotline_kernel.reads import Reads

from hotline_intake.adapters import vault
from hotline_intake.adapters.categories import TreeCache
from hotline_intake.adapters.postgres import Store, TrainingStore
from hotline_intake.domain.appeal import Kind
from hotline_intake.domain.call import LONGEST_WAIT
from hotline_intake.domain.repeat import Measure
from hotline_intake.domain.retention import Retention
from hotline_intake.domain.seat import SeatKind, SeatState
from hotline_intake.domain.site import SiteNorm
from hotline_intake.domain.staffing import AnswerNorm, SeatNorm
from hotline_intake.entrypoints.call_centre_server import CallCentreServicer
from hotline_intake.entrypoints.category_server import CategoryServicer
from hotline_intake.entrypoints.contest_server import ContestServicer
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.entrypoints.hold_server import HoldServicer
from hotline_intake.entrypoints.repeat_server import RepeatServicer
from hotline_intake.entrypoints.retention_server import RetentionServicer
from hotline_intake.handlers import ON_EVENT, call_centre, repeats, retention
from hotline_intake.handlers.call_centre import Norms
from hotline_intake.handlers.ports import Vault
from hotline_intake.settings import Settings

GAUGE_SECONDS = 15.0
WRAP_UP_SECONDS = 5.0
RETENTION_SECONDS = 5.0
CITIZENS_A_TRANSACTION = 100
_DAY = timedelta(hours=24)


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run. Raises `SettingsError` for key files that are missing or open to everybody."""
    settings.require_files("vault_key", "vault_lookup_key")
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=TrainingStore if settings.is_training else Store,
        audience=topology.audience(settings.service, profile=settings.profile),
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    trees = TreeCache()
    citizens_vault = vault.from_files(keys=settings.vault_key, lookup_key=settings.vault_lookup_key)
    measure = Measure(
        similarity=settings.repeat_similarity,
        own_similarity=settings.repeat_own_similarity,
        window_days=settings.repeat_window_days,
        common_people=settings.common_people,
        repeated_appeals=settings.repeated_appeals,
    )
    reads = Reads(service="intake", unusual=settings.unusual_reads)
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        make_servicers=lambda: {
            intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"]: IntakeServicer(
                database=database,
                clock=legal_clock,
                vault=citizens_vault,
                trees=trees,
                division=settings.division,
                reads=reads,
                measure=measure,
            ),
            category_service_pb2.DESCRIPTOR.services_by_name["CategoryService"]: CategoryServicer(
                database=database, clock=legal_clock, trees=trees
            ),
            contest_service_pb2.DESCRIPTOR.services_by_name["ContestService"]: ContestServicer(
                database=database, clock=legal_clock, vault=citizens_vault, reads=reads
            ),
            hold_service_pb2.DESCRIPTOR.services_by_name["HoldService"]: HoldServicer(
                database=database, clock=legal_clock
            ),
            repeat_service_pb2.DESCRIPTOR.services_by_name["RepeatService"]: RepeatServicer(
                database=database, clock=legal_clock, measure=measure
            ),
            retention_service_pb2.DESCRIPTOR.services_by_name["RetentionService"]: RetentionServicer(
                database=database, clock=legal_clock
            ),
            call_centre_service_pb2.DESCRIPTOR.services_by_name["CallCentreService"]: CallCentreServicer(
                database=database, clock=legal_clock, norms=norms(settings), reads=reads
            ),
        },
        subscriptions={
            **ON_EVENT,
            DeadlinesOpened: _seeking_repeats(citizens_vault, measure),
        },
        tickers=[
            call_gauges(settings, database=database, legal_clock=legal_clock),
            wrap_ups(settings, database=database, legal_clock=legal_clock),
            forgetting(settings, database=database, legal_clock=legal_clock),
        ],
        key_rings={"vault": settings.vault_key},
    )


def _seeking_repeats(citizens_vault: Vault, measure: Measure) -> EventHandler:
    def handle(event: Message, *, tx: Store, now: datetime, **rest: Any) -> None:
        assert isinstance(event, DeadlinesOpened)
        ON_EVENT[DeadlinesOpened](event, tx=tx, now=now, **rest)
        repeats.hour_began(event, tx=tx, vault=citizens_vault, measure=measure, now=now)

    return handle


def norms(settings: Settings) -> Norms:
    """What is asked of seats and lines."""
    return Norms(
        seats=SeatNorm(residents_per_seat=settings.residents_per_seat, operators_per_seat=settings.operators_per_seat),
        answers=AnswerNorm(answer_rate=settings.answer_rate, answer_seconds=settings.answer_seconds),
        site=SiteNorm(
            area=settings.seat_area, least_metres=settings.seat_least_metres, most_metres=settings.seat_most_metres
        ),
        patience_seconds=settings.patience_seconds,
        skill_wait=timedelta(seconds=settings.skill_wait_seconds),
        wrap_up=timedelta(seconds=settings.wrap_up_seconds),
        hold=timedelta(minutes=settings.hold_minutes),
    )


def retention_of(settings: Settings) -> Retention:
    """How long it is kept who brought what, by kind."""
    days = {
        Kind.CONSULTATION: settings.retention_consultation_days,
        Kind.DAILY_LIFE: settings.retention_daily_life_days,
        Kind.SOCIAL: settings.retention_social_days,
        Kind.BUSINESS: settings.retention_business_days,
        Kind.CITY: settings.retention_city_days,
    }
    return Retention(days=days)


def forgetting(settings: Settings, *, database: Database[Store], legal_clock: Clock) -> Ticker:
    """Forgets whom nothing keeps any more (Art. 36(4)). Any number of pumps may run it at once."""
    terms = retention_of(settings)

    def forget() -> bool:
        with database.transaction() as tx:
            looked_at, forgotten = retention.forget_due(
                retention=terms, tx=tx, now=legal_clock.now(), limit=CITIZENS_A_TRANSACTION
            )
        telemetry.CITIZENS_FORGOTTEN.labels(settings.service).inc(forgotten)
        return looked_at == CITIZENS_A_TRANSACTION

    return Ticker(name="retention", interval_seconds=RETENTION_SECONDS, run=forget)


def call_gauges(settings: Settings, *, database: Database[Store], legal_clock: Clock) -> Ticker:
    """Tells Prometheus where seats and lines stand (Art. 16). Every pump says the same."""

    def gauge() -> bool:
        now = legal_clock.now()
        with database.transaction() as tx:
            seats = Counter((seat.kind, seat.state) for seat in tx.seats(kind=None, state=None, after="", limit=10_000))
            waiting = tx.waiting_calls(since=now - LONGEST_WAIT, limit=1000)
            overdue = len(tx.missed_hours(waiting=True, before=None, limit=1000))
            day = call_centre.count_calls(start=now - _DAY, end=now, norms=norms(settings), tx=tx)
        for kind in SeatKind:
            for state in SeatState:
                telemetry.SEATS.labels(settings.service, kind.lower(), state.lower()).set(seats[kind, state])
        telemetry.CALLS_WAITING.labels(settings.service).set(len(waiting))
        in_time = now - timedelta(seconds=settings.answer_seconds)
        telemetry.CALLS_WAITING_LATE.labels(settings.service).set(sum(call.offer_time < in_time for call in waiting))
        telemetry.ANSWERS_MISSED.labels(settings.service).set(overdue)
        rate = day.answer_rate
        telemetry.ANSWER_RATE_DAY.labels(settings.service).set(nan if rate is None else rate)
        return False

    return Ticker(name="call-gauges", interval_seconds=GAUGE_SECONDS, run=gauge)


def wrap_ups(settings: Settings, *, database: Database[Store], legal_clock: Clock) -> Ticker:
    """Makes seats ready whose time for the papers is over, whichever pump comes first (ours)."""

    def end() -> bool:
        with database.transaction() as tx:
            ended = call_centre.end_wrap_ups(norms=norms(settings), tx=tx, now=legal_clock.now())
        return ended == call_centre.MOST_WAITING

    return Ticker(name="wrap-ups", interval_seconds=WRAP_UP_SECONDS, run=end)
