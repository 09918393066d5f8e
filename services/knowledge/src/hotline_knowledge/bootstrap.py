"""knowledge, wired."""

from hotline.knowledge.v1 import knowledge_service_pb2
from hotline_kernel import clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application

from hotline_knowledge.adapters.follower import Follower
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.adapters.search import SearchIndex
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from hotline_knowledge.handlers import ON_EVENT
from hotline_knowledge.settings import Settings


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run."""
    conninfo = settings.database_url.get_secret_value()
    database = Database(
        conninfo=conninfo,
        transaction=Store,
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    index = SearchIndex()
    follower = Follower(conninfo=conninfo, database=database, index=index)
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        servicers={
            knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]: KnowledgeServicer(
                database=database, clock=legal_clock, index=index, follower=follower
            )
        },
        subscriptions=ON_EVENT,
        background=[follower],
    )
