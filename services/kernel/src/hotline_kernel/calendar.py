"""The statutory working days of China and the office hours, as every legal term counts them.

The State Council's yearly notices come from the package chinesecalendar; an operator's file lies over them. A year
without a notice is counted by the weekday rule and says so (`is_provisional`). Days are civil dates in Asia/Shanghai.

The operator's file is YAML, every key optional:

    holidays: [2026-03-09]              # no work on these days
    working_days: [2026-03-14]          # work on these days
    published_years: [2027]             # the two lists hold the whole notice of these years
    office_hours: ["09:00-12:00", "13:30-17:30"]
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import yaml

ZONE = ZoneInfo("Asia/Shanghai")

_FIRST_YEAR = 2017
_LAST_PACKAGED_YEAR: int = max(chinese_calendar.holidays).year
_PACKAGE_VERSION: str = chinese_calendar.__version__
_SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """One stretch of office time in a working day, local time, end after start."""

    start: time
    end: time


DEFAULT_OFFICE_HOURS = (
    OfficeHours(start=time(9), end=time(12)),
    OfficeHours(start=time(13, 30), end=time(17, 30)),
)


class CalendarFileError(ValueError):
    """The operator's calendar file cannot be used; the message names the file, the key and the entry."""


class Calendar:
    """Counts working days and office time.

    version -- changes whenever any date may have changed; deadlines computed under another version are recomputed.
    """

    def __init__(
        self,
        *,
        holidays: Iterable[date] = (),
        working_days: Iterable[date] = (),
        last_known_year: int = _LAST_PACKAGED_YEAR,
        office_hours: Sequence[OfficeHours] = DEFAULT_OFFICE_HOURS,
        version: str = f"chinesecalendar {_PACKAGE_VERSION}",
    ) -> None:
        """Lay an operator's own days over the statutory ones."""
        self.version = version
        self.office_hours = tuple(office_hours)
        self._holidays = frozenset(holidays)
        self._working_days = frozenset(working_days)
        self._last_known_year = last_known_year
        # Working days of a year as ordinals, ascending; per instance, because the file differs.
        self._year = lru_cache(maxsize=None)(self._working_ordinals)

    def is_working_day(self, day: date) -> bool:
        """Say whether offices work on this day, make-up weekends included."""
        return _is_in(self._year(day.year), day.toordinal())

    def is_provisional(self, day: date) -> bool:
        """Say whether the year of this day is not published, so that the weekday rule alone speaks.

        A term counted forward from a known day rests on a guess exactly if its last day is provisional.
        """
        return not _FIRST_YEAR <= day.year <= self._last_known_year

    def holiday(self, day: date) -> str:
        """Return the English name of the public holiday that a notice makes of this day; empty if none does."""
        if day in self._holidays or self.is_working_day(day):
            return ""
        return str(chinese_calendar.holidays.get(day, ""))

    def is_made_up(self, day: date) -> bool:
        """Say whether offices work on this Saturday or Sunday, to make up for a holiday."""
        return day.weekday() >= _SATURDAY and self.is_working_day(day)

    def known_until(self) -> date:
        """Return the last day of the last published year."""
        return date(self._last_known_year, 12, 31)

    def nth_working_day_after(self, day: date, n: int) -> date:
        """Return the last day of a term of `n` working days begun on `day`, which is not counted (Art. 24(2)).

        day -- any day, working or not;  n -- at least 1.
        """
        if n < 1:
            raise ValueError(f"a term has at least one working day, not {n}")
        year = day.year
        index = bisect_right(self._year(year), day.toordinal()) + n - 1
        while index >= len(self._year(year)):
            index -= len(self._year(year))
            year += 1
        return date.fromordinal(self._year(year)[index])

    def previous_working_day(self, day: date) -> date:
        """Return the last working day before `day`."""
        year = day.year
        index = bisect_left(self._year(year), day.toordinal())
        while index == 0:
            year -= 1
            index = len(self._year(year))
        return date.fromordinal(self._year(year)[index - 1])

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after `start` up to and including `end`; 0 if `end` is not later.

        The inverse of `nth_working_day_after`: a term of n days begun on `start` ends with n days between.
        """
        if end <= start:
            return 0
        first = bisect_right(self._year(start.year), start.toordinal())
        last = bisect_right(self._year(end.year), end.toordinal())
        return sum(len(self._year(year)) for year in range(start.year, end.year)) + last - first

    def close_of_office(self, day: date) -> datetime:
        """Return the moment, in UTC, at which the offices close on `day`: the end of a term that ends on it."""
        return _moment(day, self.office_hours[-1].end)

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """Return the moment, in UTC, at which `duration` of office time has passed since `start`.

        What ends with a stretch of office time ends at its close, not at the next opening.
        start -- aware;  duration -- more than nothing.
        """
        if start.tzinfo is None:
            raise ValueError(f"{start} has no time zone")
        if duration <= timedelta(0):
            raise ValueError(f"working time must be more than nothing, not {duration}")
        day = start.astimezone(ZONE).date()
        if not self.is_working_day(day):
            day = self.nth_working_day_after(day, 1)
        while True:
            for hours in self.office_hours:
                opening, closing = max(start, _moment(day, hours.start)), _moment(day, hours.end)
                if opening + duration <= closing:
                    return (opening + duration).astimezone(UTC)
                duration -= max(closing - opening, timedelta(0))
            day = self.nth_working_day_after(day, 1)

    def _working_ordinals(self, year: int) -> tuple[int, ...]:
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        days = (date.fromordinal(ordinal) for ordinal in range(first, last + 1))
        return tuple(day.toordinal() for day in days if self._is_working(day))

    def _is_working(self, day: date) -> bool:
        if day in self._working_days:
            return True
        if day in self._holidays:
            return False
        if _FIRST_YEAR <= day.year <= _LAST_PACKAGED_YEAR:
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < _SATURDAY


def load(path: Path | None) -> Calendar:
    """Return the calendar with the operator's file over it; without a path, the published years alone.

    Raises CalendarFileError with the file, key and entry at fault; OSError if the file cannot be read.
    """
    if path is None:
        return Calendar()
    text = path.read_bytes()
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: looks like a date and is none
        raise CalendarFileError(f"{path}: cannot be read: {error}") from error
    try:
        return _from_file({} if content is None else content, digest=hashlib.sha256(text).hexdigest())
    except CalendarFileError as error:
        raise CalendarFileError(f"{path}: {error}") from error


def _from_file(content: object, *, digest: str) -> Calendar:
    if not isinstance(content, dict):
        raise CalendarFileError("must be a mapping")
    unknown = content.keys() - {"holidays", "working_days", "published_years", "office_hours"}
    if unknown:
        raise CalendarFileError(f"unknown key {sorted(map(str, unknown))[0]!r}")
    holidays, working_days = _dates(content, "holidays"), _dates(content, "working_days")
    for day in sorted(holidays & working_days):
        raise CalendarFileError(f"{day} is in both holidays and working_days")
    return Calendar(
        holidays=holidays,
        working_days=working_days,
        last_known_year=_last_known_year(content, holidays),
        office_hours=_office_hours(content),
        version=f"chinesecalendar {_PACKAGE_VERSION} + {digest[:16]}",
    )


def _entries(content: Mapping[object, object], key: str) -> list[object]:
    entries = content.get(key, [])
    if not isinstance(entries, list):
        raise CalendarFileError(f"{key}: must be a list")
    return entries


def _dates(content: Mapping[object, object], key: str) -> frozenset[date]:
    days: set[date] = set()
    for entry in _entries(content, key):
        if not isinstance(entry, date) or isinstance(entry, datetime):
            raise CalendarFileError(f"{key}: {entry!r} is not a date like 2026-10-08")
        if entry in days:
            raise CalendarFileError(f"{key}: {entry} is there twice")
        days.add(entry)
    return frozenset(days)


def _last_known_year(content: Mapping[object, object], holidays: frozenset[date]) -> int:
    last = _LAST_PACKAGED_YEAR
    for entry in _entries(content, "published_years"):
        # Without a gap, so that a term that ends in a known year rests on known days throughout. A year that the
        # package has come to know in the meantime may stay in the file.
        if not isinstance(entry, int) or not _FIRST_YEAR <= entry <= last + 1:
            raise CalendarFileError(f"published_years: {entry!r}, but the next year not published is {last + 1}")
        if not any(day.year == entry for day in holidays):
            raise CalendarFileError(f"published_years: {entry} has no holidays in the file")
        last = max(last, entry)
    return last


def _office_hours(content: Mapping[object, object]) -> tuple[OfficeHours, ...]:
    hours: list[OfficeHours] = []
    for entry in _entries(content, "office_hours"):
        match = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", str(entry))
        if match is None:
            raise CalendarFileError(f'office_hours: {entry!r} is not like "09:00-12:00"')
        start, end = time.fromisoformat(match[1]), time.fromisoformat(match[2])
        if end <= start or (hours and start < hours[-1].end):
            raise CalendarFileError(f"office_hours: {entry!r} does not lie after what is before it")
        hours.append(OfficeHours(start=start, end=end))
    if "office_hours" in content and not hours:
        raise CalendarFileError("office_hours: must not be empty")
    return tuple(hours) or DEFAULT_OFFICE_HOURS


def _is_in(ordinals: Sequence[int], ordinal: int) -> bool:
    index = bisect_left(ordinals, ordinal)
    return index < len(ordinals) and ordinals[index] == ordinal


def _moment(day: date, local: time) -> datetime:
    return datetime.combine(day, local, ZONE).astimezone(UTC)
