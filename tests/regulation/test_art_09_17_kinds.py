"""第九条(四)、第十七条: entries of every kind, from government, public and social sources, filtered and counted."""

import pytest
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge

from tests.regulation.library import Library

OfEveryKind = dict[tuple[entry_pb2.EntryKind.ValueType, entry_pb2.EntryOrigin.ValueType], str]

DUTIES = ("knowledge:9(4),17",)

TITLE = "地热井回灌政策口径"


@pytest.fixture(scope="module")
def of_every_kind(library: Library) -> OfEveryKind:
    """Titles of published entries, by kind and origin."""
    titles: OfEveryKind = {}
    for kind in ("QUESTION", "GUIDE", "LAW", "POLICY"):
        for origin in ("GOVERNMENT", "PUBLIC", "SOCIAL"):
            key = entry_pb2.EntryKind.Value(f"ENTRY_KIND_{kind}"), entry_pb2.EntryOrigin.Value(f"ENTRY_ORIGIN_{origin}")
            titles[key] = f"{TITLE}{kind}{origin}"
            library.publish(library.write(titles[key], kind=key[0], origin=key[1]))
    return titles


class TestKindsAndOrigins:
    """常见问题、办事指南、法律法规、政策措施;集政府资源、公共资源和社会资源于一体 (Art. 9(4), 17)."""

    def test_each_is_found_by_itself(self, library: Library, of_every_kind: OfEveryKind) -> None:
        """A filter gives what was asked for alone (Art. 17)."""
        for (kind, origin), title in of_every_kind.items():
            assert set(library.served(TITLE, kind=kind, origin=origin)[:1]) == {title}
            listed = library.operator.ListEntries(knowledge.ListEntriesRequest(kind=kind, origin=origin)).entries
            assert {(entry.kind, entry.origin) for entry in listed} == {(kind, origin)}

    def test_each_is_counted(self, library: Library, of_every_kind: OfEveryKind) -> None:
        """How much there is of each (Art. 9(4))."""
        counts = library.operator.CountEntries(knowledge.CountEntriesRequest()).counts
        published = {
            (count.kind, count.origin): count.count
            for count in counts
            if count.state == entry_pb2.ENTRY_STATE_PUBLISHED
        }
        for kind, origin in of_every_kind:
            wanted = knowledge.ListEntriesRequest(
                kind=kind, origin=origin, state=entry_pb2.ENTRY_STATE_PUBLISHED, page_size=1000
            )
            assert published[kind, origin] == len(library.operator.ListEntries(wanted).entries)
