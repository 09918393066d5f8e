"""The RPCs about the registry of units (Art. 10)."""

from collections.abc import Callable, Mapping
from datetime import datetime

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
            request, call, lambda tx, now: units.create_unit(unit=messages.new_unit(request.unit), tx=tx, now=now)
        )

    def GetUnit(self, request: service_pb2.GetUnitRequest, call: Call) -> work_order_pb2.Unit:
        """One unit, as it is or as it was or will be on a day."""
        on_date = messages.optional_date(request, "on_date")
        with self._database.transaction(actor=call.principal) as tx:
            return messages.unit(units.get_unit(name=request.name, on_date=on_date, tx=tx, now=self._clock.now()))

    def ListUnits(self, request: service_pb2.ListUnitsRequest, call: Call) -> service_pb2.ListUnitsResponse:
        """A page of units, by name."""
        page = paging.Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_units(
                region=request.region,
                competence=request.competence,
                show_closed=request.show_closed,
                after=page.after_text(),
                limit=page.size + 1,
            )
        cut, token = page.cut(found, key=lambda unit: [unit.name])
        return service_pb2.ListUnitsResponse(units=[messages.unit(unit) for unit in cut], next_page_token=token)

    def UpdateUnit(self, request: service_pb2.UpdateUnitRequest, call: Call) -> work_order_pb2.Unit:
        """Changes a unit (AIP-134), from a day on (Art. 10(1))."""
        changes = messages.unit_changes(request)
        effective_date = messages.optional_date(request, "effective_date")
        return self._change_unit(
            request,
            call,
            lambda tx, now: units.update_unit(
                name=request.unit.name,
                etag=request.unit.etag,
                changes=changes,
                effective_date=effective_date,
                reason=request.reason,
                tx=tx,
                now=now,
            ),
            {"fields": " ".join(changes), "effective_date": str(effective_date or "")},
        )

    def ListUnitVersions(
        self, request: service_pb2.ListUnitVersionsRequest, call: Call
    ) -> service_pb2.ListUnitVersionsResponse:
        """A page of changes of a unit, newest first (Art. 10(1))."""
        page = paging.Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_versions(unit=request.parent, before=page.after_number(), limit=page.size + 1)
        cut, token = page.cut(found, key=lambda version: [version.number])
        return service_pb2.ListUnitVersionsResponse(
            versions=[messages.unit_version(version) for version in cut], next_page_token=token
        )

    def CloseUnit(self, request: service_pb2.CloseUnitRequest, call: Call) -> work_order_pb2.Unit:
        """A unit merges into another or is closed, from a day on (Art. 10)."""
        effective_date = messages.optional_date(request, "effective_date")
        return self._change_unit(
            request,
            call,
            lambda tx, now: units.close_unit(
                name=request.name,
                etag=request.etag,
                successor=request.successor,
                effective_date=effective_date,
                reason=request.reason,
                tx=tx,
                now=now,
            ),
            {"successor": request.successor, "effective_date": str(effective_date or "")},
        )

    def WithdrawUnitVersion(
        self, request: service_pb2.WithdrawUnitVersionRequest, call: Call
    ) -> work_order_pb2.UnitVersion:
        """Takes back a change whose day has not come (Art. 10(1))."""
        unit, _, number = request.name.partition("/versions/")

        def work(tx: Store) -> work_order_pb2.UnitVersion:
            now = self._clock.now()
            version = units.withdraw_unit_version(unit=unit, number=int(number), etag=request.etag, tx=tx, now=now)
            tx.record(action=call.permission, resource=version.name, time=now)
            return messages.unit_version(version)

        return self._commands.run(request, call, work_order_pb2.UnitVersion, work)

    def _change_unit(
        self,
        request: Message,
        call: Call,
        decide: Callable[[Store, datetime], Unit],
        details: Mapping[str, str] | None = None,
    ) -> work_order_pb2.Unit:
        def work(tx: Store) -> work_order_pb2.Unit:
            now = self._clock.now()
            unit = decide(tx, now)
            tx.record(action=call.permission, resource=unit.name, time=now, details=details)
            return messages.unit(unit)

        return self._commands.run(request, call, work_order_pb2.Unit, work)
