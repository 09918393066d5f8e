"""One side of a county's line went back to an earlier moment, by a backup; both agree again (ADR 0044)."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from hotline.dispatch.county.v1 import county_messages_pb2 as crossing
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.sealed_box import seal
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.county import County, Errand, ErrandState, Side
from hotline_dispatch.handlers import counties
from hotline_dispatch.handlers.bookkeeping import load

LOOK_BACK = timedelta(days=7)
"""Of what was told so long before the moment it is told again where it stands: clocks differ, and lines are cut."""
_REASON = "市热线恢复备份之前已收回或办结 / taken back or closed before the city restored a backup"


class Store(counties.Store, Protocol):
    """The same with what crosses."""

    def number_anew(self, county: str, *, restored_time: datetime) -> None: ...
    def send_again(self, county: str) -> None: ...
    def send_unknown(self, county: str, errand: UUID, message: Message, *, time: datetime) -> None: ...
    def errands_since(self, county: str, *, since: datetime) -> list[Errand]: ...
    def note_change(self, order: UUID, *, lead: str) -> None: ...


def resync_county(*, name: str, restored_time: datetime, real_time: datetime, tx: Store) -> County:
    """This side went back to `restored_time`: what it sends is numbered anew, and the other side will hear of it.

    What may have been at the broker at that moment, and so in no database, is sent again as it was; where each order
    stands is told anew.

    Raises `ResourceNotFound`, `FieldInvalid`.
    """
    if restored_time > real_time:
        raise FieldInvalid(violations=[("restored_time", "has not come yet")])
    county = tx.find_county(name, for_update=True)
    if county is None:
        raise ResourceNotFound(resource=name)
    tx.number_anew(county.name, restored_time=restored_time)
    tx.send_again(county.name)
    for errand in tx.errands_since(county.name, since=restored_time - LOOK_BACK):
        _tell_anew(errand, tx)
    return county


def answer(county: County, *, restored_time: datetime, tx: Store, now: datetime) -> None:
    """The other side went back: it gets all that is kept, and from a county where each of its orders stands."""
    tx.send_again(county.name)
    if county.side is Side.CITY:
        return
    for errand in tx.errands_since(county.name, since=restored_time - LOOK_BACK):
        if errand.state is ErrandState.WITHDRAWN:
            of_round = load(tx, errand.work_order).round + errand.rounds_before
            give_back(errand, county, of_round=of_round, tx=tx, now=now)
        _tell_anew(errand, tx)


def say_unknown(errand: UUID, *, county: str, tx: Store, now: datetime) -> None:
    """A county asks the city about an errand that is not its own, or that the city forgot by going back."""
    unknown = crossing.ErrandUnknown(errand=f"errands/{errand}", commit_time=timestamp(now))
    tx.send_unknown(county, errand, unknown, time=now)


def give_back(errand: Errand, county: County, *, of_round: int, tx: Store, now: datetime) -> None:
    """A city that forgot that the county has the order no more has it back; one that knows takes no notice."""
    message = crossing.OrderHandedBack(
        errand=errand.name,
        commit_time=timestamp(now),
        round=of_round,
        sealed_reason=seal(plain=_REASON.encode(), to=county.far_keys, place=f"{errand.name}/reason"),
    )
    tx.send(errand, message, time=now)


def _tell_anew(errand: Errand, tx: Store) -> None:
    """Where it stands is told again, whatever the other side was told since."""
    errand.told_status, errand.told_due = ("", ""), None
    tx.save_errand(errand)
    tx.note_change(uuid_of(errand.work_order), lead="")
