"""The RPCs about an order in other hands: another lead, supporting units' parts (Art. 7, 22)."""

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.call import Call

from hotline_dispatch.adapters import messages
from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import hands


class HandRpcs(Rpcs):
    """Who does what of an order."""

    def ReassignWorkOrder(self, request: service_pb2.ReassignWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office gives it to another lead (Art. 7, 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: hands.reassign_work_order(
                name=request.name,
                etag=request.etag,
                lead_unit=request.lead_unit,
                supporting_units=request.supporting_units,
                reason=request.reason,
                tx=tx,
                now=now,
            ),
            {"lead_unit": request.lead_unit, "supporting_units": " ".join(request.supporting_units)},
        )

    def MarkAboutUnit(self, request: service_pb2.MarkAboutUnitRequest, call: Call) -> work_order_pb2.WorkOrder:
        """Which unit the complaint is about (Art. 36(4))."""
        return self._change(
            request,
            call,
            lambda tx, now: hands.mark_about_unit(
                name=request.name,
                etag=request.etag,
                about_unit=request.about_unit,
                reason=request.reason,
                patience=self._settings.office_patience,
                tx=tx,
                now=now,
            ),
            {"about_unit": request.about_unit},
        )

    def AssignPart(self, request: service_pb2.AssignPartRequest, call: Call) -> work_order_pb2.WorkOrder:
        """A supporting unit learns its part (Art. 7, 22)."""
        due_date = messages.optional_date(request, "due_date")
        return self._change(
            request,
            call,
            lambda tx, now: hands.assign_part(
                name=request.name,
                etag=request.etag,
                unit=request.unit,
                text=request.text,
                due_date=due_date,
                tx=tx,
                now=now,
            ),
            {"unit": request.unit},
        )

    def ReportPart(self, request: service_pb2.ReportPartRequest, call: Call) -> work_order_pb2.WorkOrder:
        """A supporting unit did its part (Art. 7, 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: hands.report_part(name=request.name, etag=request.etag, text=request.text, tx=tx, now=now),
            {"unit": call.principal.unit},
        )
