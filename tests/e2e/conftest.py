"""An installation of its own: the command as installed, with a run folder that no other test shares."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.live import LiveHotline


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        [line] = self.rows
        return line

    @property
    def rows(self) -> list[Any]:
        """The JSON objects on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Installation:
    """A checkout of which we use the virtual environment and the run folder."""

    directory: Path

    @property
    def run_directory(self) -> Path:
        """Where a local run keeps everything."""
        return self.directory / ".run"

    def hotline(self, *words: str, timeout: float = 60) -> Said:
        """Types a command."""
        done = subprocess.run(
            [self.directory / ".venv" / "bin" / "hotline", *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory), "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        )
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Installation]:
    """Makes an installation: the packages and the script of ours, in a virtual environment elsewhere."""

    def made() -> Installation:
        ours = Path(sys.prefix)
        directory = tmp_path_factory.mktemp("checkout")
        venv = directory / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        (venv / "lib").symlink_to(ours / "lib")
        (venv / "pyvenv.cfg").write_text((ours / "pyvenv.cfg").read_text())
        script = (ours / "bin" / "hotline").read_text().splitlines(keepends=True)
        command = venv / "bin" / "hotline"
        command.write_text("".join([f"#!{venv}/bin/python\n", *script[1:]]))
        command.chmod(0o755)
        return Installation(directory)

    return made


@pytest.fixture(scope="session")
def installed(install: Callable[[], Installation], hotline: LiveHotline) -> Installation:
    """An installation in which the live platform of the tests runs."""
    installation = install()
    description = installation.run_directory / "hotline" / "instance.json"
    description.parent.mkdir(parents=True)
    hotline.instance.running.write(description)
    return installation
