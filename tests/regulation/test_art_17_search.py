"""第十七条: the knowledge base is found by half words and answers precisely."""

import pytest
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge

from tests.regulation.city import OTHER, City
from tests.regulation.library import Library

DUTIES = ("knowledge:17",)

HEATING = "家里暖气不热怎么办"
FUND = "租房提取住房公积金"
CITY, COUNTY, NEXT_COUNTY = "139900", "139923", "139924"
NEWBORN = "新生儿落户怎么办理"


def titles(city: City, query: str) -> list[str]:
    """What a citizen without any token finds, best first."""
    found = city.hotline.person().knowledge.SearchEntries(knowledge.SearchEntriesRequest(query=query))
    return [hit.entry.title for hit in found.hits]


class TestSearch:
    """优化架构,实现模糊查询、精准定位,方便日常使用和群众自主查询 (Art. 17)."""

    @pytest.mark.parametrize(
        ("query", "title"),
        [
            ("家里暖气不热怎么办", HEATING),
            ("我家的暖气从昨天开始一直不热,老人受不了,请问怎么办", HEATING),
            ("租房提取公积金", FUND),
            ("新生儿落户", NEWBORN),
        ],
    )
    def test_finds_by_words_precisely(self, city: City, query: str, title: str) -> None:
        """精准定位: the right one stands first (Art. 17)."""
        assert titles(city, query)[0] == title

    @pytest.mark.parametrize(("query", "title"), [("暖气", HEATING), ("公积金提", FUND), ("儿落户", NEWBORN)])
    def test_finds_by_half_words(self, city: City, query: str, title: str) -> None:
        """模糊查询: part of a word is enough (Art. 17)."""
        assert title in titles(city, query)[:3]

    @pytest.mark.parametrize(
        ("query", "title"), [("nuanqi bu re", HEATING), ("zufang tiqu gongjijin", FUND), ("luohu", NEWBORN)]
    )
    def test_finds_by_pinyin(self, city: City, query: str, title: str) -> None:
        """模糊查询: as it sounds (Art. 17)."""
        assert title in titles(city, query)[:3]

    @pytest.mark.parametrize(("query", "title"), [("暖汽不热", HEATING), ("供积金提取", FUND), ("新生而落户", NEWBORN)])
    def test_finds_in_spite_of_typing_errors(self, city: City, query: str, title: str) -> None:
        """模糊查询: a wrong character does not hide the answer (Art. 17)."""
        assert title in titles(city, query)[:3]

    def test_serves_a_county_with_its_own_and_the_citys(self, library: Library) -> None:
        """精准定位: what holds for the county, its city or everywhere, not for the next county (Art. 17)."""
        matter = "山区取暖散煤置换"
        for name, region in (("本县", COUNTY), ("全市", CITY), ("各地", ""), ("邻县", NEXT_COUNTY)):
            library.publish(library.write(f"{matter}{name}", region=region))

        def found(**filters: str) -> set[str]:
            return {
                title[-2:]
                for title in library.served("山区取暖散煤置换", **filters)
                if title.startswith("山区取暖散煤置换")
            }

        assert found(region=COUNTY) == {"本县", "全市", "各地"}
        assert found(region=CITY) == {"全市", "各地"}
        assert found() == {"本县", "全市", "各地", "邻县"}
        assert found(region=COUNTY, unit=OTHER) == set()

    def test_finds_nothing_where_there_is_nothing(self, city: City) -> None:
        """精准: no answer is better than any answer (Art. 17)."""
        assert titles(city, "zzzzqqqq") == []
