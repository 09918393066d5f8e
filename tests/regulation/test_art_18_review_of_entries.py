"""第十八条: units write what the knowledge base says of them; it is served after review and while it holds."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, OTHER, City, date_of, refused

DUTIES = ("knowledge:10(4),18",)


def write(city: City, title: str, *, unit: str = LEAD, by: str = LEAD, **changes: Any) -> entry_pb2.Entry:
    """A unit uploads an entry."""
    entry = entry_pb2.Entry(
        title=title, text="请带身份证到窗口办理。", kind=entry_pb2.ENTRY_KIND_GUIDE, unit=unit, **changes
    )
    written: entry_pb2.Entry = city.unit(by).knowledge.CreateEntry(
        knowledge.CreateEntryRequest(entry=entry, request_id=new_request_id())
    )
    return written


def publish(city: City, entry: entry_pb2.Entry) -> entry_pb2.Entry:
    """The editor ends its review."""
    return city.hotline.person("editor").knowledge.PublishEntry(
        knowledge.PublishEntryRequest(name=entry.name, request_id=new_request_id())
    )


def served(city: City, query: str) -> dict[str, str]:
    """Texts a citizen is served, by title."""
    found = city.hotline.person().knowledge.SearchEntries(knowledge.SearchEntriesRequest(query=query, page_size=50))
    return {hit.entry.title: hit.entry.text for hit in found.hits}


class TestAnEntryOfAUnit:
    """承办单位应当…制作涉及本单位的热线知识库信息,按要求上传至热线平台 (Art. 18)."""

    def test_is_served_after_its_review_and_not_before(self, city: City) -> None:
        """按要求上传: somebody looks at it first (Art. 18, 19)."""
        entry = write(city, "地暖清洗补贴申领")
        assert "地暖清洗补贴申领" not in served(city, "地暖清洗补贴申领")
        publish(city, entry)
        assert "地暖清洗补贴申领" in served(city, "地暖清洗补贴申领")

    def test_is_served_as_it_was_while_a_change_waits(self, city: City) -> None:
        """准确权威: nothing unreviewed is served (Art. 10(4), 18)."""
        entry = publish(city, write(city, "热计量表更换登记"))
        changed = entry_pb2.Entry(name=entry.name, text="网上办理。")
        city.unit().knowledge.UpdateEntry(
            knowledge.UpdateEntryRequest(
                entry=changed, update_mask=FieldMask(paths=["text"]), request_id=new_request_id()
            )
        )
        assert served(city, "热计量表更换登记")["热计量表更换登记"] == "请带身份证到窗口办理。"
        publish(city, entry)
        assert served(city, "热计量表更换登记")["热计量表更换登记"] == "网上办理。"

    def test_is_not_written_by_another_unit(self, city: City) -> None:
        """涉及本单位 (Art. 18)."""
        with refused("NOT_OWN_UNIT"):
            write(city, "别家的事", unit=LEAD, by=OTHER)

    def test_is_not_published_by_its_own_unit(self, city: City) -> None:
        """The platform reviews what units upload (Art. 18)."""
        entry = write(city, "自己发布自己")
        with refused("PERMISSION_DENIED"):
            city.unit().knowledge.PublishEntry(
                knowledge.PublishEntryRequest(name=entry.name, request_id=new_request_id())
            )


class TestAnExpiredEntry:
    """确保真实合法、准确权威 (Art. 10(4), 18)."""

    def test_is_never_served(self, city: City) -> None:
        """On its last day it is, on the next it is not (Art. 18)."""
        publish(city, write(city, "临时供热点安排", valid_until=date_of(city.now.date())))
        assert "临时供热点安排" in served(city, "临时供热点安排")
        city.pass_by(days=1)
        assert "临时供热点安排" not in served(city, "临时供热点安排")

    def test_cannot_be_published(self, city: City) -> None:
        """Nor can one be put up that has run out (Art. 18)."""
        entry = write(city, "去年的安排", valid_until=date_of(city.now.date()))
        city.pass_by(days=1)
        with refused("ENTRY_NOT_VALID", article="Art. 18"):
            publish(city, entry)
