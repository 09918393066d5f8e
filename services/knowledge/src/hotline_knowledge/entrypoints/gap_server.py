"""GapService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.knowledge.v1 import gap_pb2
from hotline.knowledge.v1 import gap_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import gaps as messages
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.domain.gap import Gap
from hotline_knowledge.handlers import gaps as handlers


class GapServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def ReportGap(self, request: service_pb2.ReportGapRequest, call: Call) -> gap_pb2.Gap:
        return self._change(
            request, call, lambda tx: handlers.report_gap(query=request.query, tx=tx, now=self._clock.now())
        )

    def AssignGap(self, request: service_pb2.AssignGapRequest, call: Call) -> gap_pb2.Gap:
        return self._change(
            request,
            call,
            lambda tx: handlers.assign_gap(
                gap_id=uuid_of(request.name), unit=request.unit, etag=request.etag, tx=tx, now=self._clock.now()
            ),
        )

    def FillGap(self, request: service_pb2.FillGapRequest, call: Call) -> gap_pb2.Gap:
        return self._change(
            request,
            call,
            lambda tx: handlers.fill_gap(
                gap_id=uuid_of(request.name), entry=request.entry, etag=request.etag, tx=tx, now=self._clock.now()
            ),
        )

    def DismissGap(self, request: service_pb2.DismissGapRequest, call: Call) -> gap_pb2.Gap:
        return self._change(
            request,
            call,
            lambda tx: handlers.dismiss_gap(
                gap_id=uuid_of(request.name), reason=request.reason, etag=request.etag, tx=tx, now=self._clock.now()
            ),
        )

    def ListGaps(self, request: service_pb2.ListGapsRequest, call: Call) -> service_pb2.ListGapsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.gaps(
                state=messages.gap_state_of(request.state),
                unit=handlers.visible_unit(asked=request.unit, actor=call.principal),
                after=page.after_number_and_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda gap: [gap.ask_count, gap.id])
        return service_pb2.ListGapsResponse(gaps=[messages.gap_message(gap) for gap in kept], next_page_token=token)

    def _change(self, request: Message, call: Call, work: Callable[[Store], Gap]) -> gap_pb2.Gap:
        return self._commands.run(request, call, gap_pb2.Gap, lambda tx: messages.gap_message(work(tx)))
