"""Moves the virtual clock from one thing to do to the next, and only when every inbox and outbox is empty.

Everything that falls into one slot of five minutes happens at the slot's start. What cases do in a slot they do at the
same time as each other, each in its own order; since the clock stands still meanwhile and every choice hangs on the
case alone, the same seed gives the same books.
"""

import heapq
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from hotline.sla.v1 import sla_service_pb2
from hotline_kernel.clock import VirtualClock

from hotline_cli.client import Hotline
from hotline_cli.quiet import Quiet

SLOT = timedelta(minutes=5)

Step = Callable[[datetime], Iterable["Due"]]
"""What somebody does at a moment; answers with what follows from it."""


@dataclass(frozen=True, order=True)
class Due:
    """Something to do. Steps of one case never overlap; they run in order of time and rank, then as they were put."""

    moment: datetime
    rank: int
    """Tells apart what falls on the same moment; the same in every run of the same seed."""
    case: int
    step: Step = field(compare=False)


def slot_of(moment: datetime) -> datetime:
    """The first slot that does not start before the moment."""
    whole = moment.replace(second=0, microsecond=0)
    behind = timedelta(minutes=whole.minute % 5)
    start = whole - behind
    return start if start == moment else start + SLOT


class Clockwork:
    """The agenda of a run and the one hand that moves its clock."""

    def __init__(self, *, hotline: Hotline, clock: VirtualClock, workers: int = 12) -> None:
        """workers -- how many cases act at the same time."""
        self._clock = clock
        self._engineer = hotline.person("engineer")
        self._quiet = Quiet(hotline)
        self._due: datetime | None = None
        """When the next deadline has something happen, as it was known at rest."""
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="case")
        self._agenda: list[tuple[Due, int]] = []
        self._places = count()

    @property
    def now(self) -> datetime:
        """Legal time."""
        return self._clock.now()

    def add(self, dues: Iterable[Due]) -> None:
        """Puts things on the agenda; what lies in the past is done in the next slot."""
        for due in dues:
            heapq.heappush(self._agenda, (due, next(self._places)))

    def run_until(self, end: datetime) -> None:
        """Does everything that is due before the end, then sets the clock to the end."""
        while (moment := self._next_moment()) < end:
            self._move(moment)
            self._act(moment)
        self._move(end)
        self._quiet.wait()

    def close(self) -> None:
        """Ends the workers."""
        self._pool.shutdown()

    def _next_moment(self) -> datetime:
        moments = [slot_of(max(self._agenda[0][0].moment, self.now))] if self._agenda else []
        schedule = self._engineer.sla.GetSchedule(sla_service_pb2.GetScheduleRequest())
        self._due = schedule.next_due_time.ToDatetime(UTC) if schedule.HasField("next_due_time") else None
        if self._due is not None:
            moments.append(max(slot_of(self._due), self.now + SLOT))
        return min(moments, default=datetime.max.replace(tzinfo=UTC))

    def _move(self, moment: datetime) -> None:
        if moment > self.now:
            self._clock.set(moment)
            if self._due is not None and self._due <= moment:  # else no deadline has anything happen
                self._quiet.wait()

    def _act(self, moment: datetime) -> None:
        by_case: dict[int, list[Due]] = {}
        while self._agenda and self._agenda[0][0].moment <= moment:
            due, _ = heapq.heappop(self._agenda)
            by_case.setdefault(due.case, []).append(due)
        if not by_case:
            return

        def act(dues: list[Due]) -> list[Due]:
            return [following for due in dues for following in due.step(moment)]

        for following in self._pool.map(act, by_case.values()):
            self.add(Due(max(due.moment, moment + SLOT), due.rank, due.case, due.step) for due in following)
        self._quiet.wait()
