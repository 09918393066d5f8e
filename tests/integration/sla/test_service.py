"""SlaService as the api server calls it: lists, what a unit may see, scores (Art. 28, 34)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.feedback.events.v1 import callback_events_pb2 as feedback
from hotline.feedback.v1 import callback_pb2
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as pb
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.errors import FieldInvalid, PageTokenInvalid, ResourceNotFound
from hotline_sla import handlers
from hotline_sla.domain.assessment import NotOwnUnit, PeriodInvalid
from hotline_sla.entrypoints.grpc_server import SlaServicer

from tests.integration.sla.office import Office, shanghai, stamp


class FixedClock:
    """Legal time stands still."""

    def now(self) -> Any:
        return shanghai("2026-05-20 09:00")


def call(role: str = "office", unit: str = "") -> Call:
    return Call(
        principal=Principal(subject="somebody", roles=frozenset({role}), unit=unit, region=""),
        method="/hotline.sla.v1.SlaService/Any",
        permission="sla.any",
        trace_id="",
    )


WATER = call("unit", "units/water")


@pytest.fixture
def service(office: Office) -> SlaServicer:
    return SlaServicer(database=office.database, clock=FixedClock(), law=office.law, issuer="办公室")


def pages(method: Callable[..., Any], request: Any, items: str, who: Call) -> list[Any]:
    found: list[Any] = []
    while True:
        answer = method(request, who)
        found += getattr(answer, items)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def may(first: int, last: int) -> dict[str, Date]:
    return {"start_date": Date(year=2026, month=5, day=first), "end_date": Date(year=2026, month=5, day=last)}


class TestDeadlines:
    def test_come_with_history_and_explanation(self, office: Office, service: SlaServicer) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-14 18:00")
        (handling,) = service.ListDeadlines(
            pb.ListDeadlinesRequest(subject=order, kind=deadline_pb2.DEADLINE_KIND_HANDLING), call()
        ).deadlines
        assert not handling.history
        found = service.GetDeadline(pb.GetDeadlineRequest(name=handling.name), WATER)
        assert found.state == deadline_pb2.DEADLINE_STATE_OVERDUE
        assert [change.change for change in found.history] == ["opened", "missed"]
        assert found.explanation.startswith("2026-05-13 17:30 到期")
        assert found.due_date == Date(year=2026, month=5, day=13)

    def test_that_do_not_exist_are_not_found(self, service: SlaServicer) -> None:
        with pytest.raises(ResourceNotFound):
            service.GetDeadline(pb.GetDeadlineRequest(name=f"deadlines/{uuid4()}"), call())

    def test_are_listed_by_their_end_over_pages(self, office: Office, service: SlaServicer) -> None:
        for n in range(7):
            office.dispatch(shanghai("2026-05-11 09:00") + timedelta(hours=7 * n % 5))
        found = pages(service.ListDeadlines, pb.ListDeadlinesRequest(page_size=3), "deadlines", call())
        assert len({deadline.name for deadline in found}) == 14
        ends = [deadline.due_time.ToDatetime() for deadline in found]
        assert ends == sorted(ends)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"unit": "units/heat"}, 2),
            ({"kind": deadline_pb2.DEADLINE_KIND_FIRST_CONTACT}, 2),
            ({"state": deadline_pb2.DEADLINE_STATE_OVERDUE}, 2),
            ({"state": deadline_pb2.DEADLINE_STATE_RUNNING, "unit": "units/heat"}, 2),
            ({"due_before": stamp("2026-05-12 00:00")}, 1),
            ({"kind": deadline_pb2.DEADLINE_KIND_ANSWER}, 0),
        ],
    )
    def test_are_filtered(self, office: Office, service: SlaServicer, filters: dict[str, Any], expected: int) -> None:
        office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-14 18:00")
        office.dispatch("2026-05-19 09:00", unit="units/heat")
        assert len(service.ListDeadlines(pb.ListDeadlinesRequest(**filters), call()).deadlines) == expected

    def test_refuse_a_token_of_other_filters_and_a_moment_beyond_time(
        self, office: Office, service: SlaServicer
    ) -> None:
        office.dispatch("2026-05-11 09:00")
        token = service.ListDeadlines(pb.ListDeadlinesRequest(page_size=1), call()).next_page_token
        with pytest.raises(PageTokenInvalid):
            service.ListDeadlines(pb.ListDeadlinesRequest(unit="units/heat", page_token=token), call())
        with pytest.raises(FieldInvalid):
            service.ListDeadlines(pb.ListDeadlinesRequest(due_before=Timestamp(seconds=1 << 60)), call())


class TestAUnit:
    def test_sees_its_own_alone(self, office: Office, service: SlaServicer) -> None:
        office.dispatch("2026-05-11 09:00")
        office.dispatch("2026-05-11 09:00", unit="units/heat")
        office.tick("2026-05-14 18:00")
        listed = service.ListDeadlines(pb.ListDeadlinesRequest(), WATER).deadlines
        assert {deadline.unit for deadline in listed} == {"units/water"}
        supervised = service.ListSupervisions(pb.ListSupervisionsRequest(), WATER).supervisions
        assert {supervision.unit for supervision in supervised} == {"units/water"}
        scores = service.ListUnitScores(pb.ListUnitScoresRequest(**may(1, 31)), WATER).scores
        assert [score.unit for score in scores] == ["units/water"]

    def test_may_not_ask_for_another(self, office: Office, service: SlaServicer) -> None:
        office.dispatch("2026-05-11 09:00", unit="units/heat")
        (name, *_) = [d.name for d in service.ListDeadlines(pb.ListDeadlinesRequest(), call()).deadlines]
        asked: list[Callable[[], object]] = [
            lambda: service.GetDeadline(pb.GetDeadlineRequest(name=name), WATER),
            lambda: service.ListDeadlines(pb.ListDeadlinesRequest(unit="units/heat"), WATER),
            lambda: service.ListSupervisions(pb.ListSupervisionsRequest(unit="units/heat"), WATER),
            lambda: service.ListUnitScores(pb.ListUnitScoresRequest(unit="units/heat", **may(1, 31)), WATER),
            lambda: service.ListDeadlines(pb.ListDeadlinesRequest(), call("unit")),
        ]
        for ask in asked:
            with pytest.raises(NotOwnUnit):
                ask()


class TestSupervisions:
    def test_are_listed_newest_first(self, office: Office, service: SlaServicer) -> None:
        orders = [office.dispatch("2026-05-11 09:00") for _ in range(3)]
        for now in ("2026-05-12 18:00", "2026-05-13 18:00", "2026-05-14 18:00"):
            office.tick(now)
        found = pages(service.ListSupervisions, pb.ListSupervisionsRequest(page_size=2), "supervisions", call())
        assert [supervision.step for supervision in found] == [3, 3, 3, 2, 2, 2, 1, 1, 1]
        written = service.ListSupervisions(
            pb.ListSupervisionsRequest(work_order=orders[0], step=deadline_pb2.SUPERVISION_STEP_WRITTEN), call()
        ).supervisions
        assert [supervision.number[:7] for supervision in written] == ["督〔2026〕"]


class TestScores:
    def test_tell_what_became_of_each_order(self, office: Office, service: SlaServicer) -> None:
        prompt, late, lost, again = (office.dispatch("2026-05-11 09:00") for _ in range(4))
        office.receive(dispatch.FirstContactRecorded(work_order=prompt, contact_time=stamp("2026-05-11 09:10")))
        office.report(prompt, "2026-05-12 09:00")
        office.report(again, "2026-05-12 09:00")
        office.receive(dispatch.ExtensionGranted(work_order=late, working_days=1, grant_time=stamp("2026-05-12 10:00")))
        for order, verdict in (
            (prompt, callback_pb2.VERDICT_SATISFIED),
            (again, callback_pb2.VERDICT_DISSATISFIED),
        ):
            office.receive(
                feedback.CallbackCompleted(
                    work_order=order, verdict=verdict, round=1, complete_time=stamp("2026-05-12 15:00")
                )
            )
        office.receive(
            feedback.ReviewConcluded(
                review="reviews/1",
                work_order=again,
                outcome=callback_pb2.REVIEW_OUTCOME_REOPENED,
                responsibility=callback_pb2.RESPONSIBILITY_OPERATOR,
                conclude_time=stamp("2026-05-13 09:00"),
            )
        )
        office.dispatch("2026-05-14 09:00", work_order=again, round=2)
        office.tick("2026-05-14 17:30")
        office.report(late, "2026-05-15 10:00")
        office.tick("2026-05-15 17:30")
        for _ in range(2):  # before and after the shifts were added up
            (score,) = service.ListUnitScores(pb.ListUnitScoresRequest(**may(11, 11)), call()).scores
            assert score.score == pytest.approx(
                50 * (1 + 0.5 - 0.25) / 3 + 20 * 1 / 4 + 20 * 1 / (2 - 1) + 10 * (1 - 1 / 3)
            )
            score.ClearField("score")
            assert score == deadline_pb2.UnitScore(
                unit="units/water",
                received=4,
                contact_due=4,
                contacted_in_time=1,
                handled_in_time=1,
                handled_late=1,
                overdue=1,
                running=1,
                extended=1,
                reopened=1,
                reminded=2,
                supervised=1,
                satisfied=1,
                dissatisfied=1,
                asked=2,
                excused=1,
                weights_version="2017-1",
            )
            with office.database.transaction() as tx:
                tx.add_up_counts(limit=1000)
        assert lost
        assert office.rows("SELECT count(*) FROM unit_day_shift") == [0]
        assert not service.ListUnitScores(pb.ListUnitScoresRequest(**may(12, 31)), call()).scores

    def test_follow_the_unit_that_holds_the_order(self, office: Office, service: SlaServicer) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.receive(dispatch.WorkOrderSentBack(work_order=order, send_back_time=stamp("2026-05-12 09:00")))
        assert not service.ListUnitScores(pb.ListUnitScoresRequest(**may(1, 31)), call()).scores
        office.dispatch("2026-05-12 10:00", work_order=order, unit="units/heat")
        scores = service.ListUnitScores(pb.ListUnitScoresRequest(**may(1, 31)), call()).scores
        assert [(score.unit, score.received) for score in scores] == [("units/heat", 1)]

    def test_leave_a_unit_what_went_wrong_in_its_hands(self, office: Office, service: SlaServicer) -> None:
        """Given back overdue and after a circular: the points stay, and the next unit has its own (Art. 22, 28, 29)."""
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-14 17:30")
        with office.database.transaction() as tx:
            handlers.publish_circular(
                unit="units/water",
                work_orders=[],
                text="",
                grave=False,
                tx=tx,
                now=shanghai("2026-05-15 18:00"),
                law=office.law,
            )
        request = pb.ListUnitScoresRequest(**may(1, 31))
        [before] = service.ListUnitScores(request, call()).scores
        assert (before.overdue, before.supervised, before.circulated) == (1, 1, 1)
        office.receive(dispatch.WorkOrderSentBack(work_order=order, send_back_time=stamp("2026-05-18 09:00")))
        assert list(service.ListUnitScores(request, call()).scores) == [before]
        office.dispatch("2026-05-18 10:00", work_order=order, unit="units/heat")
        office.report(order, "2026-05-18 16:00")
        heat, water = service.ListUnitScores(request, call()).scores
        assert water == before
        assert (heat.received, heat.handled_late, heat.supervised, heat.circulated) == (1, 1, 0, 0)
        office.dispatch("2026-05-19 10:00", work_order=order, unit="units/water", round=2)
        _, water = service.ListUnitScores(request, call()).scores
        assert (water.received, water.circulated, water.running, water.reopened) == (1, 1, 1, 0)

    def test_leave_it_what_went_wrong_when_the_office_takes_the_order(
        self, office: Office, service: SlaServicer
    ) -> None:
        """From a unit that may not have it, or is no more (Art. 22, 36(4)): late is late."""
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-14 17:30")
        request = pb.ListUnitScoresRequest(**may(1, 31))
        [before] = service.ListUnitScores(request, call()).scores
        office.receive(dispatch.WorkOrderAwaitingLead(work_order=order, await_time=stamp("2026-05-15 09:00")))
        assert before.overdue == before.supervised == 1
        assert list(service.ListUnitScores(request, call()).scores) == [before]

    def test_come_in_pages_by_unit(self, office: Office, service: SlaServicer) -> None:
        for n in range(5):
            office.dispatch("2026-05-11 09:00", unit=f"units/u{n}")
        found = pages(service.ListUnitScores, pb.ListUnitScoresRequest(page_size=2, **may(1, 31)), "scores", call())
        assert [score.unit for score in found] == [f"units/u{n}" for n in range(5)]

    def test_need_a_period_that_is_one(self, service: SlaServicer) -> None:
        with pytest.raises(PeriodInvalid):
            service.ListUnitScores(pb.ListUnitScoresRequest(**may(12, 11)), call())
        with pytest.raises(FieldInvalid, match="start_date"):
            service.ListUnitScores(
                pb.ListUnitScoresRequest(start_date=Date(year=2026, month=2, day=30), end_date=Date(year=2026)), call()
            )

    def test_agree_with_a_slow_count_over_a_busy_month(self, office: Office, service: SlaServicer) -> None:
        start = shanghai("2026-05-01 09:00")
        for n in range(60):
            order = office.dispatch(start + timedelta(hours=11 * n), unit=f"units/u{n % 3}")
            if n % 4:
                office.report(order, start + timedelta(hours=11 * n + 40 * (n % 4)))
            if n % 10 == 0:
                with office.database.transaction() as tx:
                    tx.add_up_counts(limit=7)
            office.tick(start + timedelta(hours=11 * n))
        scores = service.ListUnitScores(pb.ListUnitScoresRequest(**may(1, 31)), call()).scores
        with office.database.transaction() as tx:
            names = [row["work_order"] for row in tx.all("SELECT work_order FROM work_order")]
            orders = list(tx.orders(names).values())
        for score in scores:
            own = [order.counts() for order in orders if order.unit == score.unit]
            in_may = [order for order in orders if order.received_date <= date(2026, 5, 31)]
            assert len(in_may) == len(orders)
            for name in ("received", "handled_in_time", "handled_late", "overdue", "running", "reminded", "supervised"):
                assert getattr(score, name) == sum(getattr(counts, name) for counts in own), name


class TestTheSchedule:
    def test_tells_the_next_moment_and_what_lags(self, office: Office, service: SlaServicer) -> None:
        assert not service.GetSchedule(pb.GetScheduleRequest(), call()).HasField("next_due_time")
        office.dispatch("2026-05-18 09:00")
        schedule = service.GetSchedule(pb.GetScheduleRequest(), call())
        assert schedule.next_due_time == stamp("2026-05-18 14:30")
        assert schedule.lagging == 2
        assert schedule.now == stamp("2026-05-20 09:00")
