"""第八条: the office tells in time how the hotline runs, and the meeting talks about it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import meeting_pb2, notice_pb2
from hotline.sla.v1 import meeting_service_pb2 as meetings
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id
from hotline_kernel.calendar import ZONE
from hotline_kernel.timestamps import timestamp

from tests.regulation.city import LEAD, City, date_of, refused

DUTIES = ("all:8,9(8)",)


class Played:
    """A day with an order, told about on the next morning."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.day = city.next_morning()
        city.dispatched(lead=LEAD)
        city.next_morning()
        self.calls = self.calls_of(self.day)
        self.notice = self.issue(self.day, calls=self.calls)

    def calls_of(self, day: date) -> notice_pb2.CallFigures:
        """What intake counted (Art. 16)."""
        midnight = datetime.combine(day, time(), ZONE).astimezone(UTC)
        request = call_centre.GetCallStatisticsRequest(
            start_time=timestamp(midnight), end_time=timestamp(midnight + timedelta(days=1))
        )
        counted = self.city.hotline.person("supervisor").call_centre.GetCallStatistics(request)
        return notice_pb2.CallFigures(
            offered=counted.offered,
            answered=counted.answered,
            answered_in_time=counted.answered_in_time,
            abandoned=counted.abandoned,
        )

    def issue(self, day: date, **fields: Any) -> notice_pb2.WorkNotice:
        """The office tells about a day."""
        request = assessment.IssueWorkNoticeRequest(
            start_date=date_of(day),
            end_date=date_of(day),
            text="请各单位当日签收。",
            request_id=new_request_id(),
            **fields,
        )
        issued: notice_pb2.WorkNotice = self.city.hotline.person("office").assessment.IssueWorkNotice(request)
        return issued

    def plan(self, notice: str) -> meeting_pb2.Meeting:
        """A meeting about a notice."""
        request = meetings.PlanMeetingRequest(
            title="热线工作例会",
            plan_date=date_of(self.city.now.date()),
            start_date=date_of(self.day),
            end_date=date_of(self.day),
            notices=[notice],
            request_id=new_request_id(),
        )
        planned: meeting_pb2.Meeting = self.city.hotline.person("office").meetings.PlanMeeting(request)
        return planned


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


class TestTheNotice:
    """及时通报热线工作情况 (Art. 8)."""

    def test_tells_calls_and_orders(self, played: Played) -> None:
        assert played.notice.calls == played.calls
        [lead] = [standing for standing in played.notice.figures.lowest if standing.unit == LEAD]
        assert lead == played.city.scores(played.day, played.day, LEAD)
        assert played.notice.figures.total.received == lead.received >= 1

    def test_is_numbered_printed_and_read_by_every_unit(self, played: Played) -> None:
        unit = played.city.unit(LEAD)
        assert unit.assessment.GetWorkNotice(assessment.GetWorkNoticeRequest(name=played.notice.name)) == played.notice
        listed = unit.assessment.ListWorkNotices(assessment.ListWorkNoticesRequest()).work_notices
        assert played.notice in listed
        printed = unit.sla.GetDocument(sla.GetDocumentRequest(name=played.notice.name))
        assert printed.content.startswith(b"%PDF-")
        assert played.notice.number in printed.file_name

    def test_is_about_days_that_are_over(self, played: Played) -> None:
        with refused("PERIOD_NOT_OVER", article="Art. 8"):
            played.issue(played.city.now.date())

    def test_takes_no_figures_that_cannot_be(self, played: Played) -> None:
        with refused("FIELD_INVALID", field="calls.offered"):
            played.issue(played.day, calls=notice_pb2.CallFigures(offered=1, answered=1, abandoned=1))
        assert not played.issue(played.day).HasField("calls")

    def test_is_issued_by_the_office(self, played: Played) -> None:
        with refused("PERMISSION_DENIED"):
            played.city.unit(LEAD).assessment.IssueWorkNotice(assessment.IssueWorkNoticeRequest())


class TestTheMeeting:
    """督促各承办单位 (Art. 8)."""

    def test_talks_about_what_was_issued(self, played: Played) -> None:
        planned = played.plan(played.notice.name)
        assert list(planned.notices) == [played.notice.name]
        kept = played.city.auditor.meetings.GetMeeting(meetings.GetMeetingRequest(name=planned.name))
        assert kept.notices == planned.notices
        with refused("NOT_FOUND"):
            played.plan("workNotices/01234567-89ab-4def-8123-456789abcdef")
