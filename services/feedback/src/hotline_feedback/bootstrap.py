"""feedback, wired."""

from hotline.feedback.v1 import feedback_service_pb2
from hotline_kernel import clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application

from hotline_feedback.adapters.postgres import Store
from hotline_feedback.entrypoints.grpc_server import FeedbackServicer
from hotline_feedback.handlers import ON_EVENT
from hotline_feedback.settings import Settings


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run."""
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        servicers={
            feedback_service_pb2.DESCRIPTOR.services_by_name["FeedbackService"]: FeedbackServicer(
                database=database, clock=legal_clock, attempt_limit=settings.attempt_limit
            )
        },
        subscriptions=ON_EVENT,
    )
