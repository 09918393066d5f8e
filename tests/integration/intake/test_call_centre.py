"""Seats and calls on a real PostgreSQL (Art. 15, 16)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from hotline.intake.v1 import call_centre_service_pb2 as pb
from hotline.intake.v1 import call_pb2, seat_pb2
from hotline.intake.v1 import intake_service_pb2 as service_pb2
from hotline_intake.adapters.call_postgres import call_list_statement
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.seat import SeatTaken, SignedOnElsewhere
from hotline_intake.entrypoints.call_centre_server import CallCentreServicer
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.errors import AlreadyExists, EtagMismatch, HotlineError, ResourceNotFound
from hotline_kernel.process import Application
from hotline_kernel.timestamps import timestamp

from tests.integration.intake.test_life import request as appeal_request

OFFERED, QUEUED, ANSWERED = (
    call_pb2.CALL_EVENT_KIND_OFFERED,
    call_pb2.CALL_EVENT_KIND_QUEUED,
    call_pb2.CALL_EVENT_KIND_ANSWERED,
)
ABANDONED, ENDED = call_pb2.CALL_EVENT_KIND_ABANDONED, call_pb2.CALL_EVENT_KIND_ENDED

_MANY_CALLS = """
INSERT INTO call (reference, id, state, skill, offer_time, event_time, answer_time, end_time, transfers, seat, operator,
  appeal)
SELECT 'm' || i, gen_random_uuid(), 'ENDED', '', t, t, t, t, 0, 'intake-' || i % 50, '', ''
FROM (SELECT i, now() - i * interval '9 s' AS t FROM generate_series(1, 20000) i) made
"""


def rid() -> str:
    return str(uuid4())


def caller(role: str, subject: str, method: str) -> Call:
    return Call(Principal(subject, frozenset({role}), "", "130100"), f"/{method}", f"intake.{method}", "0" * 32)


class Centre:
    """The call centre's RPCs in few words."""

    def __init__(self, servicer: CallCentreServicer, clock: VirtualClock) -> None:
        self.servicer, self.clock = servicer, clock

    def seat(self, number: int, *, skills: tuple[str, ...] = (), signed_on: bool = True) -> seat_pb2.Seat:
        """An intake seat, with somebody at it."""
        name = f"seats/intake-{number}"
        seat = self.servicer.CreateSeat(
            pb.CreateSeatRequest(
                seat=seat_pb2.Seat(
                    name=name, kind=seat_pb2.SEAT_KIND_INTAKE, skills=skills, extension=f"81{number:02}"
                ),
                request_id=rid(),
            ),
            caller("supervisor", "boss", "seats.create"),
        )
        return self.sign_on(number) if signed_on else seat

    def sign_on(self, number: int, *, by: str = "") -> seat_pb2.Seat:
        """Somebody sits down."""
        return self.servicer.SignOn(
            pb.SignOnRequest(name=f"seats/intake-{number}", request_id=rid()),
            caller("operator", by or f"op-{number}", "seats.sign_on"),
        )

    def state(self, number: int) -> str:
        """Where a seat stands."""
        found = self.servicer.GetSeat(pb.GetSeatRequest(name=f"seats/intake-{number}"), caller("office", "o", "get"))
        return seat_pb2.SeatState.Name(found.state).removeprefix("SEAT_STATE_")

    def event(
        self, call: str, kind: call_pb2.CallEventKind.ValueType, *, ago: float = 0, seat: str = "", skill: str = ""
    ) -> call_pb2.CallEvent:
        """So many seconds ago."""
        time = timestamp(self.clock.now() - timedelta(seconds=ago))
        return call_pb2.CallEvent(call=f"calls/{call}", kind=kind, time=time, seat=seat, skill=skill)

    def tell(
        self, *events: call_pb2.CallEvent, assign: bool = False, request_id: str = ""
    ) -> pb.RecordCallEventsResponse:
        """The exchange tells."""
        return self.servicer.RecordCallEvents(
            pb.RecordCallEventsRequest(events=events, assign=assign, request_id=request_id or rid()),
            caller("channel", "cti", "calls.record"),
        )

    def call(self, reference: str) -> call_pb2.Call:
        """As it stands."""
        return self.servicer.GetCall(pb.GetCallRequest(name=f"calls/{reference}"), caller("office", "o", "get"))


@pytest.fixture
def centre(application: Application[Store], clock: VirtualClock) -> Centre:
    [servicer] = [each for each in application.servicers.values() if isinstance(each, CallCentreServicer)]
    return Centre(servicer, clock)


class TestSeats:
    def test_a_person_has_one_seat_and_a_seat_one_person(self, centre: Centre) -> None:
        centre.seat(1)
        centre.seat(2, signed_on=False)
        with pytest.raises(SeatTaken):
            centre.sign_on(1, by="op-2")
        with pytest.raises(SignedOnElsewhere):
            centre.sign_on(2, by="op-1")
        with pytest.raises(AlreadyExists):
            centre.seat(1)

    def test_two_who_hurry_do_not_sit_on_one_chair(self, centre: Centre) -> None:
        for number in range(1, 5):
            centre.seat(number, signed_on=False)

        def hurry(number: int) -> str:
            try:
                return centre.sign_on(number, by="op-x").name
            except HotlineError as error:
                return error.reason

        with ThreadPoolExecutor(4) as pool:
            found = sorted(pool.map(hurry, range(1, 5)))
        assert found.count("SIGNED_ON_ELSEWHERE") == 3
        assert [centre.state(number) for number in range(1, 5)].count("READY") == 1

    def test_changes_need_the_seat_as_seen(self, centre: Centre) -> None:
        seat = centre.seat(1)
        office = caller("office", "o", "seats.equip")
        changed = centre.servicer.EquipSeat(
            pb.EquipSeatRequest(name=seat.name, skills=["英语"], etag=seat.etag, request_id=rid()), office
        )
        assert (list(changed.skills), changed.extension, changed.operator) == (["英语"], "", "op-1")
        with pytest.raises(EtagMismatch):
            centre.servicer.EquipSeat(pb.EquipSeatRequest(name=seat.name, etag=seat.etag, request_id=rid()), office)

    def test_pages_of_seats_follow_each_other(self, centre: Centre) -> None:
        for number in range(1, 6):
            centre.seat(number, signed_on=number % 2 == 0)
        office, found = caller("office", "o", "list"), []
        request = pb.ListSeatsRequest(page_size=2, state=seat_pb2.SEAT_STATE_SIGNED_OFF)
        while True:
            page = centre.servicer.ListSeats(request, office)
            found += [seat.name for seat in page.seats]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert found == [f"seats/intake-{number}" for number in (1, 3, 5)]


class TestCalls:
    def test_a_call_goes_through_the_queue_to_a_seat_and_its_papers(self, centre: Centre) -> None:
        centre.seat(1)
        answer = centre.tell(centre.event("c1", OFFERED, ago=9), centre.event("c1", QUEUED, ago=8), assign=True)
        [given] = answer.assignments
        assert (given.call, given.seat, given.extension) == ("calls/c1", "seats/intake-1", "8101")
        assert centre.state(1) == "ASSIGNED"
        centre.tell(centre.event("c1", ANSWERED, ago=5, seat="seats/intake-1"))
        assert centre.state(1) == "ON_CALL"
        centre.tell(centre.event("c1", ENDED))
        assert centre.state(1) == "WRAP_UP"
        done = centre.servicer.WrapUpCall(
            pb.WrapUpCallRequest(name="calls/c1", outcome=call_pb2.CALL_OUTCOME_SILENT, request_id=rid()),
            caller("operator", "op-1", "calls.wrap_up"),
        )
        assert (done.state, done.outcome, done.operator) == (
            call_pb2.CALL_STATE_ENDED, call_pb2.CALL_OUTCOME_SILENT, "op-1",
        )  # fmt: skip
        assert centre.state(1) == "READY"

    def test_papers_that_are_not_finished_in_time_keep_nobody_waiting(
        self, centre: Centre, application: Application[Store], database: Database[Store], clock: VirtualClock
    ) -> None:
        [ticker] = [each for each in application.tickers if each.name == "wrap-ups"]
        centre.seat(1)
        centre.tell(centre.event("c1", OFFERED, ago=9), centre.event("c1", QUEUED, ago=8), assign=True)
        centre.tell(centre.event("c1", ANSWERED, ago=5, seat="seats/intake-1"), centre.event("c1", ENDED))
        clock.set(clock.now() + timedelta(seconds=59))
        ticker.run()
        assert centre.state(1) == "WRAP_UP"
        clock.set(clock.now() + timedelta(seconds=1))
        ticker.run()
        assert centre.state(1) == "READY"
        with database.transaction() as tx:
            [deed] = tx.all("SELECT resource, details FROM audit_entry WHERE action = 'intake.wrap_ups.end'")
        assert deed == {"resource": "seats/intake-1", "details": {"call": "calls/c1"}}
        done = centre.servicer.WrapUpCall(
            pb.WrapUpCallRequest(name="calls/c1", outcome=call_pb2.CALL_OUTCOME_SILENT, request_id=rid()),
            caller("operator", "op-1", "calls.wrap_up"),
        )
        assert done.outcome == call_pb2.CALL_OUTCOME_SILENT

    def test_a_call_that_nobody_picks_up_goes_to_the_next_seat(self, centre: Centre) -> None:
        centre.seat(1)
        centre.tell(centre.event("c1", OFFERED, ago=30), centre.event("c1", QUEUED, ago=30), assign=True)
        centre.seat(2)
        [given] = centre.tell(centre.event("c1", QUEUED), assign=True).assignments
        assert given.seat == "seats/intake-2"
        assert (centre.state(1), centre.state(2)) == ("PAUSED", "ASSIGNED")
        centre.tell(centre.event("c1", ABANDONED))
        assert centre.state(2) == "READY"

    def test_a_batch_that_comes_twice_counts_once(self, centre: Centre) -> None:
        batch = [centre.event("c1", OFFERED, ago=3), centre.event("c1", ABANDONED)]
        once = rid()
        first = centre.tell(*batch, request_id=once)
        assert first.recorded == 2
        assert centre.tell(*batch, request_id=once) == first
        assert centre.tell(*batch).recorded == 0

    def test_what_cannot_be_true_is_rejected_and_the_rest_is_kept(self, centre: Centre) -> None:
        answer = centre.tell(
            centre.event("c1", OFFERED, ago=9),
            centre.event("c1", ENDED, ago=8),
            centre.event("c1", ANSWERED, ago=7, seat="seats/nowhere"),
            centre.event("c1", ANSWERED, ago=99),
            centre.event("c2", OFFERED, ago=-60),
            centre.event("c1", ABANDONED, ago=1),
        )
        assert answer.recorded == 2
        assert [(rejected.index, rejected.reason) for rejected in answer.rejected] == [
            (1, "CALL_EVENT_NOT_NEXT"),
            (2, "NOT_FOUND"),
            (3, "CALL_EVENT_UNTIMELY"),
            (4, "CALL_EVENT_UNTIMELY"),
        ]
        assert centre.call("c1").state == call_pb2.CALL_STATE_ABANDONED
        with pytest.raises(ResourceNotFound):
            centre.call("c2")

    def test_many_exchanges_at_once_give_each_call_one_seat(self, centre: Centre) -> None:
        for number in range(1, 7):
            centre.seat(number)

        def tell(edge: int) -> list[tuple[str, str]]:
            told = [centre.event(f"e{edge}-{n}", kind, ago=1) for n in range(5) for kind in (OFFERED, QUEUED)]
            return [(given.call, given.seat) for given in centre.tell(*told, assign=True).assignments]

        with ThreadPoolExecutor(4) as pool:
            given = [pair for pairs in pool.map(tell, range(4)) for pair in pairs]
        assert len({call for call, _ in given}) == len({seat for _, seat in given}) == len(given) == 6

    def test_a_plan_reads_the_index_of_its_list(self, centre: Centre, database: Database[Store]) -> None:
        with database.transaction() as tx:
            tx.run(_MANY_CALLS)
            tx.run("ANALYZE call")
        with database.transaction() as tx:
            for conditions, params in (
                (["state"], {"state": "QUEUED"}), (["seat"], {"seat": "intake-7"}), ([], {}),
                (["state", "seat"], {"state": "ENDED", "seat": "intake-7"}),
            ):  # fmt: skip
                statement = f"EXPLAIN (FORMAT JSON) {call_list_statement(conditions=conditions)}"
                row = tx.connection.execute(statement.encode(), {**params, "limit": 51}, prepare=False).fetchone()
                assert row
                assert "Seq Scan" not in str(row), conditions


class TestWrittenWork:
    def test_seats_that_take_at_once_each_get_another(
        self, centre: Centre, servicer: IntakeServicer, by: Callable[..., Call]
    ) -> None:
        asked = appeal_request()
        for _ in range(8):
            asked.request_id = rid()
            servicer.RegisterAppeal(asked, by("channel"))
        for number in range(1, 7):
            centre.seat(number)

        def take(number: int) -> str:
            found = centre.servicer.TakeNext(
                pb.TakeNextRequest(request_id=rid()), caller("operator", f"op-{number}", "queues.take")
            )
            return found.appeal.appeal

        with ThreadPoolExecutor(6) as pool:
            taken = list(pool.map(take, range(1, 7)))
        assert all(taken)
        assert len(set(taken)) == 6

    def test_goes_to_the_seat_that_is_skilled_in_its_subject(
        self, centre: Centre, servicer: IntakeServicer, by: Callable[..., Call]
    ) -> None:
        for category in ("城乡建设/供热", "能源/充电设施"):
            asked = appeal_request()
            asked.category = category
            servicer.RegisterAppeal(asked, by("channel"))
        centre.seat(1, skills=("能源",))
        centre.seat(2, skills=("英语",))

        def take(number: int) -> str:
            me = caller("operator", f"op-{number}", "queues.take")
            found = centre.servicer.TakeNext(pb.TakeNextRequest(request_id=rid()), me).appeal.appeal
            return servicer.GetAppeal(service_pb2.GetAppealRequest(name=found), by("operator")).category

        assert [take(1), take(2)] == ["能源/充电设施", "城乡建设/供热"]


class TestTheDatabase:
    @pytest.mark.parametrize("broken", ["end_time = NULL", "state = 'ANSWERED'", "answer_time = now()"])
    def test_holds_the_one_end_of_a_call(self, centre: Centre, database: Database[Store], broken: str) -> None:
        centre.tell(centre.event("c1", OFFERED, ago=3), centre.event("c1", ABANDONED))
        with pytest.raises(psycopg.errors.CheckViolation), database.transaction() as tx:
            tx.run(f"UPDATE call SET {broken}")
