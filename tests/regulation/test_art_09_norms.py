"""第九条(二): the office's own norms, standards and procedures, versioned, at hand for every seat."""

import pytest
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge

from tests.regulation.city import LEAD, City, refused
from tests.regulation.library import Library

DUTIES = ("knowledge:9(2)",)

SEATS = ("operator", "reviewer", "callback", "quality", "office")


@pytest.fixture(scope="module")
def norm(library: Library) -> entry_pb2.Entry:
    """A rule of the office for its seats, in its second version."""
    written = library.write("骚扰电话处置流程", by=library.editor, kind=entry_pb2.ENTRY_KIND_NORM, text="警告两次。")
    library.publish(written)
    return library.publish(library.change(written, by=library.editor, text="警告三次,仍骚扰的结束通话并登记。"))


class TestANorm:
    """制定热线工作规范、服务标准、业务流程…等工作制度 (Art. 9(2))."""

    @pytest.mark.parametrize("seat", SEATS)
    def test_is_at_hand_for_every_seat(self, city: City, library: Library, norm: entry_pb2.Entry, seat: str) -> None:
        """An operator finds the rule for the case, in the version in force (Art. 9(2))."""
        reader = city.hotline.person(seat).knowledge
        [hit, *_] = reader.SearchEntries(
            knowledge.SearchEntriesRequest(query="接到骚扰电话怎么处置", kind=entry_pb2.ENTRY_KIND_NORM)
        ).hits
        assert (hit.entry.name, hit.entry.text) == (norm.name, "警告三次,仍骚扰的结束通话并登记。")

    def test_keeps_its_versions(self, library: Library, norm: entry_pb2.Entry) -> None:
        """What was in force before can be read (Art. 9(2))."""
        versions = library.operator.ListEntryVersions(knowledge.ListEntryVersionsRequest(parent=norm.name)).versions
        assert [version.entry.text for version in versions][1] == "警告两次。"

    def test_is_for_the_seats_and_not_for_the_public(self, library: Library, norm: entry_pb2.Entry) -> None:
        """Working rules of the office are no answers to citizens (Art. 9(2); ours)."""
        assert norm.title not in library.served(norm.title)

    def test_is_the_offices_own(self, library: Library) -> None:
        """No unit makes rules for the hotline (Art. 9(2))."""
        with refused("FIELD_INVALID", field="entry.unit"):
            library.write("别家的流程", kind=entry_pb2.ENTRY_KIND_NORM, unit=LEAD)
