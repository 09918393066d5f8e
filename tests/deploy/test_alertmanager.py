"""The example of who is told of an alert: the real amtool says where each would go."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_rules import ALERTS

EXAMPLE = Path(__file__).parents[2] / "deploy" / "helm" / "monitoring" / "alertmanager.yaml"


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)


def goes_to(**labels: str) -> list[str]:
    """The receivers of an alert with these labels, at an hour at which all routes are open."""
    told = amtool("config", "routes", "test", f"--config.file={EXAMPLE}", *(f"{k}={v}" for k, v in labels.items()))
    assert told.returncode == 0, told.stderr
    return told.stdout.strip().split(",")


def routes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(found for child in node.get("routes", []) for found in routes(child))]


class TestTheExample:
    def test_is_right_by_amtool(self) -> None:
        checked = amtool("check-config", str(EXAMPLE))
        assert checked.returncode == 0, checked.stderr

    @pytest.mark.parametrize(
        ("labels", "receivers"),
        [
            ({"alertname": "HotlineAnswerRateLow", "severity": "page", "service": "intake"}, ["shift-leader"]),
            ({"alertname": "HotlineAnswerRateLow", "severity": "ticket", "service": "intake"}, ["it"]),
            ({"alertname": "HotlineDirectiveWaiting", "severity": "page", "service": "dispatch"}, ["leader-on-duty"]),
            ({"alertname": "HotlineOutboxStalled", "severity": "page", "service": "sla"}, ["it-on-call"]),
            ({"alertname": "HotlineAuditChainBroken", "severity": "page", "service": "sla"}, ["auditor", "it-on-call"]),
            ({"alertname": "HotlineReadsUnusual", "severity": "ticket", "service": "intake"}, ["auditor", "it"]),
            (
                {"alertname": "HotlineUnitOverdue", "severity": "ticket", "service": "sla", "unit": "heating-office"},
                ["unit-heating-office", "office"],
            ),
            ({"alertname": "HotlineUnitOverdue", "severity": "ticket", "service": "sla", "unit": "other"}, ["office"]),
            (
                {"alertname": "HotlineCountyLag", "severity": "ticket", "service": "dispatch", "county": "zhengding"},
                ["county-zhengding", "it"],
            ),
            ({"alertname": "HotlineCallbacksMissed", "severity": "ticket", "service": "sla"}, ["office"]),
            ({"alertname": "HotlineKeyOld", "severity": "ticket", "service": "intake"}, ["it"]),
        ],
    )
    def test_sends_it_by_severity_unit_and_county(self, labels: dict[str, str], receivers: list[str]) -> None:
        assert goes_to(**labels) == receivers

    def test_sends_every_alert_to_somebody_who_is_named(self) -> None:
        config = yaml.safe_load(EXAMPLE.read_text())
        named = {receiver["name"] for receiver in config["receivers"]}
        used = {route["receiver"] for route in routes(config["route"])}
        assert named == used

    def test_keeps_pages_out_of_every_time_interval(self) -> None:
        """What cannot wait is told at any hour; tickets have hours."""
        for route in routes(yaml.safe_load(EXAMPLE.read_text())["route"]):
            if any('severity="page"' in matcher for matcher in route.get("matchers", [])):
                assert "active_time_intervals" not in route
                assert "mute_time_intervals" not in route

    def test_names_alerts_that_there_are(self) -> None:
        alerts = {rule["alert"] for rule in ALERTS}
        config = yaml.safe_load(EXAMPLE.read_text())
        matchers = [m for route in routes(config["route"]) for m in route.get("matchers", [])]
        matchers += [m for rule in config["inhibit_rules"] for m in rule["source_matchers"] + rule["target_matchers"]]
        named = [value for m in matchers if m.startswith("alertname") for value in _alternatives(m)]
        assert named
        assert all(any(alert.startswith(each.removesuffix(".*")) for alert in alerts) for each in named)


def _alternatives(matcher: str) -> list[str]:
    value = matcher.partition('"')[2].rstrip('"')
    if "(" not in value:
        return value.split("|")
    head, _, rest = value.partition("(")
    middle, _, tail = rest.partition(")")
    return [head + each + tail for each in middle.split("|")]
