"""Working days and office hours, as legal terms count them (Art. 24(2))."""

from datetime import UTC, date, datetime, timedelta
from timeit import timeit

import holidays
import pytest
from hotline_kernel import calendar
from hotline_kernel.calendar import ZONE, Calendar
from hypothesis import given
from hypothesis import strategies as st

CALENDAR = calendar.load(None)
ONE_DAY = timedelta(days=1)

days = st.dates(date(2016, 1, 1), date(2030, 12, 31))
terms = st.integers(1, 60)


def day(text: str) -> date:
    """Read `Friday 2026-05-08` and insist on the weekday."""
    weekday, _, iso = text.partition(" ")
    found = date.fromisoformat(iso)
    assert f"{found:%A}" == weekday, text
    return found


def moment(text: str) -> datetime:
    """Read `Friday 2026-05-08 16:30`, local time."""
    written, _, time = text.rpartition(" ")
    return datetime.fromisoformat(f"{day(written)}T{time}").replace(tzinfo=ZONE)


class TestNthWorkingDayAfter:
    @pytest.mark.parametrize(
        ("received", "term", "last"),
        [
            # Plain weeks: the day of receipt is not counted.
            ("Monday 2026-06-01", 1, "Tuesday 2026-06-02"),
            ("Monday 2026-06-01", 2, "Wednesday 2026-06-03"),
            ("Thursday 2026-06-04", 2, "Monday 2026-06-08"),
            ("Monday 2026-06-01", 7, "Wednesday 2026-06-10"),
            # Received on a day off: counting begins with the next working day.
            ("Saturday 2026-06-06", 2, "Tuesday 2026-06-09"),
            ("Sunday 2026-06-07", 2, "Tuesday 2026-06-09"),
            # A make-up Saturday counts.
            ("Friday 2026-05-08", 1, "Saturday 2026-05-09"),
            ("Friday 2026-05-08", 2, "Monday 2026-05-11"),
            ("Saturday 2026-05-09", 2, "Tuesday 2026-05-12"),
            # A make-up Sunday counts.
            ("Friday 2026-09-18", 2, "Monday 2026-09-21"),
            ("Sunday 2026-09-20", 1, "Monday 2026-09-21"),
            # Labour Day, off from Friday to Tuesday.
            ("Wednesday 2026-04-29", 2, "Wednesday 2026-05-06"),
            # Spring Festival, off from 15 to 23 February, with make-up Saturdays before and after.
            ("Friday 2026-02-13", 2, "Tuesday 2026-02-24"),
            ("Friday 2026-02-13", 7, "Monday 2026-03-02"),
            ("Tuesday 2026-02-17", 2, "Wednesday 2026-02-25"),
            # Mid-Autumn, then National Day, then a make-up Saturday.
            ("Thursday 2026-09-24", 2, "Tuesday 2026-09-29"),
            ("Wednesday 2026-09-30", 2, "Friday 2026-10-09"),
            ("Wednesday 2026-09-30", 3, "Saturday 2026-10-10"),
            ("Wednesday 2026-09-30", 7, "Thursday 2026-10-15"),
            # Year ends.
            ("Wednesday 2025-12-31", 1, "Sunday 2026-01-04"),
            ("Wednesday 2025-12-31", 2, "Monday 2026-01-05"),
            ("Friday 2023-12-29", 1, "Tuesday 2024-01-02"),
            ("Friday 2022-12-30", 2, "Wednesday 2023-01-04"),
            # The holiday the State Council moved when it had begun: Spring Festival 2020, to 2 February.
            ("Thursday 2020-01-23", 2, "Tuesday 2020-02-04"),
            # And the Labour Day of 2019, announced in March of that year in place of an older notice.
            ("Tuesday 2019-04-30", 1, "Sunday 2019-05-05"),
            ("Saturday 2019-04-27", 1, "Sunday 2019-04-28"),
            # Years nobody has published: the weekday rule.
            ("Wednesday 2028-02-23", 2, "Friday 2028-02-25"),
            ("Friday 2016-09-30", 1, "Monday 2016-10-03"),
        ],
    )
    def test_gives_the_last_day_of_a_term(self, received: str, term: int, last: str) -> None:
        assert CALENDAR.nth_working_day_after(day(received), term) == day(last)

    @given(days, terms)
    def test_agrees_with_counting_day_by_day(self, received: date, term: int) -> None:
        counted, left = received, term
        while left:
            counted += ONE_DAY
            left -= CALENDAR.is_working_day(counted)
        assert CALENDAR.nth_working_day_after(received, term) == counted

    @given(days, terms)
    def test_ends_on_a_working_day(self, received: date, term: int) -> None:
        assert CALENDAR.is_working_day(CALENDAR.nth_working_day_after(received, term))

    @given(days, days, terms)
    def test_never_ends_earlier_for_what_is_received_later(self, one: date, other: date, term: int) -> None:
        earlier, later = sorted((one, other))
        assert CALENDAR.nth_working_day_after(earlier, term) <= CALENDAR.nth_working_day_after(later, term)

    @given(days, terms, terms)
    def test_adds_up(self, received: date, first: int, second: int) -> None:
        halfway = CALENDAR.nth_working_day_after(received, first)
        assert CALENDAR.nth_working_day_after(received, first + second) == CALENDAR.nth_working_day_after(
            halfway, second
        )

    @pytest.mark.parametrize("term", [0, -1])
    def test_refuses_a_term_of_no_days(self, term: int) -> None:
        with pytest.raises(ValueError, match="at least one working day"):
            CALENDAR.nth_working_day_after(date(2026, 5, 8), term)

    def test_takes_microseconds(self) -> None:
        seconds = timeit(lambda: CALENDAR.nth_working_day_after(date(2026, 9, 30), 7), number=10_000) / 10_000
        assert seconds < 20e-6


class TestOtherCounts:
    @pytest.mark.parametrize(
        ("of", "previous"),
        [
            ("Monday 2026-05-11", "Saturday 2026-05-09"),
            ("Thursday 2026-10-08", "Wednesday 2026-09-30"),
            ("Sunday 2026-10-04", "Wednesday 2026-09-30"),
            ("Friday 2026-01-02", "Wednesday 2025-12-31"),
        ],
    )
    def test_the_previous_working_day_is_strictly_before(self, of: str, previous: str) -> None:
        assert CALENDAR.previous_working_day(day(of)) == day(previous)

    @given(days)
    def test_the_previous_working_day_is_the_one_before_the_next(self, of: date) -> None:
        previous = CALENDAR.previous_working_day(of)
        assert previous < of
        following = CALENDAR.nth_working_day_after(previous, 1)
        assert following >= of
        assert (following == of) == CALENDAR.is_working_day(of)

    @given(days, terms)
    def test_working_days_between_undoes_a_term(self, received: date, term: int) -> None:
        assert CALENDAR.working_days_between(received, CALENDAR.nth_working_day_after(received, term)) == term

    @given(days, st.integers(0, 800))
    def test_working_days_between_counts_each_day(self, start: date, distance: int) -> None:
        span = [start + timedelta(days=n) for n in range(1, distance + 1)]
        assert CALENDAR.working_days_between(start, start + timedelta(days=distance)) == sum(
            map(CALENDAR.is_working_day, span)
        )

    def test_there_is_nothing_between_a_day_and_an_earlier_one(self) -> None:
        assert CALENDAR.working_days_between(date(2026, 5, 8), date(2026, 5, 6)) == 0


class TestOfficeTime:
    @pytest.mark.parametrize(
        ("start", "hours", "end"),
        [
            ("Thursday 2026-06-04 09:00", 2, "Thursday 2026-06-04 11:00"),
            # Over lunch.
            ("Thursday 2026-06-04 10:00", 4, "Thursday 2026-06-04 15:30"),
            # Up to a close, not to the next opening.
            ("Thursday 2026-06-04 13:30", 4, "Thursday 2026-06-04 17:30"),
            ("Thursday 2026-06-04 09:00", 3, "Thursday 2026-06-04 12:00"),
            # Before, between and after office hours time stands still.
            ("Thursday 2026-06-04 03:00", 4, "Thursday 2026-06-04 14:30"),
            ("Thursday 2026-06-04 12:45", 4, "Thursday 2026-06-04 17:30"),
            ("Thursday 2026-06-04 17:30", 4, "Friday 2026-06-05 14:30"),
            ("Thursday 2026-06-04 23:59", 4, "Friday 2026-06-05 14:30"),
            # Over a weekend, into a make-up Saturday, over National Day.
            ("Friday 2026-06-05 16:30", 4, "Monday 2026-06-08 12:00"),
            ("Saturday 2026-06-06 10:00", 4, "Monday 2026-06-08 14:30"),
            ("Friday 2026-05-08 16:30", 4, "Saturday 2026-05-09 12:00"),
            ("Wednesday 2026-09-30 16:30", 4, "Thursday 2026-10-08 12:00"),
            # More than a day.
            ("Thursday 2026-06-04 09:00", 16, "Monday 2026-06-08 11:00"),
        ],
    )
    def test_runs_in_office_hours_alone(self, start: str, hours: int, end: str) -> None:
        assert CALENDAR.add_working_time(moment(start), timedelta(hours=hours)) == moment(end)

    @given(
        st.datetimes(datetime(2017, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC)),  # noqa: DTZ001
        st.integers(1, 24 * 60),
    )
    def test_agrees_with_counting_minute_by_minute(self, start: datetime, minutes: int) -> None:
        start = start.replace(second=0, microsecond=0)
        end, left = start, minutes
        while left:
            local = end.astimezone(ZONE)
            if not CALENDAR.is_working_day(local.date()):
                end = datetime.combine(local.date() + ONE_DAY, datetime.min.time(), ZONE).astimezone(UTC)
                continue
            minute = local.hour * 60 + local.minute
            left -= 9 * 60 <= minute < 12 * 60 or 13 * 60 + 30 <= minute < 17 * 60 + 30
            end += timedelta(minutes=1)
        assert CALENDAR.add_working_time(start, timedelta(minutes=minutes)) == end

    def test_is_told_in_utc(self) -> None:
        start = moment("Thursday 2026-06-04 09:00")
        assert CALENDAR.add_working_time(start, timedelta(hours=1)).tzinfo is UTC

    def test_closes_at_half_past_five_in_shanghai(self) -> None:
        close = CALENDAR.close_of_office(day("Monday 2026-05-11"))
        assert close == datetime(2026, 5, 11, 9, 30, tzinfo=UTC)
        assert close.tzinfo is UTC

    def test_refuses_a_naive_start(self) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            CALENDAR.add_working_time(datetime(2026, 5, 8, 9), timedelta(hours=4))  # noqa: DTZ001

    def test_refuses_no_duration(self) -> None:
        with pytest.raises(ValueError, match="more than nothing"):
            CALENDAR.add_working_time(moment("Friday 2026-05-08 09:00"), timedelta(0))


class TestWhatIsKnown:
    def test_a_published_year_is_certain_to_its_last_day(self) -> None:
        end = CALENDAR.known_until()
        assert (end.month, end.day) == (12, 31)
        assert end.year >= 2026
        assert not CALENDAR.is_provisional(end)
        assert CALENDAR.is_provisional(end + ONE_DAY)

    def test_years_before_the_first_we_vouch_for_are_provisional(self) -> None:
        assert CALENDAR.is_provisional(date(2016, 12, 31))
        assert not CALENDAR.is_provisional(date(2017, 1, 1))

    def test_a_provisional_year_is_counted_by_weekdays(self) -> None:
        start = CALENDAR.known_until() + ONE_DAY
        for offset in range(365):
            of = start + timedelta(days=offset)
            assert CALENDAR.is_working_day(of) == (of.weekday() < 5)


class TestPublishedYears:
    """The notices of the State Council, against a second package that keeps them independently of the first."""

    @pytest.mark.parametrize("year", range(2017, CALENDAR.known_until().year + 1))
    def test_agree_with_another_list_of_them_on_every_day(self, year: int) -> None:
        other = holidays.country_holidays("CN", years=year)
        span = [date(year, 1, 1) + timedelta(days=n) for n in range(365)] + [date(year, 12, 31)]
        assert [of for of in span if CALENDAR.is_working_day(of) != other.is_working_day(of)] == []

    @pytest.mark.parametrize("year", range(2017, CALENDAR.known_until().year + 1))
    def test_differ_from_the_weekday_rule_both_ways(self, year: int) -> None:
        span = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        moved = [of for of in span if CALENDAR.is_working_day(of) != (of.weekday() < 5)]
        assert any(of.weekday() >= 5 for of in moved), "no make-up weekend"
        assert sum(of.weekday() < 5 for of in moved) >= 11, "fewer weekdays off than the law gives"


class TestVersion:
    def test_names_the_package(self) -> None:
        assert Calendar().version == CALENDAR.version
        assert CALENDAR.version.startswith("chinesecalendar 1.")
