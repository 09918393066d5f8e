"""What docs/how-to/city-install.md has beside charts: secrets, an authority, commands; and that they fit the charts."""

import base64
import itertools
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from hotline_kernel import audit, sealing

from tests.deploy.conftest import ROOT, Manifest, Render, Tool
from tests.deploy.test_chart import KUBERNETES, PROFILES, SERVICES, check, of_kind, pods

PAGE = (ROOT / "docs" / "how-to" / "city-install.md").read_text()
MADE_BY_OTHERS = {"hotline-postgres-ca", "hotline-rabbitmq-tls", "hotline-rabbitmq-default-user"}
"""By CloudNativePG, cert-manager and the Cluster Operator."""
_VERBS = {
    *("create", "namespace", "secret", "generic", "configmap", "label", "apply", "get", "wait"),
    *("dependency", "build", "upgrade", "test"),
}


def secrets(*services: str) -> dict[str, Manifest]:
    """What deploy/secrets.sh prints, by name."""
    printed = subprocess.run(
        ["sh", ROOT / "deploy" / "secrets.sh", "hotline", "hotline", *services],
        capture_output=True,
        text=True,
        check=True,
    )
    return of_kind(list(yaml.safe_load_all(printed.stdout)), "Secret")


@pytest.fixture(scope="module")
def made() -> dict[str, Manifest]:
    return secrets()


def content(secret: Manifest, key: str) -> bytes:
    return base64.b64decode(secret["data"][key], validate=True)


class TestSecrets:
    @pytest.mark.parametrize("profile", ["city", "county"])
    def test_are_those_that_the_charts_mount(self, render: Render, profile: str) -> None:
        asked: dict[str, set[str]] = {}
        for _, pod in pods(render("hotline", *PROFILES[profile])):
            for volume in pod["volumes"]:
                if "secret" in volume:
                    asked.setdefault(volume["secret"]["secretName"], set())
            for each in pod["containers"][0]["env"]:
                if "valueFrom" in each:
                    reference = each["valueFrom"]["secretKeyRef"]
                    asked.setdefault(reference["name"], set()).add(reference["key"])
        ours = {name for name in asked if name not in MADE_BY_OTHERS and not name.endswith("-tls")}
        made = secrets(*(["dispatch", "sla"] if profile == "county" else []))
        assert ours == set(made)
        for name in ours:
            assert asked[name] <= made[name]["data"].keys()

    def test_are_valid_for_kubernetes(self, made: dict[str, Manifest]) -> None:
        for secret in made.values():
            check(secret, KUBERNETES[-1])

    @pytest.mark.parametrize("service", SERVICES)
    def test_hold_keys_that_the_services_read(self, made: dict[str, Manifest], tmp_path: Path, service: str) -> None:
        keys = made[f"hotline-{service}-keys"]
        for name in keys["data"]:
            (tmp_path / name).write_bytes(content(keys, name))
        audit.load_key(tmp_path / "audit.pem")
        for name in keys["data"].keys() - {"audit.pem"}:
            assert sealing.read_key_file(tmp_path / name)

    def test_name_the_database_as_cloudnativepg_does(self, render: Render, made: dict[str, Manifest]) -> None:
        cluster = next(iter(of_kind(render("hotline-data"), "Cluster")))
        for service in SERVICES:
            database = made[f"hotline-{service}-database"]
            address = urlsplit(content(database, "url").decode())
            assert (address.hostname, address.port) == (f"{cluster}-rw.hotline", 5432)
            assert address.path == f"/{service}"
            assert address.username == content(database, "username").decode() == service
            assert address.password == content(database, "password").decode()
            assert "sslmode=verify-full" in address.query

    def test_are_new_each_time(self, made: dict[str, Manifest]) -> None:
        again = secrets("intake")
        for name, secret in again.items():
            for key in secret["data"].keys() - {"username"}:
                assert secret["data"][key] != made[name]["data"][key]


class TestAuthority:
    def test_is_what_the_charts_ask_for(self, render: Render) -> None:
        manifests = list(yaml.safe_load_all((ROOT / "deploy" / "issuer.yaml").read_text()))
        for manifest in manifests:
            check(manifest, KUBERNETES[-1])
        issued = ("--set", "global.tls.issuer.name=hotline")
        for certificate in of_kind(render("hotline", *issued), "Certificate").values():
            assert certificate["spec"]["issuerRef"]["name"] in of_kind(manifests, "Issuer")


class TestPage:
    def test_names_values_that_the_charts_take(self, helm: Tool, tmp_path: Path) -> None:
        """Every values file that the page shows is rendered by the chart that it is for."""
        shown = re.findall(r"`(\S+\.yaml)`[^`]*?:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)
        files = {}
        for name, text in shown:
            files[name] = tmp_path / name
            files[name].write_text(text)
        assert files.keys() == {"data.yaml", "city.yaml"}
        data = helm("template", "hotline-data", "hotline-data", "--values", f"{files['data.yaml']}")
        assert data.returncode == 0, data.stderr
        profile = PROFILES["city"]
        city = helm("template", "hotline", "hotline", *profile, "--values", f"{files['city.yaml']}")
        assert city.returncode == 0, city.stderr

    def test_gives_commands_that_helm_and_kubectl_know(self, tools: Path) -> None:
        """There is no cluster to run them on; each is asked for its help, and must know every flag that it is given."""
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
        commands = re.findall(r"^(?:helm|kubectl) .*", blocks, re.MULTILINE)
        assert len(commands) > 8
        for command in commands:
            tool, *words = command.partition("|")[0].partition(">")[0].replace("-n hotline ", "").split()
            verbs = [*itertools.takewhile(_VERBS.__contains__, words)]
            told = [
                subprocess.run([tools / tool, *asked], capture_output=True, text=True, check=True).stdout
                for asked in ([*verbs, "--help"], ["options"] if tool == "kubectl" else ["--help"])
            ]
            for flag in (word.partition("=")[0] for word in words if word.startswith("-")):
                assert re.search(rf"(^|[\s,]){re.escape(flag)}\b", "".join(told)), f"{flag} in {command}"
