"""An upgrade and a rollback: this release and the one before live on one schema, and nobody's appeal notices."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc_tools
import pytest
from hotline.intake.v1 import appeal_pb2
from hotline_cli.client import SERVICES
from hotline_cli.local.endpoints import Endpoints
from hotline_kernel import migrate
from hotline_kernel.settings import Settings

_ROOT = Path(__file__).parents[2]
_RELEASED = (Path(__file__).parent / "RELEASED").read_text().strip()
"""The commit of the last release."""
_CLOSED = appeal_pb2.APPEAL_STATE_CLOSED


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The sources of the last release, from the repository's history, with their contract built."""
    archive = subprocess.run(
        ["git", "archive", _RELEASED, "services", "proto", "tests"], cwd=_ROOT, capture_output=True, check=False
    )
    assert archive.returncode == 0, f"the history lacks the last release, {_RELEASED}: git fetch --unshallow"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(tmp_path, filter="data")
    proto, include = tmp_path / "proto", Path(grpc_tools.__file__).parent / "_proto"
    generated = proto / "gen" / "python"
    generated.mkdir(parents=True)
    google = _ROOT / "proto" / "gen" / "include"
    files = [str(path.relative_to(proto)) for path in proto.glob("hotline/**/*.proto")]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "-Ithird_party", f"-I{google}", f"-I{include}"]
    command += [f"--python_out={generated}", f"--grpc_python_out={generated}", "buf/validate/validate.proto", *files]
    subprocess.run(command, cwd=proto, check=True)
    for package in (each for each in generated.rglob("*") if each.is_dir()):
        (package / "__init__.py").touch()  # without it, the packages of this release would be taken
    return tmp_path


@dataclass(frozen=True)
class Platform:
    """One platform's stores, whatever release's processes stand on them."""

    directory: Path
    servers: Endpoints

    def live(self, sources: Path) -> Any:
        """Starts every process from these sources, lives one life, stops them; tells where all appeals stand."""
        servers = self.servers
        stores = (servers.postgres_url, servers.amqp_url, servers.management_url)
        path = [*sources.glob("services/*/src"), sources / "proto" / "gen" / "python", sources]
        done = subprocess.run(
            [sys.executable, str(Path(__file__).parent / "life.py"), str(self.directory), *stores],
            env={**os.environ, "PYTHONPATH": ":".join(str(each) for each in path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
        said = json.loads(done.stdout.splitlines()[-1])
        assert Path(said["code"]).is_relative_to(sources)
        return said["states"]

    def migrate(self, phase: migrate.Phase) -> None:
        """By this release."""
        for service in SERVICES:
            url = self.servers.database_url(f"rolled_{service}")
            self.servers.create_database(f"rolled_{service}")
            environ = {"service": service, "environment": "local", "database_url": url, "broker_url": "amqp://none"}
            migrate.run(settings=Settings.model_validate(environ), package=f"hotline_{service}", phase=phase)


@pytest.fixture
def platform(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """With nothing in it yet."""
    yield Platform(tmp_path_factory.mktemp("rolled"), servers)
    for service in SERVICES:
        servers.drop_database(f"rolled_{service}")
    servers.drop_vhost("rolled")


@pytest.mark.timeout(600)
def test_the_release_before_lives_on_the_schema_of_this_one(platform: Platform, released: Path) -> None:
    """Upgrade: *pre* comes before the new code. Rollback: the old code goes on with what the new one wrote."""
    platform.migrate("pre")
    assert platform.live(released) == [_CLOSED]
    assert platform.live(_ROOT) == [_CLOSED] * 2
    assert platform.live(released) == [_CLOSED] * 3
