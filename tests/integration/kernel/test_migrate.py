"""Migrations on a real database: repeated, at once, ahead and behind."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from hotline_kernel import migrate, schema
from hotline_kernel.settings import Settings

SERVICES = ("hotline_intake", "hotline_dispatch", "hotline_sla", "hotline_feedback", "hotline_knowledge")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.model_validate(
        {"service": "sla", "environment": "local", "database_url": database_url, "broker_url": "amqp://nowhere"}
    )


def in_training(settings: Settings) -> Settings:
    return Settings.model_validate(settings.model_dump() | {"mode": "training", "oidc_audience": "hotline-training"})


def write_revision(root: Path, number: int, sql: str) -> None:
    """A service's package with one more revision of phase pre."""
    folder = root / "some_service" / "migrations" / "pre"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "some_service" / "__init__.py").touch()
    before = f'"{number - 1:04}"' if number > 1 else "None"
    (folder / f"{number:04}_change.py").write_text(
        f'from alembic import op\nrevision = "{number:04}"\ndown_revision = {before}\n'
        f"def upgrade():\n    op.execute({sql!r})\n"
    )


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "some_service", raising=False)  # of the test before
    write_revision(tmp_path, 1, "CREATE TABLE thing (id int)")
    return tmp_path


class TestRun:
    @pytest.mark.parametrize("package", SERVICES)
    def test_builds_every_services_schema_and_may_be_repeated(self, settings: Settings, package: str) -> None:
        for phase in ("pre", "pre", "post", "post"):
            migrate.run(settings=settings, package=package, phase=phase)
        schema.check(settings=settings, package=package)

    def test_may_run_many_times_at_once(self, settings: Settings, package: Path) -> None:
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(migrate.run, settings=settings, package="some_service", phase="pre") for _ in range(4)]
        assert [run.result() for run in runs] == [None] * 4
        schema.check(settings=settings, package="some_service")

    def test_leaves_nothing_of_a_revision_that_fails_and_keeps_those_before(
        self, settings: Settings, package: Path
    ) -> None:
        write_revision(package, 2, "CREATE TABLE half (id int); SELECT 1 / 0")
        with pytest.raises(Exception, match="division by zero"):
            migrate.run(settings=settings, package="some_service", phase="pre")
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            tables = connection.execute("SELECT to_regclass('thing') IS NULL, to_regclass('half') IS NULL").fetchone()
        assert tables == (False, True)

    def test_lets_people_work_and_tries_again_until_they_leave_the_table(
        self, settings: Settings, package: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        migrate.run(settings=settings, package="some_service", phase="pre")
        write_revision(package, 2, "ALTER TABLE thing ADD COLUMN name text")
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            connection.execute("SELECT * FROM thing")
            monkeypatch.setattr(migrate, "sleep", lambda _: connection.rollback())  # somebody is done meanwhile
            migrate.run(settings=settings, package="some_service", phase="pre")
        schema.check(settings=settings, package="some_service")

    def test_gives_up_in_the_end(self, settings: Settings, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        migrate.run(settings=settings, package="some_service", phase="pre")
        write_revision(package, 2, "ALTER TABLE thing ADD COLUMN name text")
        pauses: list[float] = []
        monkeypatch.setattr(migrate, "sleep", pauses.append)
        monkeypatch.setattr(migrate, "_TRIES", 3)
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            connection.execute("SELECT * FROM thing")
            with pytest.raises(Exception, match="lock timeout"):
                migrate.run(settings=settings, package="some_service", phase="pre")
        assert len(pauses) == 2


class TestMode:
    """A database serves practice or the real system, never both (Art. 37)."""

    @pytest.mark.parametrize("first", ["real", "training"])
    def test_is_the_first_that_migrated_it_and_the_other_touches_nothing(
        self, settings: Settings, package: Path, first: str
    ) -> None:
        modes = {"real": settings, "training": in_training(settings)}
        own, other = modes.pop(first), *modes.values()
        migrate.run(settings=own, package="some_service", phase="pre")
        write_revision(package, 2, "CREATE TABLE more (id int)")
        with pytest.raises(schema.OtherMode, match=f"serves the mode {first}"):
            migrate.run(settings=other, package="some_service", phase="pre")
        with pytest.raises(schema.OtherMode, match=f"serves the mode {first}"):
            schema.check(settings=other, package="some_service")
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            assert connection.execute("SELECT to_regclass('more')").fetchone() == (None,)
        migrate.run(settings=own, package="some_service", phase="pre")
        schema.check(settings=own, package="some_service")

    def test_is_real_where_there_are_records_of_a_release_that_knew_none(
        self, settings: Settings, package: Path
    ) -> None:
        migrate.run(settings=settings, package="some_service", phase="pre")
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            connection.execute("DROP TABLE tenant")
            connection.execute("UPDATE alembic_version_kernel_pre SET version_num = '0002'")
            connection.execute("INSERT INTO audit_entry (time, actor, action, resource) VALUES (now(), 'a', 'b', 'c')")
        with pytest.raises(schema.OtherMode, match="serves the mode real"):
            migrate.run(settings=in_training(settings), package="some_service", phase="pre")


class TestCheck:
    def test_refuses_a_database_that_was_never_migrated_and_names_the_command(self, settings: Settings) -> None:
        with pytest.raises(schema.SchemaOutdated, match="run `python -m hotline_sla migrate pre`"):
            schema.check(settings=settings, package="hotline_sla")

    def test_refuses_an_older_schema(self, settings: Settings, package: Path) -> None:
        migrate.run(settings=settings, package="some_service", phase="pre")
        write_revision(package, 2, "CREATE TABLE more (id int)")
        with pytest.raises(
            schema.SchemaOutdated, match="the service schema is at revision 0001 and the code needs 0002"
        ):
            schema.check(settings=settings, package="some_service")

    def test_accepts_a_newer_schema_because_that_is_what_a_rollback_meets(
        self, settings: Settings, package: Path
    ) -> None:
        write_revision(package, 2, "CREATE TABLE more (id int)")
        migrate.run(settings=settings, package="some_service", phase="pre")
        (package / "some_service" / "migrations" / "pre" / "0002_change.py").unlink()
        schema.check(settings=settings, package="some_service")
        migrate.run(settings=settings, package="some_service", phase="pre")


class TestRecord:
    def test_refuses_to_be_changed(self, settings: Settings) -> None:
        migrate.run(settings=settings, package="hotline_cli", phase="pre")
        with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
            connection.execute("INSERT INTO audit_entry (time, actor, action, resource) VALUES (now(), 'a', 'b', 'c')")
            connection.execute("UPDATE audit_entry SET seal = 1")
            for statement in (
                "UPDATE audit_entry SET seal = 2",
                "UPDATE audit_entry SET actor = 'x'",
                "DELETE FROM audit_entry",
                "TRUNCATE audit_entry",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                    connection.execute(statement)
