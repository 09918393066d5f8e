"""Dashboards are code: what is committed is what the program writes, and each panel asks for what there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts import dashboards
from tests.deploy.test_rules import ALERTS, check_known, known_series, rules, selectors

FOUND = {path.name: json.loads(path.read_text()) for path in sorted(dashboards.FOLDER.glob("*.json"))}
every_board = pytest.mark.parametrize("name", sorted(FOUND))
OF_EVERY_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "ALERTS"}
"""What the client library and Prometheus itself tell."""
_BILINGUAL = re.compile(r"[\u4e00-\u9fff].* · [^\u4e00-\u9fff]+$")


def panels(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = FOUND[name]["panels"]
    return found


def expressions(name: str) -> Iterator[str]:
    """Every query of a dashboard, with its variables as Grafana puts them in for `All`."""
    for panel in panels(name):
        yield from (re.sub(r"\$[a-z]\w*", ".*", target["expr"]) for target in panel["targets"])


def test_are_what_the_program_writes() -> None:
    """`make dashboards` after a change of scripts/dashboards.py."""
    assert {path.name: path.read_text() for path in dashboards.FOLDER.iterdir()} == dashboards.pages()


def lost(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where something of ours is not in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs.get(key), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{place}[{index}]")
    elif ours != theirs:
        yield place


@every_board
def test_grafana_knows_every_field(name: str) -> None:
    """Read by Grafana's own types and written again, nothing is missing: they drop what they do not know."""
    register_default_plugins()
    read = Dashboard.from_json(FOUND[name])
    assert not [*lost(FOUND[name], json.loads(JSONEncoder().encode(read)))]


def test_are_the_seven_that_people_asked_for() -> None:
    asked = {"city", "call-centre", "deadlines", "unit", "counties", "platform", "events"}
    assert {name.removesuffix(".json") for name in FOUND} == asked


@every_board
def test_every_query_is_about_series_that_there_are(name: str) -> None:
    for expression in expressions(name):
        for selector in selectors(expression):
            if selector.name not in OF_EVERY_PROCESS:
                check_known(selector)


@every_board
def test_every_variable_is_used_and_asks_for_a_label_that_there_is(name: str) -> None:
    listed = {each["name"]: each for each in FOUND[name]["templating"]["list"]}
    assert list(listed)[:2] == ["datasource", "traces"]
    text = json.dumps(FOUND[name]["panels"])
    for variable in list(listed)[2:]:
        assert f"${variable}" in text
        asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", listed[variable]["query"]["query"])
        assert asked is not None
        assert asked[2] in known_series()[asked[1]]


@every_board
def test_every_panel_is_a_question_in_two_languages_with_a_reason_and_a_unit(name: str) -> None:
    assert _BILINGUAL.search(FOUND[name]["title"])
    for panel in panels(name):
        chinese, _, english = panel["title"].partition(" · ")
        assert chinese.endswith("？"), panel["title"]
        assert english.endswith("?"), panel["title"]
        assert _BILINGUAL.search(panel["description"]), panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]


@every_board
def test_thresholds_rise(name: str) -> None:
    for panel in panels(name):
        values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert values[0] is None
        assert values[1:] == sorted(set(values[1:])), panel["title"]


@every_board
def test_panels_do_not_lie_on_one_another(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(name):
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@every_board
def test_leads_to_the_others_and_to_traces(name: str) -> None:
    kinds = [link["type"] for link in FOUND[name]["links"]]
    assert kinds == ["dashboards", "link"]
    assert FOUND[name]["links"][0]["tags"] == FOUND[name]["tags"] == ["hotline"]


def test_each_has_a_name_of_its_own_that_links_can_rest_on() -> None:
    uids = [board["uid"] for board in FOUND.values()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"hotline-[a-z-]+", uid) for uid in uids)


def test_every_kind_of_alert_is_seen_somewhere() -> None:
    """What an alert looks at is on a panel, so that whoever is woken sees how it came to it."""
    recorded = {rule["record"]: rule["expr"] for rule in rules("record")}

    def metrics(expression: str) -> set[str]:
        found = set()
        for selector in selectors(expression):
            found |= metrics(recorded[selector.name]) if selector.name in recorded else {str(selector.name)}
        return {name.removesuffix("_bucket").removesuffix("_count") for name in found}

    seen = set().union(*(metrics(expression) for name in FOUND for expression in expressions(name)))
    unseen = {rule["alert"] for rule in ALERTS if not metrics(rule["expr"]) & seen}
    assert unseen == set()
