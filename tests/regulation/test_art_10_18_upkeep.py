"""第十条(四)、第十八条: entries have an owner, versions and a review date; stale ones are chased."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge

from tests.regulation.city import LEAD, OTHER, City, date_of, refused
from tests.regulation.library import Library

DUTIES = ("knowledge:10(4),18",)


def wait_for(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Waits until the pump did it: it looks for what is to do a few times a second."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        threading.Event().wait(0.05)


class TestVersions:
    """提供、更新、维护涉及本单位的热线知识库信息 (Art. 10(4))."""

    def test_are_kept_and_compared(self, library: Library) -> None:
        """Who did what, and what two versions have different (Art. 18)."""
        entry = library.publish(library.write("供热缴费渠道", text="到营业厅缴费。工作日受理。"))
        library.publish(library.change(entry, text="网上缴费。工作日受理。", sources=["供热管理办法"]))
        versions = library.operator.ListEntryVersions(knowledge.ListEntryVersionsRequest(parent=entry.name)).versions
        assert [entry_pb2.EntryAction.Name(v.action).removeprefix("ENTRY_ACTION_") for v in versions] == [
            "WRITTEN",
            "PUBLISHED",
            "CHANGED",
            "PUBLISHED",
        ]
        assert versions[1].actor == "editor-602"
        assert versions[0].entry.text == "到营业厅缴费。工作日受理。"
        found = library.operator.DiffEntryVersions(
            knowledge.DiffEntryVersionsRequest(name=entry.name, old_version=2, new_version=4)
        ).differences
        assert {difference.field for difference in found} == {"text", "sources"}
        [text] = [difference for difference in found if difference.field == "text"]
        assert list(text.lines) == ["- 到营业厅缴费。", "+ 网上缴费。", "  工作日受理。"]


class TestReview:
    """确保真实合法、准确权威 (Art. 10(4))."""

    def test_is_made_by_somebody_else_than_the_writer(self, library: Library) -> None:
        """Nobody ends the review of their own words (Art. 18)."""
        entry = library.write("热费补贴标准", by=library.editor)
        with refused("REVIEWED_BY_WRITER", article="Art. 18"):
            library.publish(entry, by=library.editor)
        assert library.publish(entry).state == entry_pb2.ENTRY_STATE_PUBLISHED


class TestUpkeep:
    """及时更新、维护 (Art. 10(4))."""

    def test_of_what_is_stale_is_chased_until_the_owner_confirms(self, city: City, library: Library) -> None:
        """Told two weeks before, and every week again (Art. 18; the numbers are ours)."""
        today = city.now.date()
        entry = library.publish(library.write("锅炉检修计划", review_date=date_of(today + timedelta(days=15))))

        def told(unit: str = LEAD) -> list[tuple[entry_pb2.UpkeepGround.ValueType, int]]:
            listed = library.unit(unit).ListUpkeep(knowledge.ListUpkeepRequest()).upkeep
            return [(upkeep.ground, upkeep.told_count) for upkeep in listed if upkeep.entry.name == entry.name]

        assert told() == []
        city.pass_by(days=1)
        wait_for(lambda: told() == [(entry_pb2.UPKEEP_GROUND_REVIEW, 1)])
        assert told(OTHER) == []
        city.pass_by(days=7)
        wait_for(lambda: told() == [(entry_pb2.UPKEEP_GROUND_REVIEW, 2)])
        with refused("NOT_OWN_UNIT"):
            library.confirm(entry, by=library.unit(OTHER))
        library.confirm(entry)
        assert told() == []
        assert library.served("锅炉检修计划")[0] == "锅炉检修计划"

    def test_is_due_before_an_entry_expires(self, city: City, library: Library) -> None:
        """An expired entry is never served, and its owner is told before (Art. 18)."""
        last = city.now.date() + timedelta(days=2)
        entry = library.publish(library.write("临时停热公告期", valid_until=date_of(last)))

        def told() -> int:
            listed = library.unit().ListUpkeep(knowledge.ListUpkeepRequest(unit=LEAD)).upkeep
            return sum(
                upkeep.told_count
                for upkeep in listed
                if (upkeep.entry.name, upkeep.ground) == (entry.name, entry_pb2.UPKEEP_GROUND_EXPIRY)
            )

        wait_for(lambda: told() == 1)
        assert "临时停热公告期" in library.served("临时停热公告期")
        assert "临时停热公告期" not in library.served("临时停热公告期", valid_on=date_of(last + timedelta(days=1)))
        city.pass_by(days=3)
        assert "临时停热公告期" not in library.served("临时停热公告期")
        with refused("ENTRY_NOT_VALID", article="Art. 18"):
            library.confirm(entry)
