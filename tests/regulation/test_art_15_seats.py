"""第十五条: the seats — intake, review, callback, quality — each do their own work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2, call_pb2, seat_pb2
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Person, new_request_id
from hotline_kernel.timestamps import timestamp

from tests.regulation.city import City, refused

DUTIES = ("intake:15",)

NOBODY = "00000000-0000-7000-8000-000000000000"

WORK: dict[str, tuple[set[str], Callable[[Person], object]]] = {
    "受理 registering": (
        {"operator"},
        lambda p: p.intake.RegisterAppeal(intake.RegisterAppealRequest()),
    ),
    "审核 releasing": (
        {"reviewer"},
        lambda p: p.intake.ReleaseDraft(intake.ReleaseDraftRequest(name=f"appeals/{NOBODY}")),
    ),
    "回访 calling back": (
        {"callback"},
        lambda p: p.feedback.CompleteCallback(feedback.CompleteCallbackRequest(name=f"callbacks/{NOBODY}")),
    ),
    "质检 concluding a review": (
        {"quality"},
        lambda p: p.feedback.ConcludeReview(feedback.ConcludeReviewRequest(name=f"reviews/{NOBODY}")),
    ),
    "值班 listening in": (
        {"supervisor"},
        lambda p: p.call_centre.ListenIn(call_centre.ListenInRequest(name="calls/none")),
    ),
    "确定主办 naming the lead": (
        {"office"},
        lambda p: p.dispatch.DispatchWorkOrder(dispatch.DispatchWorkOrderRequest(name=f"workOrders/{NOBODY}")),
    ),
    "承办 reporting": (
        {"unit"},
        lambda p: p.dispatch.ReportResult(dispatch.ReportResultRequest(name=f"workOrders/{NOBODY}")),
    ),
}
SEATS = ("operator", "supervisor", "reviewer", "callback", "quality", "office", "unit", "auditor", "engineer")


class TestTheSeats:
    """根据需要合理设置受理、审核、回访、质检等座席 (Art. 15)."""

    @pytest.mark.parametrize("seat", SEATS)
    @pytest.mark.parametrize("work", WORK)
    def test_do_their_own_work_and_nobody_elses(self, city: City, work: str, seat: str) -> None:
        """Whoever holds the work is refused for the empty form of this call, anybody else for the seat (Art. 15)."""
        holders, call = WORK[work]
        with refused("FIELD_INVALID" if seat in holders else "PERMISSION_DENIED"):
            call(city.hotline.person(seat))

    @pytest.mark.parametrize("work", WORK)
    def test_are_not_open_to_the_street(self, city: City, work: str) -> None:
        """Without a token nobody works at a seat (Art. 15)."""
        with refused("UNAUTHENTICATED"):
            WORK[work][1](city.hotline.person())


@contextmanager
def sitting(city: City, seat: str, *, role: str = "operator", subject: str = "") -> Iterator[Person]:
    """Somebody who is signed on at a seat, and leaves it."""
    holder = city.hotline.person(role, subject=subject)
    holder.call_centre.SignOn(call_centre.SignOnRequest(name=seat, request_id=new_request_id()))
    yield holder
    boss = city.hotline.person("supervisor").call_centre
    if boss.GetSeat(call_centre.GetSeatRequest(name=seat)).state != seat_pb2.SEAT_STATE_SIGNED_OFF:
        boss.SignOff(call_centre.SignOffRequest(name=seat, request_id=new_request_id()))


def queue(person: Person, kind: seat_pb2.SeatKind.ValueType) -> call_centre.ListQueueResponse:
    """What waits for a kind of seats."""
    return person.call_centre.ListQueue(call_centre.ListQueueRequest(kind=kind, page_size=1000))


def tell(city: City, *events: call_pb2.CallEvent) -> list[tuple[str, str]]:
    """The exchange tells; which call goes to which seat."""
    answer = city.hotline.person("channel").call_centre.RecordCallEvents(
        call_centre.RecordCallEventsRequest(events=events, assign=True, request_id=new_request_id())
    )
    assert not answer.rejected
    return [(given.call, given.seat) for given in answer.assignments]


class TestSigningOn:
    """Sign-on, state and work queue of a seat (Art. 15)."""

    def test_takes_a_seat_of_ones_own_kind(self, city: City) -> None:
        """An operator sits at an intake seat and nowhere else, and one at a time (Art. 15)."""
        operator = city.hotline.person("operator").call_centre

        def sign_on(seat: str) -> seat_pb2.Seat:
            return operator.SignOn(call_centre.SignOnRequest(name=seat, request_id=new_request_id()))

        for seat in ("seats/review-201", "seats/callback-301", "seats/quality-401"):
            with refused("SEAT_KIND_NOT_HELD", article="Art. 15"):
                sign_on(seat)
        with sitting(city, "seats/intake-101"):
            with refused("SIGNED_ON_ELSEWHERE", article="Art. 15"):
                sign_on("seats/intake-102")
            other = city.hotline.person("operator", subject="seat-102").call_centre
            with refused("SEAT_TAKEN", article="Art. 15"):
                other.SignOn(call_centre.SignOnRequest(name="seats/intake-101", request_id=new_request_id()))

    def test_opens_the_queue_of_that_kind_alone(self, city: City) -> None:
        """An operator sees only the queue of the seat kind they hold (Art. 15)."""
        waiting = city.register()
        drafted = city.register(draft=city.draft())
        with refused("SEAT_KIND_NOT_HELD", article="Art. 15"):
            queue(city.hotline.person("operator"), seat_pb2.SEAT_KIND_INTAKE)
        with sitting(city, "seats/intake-101") as operator:
            names = {each.appeal for each in queue(operator, seat_pb2.SEAT_KIND_INTAKE).appeals}
            assert waiting.name in names
            assert drafted.name not in names
            with refused("SEAT_KIND_NOT_HELD", article="Art. 15"):
                queue(operator, seat_pb2.SEAT_KIND_REVIEW)
        with sitting(city, "seats/review-201", role="reviewer") as reviewer:
            assert drafted.name in {each.appeal for each in queue(reviewer, seat_pb2.SEAT_KIND_REVIEW).appeals}
            with refused("SEAT_KIND_NOT_HELD", article="Art. 15"):
                queue(reviewer, seat_pb2.SEAT_KIND_INTAKE)
        for closed in ("operator", "reviewer"):
            with refused("PERMISSION_DENIED"):
                city.hotline.person(closed).feedback.ListCallbacks(feedback.ListCallbacksRequest())
            with refused("PERMISSION_DENIED"):
                city.hotline.person(closed).feedback.ListReviews(feedback.ListReviewsRequest())


class TestTheCalls:
    """A call goes to the seat that has been ready longest among the skilled (Art. 15; ours)."""

    def test_go_round_fairly_and_by_skill(self, city: City) -> None:
        """First come, first served; the seat with the language before the one that waited longer."""
        now = city.now - timedelta(seconds=20)

        def offered(name: str, seconds: int, skill: str = "") -> Iterator[call_pb2.CallEvent]:
            time = timestamp(now + timedelta(seconds=seconds))
            for kind in (call_pb2.CALL_EVENT_KIND_OFFERED, call_pb2.CALL_EVENT_KIND_QUEUED):
                yield call_pb2.CallEvent(call=f"calls/{name}", kind=kind, time=time, skill=skill)

        def event(name: str, kind: call_pb2.CallEventKind.ValueType, seat: str = "") -> call_pb2.CallEvent:
            return call_pb2.CallEvent(call=f"calls/{name}", kind=kind, time=timestamp(city.now), seat=seat)

        with (
            sitting(city, "seats/intake-103", subject="seat-103"),
            sitting(city, "seats/intake-101", subject="seat-101") as first,
        ):
            assert tell(city, *offered("f-1", 0, "英语"), *offered("f-2", 1), *offered("f-3", 2)) == [
                ("calls/f-1", "seats/intake-101"),
                ("calls/f-2", "seats/intake-103"),
            ]
            assert [call.name for call in queue(first, seat_pb2.SEAT_KIND_INTAKE).calls] == ["calls/f-3"]
            tell(
                city,
                event("f-1", call_pb2.CALL_EVENT_KIND_ANSWERED, "seats/intake-101"),
                event("f-1", call_pb2.CALL_EVENT_KIND_ENDED),
                event("f-2", call_pb2.CALL_EVENT_KIND_ABANDONED),
            )
            seat = first.call_centre.GetSeat(call_centre.GetSeatRequest(name="seats/intake-101"))
            assert seat.state == seat_pb2.SEAT_STATE_WRAP_UP
            assert seat.HasField("wrap_up_due_time")
            done = call_centre.WrapUpCallRequest(
                name="calls/f-1", outcome=call_pb2.CALL_OUTCOME_SILENT, request_id=new_request_id()
            )
            assert first.call_centre.WrapUpCall(done).operator == "seat-101"
            tell(city, event("f-3", call_pb2.CALL_EVENT_KIND_ABANDONED))


def take(person: Person) -> call_centre.TakenWork:
    """What somebody works on now."""
    return person.call_centre.TakeNext(call_centre.TakeNextRequest(request_id=new_request_id()))


class TestWrittenWork:
    """Handed out like the calls: two never work on one (Art. 15; ours)."""

    def test_is_in_one_hand_until_it_is_settled(self, city: City) -> None:
        """Nobody else answers it meanwhile; then the next is taken (Art. 15)."""
        for number in range(2):
            city.register(channel=appeal_pb2.CHANNEL_WEB, title=f"火情{number}", text="楼下着火了快来人")
        city.settle()  # what is being written to at the moment is passed over
        with (
            sitting(city, "seats/intake-101", subject="seat-101") as first,
            sitting(city, "seats/intake-102", subject="seat-102") as second,
        ):
            mine, theirs = take(first), take(second)
            assert mine.appeal.emergency
            assert mine.appeal.appeal != theirs.appeal.appeal
            assert take(first).appeal.appeal == mine.appeal.appeal
            queued = {each.appeal: each.taken_by for each in queue(first, seat_pb2.SEAT_KIND_INTAKE).appeals}
            assert (queued[mine.appeal.appeal], queued[theirs.appeal.appeal]) == ("seat-101", "seat-102")
            decline = intake.DeclineAppealRequest(
                name=mine.appeal.appeal,
                ground=appeal_pb2.DECLINE_GROUND_EMERGENCY,
                referral="请立即拨打119",
                request_id=new_request_id(),
            )
            with refused("TAKEN_BY_ANOTHER", article="Art. 15"):
                second.intake.DeclineAppeal(decline)
            first.intake.DeclineAppeal(decline)
            assert take(first).appeal.appeal not in (mine.appeal.appeal, theirs.appeal.appeal)

    def test_is_free_again_when_its_holder_leaves_or_its_time_is_over(self, city: City) -> None:
        """Nothing is lost in an empty chair (Art. 15, 21)."""
        city.register(title="火情", text="楼下着火了快来人")
        city.settle()
        with sitting(city, "seats/intake-101", subject="seat-101") as first:
            left = take(first).appeal.appeal
        with sitting(city, "seats/intake-102", subject="seat-102") as second:
            assert take(second).appeal.appeal == left
            city.pass_by(minutes=21)
            with sitting(city, "seats/intake-101", subject="seat-101") as first:
                assert take(first).appeal.appeal == left

    def test_of_a_review_seat_is_never_ones_own_draft(self, city: City) -> None:
        """审核 is by somebody else (Art. 15, 21)."""
        both = city.hotline.person("operator", "reviewer", subject="zhen-shuang-zhi")
        own = city.register(title="火情", text="楼下着火了快来人")
        both.intake.DraftWorkOrder(
            intake.DraftWorkOrderRequest(name=own.name, draft=city.draft(), request_id=new_request_id())
        )
        city.settle()
        both.call_centre.SignOn(call_centre.SignOnRequest(name="seats/review-201", request_id=new_request_id()))
        assert take(both).appeal.appeal != own.name
        both.call_centre.SignOff(call_centre.SignOffRequest(name="seats/review-201", request_id=new_request_id()))
        with sitting(city, "seats/review-201", role="reviewer") as reviewer:
            found = take(reviewer).appeal.appeal
            assert city.appeal(found).emergency  # emergencies come first
        with refused("SEAT_KIND_NOT_HELD", article="Art. 15"):
            take(city.hotline.person("operator"))
