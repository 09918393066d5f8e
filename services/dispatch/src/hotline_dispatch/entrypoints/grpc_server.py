"""The RPCs of dispatch: parse, let the handler decide, answer."""

from collections.abc import Callable, Mapping
from datetime import datetime

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel import paging
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of

from hotline_dispatch import handlers
from hotline_dispatch.adapters import messages
from hotline_dispatch.adapters.postgres import OrderFilter, Store
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.domain.work_order import WorkOrder

_OrderRequest = (
    service_pb2.DispatchWorkOrderRequest
    | service_pb2.SendBackWorkOrderRequest
    | service_pb2.RecordDirectiveRequest
    | service_pb2.RecordFirstContactRequest
    | service_pb2.ReportResultRequest
    | service_pb2.RequestExtensionRequest
    | service_pb2.DecideExtensionRequest
)
_UnitRequest = service_pb2.CreateUnitRequest | service_pb2.UpdateUnitRequest


class DispatchServicer:
    """Answers `hotline.dispatch.v1.DispatchService`."""

    def __init__(self, *, database: Database[Store], clock: Clock, send_back_limit: int) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._send_back_limit = send_back_limit

    def GetWorkOrder(self, request: service_pb2.GetWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """One order; a unit sees its own alone."""
        with self._database.transaction(actor=call.principal) as tx:
            return messages.work_order(handlers.get_work_order(name=request.name, tx=tx))

    def ListWorkOrders(
        self, request: service_pb2.ListWorkOrdersRequest, call: Call
    ) -> service_pb2.ListWorkOrdersResponse:
        """A page of orders, newest first; a unit sees its own alone."""
        page = paging.Page.read(request)
        wanted = OrderFilter(
            state=messages.state(request.state),
            unit=request.unit or None,
            visible_to=handlers.restricted_to(call.principal),
            region=request.region or None,
            appeal=uuid_of(request.appeal, field="appeal") if request.appeal else None,
            number=request.number or None,
            overdue=request.overdue,
            extension_requested=request.extension_requested,
            due_by=messages.optional_date(request),
        )
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_orders(wanted=wanted, after=page.after_uuid(), limit=page.size + 1)
        orders, token = page.cut(found, key=lambda order: [order.id])
        return service_pb2.ListWorkOrdersResponse(
            work_orders=[messages.work_order(order) for order in orders], next_page_token=token
        )

    def DispatchWorkOrder(self, request: service_pb2.DispatchWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office names the units (Art. 7, 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: handlers.dispatch_work_order(
                name=request.name,
                etag=request.etag,
                lead_unit=request.lead_unit,
                supporting_units=request.supporting_units,
                tx=tx,
                now=now,
            ),
            {"lead_unit": request.lead_unit, "supporting_units": " ".join(request.supporting_units)},
        )

    def SendBackWorkOrder(self, request: service_pb2.SendBackWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The lead unit gives the order back (Art. 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: handlers.send_back_work_order(
                name=request.name,
                etag=request.etag,
                reason=request.reason,
                limit=self._send_back_limit,
                tx=tx,
                now=now,
            ),
            {"unit": call.principal.unit},
        )

    def RecordDirective(self, request: service_pb2.RecordDirectiveRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The directive came; the order goes out (Art. 23)."""
        return self._change(
            request,
            call,
            lambda tx, now: handlers.record_directive(
                name=request.name, etag=request.etag, text=request.text, authority=request.authority, tx=tx, now=now
            ),
            {"authority": request.authority},
        )

    def RecordFirstContact(
        self, request: service_pb2.RecordFirstContactRequest, call: Call
    ) -> work_order_pb2.WorkOrder:
        """The citizen was reached first (Art. 24(1))."""
        contact_time = messages.optional_time(request, "contact_time")
        return self._change(
            request,
            call,
            lambda tx, now: handlers.record_first_contact(
                name=request.name, etag=request.etag, note=request.note, contact_time=contact_time, tx=tx, now=now
            ),
            {},
        )

    def ReportResult(self, request: service_pb2.ReportResultRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The lead unit replied and reports (Art. 24(2))."""
        reply_time = messages.optional_time(request, "reply_time")
        outcome = messages.outcome(request.outcome)
        return self._change(
            request,
            call,
            lambda tx, now: handlers.report_result(
                name=request.name,
                etag=request.etag,
                outcome=outcome,
                text=request.text,
                reply_time=reply_time,
                reply_means=messages.reply_means(request.reply_means),
                reply_text=request.reply_text,
                tx=tx,
                now=now,
            ),
            {"outcome": outcome},
        )

    def RequestExtension(self, request: service_pb2.RequestExtensionRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The lead unit asks for a later deadline (Art. 26)."""
        return self._change(
            request,
            call,
            lambda tx, now: handlers.request_extension(
                name=request.name,
                etag=request.etag,
                working_days=request.working_days,
                reason=request.reason,
                tx=tx,
                now=now,
            ),
            {"working_days": str(request.working_days)},
        )

    def DecideExtension(self, request: service_pb2.DecideExtensionRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office grants or refuses (Art. 26)."""
        return self._change(
            request,
            call,
            lambda tx, now: handlers.decide_extension(
                name=request.name, etag=request.etag, granted=request.granted, note=request.note, tx=tx, now=now
            ),
            {"granted": str(request.granted).lower()},
        )

    def CreateUnit(self, request: service_pb2.CreateUnitRequest, call: Call) -> work_order_pb2.Unit:
        """Enters a unit in the registry (Art. 10)."""
        return self._change_unit(
            request, call, lambda tx: handlers.create_unit(unit=messages.new_unit(request.unit), tx=tx)
        )

    def GetUnit(self, request: service_pb2.GetUnitRequest, call: Call) -> work_order_pb2.Unit:
        """One unit."""
        with self._database.transaction(actor=call.principal) as tx:
            return messages.unit(handlers.get_unit(name=request.name, tx=tx))

    def ListUnits(self, request: service_pb2.ListUnitsRequest, call: Call) -> service_pb2.ListUnitsResponse:
        """A page of units, by name."""
        page = paging.Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_units(
                region=request.region,
                competence=request.competence,
                after=page.after_text(),
                limit=page.size + 1,
            )
        units, token = page.cut(found, key=lambda unit: [unit.name])
        return service_pb2.ListUnitsResponse(units=[messages.unit(unit) for unit in units], next_page_token=token)

    def UpdateUnit(self, request: service_pb2.UpdateUnitRequest, call: Call) -> work_order_pb2.Unit:
        """Changes a unit (AIP-134)."""
        changes = messages.unit_changes(request)
        return self._change_unit(
            request,
            call,
            lambda tx: handlers.update_unit(name=request.unit.name, etag=request.unit.etag, changes=changes, tx=tx),
        )

    def _change(
        self,
        request: _OrderRequest,
        call: Call,
        decide: Callable[[Store, datetime], WorkOrder],
        details: Mapping[str, str],
    ) -> work_order_pb2.WorkOrder:
        def work(tx: Store) -> work_order_pb2.WorkOrder:
            now = self._clock.now()
            order = decide(tx, now)
            tx.record(action=call.permission, resource=order.name, time=now, details=details)
            return messages.work_order(order)

        return self._commands.run(request, call, work_order_pb2.WorkOrder, work)

    def _change_unit(self, request: _UnitRequest, call: Call, decide: Callable[[Store], Unit]) -> work_order_pb2.Unit:
        def work(tx: Store) -> work_order_pb2.Unit:
            unit = decide(tx)
            tx.record(action=call.permission, resource=unit.name, time=self._clock.now())
            return messages.unit(unit)

        return self._commands.run(request, call, work_order_pb2.Unit, work)
