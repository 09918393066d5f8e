"""RepeatService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.intake.v1 import repeat_pb2
from hotline.intake.v1 import repeat_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_intake.adapters import messages
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.repeat import Measure, Repeat, RepeatKind
from hotline_intake.handlers import repeats as handlers


class RepeatServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, measure: Measure) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._measure = measure

    def GetRepeatGroup(self, request: service_pb2.GetRepeatGroupRequest, call: Call) -> repeat_pb2.RepeatGroup:
        with self._database.transaction(actor=call.principal) as tx:
            group = handlers.repeat_group(appeal_id=uuid_of(request.appeal, field="appeal"), tx=tx)
        return messages.group_message(group, self._measure)

    def ListRepeats(self, request: service_pb2.ListRepeatsRequest, call: Call) -> service_pb2.ListRepeatsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_repeats(
                appeal_id=uuid_of(request.appeal, field="appeal"),
                with_undone=request.with_undone,
                after=page.after_uuid(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda each: [each.id])
        return service_pb2.ListRepeatsResponse(
            repeats=[messages.repeat_message(each) for each in kept], next_page_token=token
        )

    def LinkAppeals(self, request: service_pb2.LinkAppealsRequest, call: Call) -> repeat_pb2.Repeat:
        return self._change(
            request,
            call,
            lambda tx: handlers.link_appeals(
                one=uuid_of(request.appeal, field="appeal"),
                other=uuid_of(request.other, field="other"),
                kind=RepeatKind(repeat_pb2.RepeatKind.Name(request.kind).removeprefix("REPEAT_KIND_")),
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def UnlinkAppeals(self, request: service_pb2.UnlinkAppealsRequest, call: Call) -> repeat_pb2.Repeat:
        return self._change(
            request,
            call,
            lambda tx: handlers.unlink_appeals(
                repeat_id=uuid_of(request.name),
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def _change(self, request: Message, call: Call, work: Callable[[Store], Repeat]) -> repeat_pb2.Repeat:
        return self._commands.run(request, call, repeat_pb2.Repeat, lambda tx: messages.repeat_message(work(tx)))
