"""What is issued on paper: its number, addressee, text, tables. How it looks is the adapter's (Art. 8, 28, 29, 35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hotline_kernel.calendar import ZONE

from hotline_sla.domain.assessment import Counts
from hotline_sla.domain.circular import Circular
from hotline_sla.domain.meeting import Standing
from hotline_sla.domain.notice import Line, StatisticsNotice, WorkNotice
from hotline_sla.domain.supervision import Supervision


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a header; every row as wide as it.

    title -- what stands above it;  widths -- of the columns, in any unit; none: all alike;
    text_columns -- so many at the left hold text, the others figures; None: all hold text;
    total -- the first row adds up the others.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    widths: Sequence[float] = ()
    text_columns: int | None = None
    total: bool = False


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A document with a number, a date and a box for the seal of who issues it.

    to -- whom it addresses;  receipt -- there is a line where the addressee signs;  wide -- its tables need the long
    side of the paper.
    """

    title: str
    number: str
    to: str
    issue_date: date
    paragraphs: Sequence[str]
    tables: Sequence[Table] = ()
    receipt: bool = False
    wide: bool = False


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


TO_ALL = "市政府，各承办单位"
_NONE = "—"
_FIGURES = {
    "received": "受理",
    "contacted_in_time": "首次联系及时",
    "handled_in_time": "按期办结",
    "handled_late": "逾期办结",
    "overdue": "逾期未办",
    "running": "在办",
    "extended": "延期",
    "reopened": "重办",
    "supervised": "书面督办",
    "circulated": "被通报",
    "filed": "备案",
    "asked": "回访",
    "satisfied": "满意",
    "dissatisfied": "不满意",
}
STATISTICS_HEADER = (*_FIGURES.values(), "按期率", "满意率", "得分")


def statistics_values(counts: Counts, score: float | None) -> tuple[int | float | None, ...]:
    """What stands under STATISTICS_HEADER: counts, two shares from 0 to 1 and the score; None: cannot be said."""
    figures = [getattr(counts, name) for name in _FIGURES]
    due = counts.handled_in_time + counts.handled_late + counts.overdue
    return (*figures, _share(counts.handled_in_time, due), _share(counts.satisfied, counts.asked), score)


_STATISTICS = (
    "依据《河北省市级961890群众服务热线工作细则》第三十五条，现将{period}（{start}至{end}受理）承办单位群众服务热线工作"
    "统计情况报告市政府，并通报各承办单位。"
)
_SUMMARY = (
    "本期各承办单位共受理工单{received}件，其中首次联系及时{contacted_in_time}件，按期办结{handled_in_time}件，"
    "逾期办结{handled_late}件，逾期未办{overdue}件，在办{running}件；批准延期{extended}件，重新办理{reopened}件，"
    "书面督办{supervised}件，因客观原因备案{filed}件（单列，不计入办结）。回访{asked}件，满意{satisfied}件，"
    "不满意{dissatisfied}件。按期办结率{in_time}，满意率{pleased}，综合得分{score}。"
)
_BASIS = "得分按考核权重{version}版计算（第三十四条）；数据为平台{issued}的记录，每项数字所含工单可在平台查询。"
_CORRECTS = "本通报更正{number}号通报，原通报以本通报为准。更正原因：{reason}"


def statistics_letter(notice: StatisticsNotice) -> Letter:
    """A statistics notice: all together, by unit, by trade (Art. 32, 35)."""
    total, period = notice.total, notice.period
    values = statistics_values(total.counts, total.score)
    summary = _SUMMARY.format(
        **{name: f" {getattr(total.counts, name)} " for name in _FIGURES},
        in_time=_percent(values[-3]),
        pleased=_percent(values[-2]),
        score=_points(total.score),
    )
    opening = _STATISTICS.format(
        period=period.title, start=chinese_date(period.start_date), end=chinese_date(period.end_date)
    )
    basis = _BASIS.format(version=notice.weights_version, issued=_moment(notice.issue_time))
    corrects = _CORRECTS.format(number=notice.corrects_number, reason=notice.reason) if notice.corrects else ""
    tables = [_lines("一、承办单位", "承办单位", [total, *notice.units])]
    if notice.trades:
        tables.append(_lines("二、行业", "行业", notice.trades))
    return Letter(
        title=f"群众服务热线{period.title}统计通报",
        number=notice.number,
        to=TO_ALL,
        issue_date=notice.issue_time.astimezone(ZONE).date(),
        paragraphs=[text for text in (opening, corrects, summary, notice.remark, basis) if text],
        tables=tables,
        wide=True,
    )


def _lines(title: str, of: str, lines: Sequence[Line]) -> Table:
    first = 1 if lines and not lines[0].name else 0
    rows = [
        ("" if number < first else str(number + 1 - first), called(line), *_shown(line))
        for number, line in enumerate(lines)
    ]
    return Table(
        header=("序号", of, *STATISTICS_HEADER),
        rows=rows,
        title=title,
        widths=(9, 39, *[11] * len(_FIGURES), 13, 13, 13),
        text_columns=2,
        total=bool(first),
    )


def called(line: Line) -> str:
    """The name of a line, in words where they are known."""
    return line.display_name or line.name or "合计"


def _shown(line: Line) -> list[str]:
    *figures, in_time, pleased, score = statistics_values(line.counts, line.score)
    return [*[str(figure) for figure in figures], _percent(in_time), _percent(pleased), _points(score)]


_WORK = (
    "依据《河北省市级961890群众服务热线工作细则》第八条，现将{start}至{end}热线工作情况通报如下，请各承办单位对照"
    "检查，健全热线工作体系，落实各项规章制度。"
)
_CALLS = (
    "话务：呼入电话{offered}个，接通{answered}个（其中规定时间内接通{answered_in_time}个），呼损{abandoned}个，"
    "接通率{rate}（第十六条）。"
)
_ORDERS = (
    "办理：转办工单{received}件，按期办结{handled_in_time}件，逾期办结{handled_late}件，逾期未办{overdue}件，"
    "在办{running}件，备案{filed}件；书面督办{supervised}件；回访{asked}件，满意{satisfied}件，不满意{dissatisfied}件。"
)


def work_letter(notice: WorkNotice) -> Letter:
    """The notice of how the hotline runs (Art. 8)."""
    figures, calls = notice.figures, notice.calls
    opening = _WORK.format(start=chinese_date(figures.start_date), end=chinese_date(figures.end_date))
    told = ""
    if calls is not None:
        parts = {name: f" {value} " for name, value in vars(calls).items()}
        told = _CALLS.format(**parts, rate=_percent(calls.answer_rate))
    orders = _ORDERS.format(**{name: f" {getattr(figures.total.counts, name)} " for name in _FIGURES})
    tables = []
    if figures.lowest:
        tables.append(
            Table(
                header=("承办单位", "受理", "按期办结", "逾期办结", "逾期未办", "书面督办", "满意率", "得分"),
                rows=[_standing(standing) for standing in figures.lowest],
                title="得分靠后的承办单位",
                widths=(56, *[15] * 7),
                text_columns=1,
            )
        )
    return Letter(
        title="群众服务热线工作情况通报",
        number=notice.number,
        to=TO_ALL,
        issue_date=notice.issue_time.astimezone(ZONE).date(),
        paragraphs=[text for text in (opening, told, orders, notice.text) if text],
        tables=tables,
    )


def _standing(standing: Standing) -> tuple[str, ...]:
    counts = standing.counts
    figures = (counts.received, counts.handled_in_time, counts.handled_late, counts.overdue, counts.supervised)
    return (
        standing.display_name or standing.unit,
        *[str(figure) for figure in figures],
        _percent(_share(counts.satisfied, counts.asked)),
        _points(standing.score),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{share:.1%}"


def _points(score: float | None) -> str:
    return _NONE if score is None else f"{score:.2f}"


def _moment(time: datetime) -> str:
    return f"{time.astimezone(ZONE):%Y-%m-%d %H:%M}"


def chinese_date(day: date) -> str:
    """A day as a letter writes it."""
    return f"{day.year}年{day.month}月{day.day}日"
