"""What an update changes (AIP-134)."""

from datetime import date

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1.knowledge_service_pb2 import UpdateEntryRequest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.adapters import messages
from hotline_knowledge.domain.entry import FieldNotUpdatable

ENTRY = entry_pb2.Entry(
    name="entries/x", title="新", keywords=["卡"], valid_until=Date(year=2026, month=5, day=8), etag="3"
)


def changes(*paths: str, entry: entry_pb2.Entry = ENTRY) -> dict[str, object]:
    return dict(messages.changes_of(UpdateEntryRequest(entry=entry, update_mask=FieldMask(paths=paths))))


class TestUpdate:
    def test_without_a_mask_changes_every_field_that_is_set(self) -> None:
        assert changes() == {"title": "新", "keywords": ("卡",), "valid_until": date(2026, 5, 8)}

    def test_with_a_mask_changes_its_fields_and_no_other(self) -> None:
        assert changes("keywords", "region") == {"keywords": ("卡",), "region": ""}

    def test_with_a_star_changes_all(self) -> None:
        assert set(changes("*")) == set(messages.UPDATABLE)

    @pytest.mark.parametrize("path", ["state", "name", "answer_count", "no_such_field", "valid_until.year", ""])
    def test_refuses_what_cannot_be_changed(self, path: str) -> None:
        with pytest.raises(FieldNotUpdatable) as refusal:
            changes("title", path)
        assert refusal.value.facts == {"path": path}

    @pytest.mark.parametrize(
        "day", [Date(year=2026, month=2, day=30), Date(year=2026), Date(year=10**9, month=1, day=1)]
    )
    def test_refuses_a_day_that_is_none(self, day: Date) -> None:
        with pytest.raises(FieldInvalid) as refusal:
            changes(entry=entry_pb2.Entry(valid_from=day))
        assert refusal.value.violations[0][0] == "entry.valid_from"
