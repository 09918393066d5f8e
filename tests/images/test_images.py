"""Images as `make images` builds them: the same bytes twice, a bill of materials, and run as a restricted pod is.

Not a part of `make test`: it builds a base of Debian's packages and needs root. `make images-check` runs it.
"""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hotline_cli.local import pki
from hotline_cli.local.servers import free_port
from hotline_kernel import audit

pytestmark = pytest.mark.timeout(3600)  # the first test waits for a base of Debian's packages and five images
ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")
MOST_MEGABYTES = 400
_GROUP = 10001  # of the pods, to which Kubernetes gives the mounted secrets
_CONTAINERS = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=30000:30000"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
"""

Podman = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A store of images of the repository's own, so that nobody else's is touched."""
    settings = tmp_path_factory.mktemp("containers")
    (settings / "containers.conf").write_text(_CONTAINERS)
    store = ROOT / ".cache" / "containers"
    (settings / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{store}/graph"\nrunroot = "{store}/run"\n'
    )
    return os.environ | {
        "CONTAINERS_CONF": f"{settings}/containers.conf",
        "CONTAINERS_STORAGE_CONF": f"{settings}/storage.conf",
    }


@pytest.fixture(scope="session")
def build(environ: dict[str, str]) -> Callable[..., dict[str, str]]:
    """Builds images of services; returns what each has become."""

    def build(*services: str, options: str = "") -> dict[str, str]:
        authorities = Path("/etc/ssl/certs/ca-certificates.crt")
        more = f"{options} --secret id=ca,src={authorities}"
        done = subprocess.run(
            [ROOT / "scripts" / "images", *services],
            env=environ | {"OPTIONS": more, "REPOSITORY": "localhost/hotline", "TAG": "test"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = (line.split() for line in done.stdout.splitlines())
        return {re.sub(r".*/|:.*", "", name): digest for name, digest in lines}

    return build


@pytest.fixture(scope="session")
def images(build: Callable[..., dict[str, str]]) -> dict[str, str]:
    """What the image of each service has become."""
    return build(*SERVICES)


@pytest.fixture(scope="session")
def podman(environ: dict[str, str], images: dict[str, str]) -> Podman:
    """Runs podman on the images."""
    assert images

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["podman", *arguments], env=environ, capture_output=True, text=True, check=False)

    return run


class House:
    """What a service's pod is given: secrets that its group reads, and its environment."""

    def __init__(self, directory: Path, service: str, *, database_url: str, broker_url: str) -> None:
        authority = pki.Authority(directory / "authority")
        certificate, key = authority.certify(service)
        self.directory = directory / "mounted"
        self.directory.mkdir()
        for source, name in ((certificate, "tls.crt"), (key, "tls.key"), (authority.certificate, "ca.crt")):
            shutil.copy(source, self.directory / name)
        audit.load_or_create_key(self.directory / "audit.pem")
        pki.key_ring(self.directory / "vault")
        pki.key_ring(self.directory / "lookup")
        for path in [self.directory, *self.directory.iterdir()]:
            os.chown(path, 0, _GROUP)
            path.chmod(0o550 if path.is_dir() else 0o440)
        self.metrics_port, self.internal_port = free_port(), free_port()
        self.variables = {
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "LISTEN_ADDRESS": "127.0.0.1:0",
            "INTERNAL_ADDRESS": f"127.0.0.1:{self.internal_port}",
            "METRICS_PORT": f"{self.metrics_port}",
            "TLS_CERTIFICATE": "/etc/hotline/tls.crt",
            "TLS_KEY": "/etc/hotline/tls.key",
            "TLS_CA": "/etc/hotline/ca.crt",
            "AUDIT_KEY": "/etc/hotline/audit.pem",
            "OIDC_ISSUER": "https://sso.example.gov.cn",
        }
        if service in ("intake", "dispatch", "feedback"):
            self.variables["VAULT_KEY"] = "/etc/hotline/vault"
        if service == "intake":
            self.variables["VAULT_LOOKUP_KEY"] = "/etc/hotline/lookup"

    def options(self) -> list[str]:
        """How a restricted pod is run."""
        variables = (f"HOTLINE_{name}={value}" for name, value in self.variables.items())
        return [
            *("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--user=10001:10001"),
            *("--network=host", "--tmpfs=/tmp:rw,size=64m", f"--volume={self.directory}:/etc/hotline:ro"),
            *(argument for variable in variables for argument in ("--env", variable)),
        ]

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def house_of(tmp_path: Path, database_url: str, broker_url: str) -> Callable[[str], House]:
    return lambda service: House(tmp_path, service, database_url=database_url, broker_url=broker_url)


@pytest.fixture
def started(podman: Podman) -> Iterator[Callable[..., str]]:
    """Starts containers that are gone after the test."""
    names: list[str] = []

    def start(*arguments: str) -> str:
        done = podman("run", "--detach", *arguments)
        assert done.returncode == 0, done.stderr
        names.append(done.stdout.strip())
        return names[-1]

    yield start
    for name in names:
        podman("rm", "--force", "--time=0", name)


class TestImages:
    def test_are_the_same_when_built_again(self, images: dict[str, str], build: Callable[..., dict[str, str]]) -> None:
        assert build("sla", options="--no-cache") == {"sla": images["sla"]}

    @pytest.mark.parametrize("service", SERVICES)
    def test_are_small(self, podman: Podman, service: str) -> None:
        size = int(podman("image", "inspect", "--format={{.Size}}", f"localhost/hotline/{service}:test").stdout)
        assert size < MOST_MEGABYTES << 20

    @pytest.mark.parametrize("service", SERVICES)
    def test_say_what_they_are_made_of(self, podman: Podman, service: str) -> None:
        image = f"localhost/hotline/{service}:test"
        printed = podman("run", "--rm", "--entrypoint=/bin/cat", image, "/opt/hotline/sbom.cdx.json")
        bom = json.loads(printed.stdout)
        parts = {each["name"].lower().replace("_", "-"): each["version"] for each in bom["components"]}
        listing = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
        installed = podman("run", "--rm", "--entrypoint=/opt/hotline/bin/python3", image, "-c", listing).stdout
        for line in installed.splitlines():
            name, version = line.lower().replace("_", "-").split()
            assert parts[name] == version
        assert {"libc6", "hotline-kernel", f"hotline-{service}"} <= parts.keys()
        assert all(each["purl"].startswith(("pkg:pypi/", "pkg:deb/")) for each in bom["components"])
        locked = dict(
            re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)
        )
        python = {each["name"] for each in bom["components"] if each["purl"].startswith("pkg:pypi/")}
        for name in python:
            wanted = locked.get(re.sub(r"[-_.]+", "-", name).lower())
            assert wanted in (None, parts[name.lower().replace("_", "-")])
        others = {f"hotline-{other}" for other in SERVICES if other != service}
        assert not {name.lower() for name in python} & ({"pip", "setuptools", "hotline-cli"} | others)

    @pytest.mark.parametrize("service", SERVICES)
    def test_run_as_a_restricted_pod_does(
        self,
        podman: Podman,
        started: Callable[..., str],
        house_of: Callable[[str], House],
        service: str,
    ) -> None:
        house, image = house_of(service), f"localhost/hotline/{service}:test"
        migrated = podman("run", "--rm", *house.options(), image, "migrate", "pre")
        assert migrated.returncode == 0, migrated.stderr
        for process in ("pump", "listen", "serve"):
            container = started(*house.options(), image, process)
            give_up = time.monotonic() + 60
            while not house.is_healthy():
                assert time.monotonic() < give_up, podman("logs", container).stdout
                time.sleep(0.1)  # between two looks
            if process == "serve":
                checked = podman("run", "--rm", *house.options(), image, "check", f"127.0.0.1:{house.internal_port}")
                assert checked.returncode == 0, checked.stderr
            assert podman("stop", "--time=40", container).returncode == 0
            assert podman("wait", container).stdout.strip() == "0"
