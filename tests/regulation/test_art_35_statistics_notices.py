"""第三十五条: monthly, quarterly, half-year and yearly statistics, to the city government and the units."""

from datetime import date, datetime
from typing import Any

import pytest
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import document_pb2, notice_pb2, weights_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id, pages

from tests.regulation.city import LEAD, OTHER, City, date_of, refused

DUTIES = ("sla:32,34,35",)

FIRST_OF_SEPTEMBER, LAST_OF_SEPTEMBER = date(2026, 9, 1), date(2026, 9, 30)
COUNTS = [name.removeprefix("FIGURE_").lower() for name in notice_pb2.Figure.keys()[1:]]


class Played:
    """The notice of September 2026, in which the orders around the National Day began."""

    def __init__(self, city: City) -> None:
        self.city = city
        city.move_to(max(city.now, datetime(2026, 10, 12, 10, 0, tzinfo=city.now.tzinfo)))  # some orders are late now
        self.office = city.hotline.person("office")
        request = sla.ListUnitScoresRequest(
            start_date=date_of(FIRST_OF_SEPTEMBER), end_date=date_of(LAST_OF_SEPTEMBER), page_size=1000
        )
        city.settle()
        self.scores = {score.unit: score for score in city.auditor.sla.ListUnitScores(request).scores}
        self.notice = self.issue(notice_pb2.PERIOD_KIND_MONTH, FIRST_OF_SEPTEMBER)

    def issue(self, kind: notice_pb2.PeriodKind.ValueType, start: date) -> notice_pb2.StatisticsNotice:
        """The office reports a period."""
        request = assessment.IssueStatisticsNoticeRequest(
            kind=kind, start_date=date_of(start), remark="请及时签收", request_id=new_request_id()
        )
        issued: notice_pb2.StatisticsNotice = self.office.assessment.IssueStatisticsNotice(request)
        return issued

    def read(self, name: str) -> notice_pb2.StatisticsNotice:
        """As a unit gets it."""
        request = assessment.GetStatisticsNoticeRequest(name=name)
        found: notice_pb2.StatisticsNotice = self.city.unit(LEAD).assessment.GetStatisticsNotice(request)
        return found

    def orders(self, **filters: Any) -> list[notice_pb2.NoticeOrder]:
        """Behind a figure of the notice, page by page."""
        request = assessment.ListNoticeOrdersRequest(notice=self.notice.name, page_size=3, **filters)
        answers = pages(self.city.auditor.assessment.ListNoticeOrders, request)
        return [order for answer in answers for order in answer.orders]

    def document(self, form: document_pb2.DocumentFormat.ValueType, name: str = "") -> document_pb2.Document:
        """On paper or as a workbook."""
        request = sla.GetDocumentRequest(name=name or self.notice.name, format=form)
        document: document_pb2.Document = self.city.unit(LEAD).sla.GetDocument(request)
        return document


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


def counts(line: weights_pb2.ScoreLine) -> dict[str, int]:
    return {name: getattr(line.figures, name) for name in COUNTS}


class TestTheFigures:
    """依据平台系统统计数据对承办单位…进行…统计 (Art. 35)."""

    def test_are_those_of_the_scores_when_it_was_issued(self, played: Played) -> None:
        assert {line.name: line.figures for line in played.notice.units} == played.scores
        total = counts(played.notice.total)
        assert total == {name: sum(getattr(line.figures, name) for line in played.notice.units) for name in COUNTS}
        assert total["received"] >= 5
        assert played.notice.weights == f"weights/{played.notice.total.figures.weights_version}"

    def test_list_their_orders(self, played: Played) -> None:
        """Each figure of each unit and trade opens the orders behind it (Art. 32, 35)."""
        [lead] = [line for line in played.notice.units if line.name == LEAD]
        [heating] = [line for line in played.notice.trades if line.name == "trades/heating"]
        for line, of in ((lead, {"unit": LEAD}), (heating, {"trade": heating.name})):
            for name in COUNTS:
                figure = notice_pb2.Figure.Value(f"FIGURE_{name.upper()}")
                orders = played.orders(figure=figure, **of)
                assert len({order.work_order for order in orders}) == len(orders) == getattr(line.figures, name)
                assert all(figure in order.figures for order in orders)
        assert heating.display_name == "供热"
        assert lead.display_name == "燕宁市供热管理办公室"

    def test_do_not_change_with_the_books(self, city: City, played: Played) -> None:
        """A closed period is issued once; what is wrong is corrected by another notice that names it."""
        [late, *_] = played.orders(unit=LEAD, figure=notice_pb2.FIGURE_OVERDUE)
        city.study(late.work_order)
        city.report(late.work_order)
        city.settle()
        assert played.read(played.notice.name) == played.notice
        assert late in played.orders(unit=LEAD, figure=notice_pb2.FIGURE_OVERDUE)
        with refused("NOTICE_ISSUED_ALREADY", article="Art. 35"):
            played.issue(notice_pb2.PERIOD_KIND_MONTH, FIRST_OF_SEPTEMBER)
        request = assessment.CorrectStatisticsNoticeRequest(
            name=played.notice.name, reason="补计已办结工单", request_id=new_request_id()
        )
        corrected = played.office.assessment.CorrectStatisticsNotice(request)
        assert corrected.corrects == played.notice.name
        assert corrected.total.figures.overdue == played.notice.total.figures.overdue - 1
        assert played.read(played.notice.name).corrected_by == corrected.name
        request.request_id = new_request_id()
        with refused("NOTICE_CORRECTED_ALREADY", article="Art. 35"):
            played.office.assessment.CorrectStatisticsNotice(request)


class TestThePeriods:
    """月度、季度、半年和年度统计 (Art. 35)."""

    def test_are_reported_when_they_are_over(self, city: City, played: Played) -> None:
        quarter = played.issue(notice_pb2.PERIOD_KIND_QUARTER, date(2026, 7, 1))
        assert (quarter.end_date, quarter.total.figures.received) == (
            date_of(LAST_OF_SEPTEMBER),
            played.notice.total.figures.received,
        )
        half = played.issue(notice_pb2.PERIOD_KIND_HALF_YEAR, date(2026, 1, 1))
        year = played.issue(notice_pb2.PERIOD_KIND_YEAR, date(2025, 1, 1))
        assert (half.total.figures.received, year.total.figures.received) == (0, 0)
        assert not year.total.figures.HasField("score")
        assert len({quarter.number, half.number, year.number, played.notice.number}) == 4
        with refused("PERIOD_NOT_OVER", article="Art. 35"):
            played.issue(notice_pb2.PERIOD_KIND_MONTH, city.now.date().replace(day=1))
        with refused("FIELD_INVALID", field="start_date"):
            played.issue(notice_pb2.PERIOD_KIND_QUARTER, date(2026, 8, 1))
        listed = city.auditor.assessment.ListStatisticsNotices(
            assessment.ListStatisticsNoticesRequest(kind=notice_pb2.PERIOD_KIND_YEAR)
        ).statistics_notices
        assert [notice.name for notice in listed] == [year.name]


class TestWhoGetsIt:
    """报告市政府并通报相关承办单位 (Art. 35)."""

    def test_reads_the_same_bytes_each_time(self, played: Played) -> None:
        printed = played.document(document_pb2.DOCUMENT_FORMAT_PDF)
        assert printed.content.startswith(b"%PDF-")
        assert played.notice.number in printed.file_name
        book = played.document(document_pb2.DOCUMENT_FORMAT_XLSX)
        assert (book.content[:2], book.file_name[-5:]) == (b"PK", ".xlsx")
        assert played.document(document_pb2.DOCUMENT_FORMAT_PDF).content == printed.content
        assert played.document(document_pb2.DOCUMENT_FORMAT_XLSX).content == book.content

    def test_is_every_unit_but_the_orders_are_its_own_alone(self, city: City, played: Played) -> None:
        request = assessment.ListNoticeOrdersRequest(notice=played.notice.name)
        own = city.unit(LEAD).assessment.ListNoticeOrders(request).orders
        assert {order.unit for order in own} == {LEAD}
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).assessment.ListNoticeOrders(
                assessment.ListNoticeOrdersRequest(notice=played.notice.name, unit=LEAD)
            )
        with refused("PERMISSION_DENIED"):
            city.unit(LEAD).assessment.IssueStatisticsNotice(assessment.IssueStatisticsNoticeRequest())

    def test_gets_no_workbook_of_a_letter(self, played: Played) -> None:
        with refused("FIELD_INVALID", field="format"):
            circular = "circulars/01234567-89ab-4def-8123-456789abcdef"
            played.office.sla.GetDocument(
                sla.GetDocumentRequest(name=circular, format=document_pb2.DOCUMENT_FORMAT_XLSX)
            )
