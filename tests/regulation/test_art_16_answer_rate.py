"""第十六条: fewer lost calls — answer rate, abandon rate and waiting times, live from what happens to each call."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import call_pb2
from hotline.operations.v1 import audit_service_pb2
from hotline_cli.client import new_request_id
from hotline_kernel.errors import Denied, Refused
from hotline_kernel.timestamps import timestamp

from tests.regulation.city import City

DUTIES = ("intake:16",)

OFFERED, QUEUED = call_pb2.CALL_EVENT_KIND_OFFERED, call_pb2.CALL_EVENT_KIND_QUEUED
ANSWERED, ABANDONED = call_pb2.CALL_EVENT_KIND_ANSWERED, call_pb2.CALL_EVENT_KIND_ABANDONED
TRANSFERRED, ENDED = call_pb2.CALL_EVENT_KIND_TRANSFERRED, call_pb2.CALL_EVENT_KIND_ENDED
SEAT, OTHER = "seats/intake-102", "seats/intake-103"


def event(
    reference: str, kind: call_pb2.CallEventKind.ValueType, time: datetime, *, seat: str = ""
) -> call_pb2.CallEvent:
    """Something that happened to a call."""
    return call_pb2.CallEvent(call=f"calls/{reference}", kind=kind, time=timestamp(time), seat=seat)


def tell(city: City, events: list[call_pb2.CallEvent], *, assign: bool = False) -> call_centre.RecordCallEventsResponse:
    """The telephone exchange tells."""
    return city.hotline.person("channel").call_centre.RecordCallEvents(
        call_centre.RecordCallEventsRequest(events=events, assign=assign, request_id=new_request_id())
    )


def answered(name: str, offer: datetime, wait: float) -> Iterator[call_pb2.CallEvent]:
    """A call that waits, is answered and ends."""
    yield event(name, OFFERED, offer)
    yield event(name, QUEUED, offer)
    yield event(name, ANSWERED, offer + timedelta(seconds=wait))
    yield event(name, ENDED, offer + timedelta(seconds=wait + 120))


def lost(name: str, offer: datetime, wait: float) -> Iterator[call_pb2.CallEvent]:
    """A call whose caller hangs up."""
    yield event(name, OFFERED, offer)
    yield event(name, QUEUED, offer)
    yield event(name, ABANDONED, offer + timedelta(seconds=wait))


def statistics(city: City, start: datetime, end: datetime, *, role: str = "supervisor") -> call_pb2.CallStatistics:
    """How the lines did."""
    return city.hotline.person(role).call_centre.GetCallStatistics(
        call_centre.GetCallStatisticsRequest(start_time=timestamp(start), end_time=timestamp(end))
    )


class TestTheLines:
    """减少呼损率，力争100%接通受理 (Art. 16)."""

    def test_are_counted_in_any_window(self, city: City) -> None:
        """Ten calls of an evening: eight answered, seven of them within 15 s, one given up, one still waiting."""
        base = city.now - timedelta(minutes=10)
        story = [each for n in range(7) for each in answered(f"a-{n}", base + timedelta(seconds=n), 4 + n)]
        story += answered("a-7", base, 40)
        story += lost("a-8", base + timedelta(minutes=1), 75)
        story += [event("a-9", OFFERED, base + timedelta(minutes=2))]
        assert tell(city, story).recorded == len(story)
        found = statistics(city, base, base + timedelta(minutes=5), role="office")
        assert (found.offered, found.answered, found.abandoned, found.waiting) == (10, 8, 1, 1)
        assert (found.answer_rate, found.abandon_rate) == (0.8, 0.1)
        assert (found.answer_seconds, found.answered_in_time) == (15, 7)
        assert (found.median_wait_seconds, found.longest_wait_seconds) == (7, 40)
        bands = {band.up_to_seconds: (band.answered, band.abandoned) for band in found.waits}
        assert (bands[10], bands[45], bands[90]) == ((5, 0), (1, 0), (0, 1))
        assert not found.keeps_norm
        assert statistics(city, base + timedelta(minutes=1), base + timedelta(minutes=2)).offered == 1
        tell(city, [event("a-9", ABANDONED, base + timedelta(minutes=3))])

    def test_keep_the_norm_over_any_24_hours(self, city: City) -> None:
        """≥ 95 % over any 24 hours (GB/T 33358): a bad evening shows, though the two days together are well."""
        start = (city.now - timedelta(days=20)).replace(minute=0, second=0, microsecond=0)
        good = [each for n in range(200) for each in answered(f"g-{n}", start + timedelta(minutes=n), 5)]
        evening = start + timedelta(hours=44)
        bad = [each for n in range(9) for each in lost(f"b-{n}", evening + timedelta(minutes=n), 60)]
        bad += [each for n in range(91) for each in answered(f"c-{n}", evening + timedelta(seconds=n), 5)]
        for story in (good, bad):
            assert not tell(city, story).rejected
        found = statistics(city, start, start + timedelta(hours=48))
        assert found.answer_rate == pytest.approx(291 / 300)
        assert found.worst_day.answer_rate == pytest.approx(0.91)
        assert found.norm_answer_rate == 0.95
        assert not found.keeps_norm
        assert statistics(city, start, start + timedelta(hours=40)).keeps_norm

    def test_break_the_norm_by_answers_that_come_late(self, city: City) -> None:
        """Within 15 s (GB/T 33358), as the alert has it: everybody was answered, and the norm is not kept."""
        start = (city.now - timedelta(days=40)).replace(minute=0, second=0, microsecond=0)
        story = [each for n in range(9) for each in answered(f"late-{n}", start + timedelta(minutes=n), 16)]
        story += [each for n in range(91) for each in answered(f"soon-{n}", start + timedelta(hours=1, seconds=n), 15)]
        tell(city, story)
        found = statistics(city, start, start + timedelta(hours=24))
        assert found.answer_rate == found.worst_day.answer_rate == 1
        assert found.in_time_rate == found.worst_day.in_time_rate == pytest.approx(0.91)
        assert not found.keeps_norm

    def test_tell_each_thing_once_and_nothing_that_cannot_be(self, city: City) -> None:
        """Offered, queued, answered, transferred, ended: a call has one end, and what comes twice counts once."""
        base = city.now - timedelta(minutes=30)
        story = list(answered("one", base, 3))
        moved = event("one", TRANSFERRED, base + timedelta(seconds=60))
        assert tell(city, [*story[:3], moved, story[3]]).recorded == 5
        assert tell(city, story).recorded == 0
        second_end = tell(city, [event("one", ABANDONED, base + timedelta(minutes=5))])
        assert [rejected.reason for rejected in second_end.rejected] == ["CALL_EVENT_NOT_NEXT"]
        found = statistics(city, base, base + timedelta(seconds=1))
        assert (found.offered, found.queued, found.transferred, found.ended) == (1, 1, 1, 1)


class TestListeningIn:
    """Supervising the seats is a permission of its own, and on record (Art. 16, 36(4); ours)."""

    def test_is_the_supervisors_alone_and_goes_on_record(self, city: City) -> None:
        """Only while the call goes on, and with a purpose."""
        base = city.now - timedelta(seconds=30)
        tell(city, [event("listened", OFFERED, base), event("listened", ANSWERED, base, seat=OTHER)])
        request = call_centre.ListenInRequest(name="calls/listened", purpose="新员工带教")
        for role in ("operator", "quality", "office", "auditor", "channel"):
            with pytest.raises(Denied):
                city.hotline.person(role).call_centre.ListenIn(request)
        heard = city.hotline.person("supervisor").call_centre.ListenIn(request)
        assert (heard.seat, heard.extension) == (OTHER, "8103")
        asked = audit_service_pb2.ListAuditEntriesRequest(resource="calls/listened")
        [deed] = city.auditor.audit["intake"].ListAuditEntries(asked).entries
        assert (deed.action, deed.purpose, deed.roles) == ("intake.calls.listen", "新员工带教", "supervisor")
        tell(city, [event("listened", ENDED, city.now)])
        with pytest.raises(Refused):
            city.hotline.person("supervisor").call_centre.ListenIn(request)
