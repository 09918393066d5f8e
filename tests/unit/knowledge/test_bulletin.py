"""What may happen to a bulletin, and how it reads in print (Art. 9(5), 31)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain.bulletin import (
    LINE_LENGTH,
    Bulletin,
    BulletinContent,
    BulletinOver,
    BulletinState,
    BulletinStateNotAllowed,
    Topic,
)
from hotline_knowledge.domain.entry import NotOwnUnit

NOW = datetime(2026, 10, 9, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def content(**changes: object) -> BulletinContent:
    fields: dict[str, object] = {"topic": Topic.OUTAGE, "title": "东风路停水", "text": "请储水。"}
    return BulletinContent(**(fields | changes))  # type: ignore[arg-type]


def written(*, by_office: bool = True, **changes: object) -> Bulletin:
    return Bulletin.written(content(**changes), bulletin_id=UUID(int=7), by_office=by_office, now=NOW)


class TestBulletin:
    def test_is_shown_from_its_issue_until_its_end(self) -> None:
        assert not written(by_office=False).is_shown(at=NOW)
        issued = written(by_office=False, end=NOW + HOUR).issued(now=NOW)
        assert issued.is_shown(at=NOW)
        assert not issued.is_shown(at=NOW + HOUR)
        assert not issued.withdrawn(reason="取消", now=NOW).is_shown(at=NOW)

    def test_is_not_written_issued_or_corrected_when_it_is_over(self) -> None:
        with pytest.raises(BulletinOver):
            written(end=NOW)
        with pytest.raises(BulletinOver):
            written(by_office=False, end=NOW + HOUR).issued(now=NOW + HOUR)
        over = written(end=NOW + HOUR)
        with pytest.raises(BulletinOver):
            over.corrected(over.content, note="改", now=NOW + HOUR)
        assert over.corrected(content(end=NOW + 3 * HOUR), note="延长", now=NOW + HOUR).version == 2

    def test_is_not_changed_once_it_is_withdrawn(self) -> None:
        withdrawn = written().withdrawn(reason="取消", now=NOW)
        assert withdrawn.state is BulletinState.WITHDRAWN
        with pytest.raises(BulletinStateNotAllowed):
            withdrawn.corrected(content(), note="改", now=NOW)
        with pytest.raises(BulletinStateNotAllowed):
            withdrawn.withdrawn(reason="又取消", now=NOW)
        with pytest.raises(BulletinStateNotAllowed):
            withdrawn.copy()
        with pytest.raises(BulletinStateNotAllowed):
            written().issued(now=NOW)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"title": " "}, "content.title"),
            ({"text": " "}, "content.text"),
            ({"start": NOW + HOUR, "end": NOW + HOUR}, "content.end_time"),
        ],
    )
    def test_is_refused_with_the_field_named(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(FieldInvalid) as refusal:
            written(**changes)
        assert [path for path, _ in refusal.value.violations] == [field]

    @pytest.mark.parametrize(("owner", "unit"), [("units/heat", "units/water"), ("", "units/water"), ("", "")])
    def test_is_written_by_its_own_unit_alone(self, owner: str, unit: str) -> None:
        with pytest.raises(NotOwnUnit):
            content(unit=owner).must_belong_to(unit)


class TestCopy:
    def test_reads_as_it_stands_in_the_paper(self) -> None:
        copy = written(start=NOW, end=NOW + 10 * HOUR + timedelta(minutes=30)).copy()
        assert copy.copy.splitlines() == [
            "【停水停电】东风路停水",
            "请储水。",
            "时间：2026年10月9日8时至2026年10月9日18时30分",
            "961890群众服务热线 2026年10月9日8时发布",
        ]
        assert copy.line == "【停水停电】东风路停水，2026年10月9日8时至2026年10月9日18时30分。详询961890"

    def test_says_what_was_corrected(self) -> None:
        copy = written().corrected(content(title="西风路停水"), note="路名有误", now=NOW).copy()
        assert copy.headline == "【停水停电】西风路停水（更正）"
        assert "更正说明：路名有误" in copy.copy

    @pytest.mark.parametrize("length", [1, 40, 60, 200])
    def test_fits_in_one_short_message(self, length: int) -> None:
        assert len(written(title="停" * length, start=NOW).copy().line) <= LINE_LENGTH
