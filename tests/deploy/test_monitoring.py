"""The chart that carries rules and dashboards, as the real helm renders it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.test_chart import KUBERNETES

Helm = Callable[..., subprocess.CompletedProcess[str]]
Manifest = dict[str, Any]
OPERATOR = "monitoring.coreos.com/v1"
CHART = Path(__file__).parents[2] / "deploy" / "helm" / "monitoring"
RULES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((CHART / "rules").glob("*.yaml"))}


def render(helm: Helm, *arguments: str) -> list[Manifest]:
    """Every manifest with its own values and these."""
    answer = helm("template", "watch", "monitoring", "--api-versions", OPERATOR, *arguments)
    assert answer.returncode == 0, answer.stderr
    return [manifest for manifest in yaml.safe_load_all(answer.stdout) if manifest]


def rules_of(manifests: list[Manifest]) -> dict[str, Any]:
    """What the operator would hand to Prometheus, by name of the file it was."""
    found = {each["metadata"]["name"]: each["spec"] for each in manifests if each["kind"] == "PrometheusRule"}
    return {name.removeprefix("watch-"): spec for name, spec in found.items()}


class TestMonitoring:
    def test_lints(self, helm: Helm) -> None:
        answer = helm("lint", "--strict", "monitoring")
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def test_ships_the_rules_that_promtool_has_tested(self, helm: Helm) -> None:
        assert rules_of(render(helm)) == RULES

    def test_leaves_out_what_a_place_does_not_have(self, helm: Helm) -> None:
        left = rules_of(render(helm, "--set", "without={answer-rate}"))
        assert left == {name: spec for name, spec in RULES.items() if name != "answer-rate"}

    def test_puts_the_address_of_the_runbooks_before_their_path(self, helm: Helm) -> None:
        base = "https://wiki.example.gov.cn/hotline"
        rendered = rules_of(render(helm, "--set", f"runbooks={base}"))
        urls = [
            rule["annotations"].pop("runbook_url")
            for spec in rendered.values()
            for group in spec["groups"]
            for rule in group["rules"]
            if "alert" in rule
        ]
        assert urls
        assert all(url.startswith(f"{base}/docs/how-to/runbooks/") for url in urls)

    def test_ships_the_dashboards_to_the_sidecar(self, helm: Helm) -> None:
        maps = [each for each in render(helm) if each["kind"] == "ConfigMap"]
        assert maps
        assert {name: text for each in maps for name, text in each["data"].items()} == {
            path.name: path.read_text().rstrip("\n") for path in (CHART / "dashboards").glob("*.json")
        }
        for each in maps:
            assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
            assert each["metadata"]["annotations"]["grafana_folder"] == "961890"

    def test_needs_no_operator(self, helm: Helm) -> None:
        assert not rules_of(render(helm, "--set", "prometheusRule.enabled=false"))
        without = helm("template", "watch", "monitoring")
        assert without.returncode == 0
        assert "PrometheusRule" not in without.stdout

    @pytest.mark.parametrize("version", KUBERNETES)
    def test_every_other_manifest_is_valid(self, helm: Helm, version: str) -> None:
        for manifest in render(helm):
            if manifest["kind"] != "PrometheusRule":  # promtool has checked those
                kubernetes_validate.validate(manifest, version, strict=True)

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ("withuot={calls}", "withuot"),
            ("without={no-such}", "no-such"),
            ("runbooks=wiki", "runbooks"),
            ("dashboards.lable=x", "lable"),
            ("prometheusRule.enabled=perhaps", "enabled"),
        ],
    )
    def test_a_wrong_value_is_refused_by_name(self, helm: Helm, wrong: str, named: str) -> None:
        answer = helm("template", "watch", "monitoring", "--set", wrong)
        assert answer.returncode != 0
        assert named in answer.stderr
