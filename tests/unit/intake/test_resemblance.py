"""Wording that no rule meets may resemble an emergency (Art. 6(1)); the more is said, the less it counts."""

import pytest
from hotline_intake.domain.resemblance import Model, clauses, learned, windows


class TestAModel:
    def test_weighs_neighbouring_clauses_together(self) -> None:
        parts = list(clauses("甲乙，丙丁。戊己！庚辛"))
        assert ["".join(group for group in window if len(group) == 2) for window in windows(parts)] == [
            "甲乙丙丁戊己",
            "丙丁戊己庚辛",
        ]

    def test_asks_more_of_whoever_says_much(self) -> None:
        danger = "他在桥上"
        model = Model(bias=0, bar=1, rise=1, weights=dict.fromkeys(next(clauses(danger)), 0.5))
        assert model.resembles(danger)
        assert not model.resembles(danger + "，春天来了" * 20)

    @pytest.mark.parametrize("words", ["", "，。", "救", "!!!", "abc"])
    def test_leaves_to_the_rules_what_is_hardly_known(self, words: str) -> None:
        assert not Model(bias=9, bar=10, rise=0, weights={"救": 99}).resembles(words)
        assert not learned().resembles(words)
