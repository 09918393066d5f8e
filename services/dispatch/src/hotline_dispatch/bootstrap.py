"""What talks to what in dispatch."""

from functools import partial

from hotline.dispatch.v1 import dispatch_service_pb2
from hotline.intake.events.v1.appeal_events_pb2 import AppealReferred
from hotline.intake.v1 import intake_service_pb2
from hotline_kernel import clock, rpc_client
from hotline_kernel.db import Database
from hotline_kernel.process import Application

from hotline_dispatch import handlers
from hotline_dispatch.adapters.clients import IntakeReferrals
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.entrypoints.grpc_server import DispatchServicer
from hotline_dispatch.settings import Settings


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
    servicer = DispatchServicer(database=database, clock=legal_time, send_back_limit=settings.send_back_limit)
    return Application(
        settings=settings,
        database=database,
        clock=legal_time,
        servicers={dispatch_service_pb2.DESCRIPTOR.services_by_name["DispatchService"]: servicer},
        subscriptions={
            **handlers.ON_EVENT,
            AppealReferred: partial(handlers.make_order, referrals=IntakeReferrals(intake)),
        },
    )
