"""What is issued on paper: its number, addressee, text and tables. How it looks is the adapter's (Art. 28, 29, 35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hotline_kernel.calendar import ZONE

from hotline_sla.domain.circular import Circular
from hotline_sla.domain.supervision import Supervision


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a header; every row as wide as it."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A document with a number, a date and a box for the seal of who issues it.

    to -- whom it addresses;  receipt -- there is a line where the addressee signs.
    """

    title: str
    number: str
    to: str
    issue_date: date
    paragraphs: Sequence[str]
    tables: Sequence[Table] = ()
    receipt: bool = False


_WRITTEN = (
    "依据《河北省市级961890群众服务热线工作细则》第二十八条，现予书面督办。请签收本通知，按要求办结并反馈办理结果；"
    "经督办仍不按要求办理的，将依第二十九条予以通报并在考核中扣分。"
)


def notice_letter(supervision: Supervision, *, order_number: str) -> Letter:
    """A written supervision (Art. 28). Raises NoticeNotWritten for what the system only reminds of."""
    supervision.require_written()
    row = (order_number, supervision.unit, str(supervision.round))
    return Letter(
        title="群众服务热线督办通知书",
        number=supervision.notice,
        to=supervision.unit,
        issue_date=supervision.issue_time.astimezone(ZONE).date(),
        paragraphs=(supervision.text, _WRITTEN),
        tables=(Table(header=("工单编号", "承办单位", "轮次"), rows=(row,)),),
        receipt=True,
    )


_NAMED = (
    "下列工单经书面督办，贵单位仍未按要求办理。依据《河北省市级961890群众服务热线工作细则》第二十九条，现予通报，"
    "并在考核中扣 {points} 分。请立即办结、答复诉求人并书面报告原因。"
)
_GRAVE = "因情节严重，已移送追究相关人员责任（第二十九条、第三十六条）。"


def circular_letter(circular: Circular) -> Letter:
    """A circular with its orders and the evidence of each (Art. 29)."""
    paragraphs = [_NAMED.format(points=f"{circular.points:g}"), circular.text, *([_GRAVE] if circular.grave else [])]
    rows = [
        (
            order.number,
            _moment(order.due_time),
            f"{order.notice}（{_moment(order.notice_time)}）",
            "未签收" if order.acknowledge_time is None else _moment(order.acknowledge_time),
        )
        for order in circular.orders
    ]
    return Letter(
        title="群众服务热线工作通报",
        number=circular.number,
        to=circular.unit,
        issue_date=circular.publish_time.astimezone(ZONE).date(),
        paragraphs=[text for text in paragraphs if text],
        tables=(Table(header=("工单编号", "应办结时间", "督办通知书", "签收时间"), rows=rows),),
    )


def _moment(time: datetime) -> str:
    return f"{time.astimezone(ZONE):%Y-%m-%d %H:%M}"


def chinese_date(day: date) -> str:
    """A day as a letter writes it."""
    return f"{day.year}年{day.month}月{day.day}日"
