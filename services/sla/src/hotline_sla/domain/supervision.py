"""Supervision of orders: a reminder before the end, one after it, then in writing; key supervision (Art. 28)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import Refused, StateNotAllowed


class HandlingEnded(StateNotAllowed):
    """{resource} is not being handled any more: its deadline is {state}."""

    article = "Art. 28"
    zh = "{resource} 已不在办理中（期限{state}），不能列入重点督办（第二十八条）。"


class NoticeNotWritten(Refused):
    """{notice} is no written supervision: a reminder by the system needs no acknowledgement (Art. 28)."""

    reason = "NOTICE_NOT_WRITTEN"
    article = "Art. 28"
    zh = "{notice} 不是书面督办；系统提醒无需签收（第二十八条）。"


class NoticeAcknowledged(Refused):
    """{notice} was acknowledged already, at {time}."""

    reason = "NOTICE_ACKNOWLEDGED"
    article = "Art. 28"
    zh = "{notice} 已于 {time} 签收，无需重复签收。"


class KeySupervisedAlready(Refused):
    """{work_order} is under key supervision on this ground already (Art. 28)."""

    reason = "KEY_SUPERVISED_ALREADY"
    article = "Art. 28"
    zh = "{work_order} 已因同一情形列入重点督办（第二十八条）。"


class Step(StrEnum):
    """Steps of supervision; each is issued once and only once an order, round and unit that holds it."""

    ADVANCE_REMINDER = "ADVANCE_REMINDER"
    REMINDER = "REMINDER"
    WRITTEN = "WRITTEN"
    KEY_NOTICE = "KEY_NOTICE"
    KEY_CHECK = "KEY_CHECK"
    PART_REMINDER = "PART_REMINDER"
    """To a supporting unit about its part."""
    PART_WRITTEN = "PART_WRITTEN"
    """In writing to a supporting unit about its part."""


ON_PAPER = frozenset({Step.WRITTEN, Step.PART_WRITTEN})
"""Steps with a number, for which the unit signs (书面督办, Art. 28)."""


class Ground(StrEnum):
    """Why an order is under key supervision: the three kinds of Art. 28."""

    DIRECTIVE = "DIRECTIVE"
    IMPORTANT = "IMPORTANT"
    DISSATISFIED = "DISSATISFIED"


_TEXT = {
    Step.ADVANCE_REMINDER: "贵单位承办的工单 {order} 将于 {due} 到期，请按期办理、答复诉求人并反馈结果。",
    Step.REMINDER: "贵单位承办的工单 {order} 已于 {due} 到期，尚未办结，请立即办理、答复诉求人并反馈结果。",
    Step.WRITTEN: "{notice} 督办单：贵单位承办的工单 {order} 应于 {due} 前办结，经催办仍未办结。"
    "请接单后立即办理，并书面说明逾期原因。",
    Step.KEY_NOTICE: "贵单位承办的工单 {order} 已列为重点督办事项，应于 {due} 前办结，请由专人负责、全程跟踪。",
    Step.PART_REMINDER: "贵单位协办的工单 {order} 中由贵单位负责的部分已于 {due} 到期，尚未反馈，请立即办理并反馈。",
    Step.PART_WRITTEN: "{notice} 督办单：贵单位协办的工单 {order} 中由贵单位负责的部分应于 {due} 前完成，"
    "经催办仍未反馈。请接单后立即办理并反馈，并书面说明逾期原因。",
    Step.KEY_CHECK: "贵单位承办的重点督办工单 {order} 办理期限已过半，应于 {due} 前办结，请反馈当前进展。",
}


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """One step towards one unit; `notice` is the number of a written one, else empty.

    acknowledge_time, acknowledged_by, acknowledge_note -- when and by whom the unit signed for a written one.
    """

    id: UUID
    work_order: str
    unit: str
    step: Step
    notice: str
    text: str
    issue_time: datetime
    round: int
    acknowledge_time: datetime | None = None
    acknowledged_by: str = ""
    acknowledge_note: str = ""

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"supervisions/{self.id}"

    def require_written(self) -> None:
        """Raise NoticeNotWritten unless it is a notice on paper (Art. 28)."""
        if self.step not in ON_PAPER:
            raise NoticeNotWritten(notice=self.name)

    def acknowledge(self, *, by: str, note: str, time: datetime) -> "Supervision":
        """The unit signed for it, once (Art. 28). Raises NoticeNotWritten, NoticeAcknowledged."""
        self.require_written()
        if self.acknowledge_time is not None:
            signed = self.acknowledge_time.astimezone(ZONE)
            raise NoticeAcknowledged(notice=self.notice, time=f"{signed:%Y-%m-%d %H:%M}")
        return replace(self, acknowledge_time=time, acknowledged_by=by, acknowledge_note=note)


@dataclass(frozen=True, kw_only=True)
class KeySupervision:
    """An order watched closely from the start, on one ground (Art. 28); it ends with the order's handling."""

    id: UUID
    work_order: str
    ground: Ground
    reason: str
    start_time: datetime


def notice_number(*, serial: int, issue_time: datetime) -> str:
    """The number of a written notice, with the year in which it is issued."""
    return f"督〔{issue_time.astimezone(ZONE).year}〕{serial:06d}"


def notice_text(*, step: Step, order_number: str, due_time: datetime, notice: str) -> str:
    """What the unit reads."""
    due = due_time.astimezone(ZONE)
    return _TEXT[step].format(order=order_number, due=f"{due.year}年{due.month}月{due.day}日{due:%H:%M}", notice=notice)
