"""What is on record about a work order: values that do not change once they are there (Art. 22-30)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hotline_kernel.wording import Code

from hotline_dispatch.domain.part import Part


class State(Code):
    """Where a work order stands."""

    HELD = "HELD", "待批示"
    AWAITING_LEAD = "AWAITING_LEAD", "待定主办"
    DISPATCHED = "DISPATCHED", "办理中"
    REPORTED = "REPORTED", "已反馈"
    CLOSED = "CLOSED", "已办结"
    JOINED = "JOINED", "并案办理"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class OfficeDuty(Code):
    """What the hotline office owes an order; it is asked again when it is late with it (ours)."""

    LEAD = "LEAD", "确定主办单位"
    DIRECTIVE = "DIRECTIVE", "报请批示"
    EXTENSION = "EXTENSION", "审批延期"


class DirectiveKind(Code):
    """The four kinds that need a directive before they go out (Art. 23)."""

    URGENT = "URGENT", "紧急重大事件"
    COMPLEX = "COMPLEX", "涉及多部门"
    COMMON = "COMMON", "普遍性共性问题"
    STALLED = "STALLED", "久拖未决"


class Outcome(StrEnum):
    """How a unit says a matter ended."""

    SOLVED = "SOLVED"
    EXPLAINED = "EXPLAINED"
    FILED = "FILED"


class StudyGround(Code):
    """The four kinds of matters that the unit's principal must study (Art. 25)."""

    CITY_ASSIGNED = "CITY_ASSIGNED", "市政府交办"
    ASKED_REPEATEDLY = "ASKED_REPEATEDLY", "群众多次反映"
    GREAT_EFFECT = "GREAT_EFFECT", "有较大影响"
    MEDIA = "MEDIA", "媒体广泛关注"


class SupervisionStep(StrEnum):
    """Steps of supervision, as sla has them (Art. 28)."""

    ADVANCE_REMINDER = "ADVANCE_REMINDER"
    REMINDER = "REMINDER"
    WRITTEN = "WRITTEN"
    KEY_NOTICE = "KEY_NOTICE"
    KEY_CHECK = "KEY_CHECK"
    PART_REMINDER = "PART_REMINDER"
    PART_WRITTEN = "PART_WRITTEN"


@dataclass(frozen=True)
class SupervisionNote:
    """That sla issued a step of supervision about the order."""

    supervision: str
    step: SupervisionStep
    unit: str
    issue_time: datetime


class ReplyMeans(StrEnum):
    """How the citizen was told."""

    PHONE = "PHONE"
    VISIT = "VISIT"
    WRITTEN = "WRITTEN"
    RELAYED = "RELAYED"


class ExtensionState(StrEnum):
    """Where the asking for a later deadline stands (Art. 26)."""

    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Directive:
    """A vice-mayor's written instruction (Art. 23); without a time it is still waited for."""

    kind: DirectiveKind
    text: str = ""
    authority: str = ""
    directive_time: datetime | None = None


@dataclass(frozen=True)
class Due:
    """When handling must be done, as sla announced it (Art. 24)."""

    due_date: date
    due_time: datetime
    provisional: bool
    extension_cutoff_time: datetime


class CountedDays(StrEnum):
    """Which days a statutory term counts (Art. 24(2))."""

    WORKING = "WORKING"
    CALENDAR = "CALENDAR"


@dataclass(frozen=True)
class StatutoryTerm:
    """A term that a law sets for the matter; it wins over 2 or 7 working days (Art. 24(2)). sla counts it."""

    days: int
    counted: CountedDays
    law: str
    article: str


@dataclass(frozen=True)
class FirstContact:
    """The citizen was reached and told procedure and deadline (Art. 24(1))."""

    contact_time: datetime
    note: str
    relayed: bool
    actor: str


@dataclass(frozen=True)
class Study:
    """The unit's principal studied the matter: who, when, and what was decided (Art. 25)."""

    principal: str
    study_time: datetime
    decision: str
    actor: str


@dataclass(frozen=True)
class Look:
    """The office looked at a filed matter again (Art. 27; ours)."""

    look_time: datetime
    note: str
    actor: str


@dataclass(frozen=True)
class Filing:
    """A matter that cannot be solved now, put on record with the office (Art. 27).

    obstacle -- the objective conditions that stand in the way;  understood -- the citizen accepted the explanation;
    look_date -- when it is looked at again (ours), None once it is not any more.
    """

    obstacle: str
    understood: bool
    look_date: date | None
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True)
class Result:
    """What the unit did, and the recorded reply to the citizen (Art. 24(2))."""

    outcome: Outcome
    text: str
    reply_time: datetime
    reply_means: ReplyMeans
    reply_text: str
    report_time: datetime
    unit: str
    actor: str


@dataclass(frozen=True)
class Extension:
    """A later deadline, asked and perhaps decided (Art. 26)."""

    state: ExtensionState
    working_days: int
    reason: str
    request_time: datetime
    decision_note: str = ""
    decide_time: datetime | None = None


@dataclass(frozen=True)
class SendBack:
    """The lead unit gave the order back (Art. 22)."""

    unit: str
    reason: str
    send_back_time: datetime


@dataclass(frozen=True)
class PastRound:
    """What happened before the order was reopened: its history stays whole (Art. 28(3), 30)."""

    round: int
    lead_unit: str
    dispatch_time: datetime
    first_contact: FirstContact | None
    result: Result | None
    extension: Extension | None
    study: Study | None = None
    filing: Filing | None = None
    parts: tuple[Part, ...] = ()
