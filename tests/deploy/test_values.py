"""What a person writes into a values file: that each key is known, and that a wrong one is refused by its name."""

import json
from typing import Any

import pytest
import yaml

from tests.deploy.conftest import ROOT, Tool

CHARTS = ROOT / "deploy" / "helm"


def values(path: str) -> dict[str, Any]:
    """A values file as Helm reads it."""
    loaded: dict[str, Any] = yaml.safe_load((CHARTS / path).read_text())
    return loaded


def schema(chart: str) -> dict[str, Any]:
    """A chart's schema."""
    loaded: dict[str, Any] = json.loads((CHARTS / chart / "values.schema.json").read_text())
    return loaded


def undescribed(value: Any, described: dict[str, Any], path: str = "") -> list[str]:
    """The keys that the schema knows and the values file does not show, and the reverse."""
    if not isinstance(value, dict) or "properties" not in described:
        return []
    known = {key for key, each in described["properties"].items() if "const" not in each}
    found = [f"{path}.{key}" for key in known ^ value.keys()]
    return found + [
        each
        for key in known & value.keys()
        for each in undescribed(value[key], described["properties"][key], f"{path}.{key}")
    ]


class TestValues:
    def test_show_every_key_that_there_is(self) -> None:
        assert undescribed(values("hotline/values.yaml"), schema("hotline")) == []
        own = values("service/values.yaml")
        assert undescribed(own | {"global": {}}, schema("service")) == []

    def test_have_the_same_defaults_in_both_charts(self) -> None:
        assert values("hotline/values.yaml")["global"] == values("service/values.yaml")["global"]

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ("sla.replica.serve=3", "replica"),
            ("sla.replicas.server=3", "server"),
            ("sla.replicas.serve=three", "/replicas/serve"),
            ("sla.autoscaling.serve.max=-1", "/autoscaling/serve/max"),
            ("sla.resources.serve.requests.cpus=1", "cpus"),
            ("sla.settings.division=130100", "division"),
            ("sla.settings.HOTLINE_THREADS=16", "HOTLINE_THREADS"),
            ("slaa.enabled=false", "slaa"),
            ("global.oidc.issuer=http://sso.example", "/global/oidc/issuer"),
            ("global.profile=village", "/global/profile"),
            ("global.expose.by=magic", "/global/expose/by"),
            ("global.network.database.ports={none}", "/global/network/database/ports"),
            ("global.network.databse.ports={5432}", "databse"),
            ("global.spread.zones=Perhaps", "/global/spread/zones"),
            ("global.tls.issuer.name=Not_A_Name", "/global/tls/issuer/name"),
            ("monitoring.withuot={x}", "withuot"),
        ],
    )
    def test_a_wrong_one_is_refused_by_name(self, helm: Tool, wrong: str, named: str) -> None:
        answer = helm("template", "hotline", "hotline", "--set", wrong)
        assert answer.returncode != 0
        assert named in answer.stderr

    @pytest.mark.parametrize(
        ("removed", "instead"),
        [
            ("connectionSecret=x", "database.secret"),
            ("tlsSecret=x", "tls.secret"),
            ("keySecret=x", "keys.secret"),
            ("oidc.issuer=https://x", "global.oidc"),
            ("image.tag=x", "global.image"),
            ("profile=city", "global.profile"),
            ("otlpEndpoint=x", "global.traces.endpoint"),
            ("callers={dispatch}", "the chart knows who calls whom"),
        ],
    )
    def test_a_removed_one_is_refused_with_what_has_taken_its_place(
        self, helm: Tool, removed: str, instead: str
    ) -> None:
        answer = helm("template", "hotline", "hotline", "--set", f"sla.{removed}")
        assert answer.returncode != 0
        assert instead in answer.stderr
        assert removed.split("=", maxsplit=1)[0].split(".", maxsplit=1)[0] in answer.stderr

    def test_a_wrong_or_removed_one_is_refused_by_the_oldest_helm_too(self, old_helm: Tool) -> None:
        answer = old_helm("template", "hotline", "hotline", "--set", "sla.replica.serve=3,sla.tlsSecret=x")
        assert answer.returncode != 0
        assert "replica" in answer.stderr
        assert "give tls.secret" in answer.stderr

    def test_a_way_in_without_anybody_who_may_come_is_refused(self, helm: Tool) -> None:
        answer = helm("template", "hotline", "hotline", "--set", "global.expose.by=gateway")
        assert answer.returncode != 0
        assert "global.network.people: names nobody" in answer.stderr

    def test_a_service_alone_must_say_which(self, helm: Tool) -> None:
        answer = helm("template", "x", "service")
        assert answer.returncode != 0
        assert "service: say which one this is" in answer.stderr
