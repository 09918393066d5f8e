"""Enters the invented city through the public interfaces alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import NAMESPACE_URL, uuid5

from hotline.dispatch.v1 import dispatch_service_pb2, work_order_pb2
from hotline.intake.v1 import call_centre_service_pb2, seat_pb2
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline_kernel.errors import Unavailable

from hotline_cli.client import Answer, Hotline, Request, pages
from hotline_cli.local.city import City, load
from hotline_cli.local.instance import Instance


@contextmanager
def seeded(instance: Instance) -> Iterator[Instance]:
    """The instance runs and knows the city; all of it is destroyed at the end, also when it did not start."""
    try:
        instance.prepare()
        instance.start()
        hotline = Hotline(instance.running)
        seed_city(hotline)
        hotline.close()
        yield instance
    finally:
        instance.destroy()


def seed_city(hotline: Hotline) -> None:
    """Enter what is not there yet of the city's units, seats and knowledge. Safe to repeat."""
    city = load()
    office = hotline.person("office", subject=city.staff_of("office")[0]["subject"]).dispatch
    found = {unit.name for page in pages(office.ListUnits, _LIST_UNITS) for unit in page.units}
    for unit in _units(city):
        if unit.name not in found:
            _insist(
                office.CreateUnit,
                dispatch_service_pb2.CreateUnitRequest(unit=unit, request_id=_request_id("CreateUnit", unit.name)),
            )
    _set_up_seats(hotline, city)
    _set_up_knowledge(hotline, city)


_TRIES = 10
_EDITORS = 8
_LIST_UNITS = dispatch_service_pb2.ListUnitsRequest(page_size=1000)
_LIST_SEATS = call_centre_service_pb2.ListSeatsRequest(page_size=1000)
_LIST_ENTRIES = knowledge_service_pb2.ListEntriesRequest(page_size=1000)


def _set_up_seats(hotline: Hotline, city: City) -> None:
    call_centre = hotline.person("supervisor", subject=city.staff_of("supervisor")[0]["subject"]).call_centre
    found = {seat.name for page in pages(call_centre.ListSeats, _LIST_SEATS) for seat in page.seats}
    for seat in _seats(city):
        if seat.name not in found:
            _insist(
                call_centre.CreateSeat,
                call_centre_service_pb2.CreateSeatRequest(seat=seat, request_id=_request_id("CreateSeat", seat.name)),
            )


def _set_up_knowledge(hotline: Hotline, city: City) -> None:
    writer, reviewer = (
        hotline.person("editor", subject=person["subject"]).knowledge for person in city.staff_of("editor")
    )
    found = {entry.title: entry for page in pages(writer.ListEntries, _LIST_ENTRIES) for entry in page.entries}

    def set_up(wanted: entry_pb2.Entry) -> None:
        entry = found.get(wanted.title) or _insist(
            writer.CreateEntry,
            knowledge_service_pb2.CreateEntryRequest(entry=wanted, request_id=_request_id("CreateEntry", wanted.title)),
        )
        if entry.state == entry_pb2.ENTRY_STATE_DRAFT:
            _insist(
                reviewer.PublishEntry,
                knowledge_service_pb2.PublishEntryRequest(
                    name=entry.name, etag=entry.etag, request_id=_request_id("PublishEntry", wanted.title)
                ),
            )

    # Each waits until it can be found; many can at once.
    with ThreadPoolExecutor(_EDITORS) as pool:
        list(pool.map(set_up, _entries(city)))


def _seats(city: City) -> Iterator[seat_pb2.Seat]:
    for seat in city.seats:
        yield seat_pb2.Seat(
            name=f"seats/{seat['id']}",
            kind=seat_pb2.SeatKind.Value(f"SEAT_KIND_{seat['kind']}"),
            extension=seat["extension"],
            skills=seat.get("skills", []),
        )


def _units(city: City) -> Iterator[work_order_pb2.Unit]:
    for unit in city.units:
        yield work_order_pb2.Unit(
            name=f"units/{unit['id']}",
            display_name=unit["name"],
            region=unit.get("region", city.region),
            kind=work_order_pb2.UnitKind.Value(f"UNIT_KIND_{unit['kind']}"),
            principal=unit["principal"],
            competences=unit["competences"],
        )


def _entries(city: City) -> Iterator[entry_pb2.Entry]:
    for entry in city.knowledge:
        yield entry_pb2.Entry(
            title=entry["title"],
            text=entry["text"],
            kind=entry_pb2.EntryKind.Value(f"ENTRY_KIND_{entry['kind']}"),
            unit=f"units/{entry['unit']}" if entry["unit"] else "",
            keywords=entry["keywords"],
        )


def _insist(call: Callable[[Request], Answer], request: Request) -> Answer:
    """Call again when a server that has just started on a busy machine takes too long; the request's id allows it."""
    for _ in range(_TRIES - 1):
        try:
            return call(request)
        except Unavailable:
            continue
    return call(request)


def _request_id(method: str, subject: str) -> str:
    """Return the same id for the same call, so that a repeat after a crash is one (AIP-155)."""
    return str(uuid5(NAMESPACE_URL, f"hotline/city/{method}/{subject}"))
