"""第十条(四): a unit's own knowledge base joins, is cut off in the middle, and comes to say the same.

HOTLINE_TEST_ITEMS sets how many items the base has.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hotline.knowledge.v1 import base_pb2, base_service_pb2, entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import Hotline, Person, Platform, new_request_id
from hotline_cli.commands.bases import Snapshot, synchronise
from rich.progress import Progress

from tests.regulation.city import LEAD, OTHER, City, refused
from tests.regulation.library import Library
from tests.regulation.test_art_10_18_upkeep import wait_for
from tests.support.link import Link

DUTIES = ("knowledge:10(4)",)

ITEMS = int(os.environ.get("HOTLINE_TEST_ITEMS", "2000"))
BASE = "bases/heating"


class Detour:
    """The platform, its knowledge service behind a link that is cut."""

    def __init__(self, platform: Platform, link: Link) -> None:
        self._platform = platform
        self._link = link
        self.ca = platform.ca

    def address(self, service: str) -> str:
        return self._link.address if service == "knowledge" else self._platform.address(service)

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:
        return self._platform.token(roles=roles, unit=unit, region=region, subject=subject)


@pytest.fixture(scope="module")
def base(city: City) -> str:
    """A base of the heating office, approved."""
    city.unit().bases.RegisterBase(
        base_service_pb2.RegisterBaseRequest(name=BASE, title="供热办知识库", request_id=new_request_id())
    )
    with refused("STATE_NOT_ALLOWED", article="Art. 10(4)"):
        send(city.unit(), base_pb2.BaseItem(key="1", title="太早", text="。", kind=entry_pb2.ENTRY_KIND_GUIDE))
    city.hotline.person("office").bases.ApproveBase(
        base_service_pb2.ApproveBaseRequest(name=BASE, request_id=new_request_id())
    )
    return BASE


def send(unit: Person, *items: base_pb2.BaseItem, gone: tuple[str, ...] = ()) -> base_pb2.SyncRun:
    """A synchronisation of a few changes."""
    request = base_service_pb2.SyncBaseRequest(
        name=BASE,
        run=new_request_id(),
        kind=base_pb2.SYNC_KIND_CHANGES,
        items=items,
        gone_keys=gone,
        last=True,
        request_id=new_request_id(),
    )
    [answer] = unit.bases.SyncBase(iter([request]))
    run: base_pb2.SyncRun = answer.run
    return run


def write(path: Path, numbers: Iterator[int] | range, *, text: str = "凭缴费凭证办理。") -> Snapshot:
    """What the unit's own base says, as a file."""
    with path.open("w", encoding="utf-8") as file:
        for number in numbers:
            said = {
                "key": f"k{number}",
                "title": f"换热站{number}号服务指南",
                "text": f"{number}号站{text}",
                "kind": "guide",
            }
            file.write(json.dumps(said, ensure_ascii=False) + "\n")
    return Snapshot(path=path, base=BASE, kind=base_pb2.SYNC_KIND_SNAPSHOT)


def entries_of_base(city: City, state: entry_pb2.EntryState.ValueType) -> int:
    """How many entries of the base stand so."""
    request = knowledge.ListEntriesRequest(base=BASE, state=state, page_size=1000)
    reader, found = city.hotline.person("editor").knowledge, 0
    while True:
        page = reader.ListEntries(request)
        found += len(page.entries)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


class TestAUnitsOwnBase:
    """自有知识库应当与热线知识库互联互通 (Art. 10(4))."""

    def test_comes_to_say_the_same_though_the_link_is_cut(
        self, city: City, library: Library, base: str, tmp_path: Path
    ) -> None:
        """Items that are new, that changed and that are gone, through a link that breaks twice (Art. 10(4))."""
        bytes_in_all = ITEMS * 100
        link = Link(
            city.hotline.instance.running.address("knowledge"), cut_after=[bytes_in_all // 3, bytes_in_all // 3]
        )
        hotline = Hotline(Detour(city.hotline.instance.running, link))
        unit = hotline.person("unit", unit=LEAD)
        try:
            with Progress(disable=True) as progress:
                first = synchronise(unit, write(tmp_path / "first", range(ITEMS)), progress=progress).run
                assert link.cuts == 2
                assert (first.taken, first.written, first.complete) == (ITEMS, ITEMS, True)
                last = f"换热站{ITEMS - 1}号服务指南"
                assert last in library.served(last)
                following = range(ITEMS // 10, ITEMS + 5)
                second = synchronise(unit, write(tmp_path / "second", following), progress=progress).run
        finally:
            hotline.close()
            link.close()
        assert (second.written, second.unchanged) == (5, ITEMS - ITEMS // 10)
        gone = ITEMS // 10
        wait_for(lambda: entries_of_base(city, entry_pb2.ENTRY_STATE_WITHDRAWN) == gone, seconds=20 + gone / 50)
        assert entries_of_base(city, entry_pb2.ENTRY_STATE_PUBLISHED) == len(following)
        assert "换热站0号服务指南" not in library.served("换热站0号服务指南")

    def test_is_seen_in_the_search_within_seconds_and_marked(self, city: City, library: Library, base: str) -> None:
        """及时更新; the entry says whose base it is from, and is changed there alone (Art. 10(4))."""
        started = time.monotonic()
        title = "磁悬浮热泵机组报停手续"
        send(
            city.unit(), base_pb2.BaseItem(key="urgent", title=title, text="到窗口。", kind=entry_pb2.ENTRY_KIND_GUIDE)
        )
        found = library.citizen.SearchEntries(knowledge.SearchEntriesRequest(query=title)).hits[0].entry
        assert (found.title, found.base, found.unit) == (title, BASE, LEAD)
        assert time.monotonic() - started < 5
        with refused("ENTRY_OF_BASE", article="Art. 10(4)"):
            library.change(found, text="改")
        send(city.unit(), gone=("urgent",))
        assert title not in library.served(title)

    def test_waits_for_the_office_where_it_shows_personal_data(self, city: City, library: Library, base: str) -> None:
        """The base is approved once, and what must not be served is held all the same (ours, Art. 18, 36(4))."""
        title = "石墨烯地暖故障专线"
        item = base_pb2.BaseItem(key="p", title=title, text="找李工 13912345678", kind=entry_pb2.ENTRY_KIND_GUIDE)
        assert send(city.unit(), item).held == 1
        assert title not in library.served(title)
        [draft] = library.operator.ListEntries(
            knowledge.ListEntriesRequest(base=BASE, state=entry_pb2.ENTRY_STATE_DRAFT)
        ).entries
        library.publish(draft)
        assert title in library.served(title)

    def test_is_of_its_own_unit_and_served_while_the_office_approves(
        self, city: City, library: Library, base: str
    ) -> None:
        """Nobody else synchronises it; withdrawn, nothing of it is served (Art. 10(4))."""
        title = "太赫兹测温登记"
        item = base_pb2.BaseItem(key="t", title=title, text="到窗口。", kind=entry_pb2.ENTRY_KIND_GUIDE)
        with refused("NOT_OWN_UNIT"):
            send(city.unit(OTHER), item)
        send(city.unit(), item)
        assert title in library.served(title)
        city.hotline.person("office").bases.WithdrawBase(
            base_service_pb2.WithdrawBaseRequest(name=BASE, reason="内容过期", request_id=new_request_id())
        )
        assert title not in library.served(title)
        with refused("STATE_NOT_ALLOWED", article="Art. 10(4)"):
            send(city.unit(), item)
