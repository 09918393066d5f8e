"""HoldService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.intake.v1 import hold_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_intake.adapters.messages import hold_message
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.hold import Hold
from hotline_intake.handlers import holds as handlers


class HoldServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def PlaceHold(self, request: service_pb2.PlaceHoldRequest, call: Call) -> service_pb2.Hold:
        return self._change(
            request,
            call,
            lambda tx: handlers.place_hold(
                citizen_id=uuid_of(request.citizen, field="citizen"),
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def ReleaseHold(self, request: service_pb2.ReleaseHoldRequest, call: Call) -> service_pb2.Hold:
        return self._change(
            request,
            call,
            lambda tx: handlers.release_hold(
                hold_id=uuid_of(request.name),
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def ListHolds(self, request: service_pb2.ListHoldsRequest, call: Call) -> service_pb2.ListHoldsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_holds(
                citizen_id=uuid_of(request.citizen, field="citizen") if request.citizen else None,
                with_released=request.with_released,
                before=page.after_uuid(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda each: [each.id])
        return service_pb2.ListHoldsResponse(holds=[hold_message(each) for each in kept], next_page_token=token)

    def _change(self, request: Message, call: Call, work: Callable[[Store], Hold]) -> service_pb2.Hold:
        return self._commands.run(request, call, service_pb2.Hold, lambda tx: hold_message(work(tx)))
