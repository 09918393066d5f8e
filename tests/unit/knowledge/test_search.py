"""What the index finds (Art. 17)."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hotline_knowledge.adapters.search import SearchIndex, Wanted, of_entry
from hotline_knowledge.domain.entry import Content, EntryKind, Origin
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 5, 8)
ENTRIES = {
    1: Content(
        title="社会保障卡如何补办", text="携带身份证到合作银行网点。", kind=EntryKind.GUIDE, keywords=("社保卡",)
    ),
    2: Content(title="供暖时间", text="每年十一月十五日开始供热，次年三月十五日结束。", kind=EntryKind.QUESTION),
    3: Content(title="物业费收取标准", text="由双方合同约定。", kind=EntryKind.POLICY, region="130102"),
    4: Content(title="物业费收取标准", text="由双方合同约定。", kind=EntryKind.POLICY, region="130104"),
    5: Content(title="高速公路ETC办理", text="请到服务网点。", kind=EntryKind.GUIDE, keywords=("电子收费",)),
    6: Content(title="春节临时安排", text="已过期。", kind=EntryKind.POLICY, valid_until=date(2026, 5, 7)),
    7: Content(title="端午节临时安排", text="未开始。", kind=EntryKind.POLICY, valid_from=date(2026, 5, 9)),
    8: Content(title="话务礼仪规范", text="首问负责。", kind=EntryKind.NORM),
    9: Content(
        title="供暖报修互助",
        text="邻里经验。",
        kind=EntryKind.GUIDE,
        unit="units/heat",
        origin=Origin.SOCIAL,
        valid_until=date(2026, 5, 20),
    ),
}


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    index = SearchIndex()
    index.apply([(UUID(int=number), of_entry(content)) for number, content in ENTRIES.items()])
    return index


def found(index: SearchIndex, query: str, *, on: date = TODAY, limit: int = 10, **wanted: Any) -> list[int]:
    return [id_.int for id_, _ in index.find(query, Wanted(on=on, **wanted), limit=limit)]


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "best"),
        [
            ("社会保障卡", 1),
            ("社保卡丢了怎么补办", 1),
            ("补办 社保", 1),
            ("设宝卡", 1),  # homophones
            ("shebaoka", 1),
            ("she bao ka", 1),
            ("供暧时间", 2),  # a misspelling
            ("几月开始供热", 2),  # in the text alone
            ("etc", 5),
            ("ＥＴＣ", 5),
            ("电子收", 5),  # half a word
            ("暖", 2),
        ],
    )
    def test_finds_the_right_entry_first(self, index: SearchIndex, query: str, best: int) -> None:
        assert found(index, query)[0] == best

    def test_gives_a_place_its_own_and_the_whole_citys(self, index: SearchIndex) -> None:
        assert found(index, "物业费", region="130102") == [3]
        assert sorted(found(index, "物业费")) == [3, 4]
        assert found(index, "社保卡", region="130102")[0] == 1

    @pytest.mark.parametrize(("day", "expected"), [(7, [6]), (8, []), (9, [7])])
    def test_never_gives_what_does_not_hold_that_day(self, index: SearchIndex, day: int, expected: list[int]) -> None:
        assert [n for n in found(index, "临时安排", on=date(2026, 5, day)) if n in (6, 7)] == expected

    def test_gives_the_offices_norms_to_staff_alone(self, index: SearchIndex) -> None:
        assert found(index, "话务礼仪规范") == []
        assert found(index, "话务礼仪规范", for_staff=True) == [8]

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({"unit": "units/heat"}, [9]),
            ({"origin": Origin.SOCIAL}, [9]),
            ({"kind": EntryKind.QUESTION}, [2]),
            ({"still_on": date(2026, 5, 20)}, [2, 9]),
            ({"still_on": date(2026, 5, 21)}, [2]),
        ],
    )
    def test_gives_what_is_wanted_alone(self, index: SearchIndex, wanted: dict[str, Any], expected: list[int]) -> None:
        assert sorted(found(index, "供暖", **wanted)) == expected

    def test_gives_the_better_hit_the_higher_score_and_no_more_than_asked(self, index: SearchIndex) -> None:
        scores = [score for _, score in index.find("办理补办物业费", Wanted(on=TODAY), limit=3)]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == 3

    @given(query=st.text(max_size=200))
    def test_takes_every_query(self, index: SearchIndex, query: str) -> None:
        found(index, query)

    @pytest.mark.parametrize(
        "query", ['"', "社保 AND (", "title:*", "\\", "🎉", "\0", "' OR 1=1 --", "社" * 200, "[a TO"]
    )
    def test_knows_no_operators(self, index: SearchIndex, query: str) -> None:
        found(index, query)

    def test_forgets_what_is_taken_out_and_finds_what_is_changed(self) -> None:
        index = SearchIndex()
        one = UUID(int=1)
        index.apply([(one, of_entry(ENTRIES[1]))])
        index.apply([(one, of_entry(ENTRIES[2]))])
        assert (found(index, "社保卡"), found(index, "供暖")) == ([], [1])
        index.apply([(one, None)])
        assert found(index, "供暖") == []
