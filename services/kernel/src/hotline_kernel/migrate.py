"""Schema migrations: Alembic revisions of plain SQL, in two lineages (kernel, service) and two phases.

`pre` runs before the new code and must suit the old code too; `post` runs after it, by hand. Each lineage and phase
has a version table of its own, `alembic_version_kernel_pre` and so on. Everything may be repeated, also at once.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from time import sleep
from typing import Literal

import psycopg
import structlog
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hotline_kernel.schema import check_mode
from hotline_kernel.settings import Settings

Phase = Literal["pre", "post"]
_LIMITS = {
    # Who serves citizens waits behind a migration that waits for a lock: no longer than this, then as long in peace.
    "pre": "-c lock_timeout=1000 -c statement_timeout=5000",
    "post": "-c lock_timeout=1000",
}
_IN_THE_WAY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
"""What a revision runs into where people work meanwhile: it left nothing and is tried again."""
_TRIES = 30
_PAUSE_SECONDS = 1.0
_LOCK = 961890
_log = structlog.get_logger(__name__)


def run(*, settings: Settings, package: str, phase: Phase) -> None:
    """Bring one phase of both lineages to the newest revision.

    package -- `hotline_sla`, where the service's revisions are. A revision that does not get its locks in time is tried
    again, for about a minute. Raises what PostgreSQL refused; a revision that failed left nothing, those
    before it stay. Raises `OtherMode` before anything is touched.
    """
    conninfo = settings.database_url.get_secret_value()
    with psycopg.connect(conninfo, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        check_mode(guard, settings.mode)
        for lineage, script in _scripts(package, phase):
            _insist(conninfo, script, f"alembic_version_{lineage}_{phase}", _LIMITS[phase])
        if phase == "pre":
            guard.execute("INSERT INTO tenant (mode) VALUES (%s) ON CONFLICT DO NOTHING", [settings.mode])
            check_mode(guard, settings.mode)


def _scripts(package: str, phase: Phase) -> Iterator[tuple[str, ScriptDirectory]]:
    for lineage, owner in (("kernel", "hotline_kernel"), ("service", package)):
        root = Path(str(files(owner)))
        yield lineage, ScriptDirectory(str(root), version_locations=[str(root / "migrations" / phase)])


def _insist(conninfo: str, script: ScriptDirectory, version_table: str, limits: str) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            _upgrade(conninfo, script, version_table, limits)
            return
        except OperationalError as error:
            if attempt == _TRIES or not isinstance(error.orig, _IN_THE_WAY):
                raise
            _log.warning("migration_retried", version_table=version_table, error=type(error.orig).__name__)
            sleep(_PAUSE_SECONDS)


def _upgrade(conninfo: str, script: ScriptDirectory, version_table: str, limits: str) -> None:
    def steps(revision: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        # The database may be ahead of this code: then there is nothing to do, and nothing to take back.
        known = {each.revision for each in script.walk_revisions()}
        return [] if set(revision) - known else list(script._upgrade_revs("heads", revision))  # type: ignore[arg-type]

    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo, options=limits), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection=connection,
            opts={"fn": steps, "version_table": version_table, "transaction_per_migration": True},
        )
        with Operations.context(context), context.begin_transaction():
            context.run_migrations()
        _log.info("migrated", version_table=version_table, revision=script.get_current_head())
