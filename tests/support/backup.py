"""Backups of a PostgreSQL into an object storage, by the tools that CloudNativePG calls in its own pods (barman-cloud).

The storage is moto's: a server that speaks S3, in memory.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from hotline_cli.local.servers import Servers, free_port, wait_until

_ACCOUNT = {"AWS_ACCESS_KEY_ID": "hotline", "AWS_SECRET_ACCESS_KEY": "hotline", "AWS_DEFAULT_REGION": "us-east-1"}
_DESTINATION, _SERVER = "s3://hotline-backup/city", "hotline-postgres"
_OWNER = "postgres"
"""Whose the data are when we are root."""


@dataclass(frozen=True)
class ObjectStorage:
    """An address that speaks S3."""

    endpoint: str

    def command(self, tool: str, *arguments: str) -> list[str]:
        """One of barman-cloud's tools on this storage; its account and settings come before it."""
        account = ["env", *(f"{name}={value}" for name, value in _ACCOUNT.items())]
        return [*account, f"/usr/bin/barman-cloud-{tool}", "--endpoint-url", self.endpoint, *arguments]

    def run(self, tool: str, *arguments: str, password: str = "") -> str:
        """Run one and return what it printed; AssertionError with what it said if it failed.

        password -- of the database.
        """
        environment = os.environ | {"PGPASSWORD": password}
        command = self.command(tool, *arguments)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"barman-cloud-{tool}: {done.stderr}"
        return done.stdout


@contextmanager
def object_storage() -> Iterator[ObjectStorage]:
    """Empty at the beginning, forgotten at the end."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | _ACCOUNT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(endpoint), seconds=60, failure="the object storage does not answer")
        yield ObjectStorage(endpoint)
    finally:
        server.terminate()
        server.wait()


def prepare(servers: Servers) -> None:
    """The log can be archived from now on without another restart; for the time being nothing is kept."""
    _set(servers, archive_mode="on", archive_command="true")
    servers.postgres.stop()
    servers.postgres.start()


def archive(servers: Servers, storage: ObjectStorage) -> None:
    """From now on every piece of the log goes to the storage as soon as it is full."""
    _set(servers, archive_command=" ".join([*storage.command("wal-archive", "--gzip", _DESTINATION, _SERVER), "%p"]))


def _set(servers: Servers, **settings: str) -> None:
    with psycopg.connect(f"{servers.postgres_url}/postgres", autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")


def back_up(servers: Servers, storage: ObjectStorage) -> None:
    """A whole copy, taken while everybody works."""
    at = urlsplit(servers.postgres_url)
    who = ("-h", str(at.hostname), "-p", str(at.port), "-U", str(at.username), "-d", "postgres")
    storage.run("backup", "--immediate-checkpoint", *who, _DESTINATION, _SERVER, password=str(at.password))


def wait_archived(servers: Servers) -> None:
    """Everything committed until now is in the storage when this returns."""
    with psycopg.connect(f"{servers.postgres_url}/postgres", autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn()), pg_switch_wal()").fetchone()
        assert row
        name = row[0]
        wait_until(
            lambda: _archived(connection) >= name,
            seconds=60,
            failure=f"{name} is not in the storage: see {servers.postgres.log}",
        )


def _archived(connection: psycopg.Connection[tuple[str | None]]) -> str:
    row = connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
    return (row and row[0]) or ""


def destroy(servers: Servers) -> None:
    """Killed, and every file of the databases gone."""
    servers.postgres.kill()
    shutil.rmtree(_data(servers))


def restore(servers: Servers, storage: ObjectStorage, *, until: datetime) -> None:
    """From the last copy and the log after it, up to a moment; running when this returns."""
    data = _data(servers)
    storage.run("restore", _DESTINATION, _SERVER, _newest(storage), str(data))
    fetch = " ".join(storage.command("wal-restore", _DESTINATION, _SERVER))
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = '{fetch} %f %p'\n"
            f"recovery_target_time = '{until.isoformat()}'\n"
            "recovery_target_action = 'promote'\n"
            "archive_mode = 'off'\n"  # its own backups go elsewhere (hotline-data: backup.server)
        )
    (data / "recovery.signal").touch()
    data.chmod(0o700)
    if os.geteuid() == 0:
        for each in [data, *data.rglob("*")]:
            shutil.chown(each, _OWNER, _OWNER)
    servers.postgres.start()
    with psycopg.connect(f"{servers.postgres_url}/postgres", autocommit=True) as connection:
        wait_until(
            lambda: not _recovers(connection), seconds=120, failure=f"no end of recovery: see {servers.postgres.log}"
        )


def _newest(storage: ObjectStorage) -> str:
    listed = storage.run("backup-list", "--format", "json", _DESTINATION, _SERVER)
    newest: str = max(backup["backup_id"] for backup in json.loads(listed)["backups_list"])
    return newest


def _recovers(connection: psycopg.Connection[tuple[bool]]) -> bool:
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    return bool(row and row[0])


def _data(servers: Servers) -> Path:
    return servers.postgres.directory / "data"


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
