"""feedback, wired."""

from datetime import timedelta

from hotline.feedback.v1 import feedback_service_pb2, report_service_pb2
from hotline_kernel import clock, topology
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.reads import Reads
from hotline_kernel.sealing import Envelopes, FileKeyEncryption

from hotline_feedback.adapters.postgres import Store
from hotline_feedback.domain.callback import CallRules
from hotline_feedback.domain.rates import RankRules
from hotline_feedback.entrypoints.grpc_server import FeedbackServicer
from hotline_feedback.entrypoints.report_server import ReportServicer
from hotline_feedback.handlers import ON_EVENT
from hotline_feedback.settings import Settings


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run. Raises `SettingsError` for a key file that is missing or open to everybody."""
    settings.require_files("vault_key")
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
        audience=topology.audience(settings.service, profile=settings.profile),
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        make_servicers=lambda: {
            feedback_service_pb2.DESCRIPTOR.services_by_name["FeedbackService"]: FeedbackServicer(
                database=database,
                clock=legal_clock,
                call_rules=CallRules(
                    start=settings.call_window_start,
                    end=settings.call_window_end,
                    spell=timedelta(minutes=settings.call_minutes),
                    gap=timedelta(minutes=settings.attempt_gap_minutes),
                    attempt_limit=settings.attempt_limit,
                ),
                rank_rules=RankRules(least_asked=settings.rank_least_asked, confidence=settings.rank_confidence),
                double_review_share=settings.double_review_share,
                hold=timedelta(minutes=settings.hold_minutes),
            ),
            report_service_pb2.DESCRIPTOR.services_by_name["ReportService"]: ReportServicer(
                database=database,
                clock=legal_clock,
                envelopes=Envelopes(FileKeyEncryption(settings.vault_key)),
                reads=Reads(service="feedback", unusual=settings.unusual_reads),
            ),
        },
        subscriptions=ON_EVENT,
        key_rings={"vault": settings.vault_key},
    )
