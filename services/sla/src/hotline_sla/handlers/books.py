"""What the handlers need of a transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message

from hotline_sla.domain.accountability import AccountabilityFile
from hotline_sla.domain.assessment import Order
from hotline_sla.domain.circular import Circular, Undone
from hotline_sla.domain.deadline import Deadline, Moment
from hotline_sla.domain.supervision import Ground, KeySupervision, Step, Supervision
from hotline_sla.domain.weights import Weights


class Books(Protocol):
    """What the handlers need of a transaction."""

    def publish(self, message: Message, *, aggregate: str, time: datetime, topic: str | None = None) -> None:
        """Announce a fact."""

    def deadlines(self, subject: str) -> list[Deadline]:
        """Every clock of a subject, locked, by round and kind."""

    def deadline(self, deadline: UUID) -> Deadline | None:
        """One clock with its whole history in `changes`."""

    def claim_moments(self, *, now: datetime, limit: int) -> list[tuple[Moment, Deadline]]:
        """Due moments with their clocks, the earliest first, locked; what others have locked is left to them."""

    def claim_provisional(self, *, known_until: date, limit: int) -> list[Deadline]:
        """Open clocks that end on a day that was not known and now is, locked."""

    def save_deadlines(self, deadlines: Sequence[tuple[Deadline, Sequence[Moment]]]) -> None:
        """Store clocks with their changes; the moments given replace all that were planned for them."""

    def drop_moments(self, moments: Sequence[Moment]) -> None:
        """They were acted on."""

    def published_weights(self) -> list[Weights]:
        """Every version of the weights in the order of publication."""

    def keep_unit_name(self, unit: str, display_name: str) -> None:
        """How a unit is called, for what is issued on paper."""

    def orders(self, work_orders: Sequence[str]) -> dict[str, Order]:
        """Orders by name, locked; unknown ones are left out."""

    def left_order(self, work_order: str, unit: str) -> Order | None:
        """An order as it stood when a unit left it; None if it never did, or holds it again."""

    def save_orders(self, changed: Sequence[tuple[Order | None, Order]]) -> None:
        """Store orders, before and after, and what changes in the counts of their units.

        What a unit left is kept beside what it became for the next; what it took back is so no more.
        """

    def issued_steps(self, work_orders: Sequence[str]) -> set[tuple[str, int, Step, str]]:
        """Which steps of supervision were issued: order, round, step, unit."""

    def save_supervisions(self, supervisions: Sequence[Supervision]) -> None:
        """Store steps of supervision."""

    def next_notice_serial(self) -> int:
        """The next number of a written notice."""

    def supervision(self, supervision: UUID, *, for_update: bool = False) -> Supervision | None:
        """One step, locked if it is to be changed."""

    def save_acknowledgement(self, supervision: Supervision) -> None:
        """The unit signed for a written notice."""

    def left_undone(self, unit: str) -> list[Undone]:
        """Overdue orders of a unit that were supervised in writing and are in no circular about it of their round."""

    def next_circular_serial(self) -> int:
        """The next number of a circular."""

    def add_circular(self, circular: Circular) -> None:
        """Keep a circular with its orders."""

    def circular(self, circular: UUID) -> Circular | None:
        """One circular with its orders."""

    def key_grounds(self, work_order: str) -> set[Ground]:
        """On which grounds an order is under key supervision."""

    def add_key_supervision(self, key: KeySupervision) -> None:
        """Put an order under key supervision; nothing if it is on that ground already."""

    def written_notices(self, work_order: str, unit: str) -> tuple[str, ...]:
        """Numbers of the written notices about an order to a unit, the oldest first."""

    def next_file_serial(self) -> int:
        """The next number of an accountability file."""

    def add_accountability_file(self, file: AccountabilityFile) -> None:
        """Keep a file with its evidence."""

    def accountability_file(self, file: UUID, *, for_update: bool = False) -> AccountabilityFile | None:
        """One file with its evidence, locked if it is to be changed."""

    def save_accountability_file(self, file: AccountabilityFile) -> None:
        """It was heard, referred or concluded; its opening and its evidence never change."""
