"""A report of retaliation or of a leak, examined outside the unit that it is about (Art. 36(4))."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code


class UnitConcerned(Refused):
    """{resource} is about {unit}, your own unit: somebody outside it examines it."""

    reason = "UNIT_CONCERNED"
    article = "Art. 36(4)"
    zh = "该举报涉及您所在的单位 {unit}，依照回避要求须由该单位以外的人员核查。"


class ReportEnded(StateNotAllowed):
    """{resource} is {state}: a report that was opened is concluded once."""

    article = "Art. 36(4)"
    zh = "该举报当前状态为 {state}：须先核查，且只能作出一次结论。"


class ReportKind(StrEnum):
    """What is reported."""

    RETALIATION = "RETALIATION"
    LEAK = "LEAK"


class ReportState(Code):
    """Where a report stands."""

    RECEIVED = "RECEIVED", "已接收"
    EXAMINED = "EXAMINED", "已核查"
    CONFIRMED = "CONFIRMED", "属实"
    NOT_CONFIRMED = "NOT_CONFIRMED", "不属实"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a report says, in clear.

    about -- a code or a number;  unit -- the unit concerned;  contact -- of whoever reports; each may be empty.
    """

    text: str
    about: str = ""
    unit: str = ""
    contact: str = ""


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What was found and done, in clear; answer -- what whoever reported is told."""

    findings: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is known of a report without opening it."""

    id: UUID
    kind: ReportKind
    receive_time: datetime
    state: ReportState = ReportState.RECEIVED
    examiner: str = ""
    examine_time: datetime | None = None
    conclude_time: datetime | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """`reports/{uuid}`."""
        return f"reports/{self.id}"

    def require_outside(self, *, concerned: frozenset[str], unit: str) -> None:
        """Nobody examines their own unit.

        concerned -- the units that the report is about;  unit -- whose the examiner is; empty: none's.
        Raises `UnitConcerned`.
        """
        if unit in concerned:
            raise UnitConcerned(resource=self.name, unit=unit)

    def examined(self, *, examiner: str, now: datetime) -> "Report":
        """The first opening begins the examination; later ones change nothing."""
        if self.state is not ReportState.RECEIVED:
            return self
        return replace(self, state=ReportState.EXAMINED, examiner=examiner, examine_time=now, version=self.version + 1)

    def unit_found(self) -> "Report":
        """It is about another unit than was said. Raises `ReportEnded` unless it was opened and not concluded."""
        if self.state is not ReportState.EXAMINED:
            raise ReportEnded(resource=self.name, state=self.state)
        return replace(self, version=self.version + 1)

    def concluded(self, *, confirmed: bool, now: datetime) -> "Report":
        """Ends it. Raises `ReportEnded` unless it was opened and not concluded."""
        if self.state is not ReportState.EXAMINED:
            raise ReportEnded(resource=self.name, state=self.state)
        state = ReportState.CONFIRMED if confirmed else ReportState.NOT_CONFIRMED
        return replace(self, state=state, conclude_time=now, version=self.version + 1)
