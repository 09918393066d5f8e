"""Who is suggested as lead, and why."""

from typing import Any

import pytest
from hotline_dispatch.domain.suggestion import MOST, Past, suggest
from hotline_dispatch.domain.unit import Unit, UnitKind
from hotline_dispatch.domain.words import Words

SUBJECT = "城乡建设/供热"


def unit(name: str, *competences: str, region: str = "130102", **fields: Any) -> Unit:
    content: dict[str, Any] = {"principal": "王主任"} | fields
    return Unit(name, name, region, UnitKind.DEPARTMENT, competences=list(competences), **content)


def names(*units: Unit, category: str = SUBJECT, past: dict[str, Past] | None = None, **likeness: float) -> list[str]:
    found = suggest(units=units, region="130102", category=category, past=past or {}, likeness=likeness)
    return [each.unit.name for each in found]


class TestSuggestion:
    def test_puts_the_units_own_territory_before_the_city_above_it(self) -> None:
        assert names(unit("city", SUBJECT, region="130100"), unit("here", SUBJECT)) == ["here", "city"]

    @pytest.mark.parametrize(
        "wrong",
        [
            unit("elsewhere", SUBJECT, region="130104"),
            unit("other duty", "城乡建设/供水"),
            unit("like words", "城乡建设/供"),
            unit("nobody", SUBJECT, principal=""),
            unit("closed", SUBJECT, close_date="2026-05-11"),
        ],
        ids=lambda each: each.name,
    )
    def test_leaves_out_who_cannot_lead(self, wrong: Unit) -> None:
        assert names(wrong) == []

    def test_takes_a_duty_above_the_subject_for_it(self) -> None:
        assert names(unit("a", SUBJECT), category=f"{SUBJECT}/室温不达标") == ["a"]

    def test_prefers_who_led_such_orders_here(self) -> None:
        units = unit("a", SUBJECT), unit("b", SUBJECT)
        assert names(*units, past={"b": Past(here=3)}) == ["b", "a"]
        assert names(*units, past={"a": Past(elsewhere=3), "b": Past(here=3)}) == ["b", "a"]

    def test_counts_what_was_given_back_against_it(self) -> None:
        units = unit("a", SUBJECT), unit("b", SUBJECT)
        assert names(*units, past={"a": Past(sent_back=1)}) == ["b", "a"]

    def test_goes_by_the_text_alone_where_the_subject_is_not_known(self) -> None:
        assert names(unit("a"), unit("b"), category="", a=0.3, b=0.7) == ["b", "a"]

    def test_is_never_quite_sure_and_says_why(self) -> None:
        [only] = suggest(
            units=[unit("a", SUBJECT)],
            region="130102",
            category=SUBJECT,
            past={"a": Past(here=2, elsewhere=5, sent_back=1)},
            likeness={"a": 0.9},
        )
        assert 0.8 < only.confidence < 1
        assert only.reasons == (
            f"职责包含“{SUBJECT}”",
            "事项发生在其辖区",
            "曾办理本地同类工单 2 件",
            "曾办理其他地区同类工单 5 件",
            "内容与其办理过的工单相近（90%）",
            "曾退回同类工单 1 件",
        )

    def test_names_a_few(self) -> None:
        assert len(names(*(unit(f"u{number}", SUBJECT) for number in range(MOST + 3)))) == MOST


class TestWords:
    WORDS = Words.learn(
        [
            ("heat", "暖气不热,室温不达标"),
            ("heat", "小区暖气漏水"),
            ("water", "自来水停水"),
            ("water", "水压低,停水两天"),
        ]
    )

    def test_tell_whose_orders_a_text_is_like(self) -> None:
        likeness = self.WORDS.likeness("家里暖气一直不热")
        assert max(likeness, key=lambda each: likeness[each]) == "heat"
        assert sum(likeness.values()) == pytest.approx(1)

    @pytest.mark.parametrize("text", ["", "。", "路灯", "热"])
    def test_say_nothing_of_what_was_never_seen(self, text: str) -> None:
        assert self.WORDS.likeness(text) == {}

    def test_of_no_orders_say_nothing(self) -> None:
        assert Words.learn([]).likeness("暖气不热") == {}

    def test_of_one_unit_alone_point_to_it(self) -> None:
        assert Words.learn([("heat", "暖气不热")]).likeness("暖气不热") == {"heat": 1.0}
