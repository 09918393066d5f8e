"""Whether a database suits the code: every process asks before it works, so Alembic is not needed for it.

The revisions of a phase follow one another by their numbers, which begin their files' names.
"""

from importlib.resources import files

import psycopg

from hotline_kernel.settings import Settings


class SchemaOutdated(Exception):
    """The database is older than the code; the text names the command to run."""


class OtherMode(Exception):
    """The database serves the other mode: what is real and what is practice never meet (Art. 37)."""


def check(*, settings: Settings, package: str) -> None:
    """Raise `SchemaOutdated` if a *pre* revision of the code is missing in the database; a newer one is right.

    package -- `hotline_sla`, where the service's revisions are. Raises `OtherMode`.
    """
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        check_mode(connection, settings.mode)
        for lineage, owner in (("kernel", "hotline_kernel"), ("service", package)):
            known = revisions(owner, "pre")
            found = _revision(connection, f"alembic_version_{lineage}_pre")
            if known and found != known[-1] and (found is None or found in known):
                raise SchemaOutdated(
                    f"the {lineage} schema is at revision {found or 'none'} and the code needs {known[-1]}: "
                    f"run `python -m {package} migrate pre`"
                )


def check_mode(connection: psycopg.Connection[tuple[str, ...]], mode: str) -> None:
    """Raise `OtherMode` if the database serves another."""
    try:
        row = connection.execute("SELECT mode FROM tenant").fetchone()
    except psycopg.errors.UndefinedTable:
        return  # never migrated, or by a release that knew no modes
    if row is not None and row[0] != mode:
        raise OtherMode(f"the database serves the mode {row[0]} and HOTLINE_MODE is {mode}: name another database")


def revisions(owner: str, phase: str) -> list[str]:
    """Return what a package brings for a phase, oldest first."""
    folder = files(owner) / "migrations" / phase
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(entry.name.partition("_")[0] for entry in found if entry.name.endswith(".py"))


def _revision(connection: psycopg.Connection[tuple[str, ...]], version_table: str) -> str | None:
    try:
        row = connection.execute(f"SELECT version_num FROM {version_table}").fetchone()  # noqa: S608
    except psycopg.errors.UndefinedTable:
        return None
    return row[0] if row else None
