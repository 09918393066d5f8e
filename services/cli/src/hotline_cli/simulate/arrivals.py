"""When citizens come, by which channel, and how many operators sit there: days, evenings when the lines overflow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from random import Random

from hotline.intake.v1 import appeal_pb2
from hotline_kernel.calendar import ZONE

from hotline_cli.simulate.clockwork import SLOT
from hotline_cli.simulate.messages import Message

# Share of a day's contacts by hour, 0 to 23 (invented after the usual shape: two office peaks and an evening shoulder).
_BY_HOUR = (4, 2, 2, 1, 1, 3, 8, 30, 85, 100, 95, 75, 45, 55, 80, 85, 75, 60, 50, 48, 42, 30, 16, 8)
# By weekday, Monday first.
_BY_WEEKDAY = (1.18, 1.08, 1.04, 1.02, 1.0, 0.88, 0.8)
_CHANNELS = (
    (appeal_pb2.CHANNEL_PHONE, 68),
    (appeal_pb2.CHANNEL_WECHAT, 13),
    (appeal_pb2.CHANNEL_WEB, 9),
    (appeal_pb2.CHANNEL_APP, 6),
    (appeal_pb2.CHANNEL_SMS, 4),
)
# Operators are planned for the mean with this much to spare; on one evening in four more than twice as many call.
_SPARE_BY_DAY, _SPARE_BY_EVENING = 1.45, 1.15
_OVERFLOW_CHANCE, _OVERFLOW_FACTOR = 0.25, 2.4
_EVENING = range(18, 22)


@dataclass(frozen=True)
class Contact:
    """Somebody comes."""

    number: int
    message: Message
    channel: "appeal_pb2.Channel.ValueType"


class Arrivals:
    """The same contacts and the same seats for the same seed."""

    def __init__(self, *, seed: int, per_day: int, messages: Iterator[Message]) -> None:
        """per_day -- contacts on an average day."""
        self._seed = seed
        self._per_day = per_day
        self._messages = messages
        self._next_number = 1

    def of_slot(self, start: datetime) -> list[Contact]:
        """Who comes in a slot; ask for the slots in their order."""
        random = Random(f"{self._seed}/{start.isoformat()}/arrivals")
        expected = self._mean(start) * (_OVERFLOW_FACTOR if self._overflows(start) else 1.0)
        contacts = []
        for message in islice(self._messages, _poisson(random, expected)):
            channel = random.choices([c for c, _ in _CHANNELS], [share for _, share in _CHANNELS])[0]
            contacts.append(Contact(self._next_number, message, channel))
            self._next_number += 1
        return contacts

    def seats(self, start: datetime) -> int:
        """How many contacts the operators can take in a slot."""
        evening = start.astimezone(ZONE).hour in _EVENING
        return max(1, round(self._mean(start) * (_SPARE_BY_EVENING if evening else _SPARE_BY_DAY)) + 1)

    def _mean(self, start: datetime) -> float:
        local = start.astimezone(ZONE)
        of_day = _BY_HOUR[local.hour] / sum(_BY_HOUR) * (SLOT.total_seconds() / 3600)
        return self._per_day * of_day * _BY_WEEKDAY[local.weekday()]

    def _overflows(self, start: datetime) -> bool:
        local = start.astimezone(ZONE)
        chance = Random(f"{self._seed}/{local.date().isoformat()}/overflow").random()
        return local.hour in _EVENING and chance < _OVERFLOW_CHANCE


def _poisson(random: Random, mean: float) -> int:
    """Arrivals in a slot, by adding up exponential gaps; means stay below a few hundred."""
    count, passed = 0, random.expovariate(1.0)
    while passed < mean:
        count += 1
        passed += random.expovariate(1.0)
    return count
