"""Supervision of orders: a reminder before the end, one after it, then in writing (Art. 28)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.calendar import ZONE


class Step(StrEnum):
    """Steps of supervision; each is issued once and only once an order and round."""

    ADVANCE_REMINDER = "ADVANCE_REMINDER"
    REMINDER = "REMINDER"
    WRITTEN = "WRITTEN"


_TEXT = {
    Step.ADVANCE_REMINDER: "贵单位承办的工单 {order} 将于 {due} 到期，请按期办理、答复诉求人并反馈结果。",
    Step.REMINDER: "贵单位承办的工单 {order} 已于 {due} 到期，尚未办结，请立即办理、答复诉求人并反馈结果。",
    Step.WRITTEN: "{notice} 督办单：贵单位承办的工单 {order} 应于 {due} 前办结，经催办仍未办结。"
    "请接单后立即办理，并书面说明逾期原因。",
}


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """One step towards one unit; `notice` is the number of a written one, else empty."""

    id: UUID
    work_order: str
    unit: str
    step: Step
    notice: str
    text: str
    issue_time: datetime
    round: int


def notice_number(*, serial: int, issue_time: datetime) -> str:
    """The number of a written notice, with the year in which it is issued."""
    return f"督〔{issue_time.astimezone(ZONE).year}〕{serial:06d}"


def notice_text(*, step: Step, order_number: str, due_time: datetime, notice: str) -> str:
    """What the unit reads."""
    due = due_time.astimezone(ZONE)
    return _TEXT[step].format(order=order_number, due=f"{due.year}年{due.month}月{due.day}日{due:%H:%M}", notice=notice)
