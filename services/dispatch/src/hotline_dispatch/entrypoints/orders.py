"""The RPCs about orders: parse, let the handler decide, answer."""

from datetime import timedelta

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel import paging
from hotline_kernel.calendar import ZONE
from hotline_kernel.call import Call
from hotline_kernel.names import uuid_of

from hotline_dispatch.adapters import messages
from hotline_dispatch.adapters.postgres import OrderFilter
from hotline_dispatch.domain.refusals import OrderOutAlready
from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import directives, orders


class OrderRpcs(Rpcs):
    """An order on its way (Art. 22-27)."""

    def GetWorkOrder(self, request: service_pb2.GetWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """One order; a unit sees its own alone."""
        with self._database.transaction(actor=call.principal) as tx:
            return messages.work_order(orders.get_work_order(name=request.name, tx=tx))

    def ListWorkOrders(
        self, request: service_pb2.ListWorkOrdersRequest, call: Call
    ) -> service_pb2.ListWorkOrdersResponse:
        """A page of orders, newest first; a unit sees its own alone."""
        page = paging.Page.read(request)
        wanted = OrderFilter(
            state=messages.state(request.state),
            unit=request.unit or None,
            visible_to=orders.restricted_to(call.principal),
            region=request.region or None,
            appeal=uuid_of(request.appeal, field="appeal") if request.appeal else None,
            number=request.number or None,
            overdue=request.overdue,
            extension_requested=request.extension_requested,
            due_by=messages.optional_date(request, "due_by"),
            look_by=messages.optional_date(request, "look_by"),
            joined_into=uuid_of(request.joined_into, field="joined_into") if request.joined_into else None,
        )
        with self._database.transaction(actor=call.principal) as tx:
            listed = tx.list_orders(wanted=wanted, after=page.after_uuid(), limit=page.size + 1)
            found = [orders.as_seen(order, tx) for order in listed]
        cut, token = page.cut(found, key=lambda order: [order.id])
        return service_pb2.ListWorkOrdersResponse(
            work_orders=[messages.work_order(order) for order in cut], next_page_token=token
        )

    def DispatchWorkOrder(self, request: service_pb2.DispatchWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office names the units (Art. 7, 22)."""
        return self._change(
            request,
            call,
            lambda tx, now: orders.dispatch_work_order(
                name=request.name,
                etag=request.etag,
                lead_unit=request.lead_unit,
                supporting_units=request.supporting_units,
                study_grounds=[messages.study_ground(ground) for ground in request.study_grounds],
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
            lambda tx, now: orders.send_back_work_order(
                name=request.name,
                etag=request.etag,
                reason=request.reason,
                limit=self._settings.send_back_limit,
                patience=self._settings.office_patience,
                tx=tx,
                now=now,
            ),
            {"unit": call.principal.unit},
        )

    def HoldWorkOrder(self, request: service_pb2.HoldWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The office recognised one of the four kinds before the order was out (Art. 23); too late goes on record."""
        kind = messages.directive_kind(request.directive_kind)
        details = {"directive_kind": kind.value, "reason": request.reason}
        try:
            return self._change(
                request,
                call,
                lambda tx, now: directives.hold_work_order(
                    name=request.name,
                    etag=request.etag,
                    kind=kind,
                    chase_every=timedelta(minutes=self._settings.directive_chase_minutes),
                    patience=self._settings.office_patience,
                    tx=tx,
                    now=now,
                ),
                details,
            )
        except OrderOutAlready as refusal:
            with self._database.transaction(actor=call.principal) as tx:
                refused = details | {"refused": refusal.reason}
                tx.record(action=call.permission, resource=request.name, time=self._clock.now(), details=refused)
            raise

    def RecordDirective(self, request: service_pb2.RecordDirectiveRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The directive came; the order goes out (Art. 23)."""
        return self._change(
            request,
            call,
            lambda tx, now: directives.record_directive(
                name=request.name,
                etag=request.etag,
                text=request.text,
                authority=request.authority,
                patience=self._settings.office_patience,
                tx=tx,
                now=now,
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
            lambda tx, now: orders.record_first_contact(
                name=request.name, etag=request.etag, note=request.note, contact_time=contact_time, tx=tx, now=now
            ),
            {},
        )

    def ReportResult(self, request: service_pb2.ReportResultRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The lead unit replied and reports (Art. 24(2)), or files (Art. 27)."""
        reply_time = messages.optional_time(request, "reply_time")
        today = self._clock.now().astimezone(ZONE).date()
        filing = messages.filing(request, look_date=today + timedelta(days=self._settings.filing_look_days))
        outcome = messages.outcome(request.outcome)
        return self._change(
            request,
            call,
            lambda tx, now: orders.report_result(
                name=request.name,
                etag=request.etag,
                outcome=outcome,
                text=request.text,
                reply_time=reply_time,
                reply_means=messages.reply_means(request.reply_means),
                reply_text=request.reply_text,
                filing=filing,
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
            lambda tx, now: orders.request_extension(
                name=request.name,
                etag=request.etag,
                working_days=request.working_days,
                reason=request.reason,
                patience=self._settings.office_patience,
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
            lambda tx, now: orders.decide_extension(
                name=request.name, etag=request.etag, granted=request.granted, note=request.note, tx=tx, now=now
            ),
            {"granted": str(request.granted).lower()},
        )
