"""The last release beside this one, on the same stores."""

import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc_tools
import pytest
from hotline_cli.client import SERVICES
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.running import Running
from hotline_kernel import migrate
from hotline_kernel.issuer import LocalIssuer
from hotline_kernel.settings import Settings

ROOT = Path(__file__).parents[2]
_RELEASED = (Path(__file__).parent / "RELEASED").read_text().strip()
"""The commit of the last release."""


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The sources of the last release, from the repository's history, with their contract built."""
    archive = subprocess.run(
        ["git", "archive", _RELEASED, "services", "proto", "tests"], cwd=ROOT, capture_output=True, check=False
    )
    assert archive.returncode == 0, f"the history lacks the last release, {_RELEASED}: git fetch --unshallow"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(tmp_path, filter="data")
    proto, include = tmp_path / "proto", Path(grpc_tools.__file__).parent / "_proto"
    generated = proto / "gen" / "python"
    generated.mkdir(parents=True)
    google = ROOT / "proto" / "gen" / "include"
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
        command, environment = self._life(sources, self.directory)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
        said = json.loads(done.stdout.splitlines()[-1])
        assert Path(said["code"]).is_relative_to(sources)
        return said["states"]

    @contextmanager
    def processes(self, sources: Path, *, like: Running | None = None, under: LocalIssuer) -> Iterator[Running]:
        """Every process from these sources, on the schema that they bring; stopped in order at the end.

        like -- another one on the same stores, whose keys it has;  under -- whose tokens it takes.
        """
        directory = self.directory / secrets.token_hex(4)
        if like:
            own = shutil.ignore_patterns("lock", "ports.json", "instance.json", "logs", "traces.jsonl")
            shutil.copytree(like.ca.parent.parent, directory / "rolled", ignore=own)
        command, environment = self._life(sources, directory)
        with subprocess.Popen(
            [*command, under.url, under.secret],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdin
            assert child.stdout
            said = next((line for line in child.stdout if line.startswith("{")), "{}")
            assert Path(json.loads(said).get("code", "/")).is_relative_to(sources), "it ended before it worked"
            described = Running.read(directory / "rolled" / "instance.json")
            yield replace(described, issuer=under.url, issuer_secret=under.secret)
            child.stdin.close()
        assert child.returncode == 0

    def _life(self, sources: Path, directory: Path) -> tuple[list[str], dict[str, str]]:
        stores = (self.servers.postgres_url, self.servers.amqp_url, self.servers.management_url)
        path = [*sources.glob("services/*/src"), sources / "proto" / "gen" / "python", sources]
        command = [sys.executable, str(Path(__file__).parent / "life.py"), str(directory), *stores]
        return command, {**os.environ, "PYTHONPATH": ":".join(str(each) for each in path)}

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
