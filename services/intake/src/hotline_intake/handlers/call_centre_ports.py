"""What the call centre's use cases need of the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal

from hotline_intake.domain.appeal import State
from hotline_intake.domain.call import Call, CallState
from hotline_intake.domain.call_statistics import Offers, Tally
from hotline_intake.domain.seat import Seat, SeatKind, SeatState


@dataclass(frozen=True, kw_only=True)
class QueuedAppeal:
    """An appeal that waits for a seat."""

    id: UUID
    number: str
    title: str
    emergency: bool
    create_time: datetime
    answer_due_time: datetime | None
    answer_overdue: bool
    taken_by: str
    """Empty: nobody's."""


@dataclass(frozen=True, kw_only=True)
class MissedHour:
    """An appeal whose hour passed without a disposition. operator -- who drafted; empty if nobody did."""

    id: UUID
    number: str
    state: State
    emergency: bool
    create_time: datetime
    answer_due_time: datetime
    operator: str


@dataclass(frozen=True, kw_only=True)
class ListedCall:
    """A call with its place in the lists."""

    id: UUID
    call: Call


class Store(Protocol):
    """A transaction of intake's database. Whoever changes calls and seats locks the calls first."""

    @property
    def actor(self) -> Principal:
        """Who acts."""

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None:
        """Puts a deed on record with the commit (Art. 36)."""

    def add_seat(self, *, seat: Seat) -> None:
        """Raises `AlreadyExists`."""

    def seat(self, *, seat_id: str) -> Seat:
        """Raises `ResourceNotFound`."""

    def seat_to_change(self, *, seat_id: str) -> Seat:
        """The seat, nobody else's until the transaction ends. Raises `ResourceNotFound`."""

    def seat_of(self, *, operator: str, to_change: bool = False) -> Seat | None:
        """Where somebody is signed on."""

    def seats(self, *, kind: SeatKind | None, state: SeatState | None, after: str, limit: int) -> list[Seat]:
        """By name, behind `after`."""

    def seats_to_change(self, *, ids: Collection[str], ready: bool) -> list[Seat]:
        """These seats, and with `ready` every intake seat that waits for work."""

    def save_seats(self, *, seats: Sequence[Seat]) -> None:
        """Keeps moves of seats that were read to be changed."""

    def call(self, *, reference: str) -> Call:
        """Raises `ResourceNotFound`."""

    def calls(self, *, state: CallState | None, seat: str | None, before: UUID | None, limit: int) -> list[ListedCall]:
        """Newest first, older than `before`."""

    def calls_to_change(self, *, references: Collection[str]) -> list[Call]:
        """Those of these calls that are known, nobody else's until the transaction ends."""

    def waiting_calls_to_change(self, *, besides: Collection[str], since: datetime, limit: int) -> list[Call]:
        """Waiting calls offered since then, oldest first, but for those that somebody else has in hand."""

    def waiting_calls(self, *, since: datetime, limit: int) -> list[Call]:
        """Waiting calls offered since then, oldest first."""

    def save_calls(self, *, new: Sequence[Call], changed: Sequence[Call]) -> None:
        """Keeps calls and their moves. When somebody else just kept one of the new, the transaction fails."""

    def queued_appeals(self, *, state: State, after: UUID | None, limit: int, now: datetime) -> list[QueuedAppeal]:
        """Appeals in a state, oldest first, behind `after`."""

    def in_hand(self, *, operator: str, state: State, now: datetime) -> QueuedAppeal | None:
        """What somebody took of those in this state, nobody else's until the transaction ends."""

    def next_to_take(
        self, *, state: State, skills: Sequence[str], emergencies: bool, besides_of: str, now: datetime
    ) -> QueuedAppeal | None:
        """The oldest in this state that nobody has in hand, nobody else's until the transaction ends.

        skills -- of these subjects, by the beginning of the category; none: of any;  emergencies -- these alone;
        besides_of -- not what this person drafted.
        """

    def take(self, *, appeal_id: UUID, seat: str, operator: str, until_time: datetime) -> None:
        """Keeps in whose hand it is."""

    def reads_since(self, since: datetime, *, actor: str) -> int:
        """How many contacts, texts, objections, calls and numbers somebody opened since then, as the record says."""

    def put_back(self, *, operator: str) -> None:
        """What somebody took is nobody's again."""

    def missed_hours(self, *, waiting: bool, before: UUID | None, limit: int) -> list[MissedHour]:
        """Newest first, older than `before`. waiting -- only those without a disposition still."""

    def wrap_ups_to_end(self, *, begun: datetime, limit: int) -> list[Seat]:
        """Seats whose wrap-up began by then, but for those that somebody else has in hand."""

    def call_tally(self, *, start: datetime, end: datetime) -> Tally:
        """What the calls offered in a window came to."""

    def call_offers(self, *, start: datetime, end: datetime, within: timedelta) -> list[Offers]:
        """Calls of a window by whole hours, in their order; hours without calls are left out."""
