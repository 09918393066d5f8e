"""knowledge, wired."""

from datetime import timedelta

from hotline.knowledge.v1 import (
    attachment_service_pb2,
    base_service_pb2,
    gap_service_pb2,
    knowledge_service_pb2,
    training_service_pb2,
)
from hotline_kernel import clock, telemetry, topology
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import Ticker

from hotline_knowledge.adapters.follower import Follower
from hotline_knowledge.adapters.misses import Misses
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.adapters.search import SearchIndex
from hotline_knowledge.domain.entry import UpkeepGround, legal_day
from hotline_knowledge.entrypoints.attachment_server import AttachmentServicer
from hotline_knowledge.entrypoints.base_server import BaseServicer
from hotline_knowledge.entrypoints.gap_server import GapServicer
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from hotline_knowledge.entrypoints.training_server import TrainingServicer
from hotline_knowledge.handlers import ON_EVENT, bases, entries
from hotline_knowledge.settings import Settings

ENTRIES_A_TRANSACTION = 200
CHASE_SECONDS = 60.0
SWEEP_SECONDS = 1.0
GAUGE_SECONDS = 60.0
VIRTUAL_CHASE_SECONDS = 0.25
"""A virtual clock may move on by days at any instant."""


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run."""
    conninfo = settings.database_url.get_secret_value()
    database = Database(
        conninfo=conninfo,
        transaction=Store,
        audience=topology.audience(settings.service, profile=settings.profile),
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    rhythm = entries.Rhythm(
        review_after=timedelta(days=settings.review_after_days),
        notice=timedelta(days=settings.upkeep_notice_days),
        chase=timedelta(days=settings.upkeep_chase_days),
    )
    index = SearchIndex()
    follower = Follower(conninfo=conninfo, database=database, index=index)
    misses = Misses(database=database, clock=legal_clock)
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        make_servicers=lambda: {
            knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]: KnowledgeServicer(
                database=database, clock=legal_clock, index=index, follower=follower, misses=misses, rhythm=rhythm
            ),
            gap_service_pb2.DESCRIPTOR.services_by_name["GapService"]: GapServicer(
                database=database, clock=legal_clock
            ),
            attachment_service_pb2.DESCRIPTOR.services_by_name["AttachmentService"]: AttachmentServicer(
                database=database, clock=legal_clock
            ),
            base_service_pb2.DESCRIPTOR.services_by_name["BaseService"]: BaseServicer(
                database=database, clock=legal_clock, follower=follower
            ),
            training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"]: TrainingServicer(
                database=database, clock=legal_clock, pass_score=settings.training_pass_score
            ),
        },
        subscriptions=ON_EVENT,
        tickers=tickers(settings, database=database, legal_clock=legal_clock, rhythm=rhythm),
        background=[follower, misses],
    )


def tickers(
    settings: Settings, *, database: Database[Store], legal_clock: Clock, rhythm: entries.Rhythm
) -> list[Ticker]:
    """The periodic tasks. Any number of pumps may run them at once."""

    def chase() -> bool:
        with database.transaction() as tx:
            told = entries.chase_upkeep(tx=tx, now=legal_clock.now(), rhythm=rhythm, limit=ENTRIES_A_TRANSACTION)
        return told == ENTRIES_A_TRANSACTION

    def sweep() -> bool:
        with database.transaction() as tx:
            return bases.sweep_base(tx=tx, now=legal_clock.now(), limit=ENTRIES_A_TRANSACTION)

    def gauge() -> bool:
        with database.transaction() as tx:
            due = tx.upkeep_counts(due_until=legal_day(legal_clock.now()))
        for ground in UpkeepGround:
            telemetry.ENTRIES_STALE.labels(settings.service, ground).set(due.get(ground, 0))
        return False

    chase_seconds = CHASE_SECONDS if settings.clock == "system" else VIRTUAL_CHASE_SECONDS
    return [
        Ticker(name="upkeep", interval_seconds=chase_seconds, run=chase),
        Ticker(name="bases", interval_seconds=SWEEP_SECONDS, run=sweep),
        Ticker(name="upkeep-gauge", interval_seconds=GAUGE_SECONDS, run=gauge),
    ]
