"""The pump forgets by itself whom nothing keeps any more (Art. 36(4))."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from google.type.date_pb2 import Date
from hotline.intake.v1 import appeal_pb2, contest_service_pb2, hold_service_pb2, retention_service_pb2
from hotline.intake.v1 import intake_service_pb2 as pb
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.citizen import CitizenErased
from hotline_intake.domain.hold import CitizenHeld
from hotline_intake.entrypoints.contest_server import ContestServicer
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.entrypoints.hold_server import HoldServicer
from hotline_intake.entrypoints.retention_server import RetentionServicer
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.process import Application

By = Callable[..., Call]
TERM = 1095


@pytest.fixture
def retention(application: Application[Store]) -> RetentionServicer:
    [found] = [each for each in application.servicers.values() if isinstance(each, RetentionServicer)]
    return found


@pytest.fixture
def holds(application: Application[Store]) -> HoldServicer:
    [found] = [each for each in application.servicers.values() if isinstance(each, HoldServicer)]
    return found


def tick(application: Application[Store]) -> None:
    """What the pump does every few seconds."""
    [ticker] = [ticker for ticker in application.tickers if ticker.name == "retention"]
    assert not ticker.run()


def pass_days(clock: VirtualClock, days: int) -> None:
    clock.set(clock.now() + timedelta(days=days))


def register(servicer: IntakeServicer, by: By, phone: str = "13900000001") -> appeal_pb2.Appeal:
    return servicer.RegisterAppeal(
        pb.RegisterAppealRequest(
            request_id=str(uuid4()),
            channel=appeal_pb2.CHANNEL_PHONE,
            kind=appeal_pb2.APPEAL_KIND_CONSULTATION,
            request_type=appeal_pb2.REQUEST_TYPE_CONSULTATION,
            asker=appeal_pb2.ASKER_PERSON,
            category="城乡建设/供热",
            region="130102",
            title="供暖期",
            text="请问供暖期到哪天？",
            citizen=appeal_pb2.Citizen(full_name="甄好听", phone=phone),
        ),
        by("operator"),
    )


def answer(servicer: IntakeServicer, by: By, appeal: appeal_pb2.Appeal) -> None:
    request = pb.AnswerAppealRequest(name=appeal.name, text="到三月十五日。", request_id=str(uuid4()))
    servicer.AnswerAppeal(request, by("operator"))


def is_known(servicer: IntakeServicer, by: By, appeal: appeal_pb2.Appeal) -> bool:
    request = pb.RevealContactRequest(name=appeal.name, purpose="核实")
    try:
        return servicer.RevealContact(request, by("office")).phone != ""
    except CitizenErased:
        return False


def due(retention: RetentionServicer, by: By, *, due_by: Date | None = None) -> list[tuple[str, date, bool]]:
    request = retention_service_pb2.ListRetentionDueRequest(due_by=due_by)
    return [
        (each.citizen, date(each.forget_date.year, each.forget_date.month, each.forget_date.day), each.held)
        for each in retention.ListRetentionDue(request, by("office")).due
    ]


def test_whoever_brought_what_ended_is_forgotten_when_its_term_is_over(
    application: Application[Store],
    servicer: IntakeServicer,
    retention: RetentionServicer,
    clock: VirtualClock,
    by: By,
) -> None:
    appeal = register(servicer, by)
    assert due(retention, by) == []
    answer(servicer, by, appeal)
    tick(application)
    ends = date(2026, 5, 8) + timedelta(days=TERM)
    assert due(retention, by) == [(appeal.citizen, ends, False)]
    before = ends - timedelta(days=1)
    assert due(retention, by, due_by=Date(year=before.year, month=before.month, day=before.day)) == []
    pass_days(clock, TERM - 1)
    tick(application)
    assert is_known(servicer, by, appeal)
    pass_days(clock, 1)
    tick(application)
    assert not is_known(servicer, by, appeal)
    assert due(retention, by) == []
    with application.database.transaction() as tx:
        record = tx.one("SELECT resource FROM audit_entry WHERE action = 'intake.citizens.forget'")
    assert record == {"resource": appeal.citizen}


def test_an_open_appeal_keeps_its_citizen_until_it_ended_too(
    application: Application[Store],
    servicer: IntakeServicer,
    retention: RetentionServicer,
    clock: VirtualClock,
    by: By,
) -> None:
    first = register(servicer, by)
    answer(servicer, by, first)
    tick(application)
    pass_days(clock, TERM)
    second = register(servicer, by)
    assert second.citizen == first.citizen
    tick(application)
    assert due(retention, by) == []
    assert is_known(servicer, by, first)
    answer(servicer, by, second)
    tick(application)
    [(_, day, _)] = due(retention, by)
    assert day == date(2026, 5, 8) + timedelta(days=2 * TERM)


def test_a_hold_keeps_whoever_is_held(
    application: Application[Store],
    servicer: IntakeServicer,
    retention: RetentionServicer,
    holds: HoldServicer,
    clock: VirtualClock,
    by: By,
) -> None:
    held, other = register(servicer, by), register(servicer, by, phone="13900000002")
    hold = holds.PlaceHold(
        hold_service_pb2.PlaceHoldRequest(citizen=held.citizen, reason="案件", request_id=str(uuid4())), by("office")
    )
    for appeal in (held, other):
        answer(servicer, by, appeal)
    tick(application)
    pass_days(clock, TERM)
    tick(application)
    assert (is_known(servicer, by, held), is_known(servicer, by, other)) == (True, False)
    assert [(citizen, on_hold) for citizen, _, on_hold in due(retention, by)] == [(held.citizen, True)]
    holds.ReleaseHold(
        hold_service_pb2.ReleaseHoldRequest(name=hold.name, reason="办结", request_id=str(uuid4())), by("office")
    )
    tick(application)
    assert not is_known(servicer, by, held)


def test_an_undecided_objection_keeps_whose_it_is(
    application: Application[Store],
    servicer: IntakeServicer,
    retention: RetentionServicer,
    clock: VirtualClock,
    by: By,
) -> None:
    appeal = register(servicer, by)
    servicer.DeclineAppeal(
        pb.DeclineAppealRequest(
            name=appeal.name,
            ground=appeal_pb2.DECLINE_GROUND_MILITARY,
            referral="请向有关部门反映",
            request_id=str(uuid4()),
        ),
        by("operator"),
    )
    [contests] = [each for each in application.servicers.values() if isinstance(each, ContestServicer)]
    contests.ContestDecline(
        contest_service_pb2.ContestDeclineRequest(
            tracking_code=appeal.tracking_code, reason="并非军队事务", request_id=str(uuid4())
        ),
        by("anyone"),
    )
    pass_days(clock, TERM)
    tick(application)
    assert is_known(servicer, by, appeal)
    assert [day for _, day, _ in due(retention, by)] == [date(2026, 5, 8) + timedelta(days=TERM + 1)]


def test_a_restore_is_followed_by_the_erasure_list(
    servicer: IntakeServicer,
    retention: RetentionServicer,
    holds: HoldServicer,
    application: Application[Store],
    by: By,
) -> None:
    appeal = register(servicer, by)
    with application.database.transaction() as tx:  # the backup
        key = tx.one("SELECT wrapped_key FROM citizen")
    assert key is not None
    request = pb.EraseCitizenRequest(name=appeal.citizen, reason="本人申请", request_id=str(uuid4()))
    servicer.EraseCitizen(request, by("office"))
    listed = retention.ListErasures(retention_service_pb2.ListErasuresRequest(), by("engineer")).erasures
    assert [each.citizen for each in listed] == [appeal.citizen]
    with application.database.transaction() as tx:  # the restore
        tx.run("UPDATE citizen SET wrapped_key = %(wrapped_key)s, erase_time = NULL", key)
    assert is_known(servicer, by, appeal)

    def replay() -> retention_service_pb2.ReplayErasuresResponse:
        asked = retention_service_pb2.ReplayErasuresRequest(
            citizens=[*[each.citizen for each in listed], f"citizens/{uuid4()}"], reason="恢复", request_id=str(uuid4())
        )
        return retention.ReplayErasures(asked, by("engineer"))

    hold = holds.PlaceHold(
        hold_service_pb2.PlaceHoldRequest(citizen=appeal.citizen, reason="案件", request_id=str(uuid4())), by("office")
    )
    with pytest.raises(CitizenHeld):
        replay()
    assert is_known(servicer, by, appeal)
    holds.ReleaseHold(
        hold_service_pb2.ReleaseHoldRequest(name=hold.name, reason="办结", request_id=str(uuid4())), by("office")
    )
    assert replay() == retention_service_pb2.ReplayErasuresResponse(erased=1, unknown=1)
    assert not is_known(servicer, by, appeal)
    assert replay() == retention_service_pb2.ReplayErasuresResponse(erased_before=1, unknown=1)
