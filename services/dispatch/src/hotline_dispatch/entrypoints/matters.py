"""The RPCs about a principal's study (Art. 25) and filed matters (Art. 27)."""

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.call import Call

from hotline_dispatch.adapters import messages
from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import matters


class MatterRpcs(Rpcs):
    """What is more than an everyday matter."""

    def MarkForPrincipal(self, request: service_pb2.MarkForPrincipalRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office says why the unit's principal must study it (Art. 25)."""
        ground = messages.study_ground(request.ground)
        return self._change(
            request,
            call,
            lambda tx, _: matters.mark_for_principal(name=request.name, etag=request.etag, ground=ground, tx=tx),
            {"ground": ground},
        )

    def RecordStudy(self, request: service_pb2.RecordStudyRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The principal studied and decided (Art. 25)."""
        study_time = messages.optional_time(request, "study_time")
        return self._change(
            request,
            call,
            lambda tx, now: matters.record_study(
                name=request.name,
                etag=request.etag,
                principal=request.principal,
                study_time=study_time,
                decision=request.decision,
                tx=tx,
                now=now,
            ),
            {"principal": request.principal},
        )

    def RecordLook(self, request: service_pb2.RecordLookRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office looked at a filed matter again (Art. 27; ours)."""
        next_date = messages.optional_date(request, "next_date")
        return self._change(
            request,
            call,
            lambda tx, now: matters.record_look(
                name=request.name, etag=request.etag, note=request.note, next_date=next_date, tx=tx, now=now
            ),
            {"next_date": str(next_date or "")},
        )
