"""The accountability file: evidence, hearing, referral and decision about a unit (Art. 29, 36)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_sla.domain.assessment import Order, Verdict
from hotline_sla.domain.deadline import State

HEARING_WORKING_DAYS = 3
"""How long a unit can state its case before its file is referred (ours)."""


class Ground(StrEnum):
    """Why a unit is to be held to account (Art. 36(1)–(3))."""

    LATE_OR_BAD = "LATE_OR_BAD"
    NOT_DONE = "NOT_DONE"
    REFUSED = "REFUSED"


class FileState(Code):
    """Where a file stands."""

    OPEN = "OPEN", "待陈述申辩"
    HEARD = "HEARD", "已陈述申辩"
    REFERRED = "REFERRED", "已移送"
    CONCLUDED = "CONCLUDED", "已结案"


class Outcome(StrEnum):
    """What came of it; empty while nothing did."""

    NONE = ""
    UPHELD = "UPHELD"
    DROPPED = "DROPPED"


class FileStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 36"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第三十六条）。"


class GroundNotShown(Refused):
    """What is known of {work_order} does not show that {unit} is to be held to account on this ground."""

    reason = "GROUND_NOT_SHOWN"
    article = "Art. 36"
    zh = "{work_order} 的办理记录不足以证明 {unit} 存在该追责情形（第三十六条）。"


class EffectNotTold(Refused):
    """Late or bad handling is held to account for its bad effect: say what effect it had."""

    reason = "EFFECT_NOT_TOLD"
    article = "Art. 36(1)"
    zh = "以办理不及时或处理不当追责的，须写明造成的不良影响（第三十六条第一项）。"


class UnitNotHeard(Refused):
    """The unit can state its case until {hearing_end_time}; before that the file is not referred."""

    reason = "UNIT_NOT_HEARD"
    article = "Art. 36"
    zh = "承办单位可在 {hearing_end_time} 前陈述申辩，此前不得移送（第三十六条）。"


class CircularNotGrave(Refused):
    """{circular} is no circular that finds the conduct of {unit} grave."""

    reason = "CIRCULAR_NOT_GRAVE"
    article = "Art. 29"
    zh = "{circular} 不是认定 {unit} 情节严重的通报（第二十九条）。"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An order as it stood when the file was opened.

    handling -- where the clock of its handling stood, when it left the unit if it did;
    account -- that clock's history, told;
    notices -- numbers of the written notices to the unit.
    """

    work_order: str
    number: str
    round: int
    due_time: datetime
    handling: State
    account: str
    notices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AccountabilityFile:
    """One unit, one ground, and everything about it.

    effect -- the bad effect (Art. 36(1));  circular -- the grave one it follows from, or "" (Art. 29);
    authority -- who decides; the hotline office does not.
    """

    id: UUID
    number: str
    unit: str
    ground: Ground
    state: FileState = FileState.OPEN
    reason: str
    effect: str
    circular: str
    evidence_digest: str
    open_time: datetime
    hearing_end_time: datetime
    statement: str = ""
    state_case_time: datetime | None = None
    authority: str = ""
    refer_time: datetime | None = None
    outcome: Outcome = Outcome.NONE
    decision: str = ""
    conclude_time: datetime | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"accountabilityFiles/{self.id}"

    def heard(self, *, statement: str, time: datetime) -> "AccountabilityFile":
        """The unit states its case, once. Raises FileStateNotAllowed."""
        self._must_be(FileState.OPEN)
        return replace(self, state=FileState.HEARD, statement=statement, state_case_time=time)

    def referred(self, *, authority: str, time: datetime) -> "AccountabilityFile":
        """To the authority that decides. Raises FileStateNotAllowed, UnitNotHeard."""
        self._must_be(FileState.OPEN, FileState.HEARD)
        if self.state is FileState.OPEN and time <= self.hearing_end_time:
            raise UnitNotHeard(hearing_end_time=self.hearing_end_time.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"))
        return replace(self, state=FileState.REFERRED, authority=authority, refer_time=time)

    def concluded(self, *, outcome: Outcome, decision: str, time: datetime) -> "AccountabilityFile":
        """Decided by the authority, or dropped. Raises FileStateNotAllowed: only what was referred can be upheld."""
        if outcome is Outcome.UPHELD:
            self._must_be(FileState.REFERRED)
        self._must_be(FileState.OPEN, FileState.HEARD, FileState.REFERRED)
        return replace(self, state=FileState.CONCLUDED, outcome=outcome, decision=decision, conclude_time=time)

    def _must_be(self, *states: FileState) -> None:
        if self.state not in states:
            raise FileStateNotAllowed(resource=self.name, state=self.state)


def check_ground(
    ground: Ground, *, unit: str, effect: str, orders: Sequence[Order], evidence: Sequence[Evidence]
) -> None:
    """Whether what is known of the orders carries the ground. Raises GroundNotShown, EffectNotTold.

    orders -- as they count to the unit: it holds each, or left it. Who refuses a matter gave it back, or it was given
    to another; why that was a refusal, the reasons say in words.
    """
    if ground is Ground.LATE_OR_BAD and not effect.strip():
        raise EffectNotTold
    for order, shown in zip(orders, evidence, strict=True):
        late = shown.handling in (State.OVERDUE, State.MET_LATE) or order.handled_late
        bad = order.verdict is Verdict.DISSATISFIED and not order.excused
        carried = {
            Ground.LATE_OR_BAD: late or bad or order.reopened,
            Ground.NOT_DONE: shown.handling is State.OVERDUE and bool(shown.notices),
            Ground.REFUSED: order.has_left or order.sent_back,
        }
        if not carried[ground]:
            raise GroundNotShown(work_order=order.work_order, unit=unit)


def hearing_end(open_time: datetime, *, calendar: Calendar) -> datetime:
    """Until when the unit can state its case: the close of office of the last day."""
    opened = open_time.astimezone(ZONE).date()
    return calendar.close_of_office(calendar.nth_working_day_after(opened, HEARING_WORKING_DAYS))


def file_number(*, serial: int, open_time: datetime) -> str:
    """The number of a file, with the year in which it is opened."""
    return f"责〔{open_time.astimezone(ZONE).year}〕{serial:06d}"


def digest_of(evidence: Sequence[Evidence]) -> str:
    """SHA-256 of the evidence in a fixed form."""
    rows = [asdict(shown) | {"due_time": shown.due_time.astimezone(ZONE).isoformat()} for shown in evidence]
    return sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
