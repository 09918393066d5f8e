"""The people of the knowledge base and what they do, in the fewest words."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, City


class Library:
    """The knowledge base of the city."""

    def __init__(self, city: City) -> None:
        self.editor = city.hotline.person("editor", subject="editor-601").knowledge
        self.reviewer = city.hotline.person("editor", subject="editor-602").knowledge
        self.operator = city.hotline.person("operator").knowledge
        self.citizen = city.hotline.person().knowledge
        self._city = city

    def unit(self, name: str = LEAD) -> Any:
        """Whoever maintains the entries of a unit."""
        return self._city.unit(name).knowledge

    def write(self, title: str, *, by: Any = None, **fields: Any) -> entry_pb2.Entry:
        """An entry, by default of a unit and by that unit."""
        wanted: dict[str, Any] = {"text": "请带身份证到窗口办理。", "kind": entry_pb2.ENTRY_KIND_GUIDE}
        if by is None:
            by, wanted["unit"] = self.unit(), LEAD
        entry = entry_pb2.Entry(title=title, **wanted | fields)
        written: entry_pb2.Entry = by.CreateEntry(
            knowledge.CreateEntryRequest(entry=entry, request_id=new_request_id())
        )
        return written

    def change(self, entry: entry_pb2.Entry, *, by: Any = None, **fields: Any) -> entry_pb2.Entry:
        """Says something else in these fields; by default by its unit."""
        changed: entry_pb2.Entry = (by or self.unit()).UpdateEntry(
            knowledge.UpdateEntryRequest(
                entry=entry_pb2.Entry(name=entry.name, **fields),
                update_mask=FieldMask(paths=list(fields)),
                request_id=new_request_id(),
            )
        )
        return changed

    def publish(self, entry: entry_pb2.Entry, *, by: Any = None) -> entry_pb2.Entry:
        """Ends its review."""
        published: entry_pb2.Entry = (by or self.reviewer).PublishEntry(
            knowledge.PublishEntryRequest(name=entry.name, request_id=new_request_id())
        )
        return published

    def confirm(self, entry: entry_pb2.Entry, *, by: Any = None, **fields: Any) -> entry_pb2.Entry:
        """Its owner says that it still holds."""
        confirmed: entry_pb2.Entry = (by or self.unit()).ConfirmEntry(
            knowledge.ConfirmEntryRequest(name=entry.name, request_id=new_request_id(), **fields)
        )
        return confirmed

    def served(self, query: str, *, to: Any = None, **filters: Any) -> list[str]:
        """Titles somebody, by default a citizen without a token, finds."""
        request = knowledge.SearchEntriesRequest(query=query, page_size=50, **filters)
        return [hit.entry.title for hit in (to or self.citizen).SearchEntries(request).hits]
