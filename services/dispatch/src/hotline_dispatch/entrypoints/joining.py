"""The RPCs about several orders of one appeal, and one order for many appeals (Art. 7, 22, 23(3))."""

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.call import Call

from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import joining


class JoiningRpcs(Rpcs):
    """What is split, and what is joined."""

    def SplitWorkOrder(self, request: service_pb2.SplitWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """A further order of the same appeal (Art. 7, 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: joining.split_work_order(
                name=request.name,
                etag=request.etag,
                title=request.title,
                text=request.text,
                lead_unit=request.lead_unit,
                supporting_units=request.supporting_units,
                tx=tx,
                now=now,
            ),
            {"split_from": request.name, "lead_unit": request.lead_unit, "reason": request.reason},
        )

    def WithdrawWorkOrder(self, request: service_pb2.WithdrawWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """What was split off is taken back."""
        return self._change(
            request,
            call,
            lambda tx, now: joining.withdraw_work_order(name=request.name, etag=request.etag, tx=tx, now=now),
            {"reason": request.reason},
        )

    def JoinWorkOrder(self, request: service_pb2.JoinWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """One order works for another appeal's too (Art. 23(3))."""
        return self._change(
            request,
            call,
            lambda tx, now: joining.join_work_order(
                name=request.name,
                into=request.into,
                etag=request.etag,
                reason=request.reason,
                limit=self._settings.join_limit,
                tx=tx,
                now=now,
            ),
            {"into": request.into, "reason": request.reason},
        )

    def SeparateWorkOrder(self, request: service_pb2.SeparateWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """A joined order is worked on by itself again."""
        return self._change(
            request,
            call,
            lambda tx, now: joining.separate_work_order(
                name=request.name,
                etag=request.etag,
                reason=request.reason,
                patience=self._settings.office_patience,
                tx=tx,
                now=now,
            ),
            {"reason": request.reason},
        )
