"""The call centre's resources as messages, and its requests as the domain's values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hotline.intake.v1 import appeal_pb2, call_pb2, seat_pb2, staffing_pb2
from hotline.intake.v1 import call_centre_service_pb2 as service_pb2
from hotline_kernel.timestamps import timestamp

from hotline_intake.domain import site, staffing
from hotline_intake.domain.call import Call, CallEvent, CallState, EventKind, Outcome
from hotline_intake.domain.call_statistics import CallStatistics
from hotline_intake.domain.seat import Seat, SeatKind, SeatState
from hotline_intake.handlers.call_centre import Recorded
from hotline_intake.handlers.call_centre_ports import MissedHour, QueuedAppeal

_HALF, _NINETEEN_OF_TWENTY = 0.5, 0.95


def id_of(name: str) -> str:
    """What stands behind the collection in the name of a seat or call; empty of an empty name."""
    return name.rpartition("/")[2]


def kind_of(kind: seat_pb2.SeatKind.ValueType) -> SeatKind:
    """The kind of a seat."""
    return SeatKind(seat_pb2.SeatKind.Name(kind).removeprefix("SEAT_KIND_"))


def seat_state_of(state: seat_pb2.SeatState.ValueType) -> SeatState:
    """Where a seat stands."""
    return SeatState(seat_pb2.SeatState.Name(state).removeprefix("SEAT_STATE_"))


def call_state_of(state: call_pb2.CallState.ValueType) -> CallState:
    """Where a call stands."""
    return CallState(call_pb2.CallState.Name(state).removeprefix("CALL_STATE_"))


def outcome_of(outcome: call_pb2.CallOutcome.ValueType) -> Outcome:
    """What came of a call."""
    return Outcome(call_pb2.CallOutcome.Name(outcome).removeprefix("CALL_OUTCOME_"))


def events_of(request: service_pb2.RecordCallEventsRequest) -> list[CallEvent]:
    """What the exchange tells."""
    return [
        CallEvent(
            call=id_of(event.call),
            kind=EventKind(call_pb2.CallEventKind.Name(event.kind).removeprefix("CALL_EVENT_KIND_")),
            time=event.time.ToDatetime(UTC),
            skill=event.skill,
            seat=id_of(event.seat),
        )
        for event in request.events
    ]


def seat_message(seat: Seat, *, wrap_up: timedelta) -> seat_pb2.Seat:
    """A seat. wrap_up -- time for the papers of a call."""
    return seat_pb2.Seat(
        name=seat.name,
        kind=seat_pb2.SeatKind.Value(f"SEAT_KIND_{seat.kind}"),
        extension=seat.extension,
        skills=seat.skills,
        state=seat_pb2.SeatState.Value(f"SEAT_STATE_{seat.state}"),
        operator=seat.operator,
        state_time=timestamp(seat.state_time),
        call=f"calls/{seat.call}" if seat.call else "",
        pause_reason=seat.pause_reason,
        wrap_up_due_time=timestamp(seat.wrap_up_due_time(within=wrap_up)),
        etag=str(seat.version),
    )


def call_message(call: Call) -> call_pb2.Call:
    """A call."""
    return call_pb2.Call(
        name=call.name,
        state=call_pb2.CallState.Value(f"CALL_STATE_{call.state}"),
        skill=call.skill,
        offer_time=timestamp(call.offer_time),
        queue_time=timestamp(call.queue_time),
        answer_time=timestamp(call.answer_time),
        end_time=timestamp(call.end_time),
        seat=_seat_name(call.seat),
        operator=call.operator,
        transfers=call.transfers,
        outcome=call_pb2.CallOutcome.Value(f"CALL_OUTCOME_{call.outcome or 'UNSPECIFIED'}"),
        appeal=call.appeal,
    )


def recorded_message(recorded: Recorded) -> service_pb2.RecordCallEventsResponse:
    """What became of a batch of events."""
    return service_pb2.RecordCallEventsResponse(
        recorded=len(recorded.new),
        rejected=[
            service_pb2.RejectedCallEvent(index=index, reason=error.reason, message=error.sentence())
            for index, error in recorded.rejected
        ],
        assignments=[
            service_pb2.CallAssignment(call=call.name, seat=seat.name, extension=seat.extension)
            for call, seat in recorded.assignments
        ],
    )


def queue_message(calls: Sequence[Call], appeals: Sequence[QueuedAppeal], token: str) -> service_pb2.ListQueueResponse:
    """A page of what waits."""
    return service_pb2.ListQueueResponse(
        calls=[call_message(call) for call in calls],
        appeals=[_queued_message(appeal) for appeal in appeals],
        next_page_token=token,
    )


def taken_message(taken: QueuedAppeal | None, hold_until: datetime) -> service_pb2.TakenWork:
    """What somebody works on now."""
    if taken is None:
        return service_pb2.TakenWork()
    return service_pb2.TakenWork(appeal=_queued_message(taken), hold_until_time=timestamp(hold_until))


def missed_hour_message(missed: MissedHour) -> service_pb2.MissedHour:
    """An appeal whose hour passed."""
    return service_pb2.MissedHour(
        appeal=f"appeals/{missed.id}",
        number=missed.number,
        state=appeal_pb2.AppealState.Value(f"APPEAL_STATE_{missed.state}"),
        emergency=missed.emergency,
        create_time=timestamp(missed.create_time),
        answer_due_time=timestamp(missed.answer_due_time),
        operator=missed.operator,
    )


def statistics_message(found: CallStatistics) -> call_pb2.CallStatistics:
    """How the lines did."""
    worst, tally = found.worst_day, found.tally
    return call_pb2.CallStatistics(
        offered=tally.offered,
        queued=tally.queued,
        answered=found.answered,
        abandoned=found.abandoned,
        transferred=tally.transferred,
        ended=tally.ended,
        waiting=found.waiting,
        answer_rate=found.answer_rate,
        abandon_rate=found.abandon_rate,
        answered_in_time=found.answered_in_time,
        in_time_rate=found.in_time_rate,
        answer_seconds=found.norm.answer_seconds,
        mean_wait_seconds=found.mean_wait_seconds,
        median_wait_seconds=found.wait_of(_HALF),
        p95_wait_seconds=found.wait_of(_NINETEEN_OF_TWENTY),
        longest_wait_seconds=found.wait_of(1),
        waits=[call_pb2.WaitBand(**vars(band)) for band in found.bands()],
        worst_day=call_pb2.CallDay(
            start_time=timestamp(worst.start_time),
            offered=worst.offered,
            answered=worst.answered,
            answer_rate=worst.answer_rate,
            answered_in_time=worst.in_time,
            in_time_rate=worst.in_time_rate,
        )
        if worst
        else None,
        norm_answer_rate=found.norm.answer_rate,
        keeps_norm=found.keeps_norm,
    )


def loads_of(request: service_pb2.PlanStaffingRequest, *, patience_seconds: float) -> list[staffing.Load]:
    """The calls of each hour. patience_seconds -- where the request names none."""
    return [
        staffing.Load(
            calls=calls,
            handling_seconds=request.handling_seconds,
            patience_seconds=request.patience_seconds or patience_seconds,
        )
        for calls in request.calls_by_hour
    ]


def staffing_message(plan: staffing.Plan) -> staffing_pb2.StaffingPlan:
    """A staffing plan."""
    return staffing_pb2.StaffingPlan(
        seats_by_norm=plan.seats_by_norm,
        operators_by_norm=plan.operators_by_norm,
        hours=[_hour_message(number, hour) for number, hour in enumerate(plan.hours)],
        seats_needed=plan.seats_needed,
        operators_needed=plan.operators_needed,
        hours_not_carried=plan.hours_not_carried,
        calls=plan.calls,
        answer_rate_by_norm=plan.answer_rate_by_norm,
    )


def _hour_message(number: int, hour: staffing.Hour) -> staffing_pb2.StaffingHour:
    return staffing_pb2.StaffingHour(
        hour=number,
        calls=hour.load.calls,
        load=hour.load.erlangs,
        seats_needed=hour.seats_needed,
        seats_needed_without_abandonment=hour.seats_needed_without_abandonment,
        with_seats_needed=_performance_message(hour.with_seats_needed),
        with_seats_by_norm=_performance_message(hour.with_seats_by_norm),
    )


def _performance_message(performance: staffing.Performance) -> staffing_pb2.SeatPerformance:
    return staffing_pb2.SeatPerformance(**vars(performance))


def workplaces_of(plan: staffing_pb2.SitePlan) -> list[site.Workplace]:
    """The workplaces of a plan."""
    return [
        site.Workplace(
            number=workplace.number,
            area=workplace.area,
            metres_before=workplace.metres_before,
            metres_behind=workplace.metres_behind,
        )
        for workplace in plan.workplaces
    ]


def _queued_message(appeal: QueuedAppeal) -> service_pb2.QueuedAppeal:
    return service_pb2.QueuedAppeal(
        appeal=f"appeals/{appeal.id}",
        number=appeal.number,
        title=appeal.title,
        emergency=appeal.emergency,
        create_time=timestamp(appeal.create_time),
        answer_due_time=timestamp(appeal.answer_due_time),
        answer_overdue=appeal.answer_overdue,
        taken_by=appeal.taken_by,
    )


def _seat_name(seat_id: str) -> str:
    return f"seats/{seat_id}" if seat_id else ""
