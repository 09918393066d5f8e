"""Every duty of the regulation has its test, or is told as a gap; nothing is claimed that no test shows."""

from pathlib import Path

import pytest

from scripts.regulation import OWNERS, PLANNED, Duty, Module, articles, duties, findings, modules

DUTY = Duty(id="sla:28", title="Supervision", does="Reminds.")


def module(*shown: str) -> Module:
    return Module(Path("test_art_28_supervision.py"), shown, ())


def test_every_duty_is_shown_or_told_as_a_gap() -> None:
    assert findings(duties=duties(), modules=modules()) == []


def test_duties_rest_on_articles_and_have_an_owner() -> None:
    names = [duty.id for duty in duties()]
    assert len(set(names)) == len(names)
    assert {duty.owner for duty in duties()} == set(OWNERS)
    assert {duty.mark for duty in duties()} <= {"", *PLANNED}
    assert list(articles()) == list(range(1, 39))
    assert all(set(duty.articles) <= set(articles()) for duty in duties())


@pytest.mark.parametrize(
    ("duty", "shown", "said"),
    [
        (DUTY, ["sla:28"], []),
        (DUTY, ["sla:28", "sla:82"], ["sla:82 is in a DUTIES"]),
        (DUTY, [], ["names no duty", "sla:28 has no test"]),
        (Duty(id="sla:16", title="Alerts", does="Alerts.", mark="‡"), ["sla:16"], []),
    ],
)
def test_what_does_not_agree_is_said(duty: Duty, shown: list[str], said: list[str]) -> None:
    found = findings(duties=[duty], modules=[module(*shown)])
    assert len(found) == len(said)
    assert all(part in whole for part, whole in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("name", "articles"),
    [
        ("dispatch:24(2),10(3)", (24, 10)),
        ("all:36(1)–(3)", (36,)),
        ("sla:32,34,35", (32, 34, 35)),
        ("feedback:30-review", (30,)),
    ],
)
def test_an_id_tells_its_articles(name: str, articles: tuple[int, ...]) -> None:
    assert Duty(id=name, title="", does="").articles == articles
