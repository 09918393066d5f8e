"""RetentionService: translates, nothing more."""

from hotline.intake.v1 import retention_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_intake.adapters import retention_messages as messages
from hotline_intake.adapters.postgres import Store
from hotline_intake.handlers import retention as handlers


class RetentionServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def ListRetentionDue(
        self, request: service_pb2.ListRetentionDueRequest, call: Call
    ) -> service_pb2.ListRetentionDueResponse:
        page = Page.read(request)
        due_by = messages.optional_date(request, "due_by")
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.forgettable(due_by=due_by, after=page.after_day_and_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda each: [each.forget_date, each.citizen_id])
        return service_pb2.ListRetentionDueResponse(
            due=[messages.due_message(each) for each in kept], next_page_token=token
        )

    def ListErasures(self, request: service_pb2.ListErasuresRequest, call: Call) -> service_pb2.ListErasuresResponse:
        page = Page.read(request)
        since = messages.optional_date(request, "since")
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.erasures(
                since=messages.start_of(since), after=messages.time_position(page.after), limit=page.size + 1
            )
        kept, token = page.cut(found, key=lambda each: [each.erase_time.isoformat(), each.citizen_id])
        return service_pb2.ListErasuresResponse(
            erasures=[messages.erasure_message(each) for each in kept], next_page_token=token
        )

    def ReplayErasures(
        self, request: service_pb2.ReplayErasuresRequest, call: Call
    ) -> service_pb2.ReplayErasuresResponse:
        def replay(tx: Store) -> service_pb2.ReplayErasuresResponse:
            replayed = handlers.replay_erasures(
                citizens=[uuid_of(citizen, field="citizens") for citizen in request.citizens],
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            )
            return service_pb2.ReplayErasuresResponse(**vars(replayed))

        return self._commands.run(request, call, service_pb2.ReplayErasuresResponse, replay)
