"""What the use cases need of the world around them; adapters and the kernel give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message as ProtoMessage
from hotline_kernel.auth import Principal

from hotline_intake.domain.appeal import Appeal, Channel, DeclineGround, Draft, Reclassification, State
from hotline_intake.domain.category import Category, Tree
from hotline_intake.domain.contest import Contest, ContestState
from hotline_intake.domain.hold import Hold
from hotline_intake.domain.repeat import Group, Repeat, Sketched
from hotline_intake.domain.retention import Kept
from hotline_intake.domain.telling import Message, Occasion


class Key(Protocol):
    """The key of one citizen, open."""

    def seal(self, *, plain: str, place: str) -> bytes:
        """Ciphertext that opens only at its place."""

    def open(self, *, sealed: bytes, place: str) -> str:
        """The plain text again."""


class Vault(Protocol):
    """Makes and opens citizens' keys, and finds citizens by telephone number."""

    def phone_hash(self, *, phone: str) -> bytes:
        """What a number is found by."""

    def hashes(self, *, words: Sequence[str]) -> list[int]:
        """What words are compared by, 32 bits each; under a key, so that they cannot be guessed from it."""

    def issue(self) -> tuple[bytes, Key]:
        """A new citizen's key, wrapped and open."""

    def unlock(self, *, wrapped_key: bytes) -> Key:
        """A citizen's key, open."""


@dataclass(frozen=True, kw_only=True)
class CitizenRow:
    """A citizen as stored. wrapped_key -- None once erased;  phone_hash -- None if no number was given."""

    id: UUID
    phone_hash: bytes | None
    wrapped_key: bytes | None


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """What a citizen brought with one appeal, encrypted."""

    contact: bytes
    text: bytes


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which appeals are asked for; None asks for all.

    region -- division code, of which trailing pairs of zeros stand for everything below.
    """

    state: State | None = None
    channel: Channel | None = None
    region: str | None = None
    number: str | None = None
    citizen_id: UUID | None = None
    transfer_reference: str | None = None
    decline_ground: DeclineGround | None = None
    categories: Sequence[str] | None = None
    """Any of these wordings."""


@dataclass(frozen=True, kw_only=True)
class Groundwork:
    """What a registration builds on. running -- for the business number;  citizen -- None: not known yet."""

    running: int
    citizen: CitizenRow | None
    tree_version: int


@dataclass(frozen=True, kw_only=True)
class ToSketch:
    """An appeal of which repeats are sought. wrapped_key -- None: the citizen was erased."""

    appeal_id: UUID
    citizen_id: UUID
    create_time: datetime
    category: str
    region: str
    title: str
    sealed_text: bytes
    wrapped_key: bytes | None


@dataclass(frozen=True, kw_only=True)
class Extension:
    """A granted extension whose new date is known, so that the citizen can be told."""

    appeal_id: UUID
    reason: str
    due_date: date


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """Who is forgotten on a day, unless held."""

    citizen_id: UUID
    forget_date: date
    held: bool


@dataclass(frozen=True, kw_only=True)
class Erased:
    """Who was erased, and when."""

    citizen_id: UUID
    erase_time: datetime


class Store(Protocol):
    """A transaction of intake's database."""

    @property
    def actor(self) -> Principal:
        """Who acts."""

    def publish(self, message: ProtoMessage, *, aggregate: str, time: datetime) -> None:
        """Announces a fact with the commit."""

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None:
        """Puts a deed on record with the commit (Art. 36)."""

    def groundwork(self, *, phone_hash: bytes | None) -> Groundwork:
        """In one statement: a number, the citizen of that telephone number, the version of the tree of categories."""

    def add_appeal(self, *, appeal: Appeal, sealed: Sealed, citizen: CitizenRow, is_new: bool, receipt: str) -> None:
        """Keeps appeal and receipt, and the citizen if new.

        If a citizen of that number was just kept by somebody else, the transaction fails, and the command is run again.
        """

    def appeal(self, *, appeal_id: UUID) -> Appeal:
        """Raises `ResourceNotFound`."""

    def appeal_to_change(self, *, appeal_id: UUID) -> Appeal:
        """The appeal, nobody else's until the transaction ends. Raises `ResourceNotFound`."""

    def appeal_of_tracking_code(self, *, tracking_code: str) -> Appeal:
        """Raises `ResourceNotFound`."""

    def appeals(self, *, filters: Filters, before: UUID | None, limit: int) -> list[Appeal]:
        """Newest first, older than `before`."""

    def save(self, *, appeal: Appeal) -> None:
        """Keeps a move of an appeal that `appeal_to_change` gave."""

    def keep_draft(self, *, appeal_id: UUID, draft: Draft) -> None:
        """Keeps a draft beside the appeal, because another takes its place."""

    def drafts(self, *, appeal_id: UUID, after: int, limit: int) -> list[tuple[int, Draft]]:
        """Every draft with its number, oldest first, with a number above `after`; the last is the appeal's own."""

    def reclassify(self, *, appeal: Appeal, reclassification: Reclassification) -> None:
        """Keeps a correction of an appeal that `appeal_to_change` gave, and what stood there."""

    def reclassifications(self, *, appeal_id: UUID, after: int, limit: int) -> list[tuple[int, Reclassification]]:
        """The corrections with their numbers, oldest first, with a number above `after`."""

    def tell(self, *, appeal: Appeal, occasion: Occasion, text: str, now: datetime) -> None:
        """Keeps the next message to the citizen of an appeal that `appeal_to_change` gave."""

    def messages(self, *, appeal_id: UUID, after: int, limit: int) -> list[Message]:
        """What the citizen was told, oldest first, with a number above `after`."""

    def sealed(self, *, appeal: Appeal) -> tuple[CitizenRow, Sealed]:
        """What the citizen brought, encrypted."""

    def tree_version(self) -> int:
        """Of the categories, the newest."""

    def tree_version_to_change(self) -> int:
        """The newest version, nobody else's to change until the transaction ends."""

    def wordings(self) -> list[Category]:
        """Every category in every wording."""

    def change_tree(self, *, version: int, rows: Sequence[Category]) -> None:
        """Keeps a new version: these rows begin with it, and what stood in their place ends before it."""

    def to_sketch(self, *, appeal_id: UUID) -> ToSketch | None:
        """What a sketch is made of; None if it was made."""

    def sketches_near(
        self, *, citizen_id: UUID, place: str, bands: Sequence[int], since: datetime
    ) -> tuple[list[Sketched], list[Sketched]]:
        """The citizen's own, and heads that share a band, of appeals since then.

        Nobody else looks in this place until the transaction ends, so that of two that come at once one sees the other.
        """

    def add_sketch(self, *, sketched: Sketched, bands: Sequence[int], is_head: bool) -> None:
        """Keeps a sketch; what is compared with a head is compared with all who repeat it."""

    def similarity(self, *, one: UUID, other: UUID) -> float | None:
        """Of two appeals; None where one has no sketch."""

    def add_repeat(self, *, repeat: Repeat) -> None:
        """Keeps a link of a head to an earlier appeal."""

    def add_found_repeat(self, *, repeat: Repeat) -> bool:
        """The same; False if the appeal is linked already or people took it out of a link."""

    def repeat_to_change(self, *, repeat_id: UUID) -> Repeat:
        """The link, nobody else's until the transaction ends. Raises `ResourceNotFound`."""

    def end_repeat(self, *, repeat: Repeat) -> None:
        """Keeps that it was taken back; its appeal is a head again."""

    def head_of(self, *, appeal_id: UUID) -> UUID:
        """The earliest of the group that an appeal belongs to."""

    def group_of(self, *, appeal_id: UUID) -> Group:
        """The group that an appeal belongs to, counted."""

    def repeats(self, *, appeal_id: UUID, with_undone: bool, after: UUID | None, limit: int) -> list[Repeat]:
        """The links of that group, oldest first."""

    def forget_sketch(self, *, appeal_id: UUID) -> None:
        """Forgets what one appeal is compared by, so that it is sketched anew."""

    def forget_sketches(self, *, citizen_id: UUID) -> None:
        """Forgets what a citizen's appeals are compared by."""

    def reads_since(self, since: datetime, *, actor: str) -> int:
        """How many contacts, texts, objections, calls and numbers somebody opened since then, as the record says."""

    def add_contest(self, *, contest: Contest, sealed_reason: bytes) -> None:
        """Raises `ContestedAlready` if that decline was."""

    def contest(self, *, contest_id: UUID) -> tuple[Contest, bytes]:
        """The contest and the sealed objection. Raises `ResourceNotFound`."""

    def save_contest(self, *, contest: Contest) -> None:
        """Keeps a decision."""

    def contests(self, *, state: ContestState | None, before: UUID | None, limit: int) -> list[Contest]:
        """Newest first, older than `before`."""

    def require_citizen(self, *, citizen_id: UUID) -> None:
        """The citizen is nobody else's until the transaction ends. Raises `ResourceNotFound`, `CitizenErased`."""

    def require_no_hold(self, *, citizen_id: UUID) -> None:
        """Raises `CitizenHeld` while a hold stands."""

    def add_hold(self, *, hold: Hold) -> None:
        """Keeps a new hold."""

    def hold_to_change(self, *, hold_id: UUID) -> Hold:
        """The hold, nobody else's until the transaction ends. Raises `ResourceNotFound`."""

    def save_hold(self, *, hold: Hold) -> None:
        """Keeps the end of a hold."""

    def holds(self, *, citizen_id: UUID | None, with_released: bool, before: UUID | None, limit: int) -> list[Hold]:
        """Newest first, older than `before`."""

    def citizen_of_phone(self, *, phone_hash: bytes) -> UUID | None:
        """The citizen of a telephone number."""

    def erase_citizen(self, *, citizen_id: UUID, now: datetime) -> None:
        """Forgets the key and the number. Raises `ResourceNotFound`, `CitizenErased`."""

    def appeals_of(self, *, citizen_id: UUID) -> list[str]:
        """`appeals/{uuid}` of all that a citizen brought."""

    def look_at_retention(self, *, citizen_id: UUID, on: date | None) -> None:
        """Keeps the day on which it is looked whether a citizen is to be forgotten; None: not before more ends."""

    def claim_forgettable(self, *, today: date, limit: int) -> list[UUID]:
        """Citizens whose day has come and who are not on hold, locked; others' are left to them."""

    def kept_by(self, *, citizen_id: UUID) -> list[Kept]:
        """All that a citizen brought, as far as it keeps them."""

    def is_erased(self, *, citizen_id: UUID) -> bool | None:
        """Whether a citizen, locked, was erased; None: not known."""

    def carry_answer_due_time(self, *, appeal_id: UUID, due_time: datetime) -> None:
        """Keeps the end of the hour that runs."""

    def carry_answer_overdue(self, *, appeal_id: UUID, due_time: datetime) -> None:
        """Marks the appeal if that hour is the one it has now, not one before it was taken up again."""

    def carry_order(self, *, work_order_id: UUID, appeal_id: UUID, lead_unit: str) -> None:
        """Keeps which order carries the appeal and which unit has it in hand; empty: none."""

    def carry_split(self, *, work_order_id: UUID, appeal_id: UUID) -> None:
        """Keeps that an order is a further one of its appeal."""

    def carry_joined(self, *, work_order_id: UUID, into: UUID) -> None:
        """Keeps which order works for it."""

    def carry_done(self, *, work_order_id: UUID, appeal_id: UUID) -> bool:
        """Keeps that an order is done with; tells whether all orders of the appeal are."""

    def appeals_joined_to(self, *, appeal_id: UUID) -> list[UUID]:
        """The appeals that this one's orders work for too."""

    def carry_no_lead(self, *, work_order_id: UUID) -> None:
        """No unit has the order in hand."""

    def carry_relay(self, *, work_order_id: UUID, appeal_id: UUID, relayed: bool) -> None:
        """Keeps whether the office relays the contact."""

    def carry_due_date(self, *, work_order_id: UUID, due_date: date) -> None:
        """Keeps the last day for the unit's answer."""

    def carry_moved_due_date(self, *, work_order_id: UUID, due_date: date, time: datetime) -> Extension | None:
        """Keeps the new last day; answers with the extension that it belongs to, once."""

    def carry_extension(self, *, work_order_id: UUID, reason: str, time: datetime) -> Extension | None:
        """Keeps a granted extension; answers with it if sla's new day is here already, once."""


class Trees(Protocol):
    """The tree of categories, without a statement where the version at hand is the one asked for."""

    def tree(self, *, version: int, tx: Store) -> Tree:
        """The tree of that version, the newest as the transaction sees it."""
