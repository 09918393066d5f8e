"""The RPCs about counties with a dispatch of their own, and what the pump does for their lines (Art. 4, 10)."""

from collections.abc import Callable
from datetime import UTC, datetime

from google.protobuf.message import Message
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1.intake_service_pb2 import Contact
from hotline_kernel import paging
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of

from hotline_dispatch.adapters import county_messages, messages
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.county import County
from hotline_dispatch.handlers import counties, reporting, resync
from hotline_dispatch.handlers.orders import as_seen
from hotline_dispatch.settings import Settings


class CountyServicer:
    """Answers `hotline.dispatch.v1.CountyService`."""

    def __init__(self, *, database: Database[Store], clock: Clock, settings: Settings, desk: reporting.Desk) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._settings = settings
        self._desk = desk

    def EnrolCounty(self, request: pb.EnrolCountyRequest, call: Call) -> pb.EnrolledCounty:
        """The city signs a county's request."""

        def work(tx: Store) -> pb.EnrolledCounty:
            now = self._clock.now()
            county, certificate, signature = counties.enrol_county(
                name=request.county,
                public_keys=request.public_keys,
                signature=request.signature,
                unit=request.unit,
                broker=request.broker,
                side=self._settings.side,
                keys=self._desk.keys(),
                tx=tx,
                now=now,
            )
            tx.record(action=call.permission, resource=county.name, time=now, details={"unit": county.unit})
            return pb.EnrolledCounty(county=self._shown(county, tx), certificate=certificate, signature=signature)

        return self._commands.run(request, call, pb.EnrolledCounty, work)

    def JoinCity(self, request: pb.JoinCityRequest, call: Call) -> pb.County:
        """The county takes in the city's answer."""
        return self._change(
            request,
            call,
            lambda tx, _: counties.join_city(
                certificate=request.certificate,
                signature=request.signature,
                fingerprint_read=request.fingerprint,
                side=self._settings.side,
                keys=self._desk.keys(),
                tx=tx,
            ),
        )

    def GetCounty(self, request: pb.GetCountyRequest, call: Call) -> pb.County:
        """One line."""
        with self._database.transaction(actor=call.principal) as tx:
            county = tx.find_county(request.name)
            if county is None:
                raise ResourceNotFound(resource=request.name)
            return self._shown(county, tx)

    def ListCounties(self, request: pb.ListCountiesRequest, call: Call) -> pb.ListCountiesResponse:
        """A page of lines, by name."""
        page = paging.Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_counties(after=page.after_text(), limit=page.size + 1)
            cut, token = page.cut(found, key=lambda county: [county.name])
            return pb.ListCountiesResponse(counties=[self._shown(each, tx) for each in cut], next_page_token=token)

    def SuspendCounty(self, request: pb.SuspendCountyRequest, call: Call) -> pb.County:
        """Carries nothing for now."""
        return self._change(
            request, call, lambda tx, _: counties.suspend_county(name=request.name, etag=request.etag, tx=tx)
        )

    def ResumeCounty(self, request: pb.ResumeCountyRequest, call: Call) -> pb.County:
        """Carries again."""
        return self._change(
            request, call, lambda tx, _: counties.resume_county(name=request.name, etag=request.etag, tx=tx)
        )

    def RepeatErasures(self, request: pb.RepeatErasuresRequest, call: Call) -> pb.RepeatErasuresResponse:
        """Tells a county again whom it must forget (Art. 36(4))."""

        def work(tx: Store) -> pb.RepeatErasuresResponse:
            now = self._clock.now()
            told = counties.repeat_erasures(name=request.name, tx=tx, now=now)
            tx.record(action=call.permission, resource=request.name, time=now, details={"told": str(told)})
            return pb.RepeatErasuresResponse(told=told)

        return self._commands.run(request, call, pb.RepeatErasuresResponse, work)

    def ResyncCounty(self, request: pb.ResyncCountyRequest, call: Call) -> pb.County:
        """This side went back; both will agree again."""
        restored_time = request.restored_time.ToDatetime(UTC)
        return self._change(
            request,
            call,
            lambda tx, _: resync.resync_county(
                # Real time, as in backups: it is about a database, not about law.
                name=request.name,
                restored_time=restored_time,
                real_time=datetime.now(UTC),
                tx=tx,
            ),
        )

    def GetErrand(self, request: pb.GetErrandRequest, call: Call) -> pb.Errand:
        """One errand."""
        with self._database.transaction(actor=call.principal) as tx:
            errand = tx.find_errand(uuid_of(request.name))
        if errand is None:
            raise ResourceNotFound(resource=request.name)
        return county_messages.errand(errand)

    def ListErrands(self, request: pb.ListErrandsRequest, call: Call) -> pb.ListErrandsResponse:
        """A page of errands, newest first."""
        page = paging.Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_errands(
                work_order=request.work_order, county=request.county, after=page.after_uuid(), limit=page.size + 1
            )
        cut, token = page.cut(found, key=lambda errand: [errand.id])
        return pb.ListErrandsResponse(errands=[county_messages.errand(each) for each in cut], next_page_token=token)

    def HandBackWorkOrder(self, request: pb.HandBackWorkOrderRequest, call: Call) -> work_order_pb2.WorkOrder:
        """The county gives an order back to the city (Art. 22)."""

        def work(tx: Store) -> work_order_pb2.WorkOrder:
            now = self._clock.now()
            order = reporting.hand_back_work_order(
                name=request.name, etag=request.etag, reason=request.reason, tx=tx, now=now
            )
            tx.record(action=call.permission, resource=order.name, time=now)
            return messages.work_order(as_seen(order, tx))

        return self._commands.run(request, call, work_order_pb2.WorkOrder, work)

    def RevealContact(self, request: pb.RevealContactRequest, call: Call) -> Contact:
        """Who brought it; on record (Art. 24(1), 36(4))."""
        with self._database.transaction(actor=call.principal) as tx:
            return reporting.reveal_contact(
                name=request.name,
                purpose=request.purpose,
                permission=call.permission,
                desk=self._desk,
                tx=tx,
                now=self._clock.now(),
            )

    def _change(self, request: Message, call: Call, decide: Callable[[Store, datetime], County]) -> pb.County:
        def work(tx: Store) -> pb.County:
            now = self._clock.now()
            county = decide(tx, now)
            tx.record(action=call.permission, resource=county.name, time=now)
            return self._shown(county, tx)

        return self._commands.run(request, call, pb.County, work)

    def _shown(self, county: County, tx: Store) -> pb.County:
        return county_messages.county(
            county, tx.line(county.name), heartbeat_seconds=self._settings.county_heartbeat_seconds
        )
