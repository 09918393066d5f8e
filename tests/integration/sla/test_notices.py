"""Statistics notices on a real database: figures are sums of their orders and never change (Art. 32, 34, 35)."""

from dataclasses import replace
from datetime import date

import pytest
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.intake.v1 import appeal_pb2
from hotline_sla.domain.assessment import COUNT_NAMES, Counts
from hotline_sla.domain.notice import (
    NoticeCorrectedAlready,
    NoticeIssuedAlready,
    NoticeOrder,
    Period,
    PeriodKind,
    StatisticsNotice,
)
from hotline_sla.domain.weights import FIRST, Trade
from hotline_sla.handlers import assessment, notices
from psycopg.errors import UniqueViolation

from tests.integration.sla.office import Office, shanghai, stamp

MAY = Period(kind=PeriodKind.MONTH, start_date=date(2026, 5, 1))
FIRST_OF_MAY, LAST_OF_MAY = date(2026, 5, 1), date(2026, 5, 31)
JUNE = shanghai("2026-06-01 09:00")
WATER, HEATING = "城乡建设/供水", "城乡建设/供热/室温不够"


def send(office: Office, time: str, *, unit: str, category: str, called: str = "") -> str:
    """A unit receives an order about something."""
    name = office.dispatch(time, unit=unit)
    office.receive(
        dispatch.WorkOrderDispatched(
            work_order=name,
            number=name[-6:],
            lead_unit=unit,
            category=category,
            round=1,
            request_type=appeal_pb2.REQUEST_TYPE_HELP,
            dispatch_time=stamp(time),
            lead_unit_display_name=called,
        )
    )
    office.rows("UPDATE work_order SET category = %(category)s WHERE work_order = %(name)s RETURNING 1",
                category=category, name=name)  # fmt: skip
    return name


@pytest.fixture
def played(office: Office) -> list[str]:
    """May: one in time, one late, one never, of two units and three categories; one on either side of it."""
    send(office, "2026-04-30 23:59", unit="units/water", category=WATER)
    orders = [
        send(office, "2026-05-01 00:00", unit="units/water", category=WATER, called="某市水务集团"),
        send(office, "2026-05-11 09:00", unit="units/water", category=HEATING),
        send(office, "2026-05-12 09:00", unit="units/heat", category=HEATING, called="某市供热办"),
        send(office, "2026-05-31 23:59", unit="units/heat", category="综合/其他"),
    ]
    send(office, "2026-06-01 00:00", unit="units/heat", category=HEATING)
    office.report(orders[0], "2026-05-06 10:00")
    office.tick("2026-05-20 18:00")
    office.report(orders[1], "2026-05-21 10:00")
    return orders


def issue(office: Office, period: Period = MAY) -> StatisticsNotice:
    with office.database.transaction() as tx:
        return notices.issue_statistics_notice(period=period, remark="", tx=tx, now=JUNE)


def behind(
    office: Office,
    notice: StatisticsNotice,
    *,
    unit: str | None = None,
    trade: str = "",
    figure: str = "",
    size: int = 2,
) -> list[NoticeOrder]:
    """Every page of the orders behind a figure."""
    found: list[NoticeOrder] = []
    while True:
        with office.database.transaction() as tx:
            page = notices.orders_behind(
                notice=notice.name,
                unit=unit,
                trade=trade,
                figure=figure,
                after=f"{found[-1].work_order} {found[-1].unit}" if found else "",
                limit=size,
                tx=tx,
            )
        found += page
        if len(page) < size:
            return found


def counts_of(office: Office, unit: str) -> Counts:
    with office.database.transaction() as tx:
        rows = tx.counts_by_unit(start=FIRST_OF_MAY, end=LAST_OF_MAY, unit=unit, after="", limit=10)
    return dict(rows)[unit]


def test_what_went_wrong_with_a_unit_that_left_an_order_is_in_its_figures(office: Office) -> None:
    """Given back too late: it stays with who was late, beside what the next one does (Art. 22, 28)."""
    order = send(office, "2026-05-11 09:00", unit="units/water", category=WATER)
    office.tick("2026-05-14 17:30")
    office.receive(dispatch.WorkOrderSentBack(work_order=order, send_back_time=stamp("2026-05-18 09:00")))
    office.dispatch("2026-05-18 10:00", work_order=order, unit="units/heat")
    notice = issue(office)
    assert {line.name for line in notice.units} == {"units/water", "units/heat"}
    for line in notice.units:
        assert line.counts == counts_of(office, line.name)
    assert [(each.work_order, each.unit) for each in behind(office, notice, figure="overdue", size=1)] == [
        (order, "units/heat"),
        (order, "units/water"),
    ]


@pytest.mark.usefixtures("played")
def test_a_notice_agrees_with_the_scores_of_its_days(office: Office) -> None:
    notice = issue(office)
    assert {line.name for line in notice.units} == {"units/water", "units/heat"}
    for line in notice.units:
        assert line.counts == counts_of(office, line.name)
    assert notice.total.counts == sum((line.counts for line in notice.units), Counts())
    assert (notice.total.counts.received, notice.total.counts.handled_late) == (4, 1)
    assert {line.name: line.counts.received for line in notice.trades} == {"trades/heating": 2, "trades/water": 1}
    assert {line.display_name for line in notice.units} == {"某市水务集团", "某市供热办"}


@pytest.mark.usefixtures("played")
def test_every_figure_lists_its_orders(office: Office) -> None:
    notice = issue(office)
    lines = [
        (notice.total, {"unit": None, "trade": ""}),
        *((line, {"unit": line.name, "trade": ""}) for line in notice.units),
        *((line, {"unit": None, "trade": line.name}) for line in notice.trades),
    ]
    for line, of in lines:
        for figure in COUNT_NAMES:
            orders = behind(office, notice, figure=figure, **of)  # type: ignore[arg-type]
            assert len(orders) == getattr(line.counts, figure), (line.name, figure)
            assert len({order.work_order for order in orders}) == len(orders)
    assert len(behind(office, notice)) == 4
    assert behind(office, notice, unit="units/nobody") == []


def test_what_comes_later_changes_no_notice_but_a_correction(office: Office, played: list[str]) -> None:
    notice = issue(office)
    before = behind(office, notice)
    office.report(played[2], "2026-06-01 09:30")
    office.receive(
        dispatch.WorkOrderSentBack(work_order=played[3], unit="units/heat", send_back_time=stamp("2026-06-01 09:40"))
    )
    with office.database.transaction() as tx:
        assert notices.get_statistics_notice(name=notice.name, tx=tx) == notice
        with pytest.raises(NoticeIssuedAlready, match=notice.name):
            notices.issue_statistics_notice(period=MAY, remark="", tx=tx, now=JUNE)
        corrected = notices.correct_statistics_notice(name=notice.name, reason="漏计", remark="", tx=tx, now=JUNE)
    assert behind(office, notice) == before
    assert (corrected.corrects, corrected.total.counts.received, notice.total.counts.received) == (notice.name, 3, 4)
    assert corrected.total.counts.overdue == notice.total.counts.overdue - 1
    assert corrected.number != notice.number
    with office.database.transaction() as tx:
        assert notices.get_statistics_notice(name=notice.name, tx=tx).corrected_by == corrected.name
        assert tx.statistics_notice_of(MAY) == corrected
        with pytest.raises(NoticeCorrectedAlready, match=corrected.name):
            notices.correct_statistics_notice(name=notice.name, reason="又", remark="", tx=tx, now=JUNE)


@pytest.mark.usefixtures("played")
def test_the_table_refuses_a_second_notice_of_a_period(office: Office) -> None:
    notice = issue(office)
    with pytest.raises(UniqueViolation), office.database.transaction() as tx:
        tx.add_statistics_notice(replace(notice, id=notice.id.__class__(int=1)))


@pytest.mark.usefixtures("played")
def test_new_weights_leave_what_began_before_alone(office: Office) -> None:
    notice = issue(office)
    draft = replace(
        FIRST,
        effective_date=date(2026, 7, 1),
        in_time=60,
        contact=10,
        trades=(Trade(name="trades/all", display_name="全部", categories=("城乡建设",)),),
    )
    with office.database.transaction() as tx:
        published = assessment.publish_weights(draft=draft, tx=tx, now=JUNE)
    send(office, "2026-07-01 09:00", unit="units/heat", category=HEATING)
    with office.database.transaction() as tx:
        assert tx.published_weights() == [FIRST, published]
        assert published.version == "2026-1"
        may, by_first = assessment.trade_scores(start=FIRST_OF_MAY, end=LAST_OF_MAY, tx=tx)
        july, by_new = assessment.trade_scores(start=date(2026, 7, 1), end=date(2026, 7, 31), tx=tx)
        assert (by_first, by_new) == (FIRST, published)
        assert {line.name: line for line in may} == {line.name: line for line in notice.trades}
        assert [line.name for line in july] == ["trades/all"]
        corrected = notices.correct_statistics_notice(name=notice.name, reason="核对", remark="", tx=tx, now=JUNE)
    assert corrected.weights_version == FIRST.version
    assert (corrected.total, corrected.trades) == (notice.total, notice.trades)
