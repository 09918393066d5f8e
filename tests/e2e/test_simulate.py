"""`hotline simulate`: the same seed plays the same city, and its books are true."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hotline_cli.local.servers import Servers
from hotline_cli.simulate import messages as citizens
from hotline_cli.simulate.arrivals import Arrivals
from hotline_cli.simulate.clockwork import SLOT
from hotline_kernel.calendar import ZONE

from tests.e2e.conftest import Installation

_MESSAGES = (
    ("刘某某", "暖气不热", "翠屏里小区暖气一直不热,室内只有14度,家里有老人,希望尽快解决。"),
    ("李某某", "夜间施工", "和谐家园旁边的工地夜里施工到凌晨,噪音很大,请有关部门管一管,投诉。"),
    ("王某某", "咨询医保", "请问异地就医报销怎么备案,比例是多少?"),
    ("赵某某", "路灯不亮", "槐安东路的路灯坏了三盏,晚上出行不安全。"),
    ("孙某某", "建议增设红绿灯", "建议在新华小学门口增设红绿灯,学生放学过马路太危险。"),
    ("周某某", "拖欠工资", "在长青苑工地干活,老板拖欠工资三个月不给,电话也不接。"),
    ("吴某某", "离婚财产", "和前夫的财产纠纷,法院已经受理,想问问怎么判。"),
)
"""Fewer than the run needs: the file begins again."""


@pytest.fixture(scope="module")
def played(
    install: Callable[[], Installation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], dict[str, Any]]]:
    """Plays a small day with a seed, on servers that stay up in between."""
    installation = install()
    messages: Path = tmp_path_factory.mktemp("messages") / "messages.jsonl"
    lines = ({"citizen": citizen, "title": title, "text": text} for citizen, title, text in _MESSAGES)
    messages.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

    def play(seed: int) -> dict[str, Any]:
        said = installation.hotline(
            "simulate", "--days", "1", "--per-day", "60", "--seed", str(seed), "--messages", str(messages),
            "-o", "json", timeout=280,
        )  # fmt: skip
        assert said.code == 0, said.err[-2000:]
        result: dict[str, Any] = said.json
        return result

    with Servers(installation.run_directory / "servers"):
        yield play


class TestASimulation:
    @pytest.mark.timeout(900)
    def test_is_repeatable_by_its_seed_and_its_books_are_true(self, played: Callable[[int], dict[str, Any]]) -> None:
        first, again = played(7), played(7)
        for result in (first, again):
            assert result["verify"]["clean"], result["verify"]["findings"]
        assert first["books"] == again["books"]
        assert first["run"]["contacts"] > len(_MESSAGES)
        appeals = first["books"]["appeals"]["state"]
        assert sum(appeals.values()) == first["verify"]["counted"]["appeals"] > len(_MESSAGES)

    def test_plays_another_city_with_another_seed(self) -> None:
        assert _comers(7) == _comers(7) != _comers(8)


def _comers(seed: int) -> list[tuple[int, int]]:
    """Who comes in a day, by number and channel; all that they do hangs on the seed and their number."""
    arrivals = Arrivals(seed=seed, per_day=40, messages=citizens.written(seed))
    slots = (datetime(2026, 3, 2, tzinfo=ZONE) + SLOT * number for number in range(24 * 12))
    return [(contact.number, contact.channel) for slot in slots for contact in arrivals.of_slot(slot)]
