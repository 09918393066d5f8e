"""第九条(四): what operators looked for and did not find becomes a task of the unit that should know."""

from hotline.knowledge.v1 import gap_pb2
from hotline.knowledge.v1 import gap_service_pb2 as gaps
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, OTHER, City, refused
from tests.regulation.library import Library
from tests.regulation.test_art_10_18_upkeep import wait_for

DUTIES = ("knowledge:9(4)",)


def report(city: City, query: str) -> gap_pb2.Gap:
    """An operator tells what was missing."""
    told: gap_pb2.Gap = city.hotline.person("operator").gaps.ReportGap(
        gaps.ReportGapRequest(query=query, request_id=new_request_id())
    )
    return told


def gaps_of(city: City, unit: str) -> list[str]:
    """What a unit is to write about."""
    return [gap.query for gap in city.unit(unit).gaps.ListGaps(gaps.ListGapsRequest()).gaps]


class TestAGap:
    """建立、完善热线知识库 (Art. 9(4))."""

    def test_becomes_the_task_of_the_unit_that_should_know(self, city: City, library: Library) -> None:
        """Told, assigned, written, reviewed, filled (ours, Art. 9(4))."""
        report(city, "石墨烯电暖画备案")
        gap = report(city, "石墨烯电暖画 备案？")
        assert gap.ask_count == 2
        city.hotline.person("office").gaps.AssignGap(
            gaps.AssignGapRequest(name=gap.name, unit=LEAD, etag=gap.etag, request_id=new_request_id())
        )
        assert "石墨烯电暖画备案" in gaps_of(city, LEAD)
        assert "石墨烯电暖画备案" not in gaps_of(city, OTHER)
        entry = library.write("石墨烯电暖画怎样备案")
        fill = gaps.FillGapRequest(name=gap.name, entry=entry.name, request_id=new_request_id())
        with refused("ENTRY_NOT_SERVED", article="Art. 9(4)"):
            city.unit().gaps.FillGap(fill)
        library.publish(entry)
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).gaps.FillGap(fill)
        assert city.unit().gaps.FillGap(fill).state == gap_pb2.GAP_STATE_FILLED
        with refused("STATE_NOT_ALLOWED", article="Art. 9(4)"):
            city.hotline.person("office").gaps.DismissGap(
                gaps.DismissGapRequest(name=gap.name, reason="不再需要", request_id=new_request_id())
            )

    def test_is_counted_by_the_search_that_found_nothing(self, city: City, library: Library) -> None:
        """Without a word of whoever searched, and nothing of what a citizen searches (ours, Art. 9(4), 36(4))."""
        operator = city.hotline.person("operator", subject="operator-who-misses").knowledge
        assert library.served("qwxzv", to=library.citizen) == []
        assert operator.SearchEntries(knowledge.SearchEntriesRequest(query="zxqvw")).hits == []

        def counted(query: str) -> int:
            page = gaps.ListGapsRequest(state=gap_pb2.GAP_STATE_OPEN, page_size=1000)
            found = city.hotline.person("office").gaps.ListGaps(page).gaps
            return sum(gap.ask_count for gap in found if gap.query == query)

        wait_for(lambda: counted("zxqvw") == 1)
        assert counted("qwxzv") == 0
