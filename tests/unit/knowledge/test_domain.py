"""What is served of an entry, and who writes it (Art. 17, 18)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain.difference import differences
from hotline_knowledge.domain.entry import (
    Content,
    Entry,
    EntryKind,
    EntryNotValid,
    EntryState,
    EntryStateNotAllowed,
    NotOwnUnit,
    ReviewedByWriter,
    Upkeep,
    UpkeepGround,
    legal_day,
    places_around,
)
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

NOW = datetime(2026, 5, 8, 4, 0, tzinfo=UTC)
TODAY = date(2026, 5, 8)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


def content(**changes: object) -> Content:
    fields: dict[str, object] = {"title": "社保卡补办", "text": "携带身份证到网点办理。", "kind": EntryKind.GUIDE}
    return Content(**(fields | changes))  # type: ignore[arg-type]


def draft(**changes: object) -> Entry:
    return Entry.written(content(**changes), entry_id=UUID(int=7), writer="writer", now=NOW)


def reviewed(entry: Entry, *, now: datetime = NOW) -> Entry:
    return entry.published(reviewer="reviewer", review_after=YEAR, now=now)


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
            ({"kind": EntryKind.NORM, "unit": "units/water"}, "entry.unit"),
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


class TestRegion:
    @pytest.mark.parametrize(
        ("region", "places"),
        [
            ("130102", ("130102", "130100", "130000")),
            ("130100", ("130100", "130000")),
            ("130000", ("130000",)),
        ],
    )
    def test_has_what_holds_for_its_city_and_province(self, region: str, places: tuple[str, ...]) -> None:
        assert places_around(region) == places


class TestEntry:
    def test_is_not_served_before_its_review(self) -> None:
        assert draft().as_served(on=TODAY) is None

    def test_is_served_as_it_was_until_its_change_is_reviewed(self) -> None:
        changed = reviewed(draft()).changed({"title": "新标题"}, writer="writer", now=NOW)
        served = changed.as_served(on=TODAY)
        assert served is not None
        assert (served.content.title, served.version, served.state) == ("社保卡补办", 2, EntryState.PUBLISHED)
        assert (changed.content.title, changed.version, changed.state) == ("新标题", 3, EntryState.DRAFT)
        served = reviewed(changed).as_served(on=TODAY)
        assert served is not None
        assert served.content.title == "新标题"

    def test_is_not_served_after_its_last_day(self) -> None:
        entry = reviewed(draft(valid_until=TODAY))
        assert entry.as_served(on=TODAY) is not None
        assert entry.as_served(on=TODAY + DAY) is None

    @pytest.mark.parametrize("validity", [{"valid_until": TODAY - DAY}, {"valid_from": TODAY + DAY}])
    def test_is_not_published_out_of_its_validity(self, validity: dict[str, object]) -> None:
        with pytest.raises(EntryNotValid) as refusal:
            reviewed(draft(**validity))
        assert refusal.value.article == "Art. 18"
        assert refusal.value.facts["today"] == "2026-05-08"

    def test_is_published_once(self) -> None:
        with pytest.raises(EntryStateNotAllowed):
            reviewed(reviewed(draft()))

    def test_is_withdrawn_once_and_reviewed_again_before_it_comes_back(self) -> None:
        withdrawn = reviewed(draft()).withdrawn(now=NOW)
        with pytest.raises(EntryStateNotAllowed):
            withdrawn.withdrawn(now=NOW)
        with pytest.raises(EntryStateNotAllowed):
            reviewed(withdrawn)
        assert reviewed(withdrawn.changed({}, writer="writer", now=NOW)).as_served(on=TODAY) is not None

    @pytest.mark.parametrize("reviewer", ["writer", "another"])
    def test_is_reviewed_by_nobody_who_wrote_it(self, reviewer: str) -> None:
        changed = draft().changed({"title": "新标题"}, writer="another", now=NOW)
        with pytest.raises(ReviewedByWriter) as refusal:
            changed.published(reviewer=reviewer, review_after=YEAR, now=NOW)
        assert refusal.value.article == "Art. 18"
        again = reviewed(changed).changed({"title": "又新"}, writer="another", now=NOW)
        assert again.published(reviewer="writer", review_after=YEAR, now=NOW).state is EntryState.PUBLISHED

    def test_lives_by_the_citys_civil_date(self) -> None:
        assert legal_day(datetime(2026, 5, 8, 15, 59, tzinfo=UTC)) == TODAY
        assert legal_day(datetime(2026, 5, 8, 16, 0, tzinfo=UTC)) == TODAY + DAY


class TestUpkeep:
    def test_is_due_on_the_review_date_or_the_last_day_whichever_comes_first(self) -> None:
        assert draft().upkeep is None
        assert reviewed(draft()).upkeep == Upkeep(ground=UpkeepGround.REVIEW, due=TODAY + YEAR)
        assert reviewed(draft(review_date=TODAY + DAY)).upkeep == Upkeep(ground=UpkeepGround.REVIEW, due=TODAY + DAY)
        assert reviewed(draft(review_date=TODAY)).upkeep == Upkeep(ground=UpkeepGround.REVIEW, due=TODAY + YEAR)
        assert reviewed(draft(valid_until=TODAY)).upkeep == Upkeep(ground=UpkeepGround.EXPIRY, due=TODAY)

    def test_is_put_off_by_a_confirmation_that_it_still_holds(self) -> None:
        chased = reviewed(draft(review_date=TODAY + DAY)).chased(on=TODAY).chased(on=TODAY + DAY)
        assert chased.told is not None
        assert chased.told.count == 2
        confirmed = chased.confirmed(review_date=TODAY + 2 * DAY, review_after=YEAR, now=NOW)
        assert (confirmed.told, confirmed.upkeep) == (None, Upkeep(ground=UpkeepGround.REVIEW, due=TODAY + 2 * DAY))
        assert confirmed.served is not None
        assert confirmed.served.version == confirmed.version == chased.version + 1

    def test_is_not_put_off_for_what_has_expired_or_waits_for_its_review(self) -> None:
        entry = reviewed(draft(valid_until=TODAY))
        with pytest.raises(EntryNotValid):
            entry.confirmed(review_date=None, review_after=YEAR, now=NOW + DAY)
        with pytest.raises(FieldInvalid):
            entry.confirmed(review_date=TODAY, review_after=YEAR, now=NOW)
        with pytest.raises(EntryStateNotAllowed):
            entry.changed({}, writer="writer", now=NOW).confirmed(review_date=None, review_after=YEAR, now=NOW)


class TestDifferences:
    def test_are_none_where_two_versions_say_the_same(self) -> None:
        assert differences(content(), content()) == []

    def test_are_told_by_field_and_in_the_text_by_sentence(self) -> None:
        old = content(text="带身份证。到窗口办理。", keywords=("卡",))
        new = content(text="带身份证。网上办理。", keywords=("卡", "补办"), valid_until=TODAY)
        text, keywords, until = differences(old, new)
        assert text.lines == ("  带身份证。", "- 到窗口办理。", "+ 网上办理。")
        assert (keywords.field, keywords.old, keywords.new) == ("keywords", "卡", "卡；补办")
        assert (until.field, until.old, until.new) == ("valid_until", "", "2026-05-08")


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
        self.entry = self.entry.changed({"title": title}, writer="writer", now=self.now)

    @rule()
    def published(self) -> None:
        try:
            self.entry = reviewed(self.entry, now=self.now)
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
