"""intake, wired."""

from hotline.intake.v1 import category_service_pb2, intake_service_pb2
from hotline_kernel import clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application

from hotline_intake.adapters import vault
from hotline_intake.adapters.categories import TreeCache
from hotline_intake.adapters.postgres import Store
from hotline_intake.entrypoints.category_server import CategoryServicer
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.handlers import ON_EVENT
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
    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        servicers={
            intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"]: IntakeServicer(
                database=database,
                clock=legal_clock,
                vault=vault.from_files(keys=settings.vault_key, lookup_key=settings.vault_lookup_key),
                trees=trees,
                division=settings.division,
            ),
            category_service_pb2.DESCRIPTOR.services_by_name["CategoryService"]: CategoryServicer(
                database=database, clock=legal_clock, trees=trees
            ),
        },
        subscriptions=ON_EVENT,
    )
