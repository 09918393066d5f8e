"""What is served of an entry, and who writes it (Art. 17, 18)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain import (
    Content,
    Entry,
    EntryKind,
    EntryNotValid,
    EntryState,
    EntryStateNotAllowed,
    NotOwnUnit,
    legal_day,
)
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

NOW = datetime(2026, 5, 8, 4, 0, tzinfo=UTC)
TODAY = date(2026, 5, 8)
DAY = timedelta(days=1)


def content(**changes: object) -> Content:
    fields: dict[str, object] = {"title": "社保卡补办", "text": "携带身份证到网点办理。", "kind": EntryKind.GUIDE}
    return Content(**(fields | changes))  # type: ignore[arg-type]


def draft(**changes: object) -> Entry:
    return Entry.written(content(**changes), entry_id=UUID(int=7), now=NOW)


class TestContent:
    @pytest.mark.parametrize(
        ("first", "last", "holds"),
        [
            (None, None, True),
            (TODAY, TODAY, True),
            (TODAY + DAY, None, False),
            (None, TODAY - DAY, False),
            (TODAY - DAY, TODAY + DAY, True),
        ],
    )
    def test_holds_from_its_first_to_its_last_day(self, first: date | None, last: date | None, holds: bool) -> None:
        assert content(valid_from=first, valid_until=last).is_valid(on=TODAY) == holds

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"title": " "}, "entry.title"),
            ({"text": ""}, "entry.text"),
            ({"kind": None}, "entry.kind"),
            ({"valid_from": TODAY, "valid_until": TODAY - DAY}, "entry.valid_until"),
        ],
    )
    def test_is_refused_with_the_field_named(self, changes: dict[str, object], field: str) -> None:
        with pytest.raises(FieldInvalid) as refusal:
            draft(**changes)
        assert [path for path, _ in refusal.value.violations] == [field]

    @pytest.mark.parametrize(("owner", "unit"), [("units/heat", "units/water"), ("", "units/water"), ("", "")])
    def test_is_written_by_its_own_unit_alone(self, owner: str, unit: str) -> None:
        with pytest.raises(NotOwnUnit):
            content(unit=owner).must_belong_to(unit)
        content(unit="units/water").must_belong_to("units/water")


class TestEntry:
    def test_is_not_served_before_its_review(self) -> None:
        assert draft().as_served(on=TODAY) is None

    def test_is_served_as_it_was_until_its_change_is_reviewed(self) -> None:
        changed = draft().published(now=NOW).changed({"title": "新标题"}, now=NOW)
        served = changed.as_served(on=TODAY)
        assert served is not None
        assert (served.content.title, served.version, served.state) == ("社保卡补办", 2, EntryState.PUBLISHED)
        assert (changed.content.title, changed.version, changed.state) == ("新标题", 3, EntryState.DRAFT)
        served = changed.published(now=NOW).as_served(on=TODAY)
        assert served is not None
        assert served.content.title == "新标题"

    def test_is_not_served_after_its_last_day(self) -> None:
        entry = draft(valid_until=TODAY).published(now=NOW)
        assert entry.as_served(on=TODAY) is not None
        assert entry.as_served(on=TODAY + DAY) is None

    @pytest.mark.parametrize("validity", [{"valid_until": TODAY - DAY}, {"valid_from": TODAY + DAY}])
    def test_is_not_published_out_of_its_validity(self, validity: dict[str, object]) -> None:
        with pytest.raises(EntryNotValid) as refusal:
            draft(**validity).published(now=NOW)
        assert refusal.value.article == "Art. 18"
        assert refusal.value.facts["today"] == "2026-05-08"

    def test_is_published_once(self) -> None:
        with pytest.raises(EntryStateNotAllowed):
            draft().published(now=NOW).published(now=NOW)

    def test_is_withdrawn_once_and_reviewed_again_before_it_comes_back(self) -> None:
        withdrawn = draft().published(now=NOW).withdrawn(now=NOW)
        for again in (withdrawn.withdrawn, withdrawn.published):
            with pytest.raises(EntryStateNotAllowed):
                again(now=NOW)
        assert withdrawn.changed({}, now=NOW).published(now=NOW).as_served(on=TODAY) is not None

    def test_lives_by_the_citys_civil_date(self) -> None:
        assert legal_day(datetime(2026, 5, 8, 15, 59, tzinfo=UTC)) == TODAY
        assert legal_day(datetime(2026, 5, 8, 16, 0, tzinfo=UTC)) == TODAY + DAY


class EntryLife(RuleBasedStateMachine):
    """Whatever editors do in whatever order: readers get what was last published and is valid, or nothing."""

    entry: Entry
    today: date
    model: str | None

    @initialize(last=st.none() | st.integers(0, 5))
    def written(self, last: int | None) -> None:
        self.today = TODAY
        self.model = None
        self.entry = draft(valid_until=None if last is None else TODAY + last * DAY)

    @property
    def now(self) -> datetime:
        return NOW + (self.today - TODAY)

    @rule()
    def a_day_passes(self) -> None:
        self.today += DAY

    @rule(title=st.text("甲乙丙丁", min_size=1, max_size=3))
    def changed(self, title: str) -> None:
        self.entry = self.entry.changed({"title": title}, now=self.now)

    @rule()
    def published(self) -> None:
        try:
            self.entry = self.entry.published(now=self.now)
        except (EntryStateNotAllowed, EntryNotValid):
            return
        self.model = self.entry.content.title

    @rule()
    def withdrawn(self) -> None:
        try:
            self.entry = self.entry.withdrawn(now=self.now)
        except EntryStateNotAllowed:
            return
        self.model = None

    @invariant()
    def readers_get_what_was_published_last_while_it_holds(self) -> None:
        served = self.entry.as_served(on=self.today)
        holds = self.entry.content.is_valid(on=self.today)
        assert (served.content.title if served else None) == (self.model if holds else None)


TestEntryLife = EntryLife.TestCase
