"""What the citizen is told, and when: in Chinese, with number and dates, and never who they are (Art. 20, 26)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hotline_kernel.calendar import ZONE

from hotline_intake.domain.appeal import Appeal, Channel, DeclineGround, State

_EMERGENCY = "如遇危及生命财产安全的紧急情况，请立即拨打110（报警）、119（火警）或120（急救）。"

_WHY_DECLINED = {
    DeclineGround.EMERGENCY: "属于应由110、119、120等处理的紧急事项",
    DeclineGround.CIVIL_DISPUTE: "属于行政职权范围以外的民事纠纷",
    DeclineGround.STATUTORY_PROCEDURE: "已进入或应当通过诉讼、仲裁、行政复议、信访复查等法定程序处理",
    DeclineGround.MILITARY: "涉及军队、武警事务",
}

_WHERE_IT_STANDS = {
    State.REGISTERED: "您的诉求已登记，正在处理。",
    State.DRAFTED: "您的诉求已登记，工单正在审核。",
    State.DECLINED: "您的诉求不属于本热线受理范围，请按告知的途径反映。",
    State.ANSWERED: "您的诉求已答复。",
    State.REFERRED: "您的诉求已转交承办单位办理。",
    State.CLOSED: "您的诉求已办结。",
}


class Occasion(StrEnum):
    """Why the citizen is written to."""

    RECEIPT = "receipt"
    DECLINED = "declined"
    ANSWERED = "answered"
    REFERRED = "referred"
    EXTENDED = "extended"
    UPHELD = "upheld"
    JOINED = "joined"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message to the citizen. number -- 1, 2, 3 … within the appeal;  create_time -- legal time."""

    number: int
    channel: Channel
    occasion: Occasion
    text: str
    create_time: datetime


def as_drill(text: str) -> str:
    """The same words, told in the training mode (Art. 37): nobody may take them for real."""
    return f"【演练】{text}"


def receipt(*, appeal: Appeal) -> str:
    """The receipt, with tracking code and the hour of Art. 21 (Art. 20); in an emergency whom to call (Art. 6(1))."""
    told = (
        f"您的诉求已受理，编号{appeal.number}，查询码{appeal.tracking_code}，请妥善保管。"
        "我们将在1小时内答复您或转交有关单位办理。"
    )
    return _EMERGENCY + told if appeal.emergency else told


def declined(*, appeal: Appeal) -> str:
    """Why the appeal is not accepted and where to turn (Art. 6)."""
    assert appeal.decline
    ground, referral = appeal.decline.ground, appeal.decline.referral
    urgent = _EMERGENCY if appeal.emergency or ground is DeclineGround.EMERGENCY else ""
    return f"{urgent}您的诉求（编号{appeal.number}）{_WHY_DECLINED[ground]}，本热线依规不予受理。{_sentence(referral)}"


def answered(*, appeal: Appeal) -> str:
    """The direct answer (Art. 21)."""
    assert appeal.answer
    return f"关于您的诉求（编号{appeal.number}），答复如下：{_sentence(appeal.answer.text)}请您对本次服务作出评价。"


def referred(*, appeal: Appeal) -> str:
    """That a unit will handle it and get in touch (Art. 21, 24(1))."""
    return (
        f"您的诉求（编号{appeal.number}）已审核转办，承办单位将与您联系。"
        f"办理期限及进展可凭查询码{appeal.tracking_code}查询。"
    )


def extended(*, appeal: Appeal, due_date: date, reason: str) -> str:
    """The new last day and why it moved (Art. 26)."""
    return f"您的诉求（编号{appeal.number}）经批准延期办理，新的答复期限为{_day(due_date)}。原因：{_sentence(reason)}"


def upheld(*, appeal: Appeal, reason: str) -> str:
    """That the decline stands after the objection was looked at by somebody else, and why (Art. 6)."""
    return f"您对编号{appeal.number}诉求不予受理提出的异议已由审核人员复核，维持原决定。原因：{_sentence(reason)}"


def joined(*, appeal: Appeal) -> str:
    """That one order works for what many asked for, and that nobody is forgotten by it (Art. 23(3), 30)."""
    return (
        f"您的诉求（编号{appeal.number}）与其他群众反映的同一问题并案办理，"
        f"办理结果将告知您并向您回访，进展可凭查询码{appeal.tracking_code}查询。"
    )


def closed(*, appeal: Appeal) -> str:
    """That the work order is closed (Art. 30)."""
    return f"您的诉求（编号{appeal.number}）已办结。感谢您的监督与支持。"


def progress(*, appeal: Appeal) -> str:
    """One sentence on where it stands, for whoever holds the tracking code."""
    told = _WHERE_IT_STANDS[appeal.state]
    if appeal.state is State.REFERRED and appeal.due_date:
        told += f"答复期限为{_day(appeal.due_date)}。"
    return told


def business_number(*, division: str, received: datetime, running: int) -> str:
    """The number staff see: division, civil day, running number; gaps are allowed."""
    return f"{division}-{received.astimezone(ZONE):%Y%m%d}-{running:06d}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _sentence(text: str) -> str:
    return text if text.endswith(("。", "！", "？", ".", "!", "?")) else f"{text}。"
