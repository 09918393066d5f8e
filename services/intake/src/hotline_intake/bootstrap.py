"""intake, wired."""

from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from hotline.intake.v1 import (
    category_service_pb2,
    contest_service_pb2,
    hold_service_pb2,
    intake_service_pb2,
    repeat_service_pb2,
)
from hotline.sla.events.v1.deadline_events_pb2 import DeadlinesOpened
from hotline_kernel import clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import EventHandler

from hotline_intake.adapters import vault
from hotline_intake.adapters.categories import TreeCache
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.repeat import Measure
from hotline_intake.entrypoints.category_server import CategoryServicer
from hotline_intake.entrypoints.contest_server import ContestServicer
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.entrypoints.hold_server import HoldServicer
from hotline_intake.entrypoints.repeat_server import RepeatServicer
from hotline_intake.handlers import ON_EVENT, repeats
from hotline_intake.ports import Vault
from hotline_intake.settings import Settings


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run. Raises `SettingsError` for key files that are missing or open to everybody."""
    settings.require_files("vault_key", "vault_lookup_key")
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
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
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        servicers={
            intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"]: IntakeServicer(
                database=database,
                clock=legal_clock,
                vault=citizens_vault,
                trees=trees,
                division=settings.division,
            ),
            category_service_pb2.DESCRIPTOR.services_by_name["CategoryService"]: CategoryServicer(
                database=database, clock=legal_clock, trees=trees
            ),
            contest_service_pb2.DESCRIPTOR.services_by_name["ContestService"]: ContestServicer(
                database=database, clock=legal_clock, vault=citizens_vault
            ),
            hold_service_pb2.DESCRIPTOR.services_by_name["HoldService"]: HoldServicer(
                database=database, clock=legal_clock
            ),
            repeat_service_pb2.DESCRIPTOR.services_by_name["RepeatService"]: RepeatServicer(
                database=database, clock=legal_clock, measure=measure
            ),
        },
        subscriptions={
            **ON_EVENT,
            DeadlinesOpened: _seeking_repeats(citizens_vault, measure),
        },
    )


def _seeking_repeats(citizens_vault: Vault, measure: Measure) -> EventHandler:
    def handle(event: Message, *, tx: Store, now: datetime, **rest: Any) -> None:
        assert isinstance(event, DeadlinesOpened)
        ON_EVENT[DeadlinesOpened](event, tx=tx, now=now, **rest)
        repeats.hour_began(event, tx=tx, vault=citizens_vault, measure=measure, now=now)

    return handle
