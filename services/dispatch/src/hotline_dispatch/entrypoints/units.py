"""The RPCs about the registry of units (Art. 10)."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel import paging
from hotline_kernel.call import Call

from hotline_dispatch.adapters import messages
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.unit import Unit
from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import units


class UnitRpcs(Rpcs):
    """The registry."""

    def CreateUnit(self, request: service_pb2.CreateUnitRequest, call: Call) -> work_order_pb2.Unit:
        """Enters a unit in the registry (Art. 10)."""
        return self._change_unit(
            request, call, lambda tx: units.create_unit(unit=messages.new_unit(request.unit), tx=tx)
        )

    def GetUnit(self, request: service_pb2.GetUnitRequest, call: Call) -> work_order_pb2.Unit:
        """One unit."""
        with self._database.transaction(actor=call.principal) as tx:
            return messages.unit(units.get_unit(name=request.name, tx=tx))

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
        cut, token = page.cut(found, key=lambda unit: [unit.name])
        return service_pb2.ListUnitsResponse(units=[messages.unit(unit) for unit in cut], next_page_token=token)

    def UpdateUnit(self, request: service_pb2.UpdateUnitRequest, call: Call) -> work_order_pb2.Unit:
        """Changes a unit (AIP-134)."""
        changes = messages.unit_changes(request)
        return self._change_unit(
            request,
            call,
            lambda tx: units.update_unit(name=request.unit.name, etag=request.unit.etag, changes=changes, tx=tx),
        )

    def _change_unit(self, request: Message, call: Call, decide: Callable[[Store], Unit]) -> work_order_pb2.Unit:
        def work(tx: Store) -> work_order_pb2.Unit:
            unit = decide(tx)
            tx.record(action=call.permission, resource=unit.name, time=self._clock.now())
            return messages.unit(unit)

        return self._commands.run(request, call, work_order_pb2.Unit, work)
