"""The rules of Prometheus: what the real promtool says of them, and what each alert owes to whoever is woken by it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from hotline_kernel import telemetry
from prometheus_client import Counter, Gauge, Histogram
from promql_parser import MatrixSelector, VectorSelector

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "deploy" / "helm" / "monitoring" / "rules").glob("*.yaml"))
CASES = Path(__file__).parent / "rules"
RUNBOOKS = ROOT / "docs" / "how-to" / "runbooks"
_SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
_CITED = re.compile(r"Art\. \d+(?:\(\d+\))*(?:, \d+(?:\(\d+\))*)*|GB/T [\d-]+")
EVERY_METRIC = """
import sys
from hotline_kernel import telemetry
from prometheus_client import Counter, Gauge, Histogram, generate_latest
for metric in vars(telemetry).values():
    if isinstance(metric, Counter | Gauge | Histogram):
        metric.labels(*metric._labelnames)
sys.stdout.buffer.write(generate_latest())
"""


def rules(kind: str) -> list[dict[str, Any]]:
    """Every rule of a kind: `alert` or `record`."""
    files = (yaml.safe_load(path.read_text()) for path in RULES)
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if kind in rule]


def selectors(expression: str) -> Iterator[VectorSelector]:
    """Every series that an expression asks for."""
    found: list[VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, VectorSelector):
            found.append(node)
        elif isinstance(node, MatrixSelector):
            found.append(node.vector_selector)

    promql_parser.walk(promql_parser.parse(expression), visit, lambda _: None)
    yield from {str(each): each for each in found}.values()


def exported() -> dict[str, set[str]]:
    """Every series that the processes export, with its labels."""
    series: dict[str, set[str]] = {}
    for metric in vars(telemetry).values():
        if not isinstance(metric, Counter | Gauge | Histogram):
            continue
        name, labels = next(iter(metric.describe())).name, set(metric._labelnames)
        if isinstance(metric, Histogram):
            series |= {f"{name}_bucket": labels | {"le"}, f"{name}_count": labels, f"{name}_sum": labels}
        else:
            series[name + ("_total" if isinstance(metric, Counter) else "")] = labels
    return series


@cache
def known_series() -> dict[str, set[str]]:
    """What is exported or recorded, with its labels."""
    return exported() | {rule["record"]: recorded_labels(rule["record"]) for rule in rules("record")}


def check_known(selector: VectorSelector) -> None:
    """A series that is there, asked for by labels that it has."""
    known = known_series()
    assert selector.name in known, selector
    of_target = {"instance", "job"}
    assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name] | of_target, selector


def recorded_labels(name: str) -> set[str]:
    """What is left of the labels, by the name's level."""
    return set(name.split(":", maxsplit=1)[0].split("_"))


GAUGES = {next(iter(m.describe())).name for m in vars(telemetry).values() if isinstance(m, Gauge)}
ALERTS = rules("alert")
every_alert = pytest.mark.parametrize("alert", sorted({rule["alert"] for rule in ALERTS}))


class TestRules:
    def test_are_right_by_promtool(self) -> None:
        answer = subprocess.run(["promtool", "check", "rules", *RULES], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr

    @every_alert
    def test_do_what_the_cases_say(self, alert: str) -> None:
        cases = CASES / f"{alert}.yaml"
        names = " / ".join(case["name"] for case in yaml.safe_load(cases.read_text())["tests"])
        for owed in ("fires", "stays silent", "clears", "target absent"):
            assert owed in names
        answer = subprocess.run(["promtool", "test", "rules", cases], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def test_ask_for_series_that_the_processes_export_or_that_are_recorded(self) -> None:
        asked = [each for rule in [*ALERTS, *rules("record")] for each in selectors(rule["expr"])]
        assert asked
        for selector in asked:
            check_known(selector)

    def test_name_what_they_record_by_its_labels(self) -> None:
        """`level:metric:operation`, as Prometheus advises; the level names the labels that are left."""
        for rule in rules("record"):
            level, metric, operation = rule["record"].split(":")
            assert set(level.split("_")) <= {"service", "kind"}
            assert re.fullmatch(r"hotline_[a-z_]+", metric)
            assert re.fullmatch(r"(increase|ratio)\d+[mhd]", operation)

    def test_say_alike_what_several_pumps_say(self) -> None:
        """Every pump tells the same gauge: one that is added up would be as large as there are pumps."""
        for rule in [*ALERTS, *rules("record")]:
            if "sum by" in rule["expr"]:
                summed = [each.name for each in selectors(rule["expr"]) if each.name in GAUGES]
                assert not summed or "max by" in rule["expr"], rule

    def test_name_a_band_of_the_waiting_times_that_there_is(self) -> None:
        bands = {str(float(bound)) for bound in telemetry.CALL_WAIT._upper_bounds}
        named = {
            matcher.value
            for rule in [*ALERTS, *rules("record")]
            for selector in selectors(rule["expr"])
            for matcher in selector.matchers.matchers
            if matcher.name == "le"
        }
        assert named
        assert named <= bands


class TestMetrics:
    def test_are_named_as_prometheus_asks(self) -> None:
        """The real promtool looks at what a process exports that has used every metric."""
        told = subprocess.run([sys.executable, "-c", EVERY_METRIC], capture_output=True, check=True).stdout
        answer = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def test_belong_to_a_service_and_to_nobody_alone(self) -> None:
        """Every label has few values: none names a citizen, an appeal, an order or a person on the staff."""
        bounded = {
            "service", "method", "code", "source", "process", "ticker", "channel", "outcome", "kind", "ground", "step",
            "event", "end", "state", "le", "unit", "age", "certificate", "key",
            "county", "direction",
        }  # fmt: skip
        for name, labels in exported().items():
            assert "service" in labels, name
            assert labels <= bounded, name


class TestAlerts:
    @every_alert
    def test_say_which_service_when_they_fire(self, alert: str) -> None:
        cases = yaml.safe_load((CASES / f"{alert}.yaml").read_text())["tests"]
        fired = [fired for case in cases for at in case["alert_rule_test"] for fired in at["exp_alerts"]]
        assert fired
        assert all(each["exp_labels"]["service"] for each in fired)

    def test_say_how_urgent_they_are_and_what_to_do(self) -> None:
        for rule in ALERTS:
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
            for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
                chinese, _, english = text.partition(" / ")
                assert re.search(r"[\u4e00-\u9fff]", chinese)
                assert not re.search(r"[\u4e00-\u9fff]", english)
            assert ROOT / rule["annotations"]["runbook_url"] == RUNBOOKS / f"{rule['alert']}.md"

    @every_alert
    def test_have_a_runbook_without_numbers(self, alert: str) -> None:
        text = (RUNBOOKS / f"{alert}.md").read_text()
        assert text.startswith(f"# {alert} — ")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == _SECTIONS
        assert not re.search(r"\d", _CITED.sub("", text))

    def test_runbooks_and_cases_belong_to_an_alert(self) -> None:
        names = {rule["alert"] for rule in ALERTS}
        assert {path.stem for path in RUNBOOKS.iterdir()} == names
        assert {path.stem for path in CASES.iterdir()} == names
