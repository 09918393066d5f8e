"""The chart, as the real helm renders it."""

import importlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

Helm = Callable[..., subprocess.CompletedProcess[str]]
Manifest = dict[str, Any]
SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")
KUBERNETES = ("1.35", "1.36", "1.37")


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod template with the name of what makes it."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]


class TestChart:
    @pytest.mark.parametrize("chart", ["service", "hotline"])
    def test_lints(self, helm: Helm, chart: str) -> None:
        values = ["--values", "hotline/values.yaml"] if chart == "hotline" else _values_of_one()
        answer = helm("lint", "--strict", chart, *values)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    @pytest.mark.parametrize("version", KUBERNETES)
    def test_every_manifest_is_valid(self, rendered: list[Manifest], version: str) -> None:
        for manifest in rendered:
            kubernetes_validate.validate(manifest, version, strict=True)

    def test_has_three_workloads_and_a_migration_for_each_service(self, rendered: list[Manifest]) -> None:
        found = {(m["kind"], m["metadata"]["name"]) for m in rendered}
        for service in SERVICES:
            for component in ("serve", "listen", "pump"):
                assert ("Deployment", f"hotline-{service}-{component}") in found
            assert ("Job", f"hotline-{service}-migrate") in found
            assert ("NetworkPolicy", f"hotline-{service}") in found

    def test_pods_are_restricted_by_default(self, rendered: list[Manifest]) -> None:
        checked = 0
        for name, pod in pods(rendered):
            checked += 1
            assert pod["automountServiceAccountToken"] is False, name
            assert pod["securityContext"]["runAsNonRoot"] is True, name
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True, name
                assert context["allowPrivilegeEscalation"] is False, name
                assert context["capabilities"] == {"drop": ["ALL"]}, name
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
        assert checked == 20

    def test_workloads_have_probes_and_time_to_drain(self, rendered: list[Manifest]) -> None:
        for manifest in rendered:
            if manifest["kind"] != "Deployment":
                continue
            pod = manifest["spec"]["template"]["spec"]
            assert pod["terminationGracePeriodSeconds"] >= 30
            for container in pod["containers"]:
                assert {"livenessProbe", "readinessProbe", "startupProbe"} <= container.keys()

    def test_workloads_with_replicas_have_a_disruption_budget(self, rendered: list[Manifest]) -> None:
        budgets = {m["metadata"]["name"] for m in rendered if m["kind"] == "PodDisruptionBudget"}
        for manifest in rendered:
            if manifest["kind"] == "Deployment" and manifest["spec"]["replicas"] > 1:
                assert manifest["metadata"]["name"] in budgets

    def test_only_listed_callers_reach_the_internal_port(self, rendered: list[Manifest]) -> None:
        policies = {m["metadata"]["name"]: m["spec"] for m in rendered if m["kind"] == "NetworkPolicy"}
        intake = [rule for rule in policies["hotline-intake"]["ingress"] if rule["ports"][0]["port"] == "internal"]
        callers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in intake[0]["from"]]
        assert callers == ["dispatch"]
        assert all(rule["ports"][0]["port"] != "internal" for rule in policies["hotline-sla"]["ingress"])

    def test_every_variable_is_a_setting_of_its_service(self, rendered: list[Manifest]) -> None:
        for name, pod in pods(rendered):
            settings = importlib.import_module(f"hotline_{name.split('-')[1]}.settings").Settings
            known = {f"HOTLINE_{field.upper()}" for field in settings.model_fields}
            named = {v["name"] for c in pod["containers"] for v in c["env"] if v["name"].startswith("HOTLINE_")}
            assert named <= known, name

    def test_no_secret_stands_in_a_manifest(self, rendered: list[Manifest]) -> None:
        assert not [m for m in rendered if m["kind"] == "Secret"]
        text = yaml.safe_dump_all(rendered)
        assert "postgresql://" not in text
        assert "amqp://" not in text


class TestValues:
    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ("sla.replica.serve=3", "replica"),
            ("sla.oidc.issuer=http://sso.example", "issuer"),
            ("sla.callers={strangers}", "callers"),
            ("slaa.service=sla", "slaa"),
            ("sla.replicas.server=3", "server"),
        ],
    )
    def test_a_wrong_value_is_refused_by_name(self, helm: Helm, wrong: str, named: str) -> None:
        answer = helm("template", "hotline", "hotline", "--set", wrong)
        assert answer.returncode != 0
        assert named in answer.stderr


def _values_of_one() -> list[str]:
    given = {
        "service": "sla",
        "connectionSecret": "c",
        "tlsSecret": "t",
        "keySecret": "k",
        "oidc.issuer": "https://sso.example.gov.cn",
    }
    return [argument for name, value in given.items() for argument in ("--set", f"{name}={value}")]
