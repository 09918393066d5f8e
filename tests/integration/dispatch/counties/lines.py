"""A city and a county on real databases; what one tells the other is carried by hand, whole or late (ADR 0034)."""

from datetime import datetime, timedelta
from typing import Any

from google.protobuf.json_format import Parse
from google.protobuf.symbol_database import Default
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.events.v1.deadline_events_pb2 import DeadlinesOpened
from hotline.sla.v1 import deadline_pb2
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.county import County
from hotline_dispatch.handlers import resync
from hotline_dispatch.handlers.counties import application
from hotline_kernel.auth import Principal
from hotline_kernel.inbox import Envelope
from hotline_kernel.sealed_box import SealingKeys

from tests.integration.dispatch.conftest import MONDAY, OFFICE, Dispatch

ENGINEER = Principal("engineer-1", frozenset({"engineer"}), "", "")
BUREAU = Principal("clerk-1", frozenset({"unit"}), "units/housing", "")
OTHER_BUREAU = Principal("clerk-2", frozenset({"unit"}), "units/water-bureau", "")
AT_CITY = Principal("clerk-3", frozenset({"unit"}), "units/xinji", "")


class Line:
    """A city and one of its counties; nothing crosses but by `carry`, each stream in its order, doubles dropped."""

    def __init__(self, city: Dispatch, county: Dispatch, name: str) -> None:
        self.city, self.county, self.name = city, county, name
        self.crossed: list[tuple[Dispatch, Any, Envelope]] = []
        self.cursors: dict[str, dict[str, int]] = {"city": {}, "county": {}}

    def carry(self) -> None:
        """Everything that waits crosses, until neither side has more to say."""
        while self.carry_once():
            pass

    def carry_once(self, *, down: bool = True, up: bool = True) -> int:
        carried = 0
        for wanted, sender, receiver, cursors in (
            (down, self.city, self.county, self.cursors["county"]),
            (up, self.county, self.city, self.cursors["city"]),
        ):
            sender.tick("errands", "county-contacts")
            with sender.database.transaction() as tx:
                waiting = tx.claim_messages(f"counties/{self.name}", limit=500) if wanted else []
                tx.mark_sent(waiting)
            for message in waiting:
                heard = cursors.get(message.aggregate, 0)
                if message.sequence <= heard:
                    continue
                assert message.sequence == heard + 1, (message.aggregate, message.type)
                cursors[message.aggregate] = message.sequence
                event = Parse(message.payload, Default().GetSymbol(message.type)(), ignore_unknown_fields=True)
                envelope = Envelope(
                    message.event_id,
                    f"county.{self.name}",
                    message.aggregate,
                    message.sequence,
                    message.type,
                    message.occurred_time,
                    "",
                )
                self.deliver(receiver, event, envelope)
            carried += len(waiting)
        return carried

    def beat(self) -> None:
        """Each side hears how often the other went back, and answers."""
        county = f"counties/{self.name}"
        for sender, receiver in ((self.city, self.county), (self.county, self.city)):
            with sender.database.transaction() as tx:
                said = tx.line(county)
            with receiver.database.transaction() as tx:
                tx.note_heard(county, view_time=None, waiting=0, answered_epoch=said.far_epoch)
                known = tx.find_county(county)
                if known and said.restored_time and tx.note_far_epoch(county, said.epoch, pause=timedelta(0)):
                    resync.answer(known, restored_time=said.restored_time, tx=tx, now=receiver.now)

    def answer(self, county: County, restored_time: datetime, tx: Store) -> None:
        """What the city's receiver does when a county says that it went back."""
        resync.answer(county, restored_time=restored_time, tx=tx, now=self.city.now)

    def deliver(self, receiver: Dispatch, event: Any, envelope: Envelope) -> None:
        self.crossed.append((receiver, event, envelope))
        with receiver.database.transaction() as tx:
            receiver.application.subscriptions[type(event)](event, tx=tx, now=receiver.now, envelope=envelope)

    def told(self, kind: str) -> list[Any]:
        """What crossed of a type."""
        return [event for _, event, _ in self.crossed if type(event).__name__ == kind]

    def request(self, **fields: Any) -> tuple[work_order_pb2.WorkOrder, work_order_pb2.WorkOrder]:
        """An order that the county leads, at the city and, carried there, in the county."""
        at_city = self.city.refer(lead_unit=f"units/{self.name}", **fields)
        due(self.city, at_city.name)
        self.carry()
        return at_city, self.other(at_city)

    def other(self, at_city: work_order_pb2.WorkOrder) -> Any:
        return self.county.order(f"workOrders/{self.errand(self.city, at_city.name).name.removeprefix('errands/')}")

    def errand(self, side: Dispatch, work_order: str) -> pb.Errand:
        listed = side.call("ListErrands", pb.ListErrandsRequest(work_order=work_order), OFFICE).errands
        errand = listed[0]
        assert isinstance(errand, pb.Errand)
        return errand

    def send_to_bureau(self, order: work_order_pb2.WorkOrder, unit: str = "units/housing") -> None:
        request = service_pb2.DispatchWorkOrderRequest(name=order.name, lead_unit=unit)
        self.county.call("DispatchWorkOrder", request, OFFICE)
        due(self.county, order.name)

    def result(self, order: work_order_pb2.WorkOrder, who: Principal = BUREAU) -> None:
        request = service_pb2.ReportResultRequest(
            name=order.name,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text="已更换循环泵",
            reply_means=work_order_pb2.REPLY_MEANS_PHONE,
            reply_text="今晚恢复供热",
        )
        request.reply_time.FromDatetime(self.county.now)
        self.county.call("ReportResult", request, who)


class Moment:
    """Everything that one side of a line has at a moment, but its record: it can go back to it."""

    def __init__(self, line: Line, name: str) -> None:
        """name -- `city` or `county`."""
        self._line, self._name = line, name
        self._side = line.city if name == "city" else line.county
        self._cursors = dict(line.cursors[name])
        with self._side.database.transaction() as tx:
            self._tables = [row["name"] for row in tx.all(_TABLES)]
            tx.run("DROP SCHEMA IF EXISTS kept CASCADE")
            tx.run("CREATE SCHEMA kept")
            for table in self._tables:
                tx.run(f"CREATE TABLE kept.{table} AS TABLE public.{table}")
            row = tx.one("SELECT clock_timestamp() AS now")
            assert row
            self.time = row["now"]

    def go_back(self) -> None:
        """As a restore does it."""
        with self._side.database.transaction() as tx:
            tx.run("SET LOCAL session_replication_role = replica")
            tx.run(f"TRUNCATE {', '.join(self._tables)}")
            for table in self._tables:
                tx.run(f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE TABLE kept.{table}")
        self._line.cursors[self._name] = dict(self._cursors)

    def resync(self) -> pb.County:
        """What an engineer does after it."""
        request = pb.ResyncCountyRequest(name=f"counties/{self._line.name}")
        request.restored_time.FromDatetime(self.time)
        answer = self._side.call("ResyncCounty", request, ENGINEER)
        assert isinstance(answer, pb.County)
        return answer


_TABLES = """
SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'audit%'
"""


def due(side: Dispatch, order: str, *, days: int = 2) -> None:
    """sla announces the deadline."""
    end = MONDAY + timedelta(days=days, hours=8)
    event = DeadlinesOpened(subject=order, round=side.order(order).round)
    clock = event.deadlines.add(kind=deadline_pb2.DEADLINE_KIND_HANDLING)
    clock.due_time.FromDatetime(end)
    clock.due_date.year, clock.due_date.month, clock.due_date.day = end.year, end.month, end.day
    clock.extension_cutoff_time.FromDatetime(end - timedelta(days=1))
    side.hear(event)


def enter(side: Dispatch, name: str, principal: str) -> None:
    unit = work_order_pb2.Unit(name=f"units/{name}", display_name=name, region="130181", principal=principal)
    unit.kind = work_order_pb2.UNIT_KIND_COUNTY
    side.call("CreateUnit", service_pb2.CreateUnitRequest(unit=unit), OFFICE)


def enrol(city: Dispatch, county: Dispatch, name: str, keys: SealingKeys) -> pb.EnrolledCounty:
    request = pb.EnrolCountyRequest(
        county=f"counties/{name}",
        public_keys=keys.public_keys,
        signature=keys.sign(application(f"counties/{name}", keys.public_keys)),
        unit=f"units/{name}",
        broker="127.0.0.1:5672/hotline",
    )
    answer = city.call("EnrolCounty", request, ENGINEER)
    assert isinstance(answer, pb.EnrolledCounty)
    join = pb.JoinCityRequest(
        certificate=answer.certificate, signature=answer.signature, fingerprint=answer.county.city_fingerprint
    )
    county.call("JoinCity", join, ENGINEER)
    return answer
