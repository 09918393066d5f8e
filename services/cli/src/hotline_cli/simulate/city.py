"""What all cases of a simulated city share."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock

from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.calendar import Calendar
from hotline_kernel.errors import HotlineError

from hotline_cli.client import Hotline


class Temper(Enum):
    """How a unit goes about its orders."""

    PROMPT = "prompt"
    SLOW = "slow"
    REFUSING = "refusing"
    SILENT = "silent"


@dataclass
class City:
    """What all cases share: the platform, the units and their tempers, the calendar, and a tally of refusals."""

    hotline: Hotline
    calendar: Calendar
    units: dict[str, work_order_pb2.Unit]
    tempers: dict[str, Temper]
    refusals: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def lead_for(self, subject: str, region: str) -> str:
        """The unit an operator would propose: by competence, its own territory first; empty if none is named."""
        fitting = sorted(name for name, unit in self.units.items() if subject in unit.competences)
        at_home = [name for name in fitting if self.units[name].region == region]
        return next(iter(at_home or fitting), "")

    def refused(self, error: HotlineError) -> None:
        """Counts a refusal that a person ran into."""
        self.tally(self.refusals, error.reason)

    def tally(self, counts: Counter[str], *names: str) -> None:
        """Adds one to each; cases count at the same time."""
        with self._lock:
            counts.update(names)
