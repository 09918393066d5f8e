"""Who the counties are, and the line to them (Art. 4, 10): enrolled in one step, suspended, joined."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from google.protobuf.message import DecodeError, Message
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline.dispatch.v1.county_service_pb2 import CountyCertificate
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.sealed_box import SealingKeys, fingerprint, is_signed
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.county import ContactState, County, Errand, Side
from hotline_dispatch.domain.refusals import ApplicationInvalid, CertificateInvalid, UnitUnknown, WrongSide
from hotline_dispatch.handlers import ports
from hotline_dispatch.handlers.bookkeeping import moment


class Store(ports.Store, Protocol):
    """Orders, counties and errands, within one transaction."""

    def find_county(self, name: str, *, for_update: bool = False) -> County | None: ...
    def add_county(self, county: County) -> None: ...
    def save_county(self, county: County) -> None: ...
    def compare_orders_of(self, unit: str) -> None: ...
    def find_errand(self, errand_id: UUID, *, for_update: bool = False) -> Errand | None: ...
    def open_errands_of(self, work_order: str) -> list[Errand]: ...
    def last_errand_of(self, work_order: str) -> Errand | None: ...
    def errands_of_appeal(self, appeal: str) -> list[Errand]: ...
    def erased_errands(self, county: str) -> list[Errand]: ...
    def add_errand(self, errand: Errand) -> None: ...
    def save_errand(self, errand: Errand) -> None: ...
    def keep_contact(self, errand: Errand, sealed: bytes | None) -> None: ...
    def sealed_contact(self, errand: Errand) -> bytes | None: ...
    def claim_wanted_contact(self) -> Errand | None: ...
    def wait_for_contact(self, errand: Errand, *, pause: timedelta) -> None: ...
    def next_order_number(self, *, region: str, now: datetime) -> str: ...
    def send(self, errand: Errand, message: Message, *, time: datetime) -> None: ...


def application(county: str, public_keys: bytes) -> bytes:
    """What a county signs to be enrolled."""
    return b"hotline county application\n" + county.encode() + b"\n" + public_keys


def enrol_county(
    *,
    name: str,
    public_keys: bytes,
    signature: bytes,
    unit: str,
    broker: str,
    side: Side,
    keys: SealingKeys,
    tx: Store,
    now: datetime,
) -> tuple[County, bytes, bytes]:
    """The city enters a county, or changes its key; the certificate and the city's signature over it.

    Raises `WrongSide`, `ApplicationInvalid`, `UnitUnknown`.
    """
    _require(side, Side.CITY)
    if not is_signed(message=application(name, public_keys), signature=signature, by=public_keys):
        raise ApplicationInvalid(violations=[("signature", "is not by the keys that are named")])
    known = tx.find_unit(unit)
    if known is None:
        raise UnitUnknown(unit=unit)
    county = tx.find_county(name, for_update=True)
    is_new = county is None
    if county is None:
        county = County(
            name, unit, known.display_name, known.region, side, broker, keys.public_keys, public_keys, enrol_time=now
        )
        tx.add_county(county)
    before = county.unit
    county.unit, county.display_name, county.region, county.broker = unit, known.display_name, known.region, broker
    county.city_keys, county.county_keys, county.enrol_time = keys.public_keys, public_keys, now
    tx.save_county(county)
    if is_new or before != unit:
        tx.compare_orders_of(unit)  # what it leads already crosses now
    certificate = CountyCertificate(
        county=county.name,
        unit=county.unit,
        display_name=county.display_name,
        region=county.region,
        county_keys=county.county_keys,
        city_keys=county.city_keys,
        broker=county.broker,
        enrol_time=timestamp(now),
    ).SerializeToString(deterministic=True)
    return county, certificate, keys.sign(certificate)


def join_city(
    *, certificate: bytes, signature: bytes, fingerprint_read: str, side: Side, keys: SealingKeys, tx: Store
) -> County:
    """The county takes in the city's answer. Raises `WrongSide`, `CertificateInvalid`."""
    _require(side, Side.COUNTY)
    said = CountyCertificate()
    try:
        said.ParseFromString(certificate)
    except DecodeError as error:
        raise CertificateInvalid(violations=[("certificate", "cannot be read")]) from error
    if not is_signed(message=certificate, signature=signature, by=said.city_keys):
        raise CertificateInvalid(violations=[("signature", "is not the city's")])
    if fingerprint(said.city_keys) != fingerprint_read.strip().lower():
        raise CertificateInvalid(violations=[("fingerprint", f"the answer is by {fingerprint(said.city_keys)}")])
    if said.county_keys != keys.public_keys:
        raise CertificateInvalid(violations=[("certificate", "is for another key than ours")])
    county = tx.find_county(said.county, for_update=True)
    if county is None:
        county = County(
            said.county, said.unit, said.display_name, said.region, side, said.broker, b"", b"", moment(said.enrol_time)
        )
        tx.add_county(county)
    county.unit, county.display_name, county.region, county.broker = (
        said.unit,
        said.display_name,
        said.region,
        said.broker,
    )
    county.city_keys, county.county_keys, county.enrol_time = (
        said.city_keys,
        said.county_keys,
        moment(said.enrol_time),
    )
    tx.save_county(county)
    return county


def suspend_county(*, name: str, etag: str, tx: Store) -> County:
    """Carries nothing for now. Raises `ResourceNotFound`, `EtagMismatch`, `StateNotAllowed`."""
    county = _load(tx, name, etag)
    county.suspend()
    tx.save_county(county)
    return county


def resume_county(*, name: str, etag: str, tx: Store) -> County:
    """Carries again. Raises `ResourceNotFound`, `EtagMismatch`, `StateNotAllowed`."""
    county = _load(tx, name, etag)
    county.resume()
    tx.save_county(county)
    return county


def repeat_erasures(*, name: str, tx: Store, now: datetime) -> int:
    """Tells a county again whom it must forget, after it restored a backup; tells of how many errands (Art. 36(4)).

    Raises `ResourceNotFound`.
    """
    county = _load(tx, name, "")
    erased = tx.erased_errands(county.name)
    for errand in erased:
        erase_contact(errand, tx=tx, now=now)
        tx.save_errand(errand)
    return len(erased)


def erase_contact(errand: Errand, *, tx: Store, now: datetime) -> None:
    """City: the county is told to forget who brought it; what has not crossed never does."""
    if errand.contact in (ContactState.HELD, ContactState.ERASING, ContactState.ERASED):
        errand.contact = ContactState.ERASING
        tx.send(errand, crossing.ContactErased(errand=errand.name, commit_time=timestamp(now)), time=now)
    else:
        errand.contact = ContactState.NONE


def _load(tx: Store, name: str, etag: str) -> County:
    county = tx.find_county(name, for_update=True)
    if county is None:
        raise ResourceNotFound(resource=name)
    if etag and etag != str(county.version):
        raise EtagMismatch(resource=name)
    return county


def _require(side: Side, wanted: Side) -> None:
    if side is not wanted:
        raise WrongSide(side=wanted)
