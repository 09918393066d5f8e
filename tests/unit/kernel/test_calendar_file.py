"""An operator's file over the statutory calendar."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hotline_kernel import calendar
from hotline_kernel.calendar import Calendar, CalendarFileError

PACKAGED = calendar.load(None)
FIRST_UNPUBLISHED = PACKAGED.known_until().year + 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calendar.yaml"


def load(path: Path, text: str) -> Calendar:
    path.write_text(text)
    return calendar.load(path)


class TestDays:
    def test_a_local_holiday_is_no_working_day(self, path: Path) -> None:
        found = load(path, "holidays: [2026-06-02]")  # a typhoon on a Tuesday
        assert not found.is_working_day(date(2026, 6, 2))
        assert found.nth_working_day_after(date(2026, 6, 1), 1) == date(2026, 6, 3)

    def test_a_local_working_day_counts(self, path: Path) -> None:
        found = load(path, "working_days: [2026-06-06, 2026-10-01]")
        assert found.is_working_day(date(2026, 6, 6))
        assert found.is_working_day(date(2026, 10, 1))

    def test_leave_every_other_day_as_it_was(self, path: Path) -> None:
        found = load(path, "holidays: [2026-06-02]")
        span = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
        assert [of for of in span if found.is_working_day(of) != PACKAGED.is_working_day(of)] == [date(2026, 6, 2)]

    def test_of_a_year_not_published_stay_provisional(self, path: Path) -> None:
        found = load(path, f"holidays: [{FIRST_UNPUBLISHED}-06-02]")
        assert not found.is_working_day(date(FIRST_UNPUBLISHED, 6, 2))
        assert found.is_provisional(date(FIRST_UNPUBLISHED, 6, 2))

    def test_an_empty_file_changes_none(self, path: Path) -> None:
        found = load(path, "# nothing yet\n")
        assert found.known_until() == PACKAGED.known_until()
        assert found.office_hours == PACKAGED.office_hours


class TestPublishedYears:
    def test_become_known_before_the_package_knows_them(self, path: Path) -> None:
        text = f"published_years: [{FIRST_UNPUBLISHED}]\nholidays: [{FIRST_UNPUBLISHED}-01-01]"
        found = load(path, text)
        assert found.known_until() == date(FIRST_UNPUBLISHED, 12, 31)
        assert not found.is_provisional(date(FIRST_UNPUBLISHED, 5, 1))
        assert found.is_provisional(date(FIRST_UNPUBLISHED + 1, 1, 1))
        assert not found.is_working_day(date(FIRST_UNPUBLISHED, 1, 1))

    def test_may_stay_in_the_file_when_the_package_has_learned_them(self, path: Path) -> None:
        found = load(path, "published_years: [2026]\nholidays: [2026-01-01]")
        assert found.known_until() == PACKAGED.known_until()


class TestOfficeHours:
    def test_are_the_operators(self, path: Path) -> None:
        found = load(path, 'office_hours: ["08:30-11:30", "14:00-18:00"]')
        assert found.close_of_office(date(2026, 5, 11)) == datetime(2026, 5, 11, 10, 0, tzinfo=UTC)
        start = datetime(2026, 5, 11, 3, 0, tzinfo=UTC)  # 11:00 in Shanghai
        assert found.add_working_time(start, timedelta(hours=4)) == datetime(2026, 5, 11, 9, 30, tzinfo=UTC)

    def test_may_be_one_stretch(self, path: Path) -> None:
        found = load(path, "office_hours: [09:00-17:00]")
        assert found.close_of_office(date(2026, 5, 11)) == datetime(2026, 5, 11, 9, 0, tzinfo=UTC)


class TestVersion:
    def test_changes_with_the_file(self, path: Path) -> None:
        one = load(path, "holidays: [2026-06-02]").version
        other = load(path, "holidays: [2026-06-03]").version
        assert len({PACKAGED.version, one, other}) == 3
        assert one.startswith(PACKAGED.version)

    def test_stays_while_the_file_does(self, path: Path) -> None:
        assert load(path, "holidays: [2026-06-02]").version == calendar.load(path).version


class TestAFaultyFile:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("- 2026-06-02", "must be a mapping"),
            ("holidays: [", "cannot be read"),
            ("holiday: [2026-06-02]", "unknown key 'holiday'"),
            ("holidays: 2026-06-02", "holidays: must be a list"),
            ("holidays: [2026-02-30]", "cannot be read: day is out of range"),
            ("holidays: [tomorrow]", "holidays: 'tomorrow' is not a date"),
            ("holidays: [2026-06-02 08:00:00]", "is not a date"),
            ("working_days: [2026-06-06, 2026-06-06]", "working_days: 2026-06-06 is there twice"),
            ("holidays: [2026-06-06]\nworking_days: [2026-06-06]", "2026-06-06 is in both"),
            (f"published_years: [{FIRST_UNPUBLISHED + 1}]", f"the next year not published is {FIRST_UNPUBLISHED}"),
            ("published_years: [soon]", "published_years: 'soon'"),
            (f"published_years: [{FIRST_UNPUBLISHED}]", f"{FIRST_UNPUBLISHED} has no holidays in the file"),
            ("office_hours: []", "office_hours: must not be empty"),
            ("office_hours: [9-12]", "office_hours: '9-12' is not like"),
            ("office_hours: [09:00-25:00]", "office_hours: '09:00-25:00' is not like"),
            ("office_hours: [12:00-09:00]", "does not lie after"),
            ("office_hours: [09:00-12:00, 11:00-17:00]", "'11:00-17:00' does not lie after"),
        ],
    )
    def test_is_refused_with_its_name_and_the_entry(self, path: Path, text: str, fault: str) -> None:
        with pytest.raises(CalendarFileError) as error:
            load(path, text)
        assert str(error.value).startswith(f"{path}: ")
        assert fault in str(error.value)

    def test_that_is_not_there_is_named(self, path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"calendar\.yaml"):
            calendar.load(path)
