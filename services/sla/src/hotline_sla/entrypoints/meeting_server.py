"""MeetingService: translates, nothing more."""

from hotline.sla.v1 import meeting_pb2
from hotline.sla.v1 import meeting_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_sla.adapters import meeting_messages as messages
from hotline_sla.adapters.messages import day_of, period_of
from hotline_sla.adapters.postgres import Store
from hotline_sla.entrypoints.visibility import visible_unit
from hotline_sla.handlers import meetings as handlers


class MeetingServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def PlanMeeting(self, request: service_pb2.PlanMeetingRequest, call: Call) -> meeting_pb2.Meeting:
        start, end = period_of(request)
        plan_date = day_of(request.plan_date, field="plan_date")

        def work(tx: Store) -> meeting_pb2.Meeting:
            now = self._clock.now()
            meeting = handlers.plan_meeting(
                title=request.title,
                plan_date=plan_date,
                start=start,
                end=end,
                topics=request.topics,
                notices=request.notices,
                tx=tx,
                now=now,
            )
            return messages.meeting_message(meeting, actions=(), now=now)

        return self._commands.run(request, call, meeting_pb2.Meeting, work)

    def HoldMeeting(self, request: service_pb2.HoldMeetingRequest, call: Call) -> meeting_pb2.Meeting:
        actions = [
            (draft.text, draft.owner, day_of(draft.due_date, field=f"actions[{number}].due_date"))
            for number, draft in enumerate(request.actions)
        ]

        def work(tx: Store) -> meeting_pb2.Meeting:
            now = self._clock.now()
            meeting, following = handlers.hold_meeting(
                meeting_id=uuid_of(request.name),
                participants=request.participants,
                decisions=request.decisions,
                actions=actions,
                etag=request.etag,
                tx=tx,
                now=now,
            )
            return messages.meeting_message(meeting, actions=following, now=now)

        return self._commands.run(request, call, meeting_pb2.Meeting, work)

    def CancelMeeting(self, request: service_pb2.CancelMeetingRequest, call: Call) -> meeting_pb2.Meeting:
        def work(tx: Store) -> meeting_pb2.Meeting:
            now = self._clock.now()
            meeting = handlers.cancel_meeting(
                meeting_id=uuid_of(request.name), reason=request.reason, etag=request.etag, tx=tx, now=now
            )
            return messages.meeting_message(meeting, actions=(), now=now)

        return self._commands.run(request, call, meeting_pb2.Meeting, work)

    def GetMeeting(self, request: service_pb2.GetMeetingRequest, call: Call) -> meeting_pb2.Meeting:
        with self._database.transaction(actor=call.principal) as tx:
            meeting = tx.meeting(uuid_of(request.name))
            actions = tx.actions_of(meeting.id) if meeting else []
        if meeting is None:
            raise ResourceNotFound(resource=request.name)
        return messages.meeting_message(meeting, actions=actions, now=self._clock.now())

    def ListMeetings(self, request: service_pb2.ListMeetingsRequest, call: Call) -> service_pb2.ListMeetingsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_meetings(
                state=messages.meeting_state_of(request.state), after=page.after_uuid(), limit=page.size + 1
            )
        kept, token = page.cut(found, key=lambda meeting: [meeting.id])
        now = self._clock.now()
        return service_pb2.ListMeetingsResponse(
            meetings=[messages.meeting_message(meeting, actions=(), now=now) for meeting in kept],
            next_page_token=token,
        )

    def ListMeetingActions(
        self, request: service_pb2.ListMeetingActionsRequest, call: Call
    ) -> service_pb2.ListMeetingActionsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_actions(
                owner=visible_unit(call, request.owner),
                is_open=request.open,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda action: [action.id])
        now = self._clock.now()
        return service_pb2.ListMeetingActionsResponse(
            meeting_actions=[messages.action_message(action, now=now) for action in kept], next_page_token=token
        )

    def FinishMeetingAction(
        self, request: service_pb2.FinishMeetingActionRequest, call: Call
    ) -> meeting_pb2.MeetingAction:
        def work(tx: Store) -> meeting_pb2.MeetingAction:
            now = self._clock.now()
            action = handlers.finish_action(
                action_id=uuid_of(request.name), report=request.report, by=call.principal, tx=tx, now=now
            )
            return messages.action_message(action, now=now)

        return self._commands.run(request, call, meeting_pb2.MeetingAction, work)
