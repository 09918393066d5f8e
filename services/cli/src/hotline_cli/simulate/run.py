"""One run: a city for some days, its books, and the proof that they are true."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.clock import VirtualClock

from hotline_cli.client import Hotline, pages
from hotline_cli.simulate import books
from hotline_cli.simulate.arrivals import Arrivals, Contact
from hotline_cli.simulate.city import City, Temper
from hotline_cli.simulate.clockwork import SLOT, Clockwork, Due
from hotline_cli.simulate.messages import Message
from hotline_cli.simulate.office import Office
from hotline_cli.simulate.people import Case
from hotline_cli.verify import verify

_SILENCE_SECONDS = 10  # the longest that a person hears nothing of a long run
# A caller who waits for more than one slot hangs up; some call again.
_CALLS_AGAIN_CHANCE = 0.5
_TEMPERS = ((Temper.PROMPT, 60), (Temper.SLOW, 25), (Temper.REFUSING, 8), (Temper.SILENT, 7))


@dataclass(frozen=True)
class Plan:
    """What to play."""

    days: int
    per_day: int
    seed: int
    start: date


class Simulation:
    """A city on a virtual clock."""

    def __init__(
        self,
        *,
        plan: Plan,
        hotline: Hotline,
        clock: VirtualClock,
        calendar: Calendar,
        messages: Iterator[Message],
        say: Callable[[str], None],
    ) -> None:
        """The platform is empty but for its city; say -- told once a virtual day how far the run is."""
        self._plan = plan
        self._hotline = hotline
        self._say = say
        self._clockwork = Clockwork(hotline=hotline, clock=clock)
        self._arrivals = Arrivals(seed=plan.seed, per_day=plan.per_day, messages=messages)
        units = _units(hotline)
        self._city = City(
            hotline=hotline,
            calendar=calendar,
            units=units,
            tempers={name: _temper(plan.seed, name) for name in units},
        )
        self._waiting: deque[Case] = deque()
        self._calls: Counter[str] = Counter(offered=0, answered=0, abandoned=0)
        self._contacts = 0
        self._told = time.monotonic()

    def run(self) -> dict[str, Any]:
        """Plays all days; answers with books, figures of the run, and what `verify` found."""
        began = time.monotonic()
        start = datetime.combine(self._plan.start, datetime.min.time(), tzinfo=ZONE)
        end = start + timedelta(days=self._plan.days)
        # The lines are rank 0: who comes is decided before anybody acts.
        self._clockwork.add([Due(start, 0, 0, self._open_lines)])
        self._clockwork.add([Office(self._hotline, list(self._city.units)).first_review(start)])
        self._clockwork.run_until(end)
        played = time.monotonic() - began
        self._clockwork.close()
        found = verify(self._hotline)
        result = books.read(self._hotline, first=self._plan.start, last=(end - timedelta(days=1)).date())
        result["calls"] = dict(self._calls)
        result["refused"] = dict(sorted(self._city.refusals.items()))
        return {
            "plan": {**asdict(self._plan), "start": self._plan.start.isoformat()},
            "books": result,
            "run": {
                "seconds": round(played, 1),
                "contacts": self._contacts,
                "appeals_per_second": round(self._contacts / played, 1),
            },
            "verify": {"clean": found.clean, "counted": dict(found.counted), "findings": found.findings},
        }

    def _open_lines(self, now: datetime) -> Iterator[Due]:
        contacts = self._arrivals.of_slot(now)
        self._contacts += len(contacts)
        self._tell(now)
        arrived = [self._case(contact) for contact in contacts]
        yield from self._serve(arrived, now)
        yield Due(now + SLOT, 0, 0, self._open_lines)

    def _serve(self, arrived: list[Case], now: datetime) -> Iterator[Due]:
        seats = self._arrivals.seats(now)
        callers = [case for case in arrived if case.channel == appeal_pb2.CHANNEL_PHONE]
        others = [case for case in arrived if case.channel != appeal_pb2.CHANNEL_PHONE]
        self._calls["offered"] += len(callers)
        for case in callers[:seats]:
            self._calls["answered"] += 1
            yield case.due(now, case.is_served)
        for case in callers[seats:]:
            self._calls["abandoned"] += 1
            if case.random.random() < _CALLS_AGAIN_CHANCE:
                again = Case(case.city, case.number, case.message, case.channel, case.random)
                yield Due(now + SLOT * 3, case.number, case.number, self._calls_again(again))
        for case in others:
            yield case.due(now, case.arrives)
            self._waiting.append(case)
        free = max(seats - len(callers), 0)
        for _ in range(min(free, len(self._waiting))):
            case = self._waiting.popleft()
            yield case.due(now + SLOT, case.is_served)

    def _calls_again(self, case: Case) -> Callable[[datetime], Iterator[Due]]:
        def call(now: datetime) -> Iterator[Due]:
            self._city.tally(self._calls, "offered", "answered")
            return case.is_served(now)

        return call

    def _case(self, contact: Contact) -> Case:
        random = Random(f"{self._plan.seed}/case/{contact.number}")
        return Case(self._city, contact.number, contact.message, contact.channel, random)

    def _tell(self, now: datetime) -> None:
        if time.monotonic() > self._told + _SILENCE_SECONDS:
            self._told = time.monotonic()
            local = now.astimezone(ZONE)
            day = (local.date() - self._plan.start).days + 1
            self._say(f"day {day} of {self._plan.days}, {local:%H:%M}: {self._contacts} contacts so far")


def _units(hotline: Hotline) -> dict[str, work_order_pb2.Unit]:
    request = dispatch.ListUnitsRequest(page_size=1000)
    return {u.name: u for page in pages(hotline.person("office").dispatch.ListUnits, request) for u in page.units}


def _temper(seed: int, unit: str) -> Temper:
    random = Random(f"{seed}/temper/{unit}")
    return random.choices([t for t, _ in _TEMPERS], [share for _, share in _TEMPERS])[0]
