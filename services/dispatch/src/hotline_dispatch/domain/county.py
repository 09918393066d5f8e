"""Counties that run a dispatch of their own: who they are, and the errands that the city gives them (Art. 4, 10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import StateNotAllowed
from hotline_kernel.wording import Code

from hotline_dispatch.domain.record import Due, StudyGround
from hotline_dispatch.domain.refusals import OrderStateNotAllowed, WithdrawnBefore
from hotline_dispatch.domain.work_order import WorkOrder


class Side(Code):
    """Which end of the line this is."""

    CITY = "CITY", "市"
    COUNTY = "COUNTY", "县（市）"


class CountyState(Code):
    """Whether the line carries."""

    ACTIVE = "ACTIVE", "正常"
    SUSPENDED = "SUSPENDED", "已暂停"


class CountyStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 4"
    zh = "{resource} 的专线当前为“{state}”，不能进行此操作（第四条）。"


@dataclass
class County:
    """A county as the city knows it, or as it knows itself.

    name -- `counties/{id}` on both sides;  unit -- the county in the city's registry;  the keys are public.
    """

    name: str
    unit: str
    display_name: str
    region: str
    side: Side
    broker: str
    city_keys: bytes
    county_keys: bytes
    enrol_time: datetime
    state: CountyState = CountyState.ACTIVE
    version: int = 1

    @property
    def far_keys(self) -> bytes:
        """To whom this side seals."""
        return self.county_keys if self.side is Side.CITY else self.city_keys

    @property
    def source(self) -> str:
        """Under which name the inbox keeps what comes by this line: the sender is the line, whatever a message says."""
        return source_of(self.name)

    def suspend(self) -> None:
        """It carries nothing. Raises `StateNotAllowed`."""
        self._change(CountyState.ACTIVE, CountyState.SUSPENDED)

    def resume(self) -> None:
        """It carries again. Raises `StateNotAllowed`."""
        self._change(CountyState.SUSPENDED, CountyState.ACTIVE)

    def _change(self, before: CountyState, after: CountyState) -> None:
        if self.state is not before:
            raise CountyStateNotAllowed(resource=self.name, state=self.state)
        self.state = after


def source_of(county: str) -> str:
    """The source of a county's line: `counties/xinji` gives `county.xinji`."""
    return f"county.{county.removeprefix('counties/')}"


class ErrandState(StrEnum):
    """Where an errand stands."""

    OPEN = "OPEN"
    HANDED_BACK = "HANDED_BACK"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"


class ContactState(StrEnum):
    """Where the identity that crosses stands (Art. 36(4))."""

    NONE = "NONE"
    WANTED = "WANTED"
    HELD = "HELD"
    ERASING = "ERASING"
    ERASED = "ERASED"


@dataclass(frozen=True)
class CitySupervision:
    """A step of supervision that the city issued to the county (Art. 28)."""

    step: str
    supervision: str
    issue_time: datetime


@dataclass(frozen=True)
class Judgement:
    """By which time a report is judged, and what is to be said of it.

    asked_while_cut_off -- it was long on its way;  clock_skewed -- the other side's clock is ahead beyond the bound.
    """

    time: datetime
    asked_while_cut_off: bool
    clock_skewed: bool


def judge(*, commit_time: datetime, now: datetime, cut_off: timedelta, skew: timedelta) -> Judgement:
    """What a county did counts from when it committed it; nothing counts from a time that has not come."""
    return Judgement(
        time=min(commit_time, now),
        asked_while_cut_off=now - commit_time > cut_off,
        clock_skewed=commit_time - now > skew,
    )


@dataclass
class Errand:
    """One order (交办件), for as long as a county has it; each side keeps its own record of it.

    work_order -- of this side;  unit -- the county in the city's registry;  holding -- at the city: its place among the
    order's holdings;  rounds_before -- in the county: how many rounds the city's order had before.
    What the other side was told is kept beside it, so that each change is told once.
    """

    id: UUID
    county: str
    unit: str
    work_order: str
    appeal: str
    start_time: datetime
    holding: int = 0
    rounds_before: int = 0
    state: ErrandState = ErrandState.OPEN
    end_time: datetime | None = None
    contact: ContactState = ContactState.NONE
    other_number: str = ""
    other_state: str = ""
    other_lead: str = ""
    other_commit_time: datetime | None = None
    city_due: Due | None = None
    supervisions: tuple[CitySupervision, ...] = ()
    asked_while_cut_off: bool = False
    clock_skewed: bool = False
    refused: str = ""
    result_judged: int = 0
    """Of which round the city judged the result."""
    told_round: int = 0
    told_relayed: bool = False
    told_grounds: tuple[StudyGround, ...] = ()
    told_due: Due | None = None
    told_decision_time: datetime | None = None
    told_contact_time: datetime | None = None
    told_status: tuple[str, str] = ("", "")
    told_contact_round: int = 0
    told_extension_round: int = 0
    told_result_round: int = 0
    version: int = 1

    @property
    def name(self) -> str:
        """`errands/{uuid}`, the same on both sides."""
        return f"errands/{self.id}"

    @property
    def is_open(self) -> bool:
        """The county has the order."""
        return self.state is ErrandState.OPEN

    def left_at(self, order: WorkOrder) -> datetime | None:
        """When the city's order went into another hand; None while the county has it."""
        return next((held.start_time for held in order.holdings[self.holding + 1 :] if held.unit != self.unit), None)

    def end(self, state: ErrandState, *, time: datetime) -> None:
        """The county has it no more."""
        self.state = state
        self.end_time = time

    def note(self, judgement: Judgement, *, commit_time: datetime) -> None:
        """What is to be said of a report stays with the errand."""
        self.asked_while_cut_off = self.asked_while_cut_off or judgement.asked_while_cut_off
        self.clock_skewed = self.clock_skewed or judgement.clock_skewed
        self.other_commit_time = commit_time

    def require_standing(self, order: WorkOrder, *, time: datetime, of_round: int) -> None:
        """A report counts while the county has the order, in its round.

        Raises `WithdrawnBefore` for one committed after the city took the order back, `OrderStateNotAllowed`.
        """
        if self.state is ErrandState.WITHDRAWN and self.end_time is not None and time > self.end_time:
            raise WithdrawnBefore(withdraw_time=self.end_time.isoformat())
        if not self.is_open or of_round != order.round:
            raise OrderStateNotAllowed(resource=order.name, state=order.state)

    def comes_back(self, order: WorkOrder, *, time: datetime, of_round: int) -> bool:
        """A result that was committed before the city took the order back, while nobody else has brought one."""
        taken = self.state is ErrandState.WITHDRAWN and self.end_time is not None and time <= self.end_time
        return taken and order.is_open and order.round == of_round
