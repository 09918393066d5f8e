"""第十六条: an evening on which callers do not get through wakes somebody: a real Prometheus, the shipped rules."""

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hotline.intake.v1 import call_pb2

from tests.regulation.city import City, moment
from tests.regulation.test_art_16_answer_rate import ABANDONED, ANSWERED, ENDED, OFFERED, QUEUED, event, tell
from tests.support.prometheus import Prometheus

DUTIES = ("intake:16",)

SEATS, HANDLING, PATIENCE = 10, timedelta(minutes=3), timedelta(minutes=1)
LONG_AGO = timedelta(days=70)  # no other test looks at calls of that day
LOW, AT_ONCE, FIRING = "HotlineAnswerRateLow", "1h", "firing"


class Lines:
    """Ten seats at which calls are answered in their order, by an operator who is free or becomes so in time."""

    def __init__(self, start: datetime) -> None:
        self._minute = start
        self._free = [start] * SEATS
        self._to_come: list[call_pb2.CallEvent] = []
        self._calls = 0

    def next_minute(self, *, callers: int) -> list[call_pb2.CallEvent]:
        """What the telephone exchange tells of the next minute, in which so many call."""
        for number in range(callers):
            self._to_come += self._call(self._minute + timedelta(minutes=1) * number / callers)
        self._minute += timedelta(minutes=1)
        told = [each for each in self._to_come if moment(each.time) < self._minute]
        self._to_come = [each for each in self._to_come if moment(each.time) >= self._minute]
        return sorted(told, key=lambda each: moment(each.time))

    def _call(self, offer: datetime) -> Sequence[call_pb2.CallEvent]:
        self._calls += 1
        name = f"evening-{self._calls}"
        begin = [event(name, OFFERED, offer), event(name, QUEUED, offer)]
        answer = max(offer, self._free[0])
        if answer > offer + PATIENCE:
            return [*begin, event(name, ABANDONED, offer + PATIENCE)]
        heapq.heapreplace(self._free, answer + HANDLING)
        return [*begin, event(name, ANSWERED, answer), event(name, ENDED, answer + HANDLING)]


class TestAnEveningPeak:
    """减少呼损率，力争100%接通受理 (Art. 16)."""

    def test_raises_the_alert_of_the_answer_rate_and_no_other(self, city: City, tmp_path: Path) -> None:
        """Silent while ten seats carry two calls a minute; eight a minute fire it; with two again the hour's clears.

        The alerts of longer windows have the same name and stay: half of what a day allows is used up by then.
        """
        lines = Lines((city.now - LONG_AGO).replace(hour=18, minute=0, second=0, microsecond=0))
        intake = f"127.0.0.1:{city.hotline.instance.environment('intake', 'serve')['HOTLINE_METRICS_PORT']}"
        with Prometheus(tmp_path, targets=[intake], rules="answer-rate") as prometheus:

            def a_minute(callers: int) -> set[tuple[str, str, str]]:
                told = tell(city, lines.next_minute(callers=callers))
                assert not told.rejected
                prometheus.next_scrape()
                return {alert for alert in prometheus.alerts() if alert[2] == FIRING}

            calm = [a_minute(2) for _ in range(10)]
            assert not any(calm)
            peak = next(minute for minute in range(1, 31) if (LOW, AT_ONCE, FIRING) in a_minute(8))
            assert peak > 2  # not at the first caller who hangs up
            assert any((LOW, AT_ONCE, FIRING) not in a_minute(2) for _ in range(30))
            assert prometheus.ever_fired() == {LOW}
