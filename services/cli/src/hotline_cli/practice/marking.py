"""What a person's work with a caller is worth, by rule: the same work gives the same points (Art. 21, 30, 37).

The weights are ours: classification 30, the right way out 30, within the hour 20, the words 20.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from hotline.intake.v1 import appeal_pb2

from hotline_cli.practice.exercise import Caller, Way

CLASSIFICATION, DECISION, IN_TIME, WORDS = 30, 30, 20, 20
HOUR = timedelta(hours=1)
LEAST_WORDS = 8
"""Characters below which a text says nothing."""
_A_NUMBER = re.compile(r"\d{7,}")
_EMERGENCY_LINES = ("110", "119", "120")


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Points for one caller, and what cost some."""

    classification: int = 0
    decision: int = 0
    in_time: int = 0
    words: int = 0
    remarks: Sequence[str] = ()

    @property
    def points(self) -> int:
        """Of 100."""
        return self.classification + self.decision + self.in_time + self.words


@dataclass(frozen=True)
class _Deed:
    way: Way
    actor: str
    time: datetime
    text: str
    fits: bool
    """The ground of a decline, or the lead of a draft, is that of the key."""


def mark(*, caller: Caller, appeal: appeal_pb2.Appeal | None, person: str) -> Marks:
    """What `person` made of the caller. appeal -- what was registered under the caller's number; None if nothing."""
    if appeal is None:
        return Marks(remarks=["未登记"])
    remarks: list[str] = []

    def earned(points: int, holds: bool, remark: str) -> int:
        if not holds:
            remarks.append(remark)
        return points if holds else 0

    key = caller.key
    classification = (
        earned(10, key.kind in (0, appeal.kind), "事项类别不符（第五条）")
        + earned(10, key.request_type in (0, appeal.request_type), "诉求性质不符（第二十四条）")
        + earned(10, appeal.category.startswith(key.category), f"分类应为{key.category}")
    )
    deed = _deed(appeal, caller)
    if deed is None or deed.actor != person:
        return Marks(classification=classification, remarks=[*remarks, "本人未作处理"])
    right_way = deed.way is key.way
    about = {Way.DECLINED: "不予受理的情形不符（第六条）", Way.DRAFTED: f"主办单位应为{'、'.join(key.leads)}（第七条）"}
    decision = earned(15, right_way, f"应{_ZH[key.way]}，而非{_ZH[deed.way]}") + (
        earned(15, deed.fits, about.get(deed.way, "")) if right_way else 0
    )
    due = _moment(appeal.answer_due_time) if appeal.HasField("answer_due_time") else _moment(appeal.create_time) + HOUR
    in_time = earned(IN_TIME, deed.time <= due, "超过一小时（第二十一条）")
    said = len(deed.text) >= LEAST_WORDS and _sends_for_help(deed, caller)
    words = earned(WORDS // 2, said, "答复或工单内容过于简单，或未告知途径") + earned(
        WORDS // 2, not _names(deed.text, caller), "内容含有群众身份信息（第三十六条）"
    )
    return Marks(classification=classification, decision=decision, in_time=in_time, words=words, remarks=tuple(remarks))


def points_of(marks: Mapping[Caller, Marks]) -> int:
    """Points of an exercise, of 100: every caller counts the same, what is left of a point does not."""
    return sum(each.points for each in marks.values()) // len(marks)


_ZH = {Way.DECLINED: "不予受理", Way.ANSWERED: "直接答复", Way.DRAFTED: "拟转工单"}


def _deed(appeal: appeal_pb2.Appeal, caller: Caller) -> _Deed | None:
    if appeal.HasField("decline"):
        done = appeal.decline
        fits = done.ground == caller.key.ground
        return _Deed(Way.DECLINED, done.actor, _moment(done.decline_time), done.referral, fits)
    if appeal.HasField("answer"):
        answer = appeal.answer
        return _Deed(Way.ANSWERED, answer.actor, _moment(answer.answer_time), answer.text, fits=True)
    if appeal.HasField("draft"):
        draft = appeal.draft
        fits = draft.proposed.lead_unit in caller.key.leads
        return _Deed(Way.DRAFTED, draft.operator, _moment(draft.draft_time), draft.proposed.text, fits)
    return None


def _sends_for_help(deed: _Deed, caller: Caller) -> bool:
    """In an emergency the caller was told whom to call (Art. 6(1))."""
    emergency = caller.key.ground == appeal_pb2.DECLINE_GROUND_EMERGENCY
    return not emergency or any(line in deed.text for line in _EMERGENCY_LINES)


def _names(text: str, caller: Caller) -> bool:
    return any(word in text for word in (caller.name, caller.phone, caller.address)) or bool(_A_NUMBER.search(text))


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
