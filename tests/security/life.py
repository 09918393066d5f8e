"""One thing of each kind, made through the public interfaces, for calls to be made about."""

from dataclasses import dataclass
from datetime import UTC

from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import unit_system_service_pb2 as unit_systems
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.feedback.v1 import report_service_pb2 as reporting
from hotline.intake.v1 import appeal_pb2, repeat_pb2
from hotline.intake.v1 import category_service_pb2 as categories
from hotline.intake.v1 import contest_service_pb2 as contests
from hotline.intake.v1 import hold_service_pb2 as holds
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.intake.v1 import repeat_service_pb2 as repeats
from hotline.knowledge.v1 import attachment_service_pb2 as attachments
from hotline.knowledge.v1 import base_service_pb2 as bases
from hotline.knowledge.v1 import bulletin_pb2, training_pb2
from hotline.knowledge.v1 import gap_service_pb2 as gaps
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline.knowledge.v1 import training_service_pb2 as training
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import meeting_pb2, notice_pb2
from hotline.sla.v1 import meeting_service_pb2 as meetings
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.quiet import Quiet
from hotline_kernel.calendar import ZONE

from tests.support.lives import UNIT, registration, result_of


@dataclass(frozen=True)
class Life:
    """Resource names."""

    appeal: str
    citizen: str
    category: str
    course: str
    meeting: str
    meeting_action: str
    statistics_notice: str
    work_notice: str
    repeat: str
    contest: str
    hold: str
    work_order: str
    webhook: str
    callback: str
    review: str
    report: str
    deadline: str
    entry: str
    bulletin: str
    contribution: str
    gap: str
    base: str
    attachment: str


def live_a_life(hotline: Hotline, quiet: Quiet) -> Life:
    """An appeal whose citizen was dissatisfied, so that even a quality review is open."""
    operator, reviewer = hotline.person("operator").intake, hotline.person("reviewer").intake
    appeal = operator.RegisterAppeal(registration(1))
    reviewer.ReleaseDraft(intake.ReleaseDraftRequest(name=appeal.name, request_id=new_request_id()))
    quiet.wait()
    orders = hotline.person("office").dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal.name))
    order = orders.work_orders[0].name
    hotline.person("unit", unit=UNIT).dispatch.ReportResult(result_of(order))
    quiet.wait()
    seat = hotline.person("callback").feedback
    callback = seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order)).callbacks[0].name
    seat.CompleteCallback(
        feedback.CompleteCallbackRequest(
            name=callback,
            verdict=callback_pb2.VERDICT_DISSATISFIED,
            note="还是冷",
            means=callback_pb2.CALLBACK_MEANS_MESSAGE,
            request_id=new_request_id(),
        )
    )
    quiet.wait()
    reviews = hotline.person("quality").feedback.ListReviews(feedback.ListReviewsRequest(open=True)).reviews
    deadlines = hotline.person("office").sla.ListDeadlines(sla.ListDeadlinesRequest(subject=order)).deadlines
    entries = hotline.person("editor").knowledge.ListEntries(knowledge.ListEntriesRequest(page_size=1)).entries
    category = hotline.person("office").categories.CreateCategory(
        categories.CreateCategoryRequest(label="供人攻击的类别", request_id=new_request_id())
    )
    bulletin = hotline.person("editor").knowledge.CreateBulletin(
        knowledge.CreateBulletinRequest(
            content=bulletin_pb2.BulletinContent(
                topic=bulletin_pb2.BULLETIN_TOPIC_OUTAGE, title="管网检修停水", text="请提前储水。"
            ),
            request_id=new_request_id(),
        )
    )
    course = hotline.person("office").training.PlanCourse(
        training.PlanCourseRequest(
            title="供人攻击的培训",
            kind=training_pb2.COURSE_KIND_SKILLS,
            plan_date=Date(year=2099, month=1, day=1),
            trainer="培训科",
            request_id=new_request_id(),
        )
    )
    gap = hotline.person("operator").gaps.ReportGap(
        gaps.ReportGapRequest(query="供人攻击的缺口", request_id=new_request_id())
    )
    attachment = hotline.person("editor").attachments.AddAttachment(
        attachments.AddAttachmentRequest(
            parent=entries[0].name, file_name="附件.txt", content="供人攻击的附件".encode(), request_id=new_request_id()
        )
    )
    base = hotline.person("unit", unit=UNIT).bases.RegisterBase(
        bases.RegisterBaseRequest(name="bases/attacked", title="供人攻击的知识库", request_id=new_request_id())
    )
    hotline.person("office").bases.ApproveBase(bases.ApproveBaseRequest(name=base.name, request_id=new_request_id()))
    meeting = _hold_a_meeting(hotline)
    matter = registration(1, draft=False)
    matter.category, matter.text = "综合/其他", "另一件完全不同的事情，与供热没有关系。"
    other = operator.RegisterAppeal(matter)
    quiet.wait()
    repeat = hotline.person("office").repeats.LinkAppeals(
        repeats.LinkAppealsRequest(
            appeal=appeal.name,
            other=other.name,
            kind=repeat_pb2.REPEAT_KIND_SAME_PROBLEM,
            reason="供人攻击的关联",
            request_id=new_request_id(),
        )
    )
    operator.DeclineAppeal(
        intake.DeclineAppealRequest(
            name=other.name,
            ground=appeal_pb2.DECLINE_GROUND_MILITARY,
            referral="请向驻军主管部门反映",
            request_id=new_request_id(),
        )
    )
    contest = hotline.person().contests.ContestDecline(
        contests.ContestDeclineRequest(
            tracking_code=other.tracking_code, reason="与军队无关", request_id=new_request_id()
        )
    )
    hold = hotline.person("office").holds.PlaceHold(
        holds.PlaceHoldRequest(citizen=other.citizen, reason="供人攻击的保全", request_id=new_request_id())
    )
    hotline.person().knowledge.SubmitContribution(
        knowledge.SubmitContributionRequest(
            title="老年证怎么办", text="到社区服务站办理。", request_id=new_request_id()
        )
    )
    contributions = (
        hotline.person("editor")
        .knowledge.ListContributions(knowledge.ListContributionsRequest(page_size=1))
        .contributions
    )
    hotline.person().reports.FileReport(
        reporting.FileReportRequest(
            kind=reporting.REPORT_KIND_LEAK,
            contents=reporting.ReportContents(text="供人攻击的举报"),
            request_id=new_request_id(),
        )
    )
    [report] = hotline.person("inspector").reports.ListReports(reporting.ListReportsRequest(page_size=1)).reports
    issued = hotline.person("office").unit_systems.CreateWebhook(
        unit_systems.CreateWebhookRequest(unit=UNIT, url="http://127.0.0.1:9/hotline", request_id=new_request_id())
    )
    return Life(
        appeal=appeal.name,
        citizen=appeal.citizen,
        category=category.name,
        course=course.name,
        meeting=meeting.name,
        meeting_action=meeting.actions[0].name,
        statistics_notice=_report_statistics(hotline),
        work_notice=_tell_how_it_runs(hotline),
        repeat=repeat.name,
        contest=contest.name,
        hold=hold.name,
        work_order=order,
        webhook=issued.webhook.name,
        callback=callback,
        review=next(review.name for review in reviews if review.work_order == order),
        report=report.name,
        deadline=deadlines[0].name,
        entry=entries[0].name,
        bulletin=bulletin.name,
        contribution=contributions[0].name,
        gap=gap.name,
        base=base.name,
        attachment=attachment.name,
    )


def _hold_a_meeting(hotline: Hotline) -> meeting_pb2.Meeting:
    office = hotline.person("office").meetings
    now = hotline.person("auditor").sla.GetSchedule(sla.GetScheduleRequest()).now
    day = now.ToDatetime(tzinfo=UTC).astimezone(ZONE).date()
    today = Date(year=day.year, month=day.month, day=day.day)
    planned = office.PlanMeeting(
        meetings.PlanMeetingRequest(
            title="供人攻击的会议", plan_date=today, start_date=today, end_date=today, request_id=new_request_id()
        )
    )
    held: meeting_pb2.Meeting = office.HoldMeeting(
        meetings.HoldMeetingRequest(
            name=planned.name,
            participants=["热线办"],
            actions=[meetings.ActionDraft(text="供人攻击的事项", owner=UNIT, due_date=today)],
            request_id=new_request_id(),
        )
    )
    return held


def _report_statistics(hotline: Hotline) -> str:
    request = assessment.IssueStatisticsNoticeRequest(
        kind=notice_pb2.PERIOD_KIND_MONTH, start_date=Date(year=2018, month=1, day=1), request_id=new_request_id()
    )
    return hotline.person("office").assessment.IssueStatisticsNotice(request).name


def _tell_how_it_runs(hotline: Hotline) -> str:
    day = Date(year=2018, month=1, day=1)
    request = assessment.IssueWorkNoticeRequest(
        start_date=day, end_date=day, text="供人攻击的通报", request_id=new_request_id()
    )
    return hotline.person("office").assessment.IssueWorkNotice(request).name
