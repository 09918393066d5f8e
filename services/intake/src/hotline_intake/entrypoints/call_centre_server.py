"""CallCentreService: translates, nothing more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf.message import Message
from hotline.intake.v1 import call_centre_service_pb2 as service_pb2
from hotline.intake.v1 import call_pb2, seat_pb2, staffing_pb2
from hotline_kernel import telemetry
from hotline_kernel.call import Call as Rpc
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.paging import Page
from hotline_kernel.reads import Reads

from hotline_intake.adapters import call_messages as messages
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain import staffing
from hotline_intake.domain.call import Call, EventKind
from hotline_intake.domain.seat import Seat
from hotline_intake.handlers import call_centre
from hotline_intake.handlers.call_centre import Norms, Recorded

_ENDS_OF_WAITING = (EventKind.ANSWERED, EventKind.ABANDONED)


class CallCentreServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, norms: Norms, reads: Reads) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._norms = norms
        self._reads = reads
        for kind in _ENDS_OF_WAITING:  # counted from nought, so that the first call of a process is seen to be one more
            telemetry.CALL_WAIT.labels("intake", kind.lower())

    # Seats

    def CreateSeat(self, request: service_pb2.CreateSeatRequest, rpc: Rpc) -> seat_pb2.Seat:
        wanted = request.seat
        return self._seat(
            request,
            rpc,
            lambda tx, now: call_centre.create_seat(
                seat_id=messages.id_of(wanted.name),
                kind=messages.kind_of(wanted.kind),
                extension=wanted.extension,
                skills=list(wanted.skills),
                permission=rpc.permission,
                tx=tx,
                now=now,
            ),
        )

    def EquipSeat(self, request: service_pb2.EquipSeatRequest, rpc: Rpc) -> seat_pb2.Seat:
        return self._move(
            request,
            rpc,
            lambda seat, _now: seat.equipped(extension=request.extension, skills=list(request.skills)),
        )

    def GetSeat(self, request: service_pb2.GetSeatRequest, rpc: Rpc) -> seat_pb2.Seat:
        with self._database.transaction(actor=rpc.principal) as tx:
            return self._seat_message(tx.seat(seat_id=messages.id_of(request.name)))

    def ListSeats(self, request: service_pb2.ListSeatsRequest, rpc: Rpc) -> service_pb2.ListSeatsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=rpc.principal) as tx:
            found = tx.seats(
                kind=messages.kind_of(request.kind) if request.kind else None,
                state=messages.seat_state_of(request.state) if request.state else None,
                after=page.after_text(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda seat: [seat.id])
        return service_pb2.ListSeatsResponse(seats=[self._seat_message(seat) for seat in kept], next_page_token=token)

    def SignOn(self, request: service_pb2.SignOnRequest, rpc: Rpc) -> seat_pb2.Seat:
        return self._seat(
            request,
            rpc,
            lambda tx, now: call_centre.sign_on(
                seat_id=messages.id_of(request.name), etag=request.etag, permission=rpc.permission, tx=tx, now=now
            ),
        )

    def SignOff(self, request: service_pb2.SignOffRequest, rpc: Rpc) -> seat_pb2.Seat:
        return self._seat(
            request,
            rpc,
            lambda tx, now: call_centre.sign_off(
                seat_id=messages.id_of(request.name), etag=request.etag, permission=rpc.permission, tx=tx, now=now
            ),
        )

    def PauseSeat(self, request: service_pb2.PauseSeatRequest, rpc: Rpc) -> seat_pb2.Seat:
        return self._move(
            request,
            rpc,
            lambda seat, now: seat.paused(actor=rpc.principal.subject, reason=request.reason, now=now),
            reason=request.reason,
        )

    def ResumeSeat(self, request: service_pb2.ResumeSeatRequest, rpc: Rpc) -> seat_pb2.Seat:
        return self._move(request, rpc, lambda seat, now: seat.resumed(actor=rpc.principal.subject, now=now))

    def ListQueue(self, request: service_pb2.ListQueueRequest, rpc: Rpc) -> service_pb2.ListQueueResponse:
        page = Page.read(request)
        with self._database.transaction(actor=rpc.principal) as tx:
            calls, appeals = call_centre.list_queue(
                kind=messages.kind_of(request.kind),
                after=page.after_uuid(),
                limit=page.size + 1,
                tx=tx,
                now=self._clock.now(),
            )
        kept, token = page.cut(appeals, key=lambda appeal: [appeal.id])
        return messages.queue_message(calls, kept, token)

    def TakeNext(self, request: service_pb2.TakeNextRequest, rpc: Rpc) -> service_pb2.TakenWork:
        def take(tx: Store) -> service_pb2.TakenWork:
            return messages.taken_message(
                *call_centre.take_next(norms=self._norms, permission=rpc.permission, tx=tx, now=self._clock.now())
            )

        return self._commands.run(request, rpc, service_pb2.TakenWork, take)

    def ListMissedHours(
        self, request: service_pb2.ListMissedHoursRequest, rpc: Rpc
    ) -> service_pb2.ListMissedHoursResponse:
        page = Page.read(request)
        with self._database.transaction(actor=rpc.principal) as tx:
            found = tx.missed_hours(waiting=request.waiting, before=page.after_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda missed: [missed.id])
        return service_pb2.ListMissedHoursResponse(
            missed_hours=[messages.missed_hour_message(missed) for missed in kept], next_page_token=token
        )

    # Calls

    def RecordCallEvents(
        self, request: service_pb2.RecordCallEventsRequest, rpc: Rpc
    ) -> service_pb2.RecordCallEventsResponse:
        recorded = Recorded()

        def record(tx: Store) -> service_pb2.RecordCallEventsResponse:
            nonlocal recorded
            recorded = call_centre.record_call_events(
                events=messages.events_of(request),
                giving=request.assign,
                norms=self._norms,
                permission=rpc.permission,
                tx=tx,
                now=self._clock.now(),
            )
            return messages.recorded_message(recorded)

        response = self._commands.run(request, rpc, service_pb2.RecordCallEventsResponse, record)
        _count(recorded)  # of a repeated command nothing is new
        return response

    def GetCall(self, request: service_pb2.GetCallRequest, rpc: Rpc) -> call_pb2.Call:
        with self._database.transaction(actor=rpc.principal) as tx:
            return messages.call_message(tx.call(reference=messages.id_of(request.name)))

    def ListCalls(self, request: service_pb2.ListCallsRequest, rpc: Rpc) -> service_pb2.ListCallsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=rpc.principal) as tx:
            found = tx.calls(
                state=messages.call_state_of(request.state) if request.state else None,
                seat=messages.id_of(request.seat) or None,
                before=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda listed: [listed.id])
        return service_pb2.ListCallsResponse(
            calls=[messages.call_message(listed.call) for listed in kept], next_page_token=token
        )

    def WrapUpCall(self, request: service_pb2.WrapUpCallRequest, rpc: Rpc) -> call_pb2.Call:
        def wrap_up(tx: Store) -> Call:
            return call_centre.wrap_up_call(
                reference=messages.id_of(request.name),
                outcome=messages.outcome_of(request.outcome),
                appeal=request.appeal,
                permission=rpc.permission,
                tx=tx,
                now=self._clock.now(),
            )

        return self._commands.run(request, rpc, call_pb2.Call, lambda tx: messages.call_message(wrap_up(tx)))

    def ListenIn(self, request: service_pb2.ListenInRequest, rpc: Rpc) -> service_pb2.ListenInResponse:
        with self._database.transaction(actor=rpc.principal) as tx:
            seat = call_centre.listen_in(
                reference=messages.id_of(request.name),
                purpose=request.purpose,
                permission=rpc.permission,
                reads=self._reads,
                tx=tx,
                now=self._clock.now(),
            )
        return service_pb2.ListenInResponse(seat=seat.name, extension=seat.extension, operator=seat.operator)

    def GetCallStatistics(self, request: service_pb2.GetCallStatisticsRequest, rpc: Rpc) -> call_pb2.CallStatistics:
        with self._database.transaction(actor=rpc.principal) as tx:
            found = call_centre.count_calls(
                start=request.start_time.ToDatetime(UTC),
                end=request.end_time.ToDatetime(UTC),
                norms=self._norms,
                tx=tx,
            )
        return messages.statistics_message(found)

    # Plans

    def PlanStaffing(self, request: service_pb2.PlanStaffingRequest, _rpc: Rpc) -> staffing_pb2.StaffingPlan:
        target = self._norms.answers
        if request.target_answer_rate:
            target = replace(target, answer_rate=request.target_answer_rate)
        plan = staffing.plan(
            residents=request.residents,
            loads=messages.loads_of(request, patience_seconds=self._norms.patience_seconds),
            target=target,
            norm=self._norms.seats,
        )
        return messages.staffing_message(plan)

    def CheckSitePlan(self, request: service_pb2.CheckSitePlanRequest, _rpc: Rpc) -> staffing_pb2.SitePlanCheck:
        found = call_centre.check_site_plan(
            residents=request.plan.residents,
            operators=request.plan.operators,
            workplaces=messages.workplaces_of(request.plan),
            norms=self._norms,
        )
        return staffing_pb2.SitePlanCheck(**vars(found))

    def _move(
        self,
        request: "service_pb2.EquipSeatRequest | service_pb2.PauseSeatRequest | service_pb2.ResumeSeatRequest",
        rpc: Rpc,
        change: Callable[[Seat, datetime], Seat],
        *,
        reason: str = "",
    ) -> seat_pb2.Seat:
        return self._seat(
            request,
            rpc,
            lambda tx, now: call_centre.change_seat(
                seat_id=messages.id_of(request.name),
                etag=request.etag,
                change=lambda seat: change(seat, now),
                permission=rpc.permission,
                tx=tx,
                now=now,
                reason=reason,
            ),
        )

    def _seat(self, request: Message, rpc: Rpc, work: Callable[[Store, datetime], Seat]) -> seat_pb2.Seat:
        return self._commands.run(
            request, rpc, seat_pb2.Seat, lambda tx: self._seat_message(work(tx, self._clock.now()))
        )

    def _seat_message(self, seat: Seat) -> seat_pb2.Seat:
        return messages.seat_message(seat, wrap_up=self._norms.wrap_up)


def _count(recorded: Recorded) -> None:
    for event, call in recorded.new:
        telemetry.CALL_EVENTS.labels("intake", event.kind.lower()).inc()
        if event.kind in _ENDS_OF_WAITING and call.waited is not None:
            telemetry.CALL_WAIT.labels("intake", event.kind.lower()).observe(call.waited.total_seconds())
    telemetry.CALL_EVENTS_REJECTED.labels("intake").inc(len(recorded.rejected))
