"""What dispatch and sla announce reaches the appeal, in whatever order the two arrive (Art. 21, 24, 26, 30)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as pb
from hotline.sla.events.v1 import deadline_events_pb2 as sla
from hotline.sla.v1 import deadline_pb2
from hotline_intake.adapters.postgres import Store
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.handlers import ON_EVENT
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.inbox import Envelope
from hotline_kernel.process import Application
from hotline_kernel.timestamps import timestamp

By = Callable[..., Call]
NOW = datetime(2026, 5, 8, 1, 30, tzinfo=UTC)
ORDER = f"workOrders/{uuid4()}"
DAY, LATER_DAY = Date(year=2026, month=5, day=12), Date(year=2026, month=5, day=15)


def hear(database: Database[Store], event: Message, *, time: datetime = NOW) -> None:
    envelope = Envelope(
        id=uuid4(), source="x", aggregate="x", sequence=1, type=event.DESCRIPTOR.full_name, time=time, traceparent=""
    )
    with database.transaction() as tx:
        ON_EVENT[type(event)](event, tx=tx, now=NOW, envelope=envelope)


@pytest.fixture
def appeal(servicer: IntakeServicer, by: By) -> appeal_pb2.Appeal:
    """Referred, with nothing heard of yet."""
    registered = register(servicer, by, appeal_pb2.DraftContent(text="请核实", lead_unit="units/heat"))
    return servicer.ReleaseDraft(pb.ReleaseDraftRequest(name=registered.name, request_id=str(uuid4())), by("reviewer"))


def register(servicer: IntakeServicer, by: By, draft: appeal_pb2.DraftContent | None = None) -> appeal_pb2.Appeal:
    return servicer.RegisterAppeal(
        pb.RegisterAppealRequest(
            request_id=str(uuid4()),
            channel=appeal_pb2.CHANNEL_SMS,
            kind=appeal_pb2.APPEAL_KIND_CITY,
            request_type=appeal_pb2.REQUEST_TYPE_HELP,
            asker=appeal_pb2.ASKER_PERSON,
            category="城市管理/路灯",
            region="130104",
            title="路灯不亮",
            text="夜里看不见",
            draft=draft,
        ),
        by("operator"),
    )


def dispatched(appeal: appeal_pb2.Appeal, *, number: int = 1) -> dispatch.WorkOrderDispatched:
    return dispatch.WorkOrderDispatched(
        work_order=ORDER, appeal=appeal.name, lead_unit="units/heat", round=number, dispatch_time=timestamp(NOW)
    )


def opened(day: Date = DAY, *, number: int = 1) -> sla.DeadlinesOpened:
    handling = sla.DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_HANDLING, due_date=day, due_time=timestamp(NOW))
    contact = sla.DeadlineSet(
        kind=deadline_pb2.DEADLINE_KIND_FIRST_CONTACT, due_date=LATER_DAY, due_time=timestamp(NOW)
    )
    return sla.DeadlinesOpened(subject=ORDER, deadlines=[contact, handling], round=number)


def granted(appeal: appeal_pb2.Appeal, *, time: datetime = NOW) -> dispatch.ExtensionGranted:
    return dispatch.ExtensionGranted(
        work_order=ORDER, appeal=appeal.name, working_days=3, reason="需现场施工", grant_time=timestamp(time)
    )


def moved(day: Date = LATER_DAY) -> sla.DeadlineMoved:
    handling = sla.DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_HANDLING, due_date=day, due_time=timestamp(NOW))
    return sla.DeadlineMoved(subject=ORDER, deadline=handling, round=1)


def closed(appeal: appeal_pb2.Appeal) -> dispatch.WorkOrderClosed:
    return dispatch.WorkOrderClosed(work_order=ORDER, appeal=appeal.name, close_time=timestamp(NOW))


def get(servicer: IntakeServicer, appeal: appeal_pb2.Appeal, by: By) -> appeal_pb2.Appeal:
    return servicer.GetAppeal(pb.GetAppealRequest(name=appeal.name), by("operator"))


def messages(servicer: IntakeServicer, appeal: appeal_pb2.Appeal, by: By) -> list[appeal_pb2.CitizenMessage]:
    return list(servicer.ListMessages(pb.ListMessagesRequest(parent=appeal.name), by("operator")).messages)


def interleavings() -> Iterator[tuple[str, ...]]:
    """Every way in which two of dispatch's and two of sla's events can arrive, each source in its own order."""
    for places in combinations(range(4), 2):
        ours, theirs = iter(("dispatched", "granted")), iter(("opened", "moved"))
        yield tuple(next(ours) if place in places else next(theirs) for place in range(4))


class TestOrder:
    @pytest.mark.parametrize("order", list(interleavings()), ids="-".join)
    def test_of_arrival_between_sources_does_not_matter(
        self,
        servicer: IntakeServicer,
        database: Database[Store],
        by: By,
        appeal: appeal_pb2.Appeal,
        order: tuple[str, ...],
    ) -> None:
        events = {"dispatched": dispatched(appeal), "granted": granted(appeal), "opened": opened(), "moved": moved()}
        for name in order:
            hear(database, events[name])
        found = get(servicer, appeal, by)
        assert (found.work_order, found.due_date) == (ORDER, LATER_DAY)
        told = messages(servicer, appeal, by)
        assert [message.occasion for message in told] == ["receipt", "referred", "extended"]
        assert "2026年5月15日" in told[-1].text
        assert "需现场施工" in told[-1].text

    def test_is_known_while_held_or_without_lead_and_the_last_word_counts(
        self, servicer: IntakeServicer, database: Database[Store], by: By, appeal: appeal_pb2.Appeal
    ) -> None:
        hear(database, dispatch.WorkOrderHeld(work_order=ORDER, appeal=appeal.name))
        assert get(servicer, appeal, by).work_order == ORDER
        hear(database, dispatch.WorkOrderAwaitingLead(work_order=ORDER, appeal=appeal.name))
        hear(database, opened())
        hear(database, dispatched(appeal))
        assert get(servicer, appeal, by).due_date == DAY


class TestExtension:
    def test_is_told_once_each_time(
        self, servicer: IntakeServicer, database: Database[Store], by: By, appeal: appeal_pb2.Appeal
    ) -> None:
        for event in (dispatched(appeal), opened(), granted(appeal), moved(), moved()):
            hear(database, event)
        later = NOW + timedelta(days=4)
        hear(database, granted(appeal, time=later), time=later)
        hear(database, moved(Date(year=2026, month=5, day=20)), time=later)
        texts = [m.text for m in messages(servicer, appeal, by) if m.occasion == "extended"]
        assert ["15日" in texts[0], "20日" in texts[1]] == [True, True]
        assert len(texts) == 2

    def test_is_not_what_a_calendar_that_became_known_is(
        self, servicer: IntakeServicer, database: Database[Store], by: By, appeal: appeal_pb2.Appeal
    ) -> None:
        for event in (dispatched(appeal), opened()):
            hear(database, event)
        hear(database, moved(Date(year=2026, month=5, day=13)), time=NOW - timedelta(hours=1))
        hear(database, granted(appeal))
        assert [m.occasion for m in messages(servicer, appeal, by)] == ["receipt", "referred"]
        hear(database, moved())
        assert "2026年5月15日" in messages(servicer, appeal, by)[-1].text


class TestClosing:
    def test_is_told_and_undone_by_a_reopening(
        self, servicer: IntakeServicer, database: Database[Store], by: By, appeal: appeal_pb2.Appeal
    ) -> None:
        for event in (dispatched(appeal), opened(), closed(appeal)):
            hear(database, event)
        assert get(servicer, appeal, by).state == appeal_pb2.APPEAL_STATE_CLOSED
        hear(database, opened(LATER_DAY, number=2))
        hear(database, dispatched(appeal, number=2))
        found = get(servicer, appeal, by)
        assert (found.state, found.due_date) == (appeal_pb2.APPEAL_STATE_REFERRED, LATER_DAY)
        hear(database, closed(appeal))
        assert [m.occasion for m in messages(servicer, appeal, by)] == ["receipt", "referred", "closed", "closed"]


class TestHour:
    def hour(self, appeal: appeal_pb2.Appeal, due: datetime) -> sla.DeadlinesOpened:
        answer = sla.DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_ANSWER, due_time=timestamp(due))
        return sla.DeadlinesOpened(subject=appeal.name, deadlines=[answer])

    def missed(self, appeal: appeal_pb2.Appeal, due: datetime) -> sla.DeadlineMissed:
        return sla.DeadlineMissed(subject=appeal.name, kind=deadline_pb2.DEADLINE_KIND_ANSWER, due_time=timestamp(due))

    def test_is_carried_and_alarms_when_missed_and_disturbs_nobody(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal, due = register(servicer, by), NOW + timedelta(hours=1)
        hear(database, self.hour(appeal, due))
        found = get(servicer, appeal, by)
        assert (found.answer_due_time.ToDatetime(UTC), found.answer_overdue) == (due, False)
        assert found.etag == appeal.etag
        hear(database, self.missed(appeal, due))
        assert get(servicer, appeal, by).answer_overdue

    def test_of_before_alarms_nobody_after_a_new_one_began(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal, due = register(servicer, by), NOW + timedelta(hours=1)
        hear(database, self.hour(appeal, due))
        servicer.DeclineAppeal(
            pb.DeclineAppealRequest(
                name=appeal.name,
                ground=appeal_pb2.DECLINE_GROUND_MILITARY,
                referral="部队",
                request_id=str(uuid4()),
            ),
            by("operator"),
        )
        servicer.ReinstateAppeal(
            pb.ReinstateAppealRequest(name=appeal.name, reason="非军队事务", request_id=str(uuid4())), by("reviewer")
        )
        hear(database, self.missed(appeal, due))
        hear(database, self.hour(appeal, due + timedelta(hours=2)))
        found = get(servicer, appeal, by)
        assert (found.answer_overdue, found.answer_due_time.ToDatetime(UTC)) == (False, due + timedelta(hours=2))


def test_other_clocks_are_none_of_intakes_business(
    servicer: IntakeServicer, database: Database[Store], by: By, appeal: appeal_pb2.Appeal
) -> None:
    before = get(servicer, appeal, by)
    other = sla.DeadlineSet(kind=deadline_pb2.DEADLINE_KIND_CALLBACK, due_time=timestamp(NOW))
    hear(database, sla.DeadlinesOpened(subject=ORDER, deadlines=[other]))
    hear(database, sla.DeadlineMoved(subject=ORDER, deadline=other))
    hear(database, sla.DeadlineMissed(subject=ORDER, kind=deadline_pb2.DEADLINE_KIND_HANDLING, due_time=timestamp(NOW)))
    assert get(servicer, appeal, by) == before


def test_what_the_broker_brings_twice_happens_once(
    application: Application[Store],
    servicer: IntakeServicer,
    by: By,
    appeal: appeal_pb2.Appeal,
    clock: VirtualClock,
    delivery: Callable[[Application[Store]], Callable[..., None]],
) -> None:
    clock.set(NOW)
    deliver = delivery(application)
    deliver(dispatched(appeal), aggregate=ORDER, copies=2)
    deliver(opened(), aggregate=ORDER, copies=2)
    deliver(granted(appeal), aggregate=ORDER, copies=3)
    deliver(moved(), aggregate=ORDER, copies=2)
    deliver(closed(appeal), aggregate=ORDER, copies=3)
    told = [message.occasion for message in messages(servicer, appeal, by)]
    assert told == ["receipt", "referred", "extended", "closed"]
    assert get(servicer, appeal, by).state == appeal_pb2.APPEAL_STATE_CLOSED
