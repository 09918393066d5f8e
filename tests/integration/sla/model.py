"""An order's clocks as a person with a paper calendar would keep them: slow and obvious, the engine's yardstick."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from hotline_kernel.calendar import ZONE, Calendar

CALENDAR = Calendar()


def working_day(day: date, step: int) -> date:
    """The next working day (step 1), or the one before (step -1)."""
    day += timedelta(days=step)
    while not CALENDAR.is_working_day(day):
        day += timedelta(days=step)
    return day


def close(day: date) -> datetime:
    """Half past five."""
    return datetime.combine(day, time(17, 30), ZONE)


def civil(moment: datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(ZONE).date()


@dataclass
class PaperOrder:
    """What is expected of the handling clock and the supervision of one order."""

    name: str
    unit: str
    start: datetime
    days: int
    round: int = 1
    state: str = "RUNNING"
    steps: list[tuple[int, str, str]] = field(default_factory=list)
    held_since: datetime = field(init=False)
    touched: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.held_since = self.touched = self.start

    @property
    def is_open(self) -> bool:
        """Still owed."""
        return self.state in ("RUNNING", "OVERDUE")

    @property
    def due(self) -> datetime:
        """Day by day."""
        day = civil(self.start)
        for _ in range(self.days):
            day = working_day(day, 1)
        return close(day)

    def pass_time(self, now: datetime) -> None:
        """Everything that becomes due until now."""
        early = close(working_day(civil(self.due), -1))
        if self.state == "RUNNING" and self.unit and self.touched < early <= now:
            self._issue("ADVANCE_REMINDER")
        if self.state == "RUNNING" and self.due <= now:
            self.state = "OVERDUE"
            if self.unit:
                self._issue("REMINDER")
        written = close(working_day(max(civil(self.due), civil(self.held_since)), 1))
        if self.state == "OVERDUE" and self.unit and written <= now:
            self._issue("WRITTEN")

    def _issue(self, step: str) -> None:
        if (self.round, step, self.unit) not in self.steps:
            self.steps.append((self.round, step, self.unit))

    def send_back(self, now: datetime) -> None:
        """To the office."""
        self.unit, self.held_since, self.touched = "", now, now

    def take_over(self, now: datetime, unit: str) -> None:
        """By another unit."""
        self.unit, self.held_since, self.touched = unit, now, now
        if self.state == "OVERDUE":
            self._issue("REMINDER")

    def extend(self, now: datetime, days: int) -> None:
        """By the office."""
        before = self.due
        self.days += days
        self.touched = now
        if self.state == "OVERDUE" and self.due > max(now, before):
            self.state = "RUNNING"

    def report(self, done: datetime) -> None:
        """At a time that may be earlier than it became known."""
        self.state = "MET" if done <= self.due else "MET_LATE"

    def reopen(self, now: datetime, days: int) -> None:
        """A new round."""
        self.start = self.held_since = self.touched = now
        self.days, self.state = days, "RUNNING"
        self.round += 1
