"""Weights, notices and their lines as messages, and what requests ask for as the domain's values."""

from collections.abc import Iterable
from datetime import date

from google.type.date_pb2 import Date
from hotline.sla.v1 import assessment_service_pb2 as service_pb2
from hotline.sla.v1 import notice_pb2, weights_pb2
from hotline_kernel.errors import FieldInvalid
from hotline_kernel.timestamps import timestamp

from hotline_sla.adapters.meeting_messages import figures_message
from hotline_sla.adapters.messages import day_of, period_of, score_message
from hotline_sla.domain.notice import CallFigures, Line, NoticeOrder, Period, PeriodKind, StatisticsNotice, WorkNotice
from hotline_sla.domain.weights import Trade, Weights

LONGEST_DAYS = 366
_DRAFT = (
    "in_time",
    "contact",
    "satisfaction",
    "lasting",
    "late_worth",
    "written_cost",
    "neutral_worth",
    "circular_points",
)


def weights_message(weights: Weights) -> weights_pb2.Weights:
    """A version as it goes out."""
    return weights_pb2.Weights(
        name=weights.name,
        effective_date=_date(weights.effective_date),
        trades=[
            weights_pb2.Trade(name=trade.name, display_name=trade.display_name, categories=trade.categories)
            for trade in weights.trades
        ],
        reason=weights.reason,
        publish_time=timestamp(weights.publish_time),
        **{name: getattr(weights, name) for name in _DRAFT},
    )


def draft_of(request: service_pb2.PublishWeightsRequest) -> Weights:
    """What is to be published. Raises FieldInvalid."""
    return Weights(
        version="",
        effective_date=day_of(request.effective_date, field="effective_date"),
        trades=tuple(
            Trade(name=trade.name, display_name=trade.display_name, categories=tuple(trade.categories))
            for trade in request.trades
        ),
        reason=request.reason,
        **{name: getattr(request, name) for name in _DRAFT},
    )


def scored_days(request: service_pb2.ListTradeScoresRequest) -> tuple[date, date]:
    """First and last day of at most 366. Raises FieldInvalid, PeriodInvalid."""
    start, end = period_of(request)
    if (end - start).days >= LONGEST_DAYS:
        raise FieldInvalid(violations=[("end_date", f"must be within {LONGEST_DAYS} days from start_date")])
    return start, end


def statistics_period(request: service_pb2.IssueStatisticsNoticeRequest) -> Period:
    """The period to be reported. Raises FieldInvalid."""
    kind = notice_pb2.PeriodKind.Name(request.kind).removeprefix("PERIOD_KIND_")
    return Period(kind=PeriodKind(kind), start_date=day_of(request.start_date, field="start_date"))


def kind_of(value: "notice_pb2.PeriodKind.ValueType") -> PeriodKind | None:
    """The kind filtered by, None if none is."""
    return PeriodKind(notice_pb2.PeriodKind.Name(value).removeprefix("PERIOD_KIND_")) if value else None


def figure_of(value: "notice_pb2.Figure.ValueType") -> str:
    """The name of a count, empty if none is asked for."""
    return notice_pb2.Figure.Name(value).removeprefix("FIGURE_").lower() if value else ""


def calls_of(request: service_pb2.IssueWorkNoticeRequest) -> CallFigures | None:
    """Calls as handed in, None if they were left out."""
    if not request.HasField("calls"):
        return None
    calls = request.calls
    return CallFigures(
        offered=calls.offered,
        answered=calls.answered,
        answered_in_time=calls.answered_in_time,
        abandoned=calls.abandoned,
    )


def line_message(line: Line, *, version: str) -> weights_pb2.ScoreLine:
    """A line with its score. version -- of the weights."""
    unit = line.name if line.name.startswith("units/") else ""
    return weights_pb2.ScoreLine(
        name=line.name,
        display_name=line.display_name,
        figures=score_message(unit, line.counts, score=line.score, version=version),
    )


def statistics_message(notice: StatisticsNotice, *, with_lines: bool) -> notice_pb2.StatisticsNotice:
    """A statistics notice as it goes out."""
    version = notice.weights_version

    def lines(found: Iterable[Line]) -> list[weights_pb2.ScoreLine]:
        return [line_message(line, version=version) for line in found] if with_lines else []

    return notice_pb2.StatisticsNotice(
        name=notice.name,
        number=notice.number,
        kind=notice_pb2.PeriodKind.Value(f"PERIOD_KIND_{notice.period.kind}"),
        start_date=_date(notice.period.start_date),
        end_date=_date(notice.period.end_date),
        remark=notice.remark,
        total=line_message(notice.total, version=version),
        units=lines(notice.units),
        trades=lines(notice.trades),
        weights=f"weights/{version}",
        issue_time=timestamp(notice.issue_time),
        corrects=notice.corrects,
        reason=notice.reason,
        corrected_by=notice.corrected_by,
    )


def order_message(order: NoticeOrder) -> notice_pb2.NoticeOrder:
    """An order behind a figure as it goes out."""
    return notice_pb2.NoticeOrder(
        work_order=order.work_order,
        number=order.number,
        unit=order.unit,
        category=order.category,
        figures=[notice_pb2.Figure.Value(f"FIGURE_{name.upper()}") for name in order.counts.figures],
    )


def work_message(notice: WorkNotice) -> notice_pb2.WorkNotice:
    """A notice of how the hotline runs as it goes out."""
    return notice_pb2.WorkNotice(
        name=notice.name,
        number=notice.number,
        start_date=_date(notice.figures.start_date),
        end_date=_date(notice.figures.end_date),
        figures=figures_message(notice.figures),
        calls=None if notice.calls is None else notice_pb2.CallFigures(**vars(notice.calls)),
        text=notice.text,
        issue_time=timestamp(notice.issue_time),
    )


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
