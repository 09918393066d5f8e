"""The people of a city and what they do, in the fewest words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id
from hotline_kernel import calendar
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import HotlineError
from hotline_kernel.timestamps import timestamp

from tests.support.live import LiveHotline
from tests.support.lives import unlike

LEAD = "units/heating-office"
OTHER = "units/water-group"
WITHOUT_PRINCIPAL = "units/archives"
ANSWER = deadline_pb2.DEADLINE_KIND_ANSWER
FIRST_CONTACT = deadline_pb2.DEADLINE_KIND_FIRST_CONTACT
HANDLING = deadline_pb2.DEADLINE_KIND_HANDLING
CALLBACK = deadline_pb2.DEADLINE_KIND_CALLBACK


@dataclass(frozen=True)
class Refusal:
    """What a refusal says, known once it was met."""

    facts: dict[str, str] = field(default_factory=dict)


@contextmanager
def refused(reason: str, *, article: str = "", field: str = "") -> Iterator[Refusal]:
    """What happens inside is refused for this reason, citing the article, naming the field."""
    refusal = Refusal()
    with pytest.raises(HotlineError) as caught:
        yield refusal
    error = caught.value
    refusal.facts.update(error.facts)
    assert error.reason == reason
    assert article in error.article
    if field:
        assert field in " ".join(path for path, _ in getattr(error, "violations", []))


class City:
    """One live platform with the invented city. Nothing settles by itself: say when."""

    def __init__(self, hotline: LiveHotline) -> None:
        self.hotline = hotline
        self.calendar = calendar.load(None)
        self.operator = hotline.person("operator").intake
        self.reviewer = hotline.person("reviewer").intake
        self.citizen = hotline.person().intake
        self.office = hotline.person("office").dispatch
        self.seat = hotline.person("callback").feedback
        self.quality = hotline.person("quality").feedback
        self.auditor = hotline.person("auditor")
        self._numbers = count(1)

    # time

    @property
    def now(self) -> datetime:
        """Legal time, in the city's own zone."""
        return self.hotline.now.astimezone(ZONE)

    def settle(self) -> None:
        """Waits until every event took its effect."""
        self.hotline.settle()

    def move_to(self, moment: datetime) -> None:
        """Lives through everything that falls due until then."""
        self.hotline.move_to(moment)

    def pass_by(self, **duration: float) -> None:
        """Lets time go by, for example `minutes=61`."""
        self.move_to(self.now + timedelta(**duration))

    def next_morning(self) -> date:
        """Goes to nine o'clock of the next working day."""
        day = self.working_day(1)
        self.move_to(datetime.combine(day, time(9), ZONE))
        return day

    def working_day(self, number: int) -> date:
        """The so-manieth working day after today."""
        return self.calendar.nth_working_day_after(self.now.date(), number)

    def close_of_office(self, day: date) -> datetime:
        """When the offices close on a day."""
        return self.calendar.close_of_office(day)

    # intake

    def register(self, *, draft: appeal_pb2.DraftContent | None = None, **changes: Any) -> appeal_pb2.Appeal:
        """A citizen brings something; by default about cold radiators, by telephone."""
        number = next(self._numbers)
        request: dict[str, Any] = {
            "request_id": new_request_id(),
            "channel": appeal_pb2.CHANNEL_PHONE,
            "kind": appeal_pb2.APPEAL_KIND_DAILY_LIFE,
            "request_type": appeal_pb2.REQUEST_TYPE_HELP,
            "asker": appeal_pb2.ASKER_PERSON,
            "category": "城乡建设/供热",
            "region": "139902",
            "title": "暖气不热",
            "text": f"家里暖气一直不热,请尽快处理。第{number}件。{unlike(number)}",
            "citizen": appeal_pb2.Citizen(full_name="甄好听", phone=f"138{number:08d}"),
            "draft": draft,
        }
        return self.operator.RegisterAppeal(intake.RegisterAppealRequest(**request | changes))

    def draft(
        self,
        *,
        lead: str = LEAD,
        supporting: Sequence[str] = (),
        directive: appeal_pb2.DirectiveKind.ValueType = appeal_pb2.DIRECTIVE_KIND_UNSPECIFIED,
        term: appeal_pb2.StatutoryTerm | None = None,
    ) -> appeal_pb2.DraftContent:
        """What an operator proposes to send out."""
        return appeal_pb2.DraftContent(
            text="请入户测温并处理",
            lead_unit=lead,
            supporting_units=supporting,
            directive_kind=directive,
            statutory_term=term,
        )

    def refer(
        self,
        *,
        lead: str = LEAD,
        supporting: Sequence[str] = (),
        directive: appeal_pb2.DirectiveKind.ValueType = appeal_pb2.DIRECTIVE_KIND_UNSPECIFIED,
        **changes: Any,
    ) -> appeal_pb2.Appeal:
        """Registered, drafted and released; its order comes once it is settled."""
        content = self.draft(lead=lead, supporting=supporting, directive=directive)
        return self.release(self.register(draft=content, **changes).name)

    def release(
        self, appeal: str, content: appeal_pb2.DraftContent | None = None, *, no_directive_reason: str = ""
    ) -> appeal_pb2.Appeal:
        """The review seat sends the draft out."""
        return self.reviewer.ReleaseDraft(
            intake.ReleaseDraftRequest(
                name=appeal,
                content=content,
                no_directive_reason=no_directive_reason,
                request_id=new_request_id(),
            )
        )

    def answer(self, appeal: str, *, entry: str = "") -> appeal_pb2.Appeal:
        """The operator answers directly."""
        return self.operator.AnswerAppeal(
            intake.AnswerAppealRequest(name=appeal, text="请先查看入户阀门。", entry=entry, request_id=new_request_id())
        )

    def decline(self, appeal: str, ground: appeal_pb2.DeclineGround.ValueType, referral: str) -> appeal_pb2.Appeal:
        """The operator does not accept it."""
        return self.operator.DeclineAppeal(
            intake.DeclineAppealRequest(name=appeal, ground=ground, referral=referral, request_id=new_request_id())
        )

    def appeal(self, name: str) -> appeal_pb2.Appeal:
        """As it stands."""
        return self.operator.GetAppeal(intake.GetAppealRequest(name=name))

    def track(self, code: str) -> intake.AppealProgress:
        """What the citizen sees who holds the code."""
        return self.citizen.TrackAppeal(intake.TrackAppealRequest(tracking_code=code))

    def told(self, appeal: str) -> dict[str, appeal_pb2.CitizenMessage]:
        """What was sent to the citizen, by occasion; each was sent once."""
        messages = self.operator.ListMessages(intake.ListMessagesRequest(parent=appeal)).messages
        by_occasion = {message.occasion: message for message in messages}
        assert len(by_occasion) == len(messages)
        return by_occasion

    # dispatch

    def unit(self, name: str = LEAD) -> Any:
        """Whoever handles orders in a unit."""
        return self.hotline.person("unit", unit=name)

    def dispatched(self, **changes: Any) -> work_order_pb2.WorkOrder:
        """A settled order with its lead unit."""
        appeal = self.refer(**changes)
        self.settle()
        return self.order_of(appeal.name)

    def order_of(self, appeal: str) -> work_order_pb2.WorkOrder:
        """The one order of an appeal."""
        [order] = self.office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders
        return order

    def order(self, name: str) -> work_order_pb2.WorkOrder:
        """As it stands."""
        return self.office.GetWorkOrder(dispatch.GetWorkOrderRequest(name=name))

    def send_out(self, order: str, *, lead: str = LEAD, supporting: Sequence[str] = ()) -> work_order_pb2.WorkOrder:
        """The office names the units."""
        return self.office.DispatchWorkOrder(
            dispatch.DispatchWorkOrderRequest(
                name=order, lead_unit=lead, supporting_units=supporting, request_id=new_request_id()
            )
        )

    def hold(
        self, order: str, kind: appeal_pb2.DirectiveKind.ValueType = appeal_pb2.DIRECTIVE_KIND_COMPLEX
    ) -> work_order_pb2.WorkOrder:
        """The office recognises one of the four kinds."""
        return self.office.HoldWorkOrder(
            dispatch.HoldWorkOrderRequest(
                name=order, directive_kind=kind, reason="涉及多个部门", request_id=new_request_id()
            )
        )

    def send_back(self, order: str, *, unit: str = LEAD, reason: str = "不属于本单位职责") -> work_order_pb2.WorkOrder:
        """The lead gives it back."""
        sent: work_order_pb2.WorkOrder = self.unit(unit).dispatch.SendBackWorkOrder(
            dispatch.SendBackWorkOrderRequest(name=order, reason=reason, request_id=new_request_id())
        )
        return sent

    def reassign(
        self, order: str, *, lead: str = OTHER, supporting: Sequence[str] = (), reason: str = "原单位无此职责"
    ) -> work_order_pb2.WorkOrder:
        """The office gives it to another lead."""
        return self.office.ReassignWorkOrder(
            dispatch.ReassignWorkOrderRequest(
                name=order, lead_unit=lead, supporting_units=supporting, reason=reason, request_id=new_request_id()
            )
        )

    def contact(self, order: str, *, unit: str = LEAD) -> work_order_pb2.WorkOrder:
        """The lead reaches the citizen."""
        contacted: work_order_pb2.WorkOrder = self.unit(unit).dispatch.RecordFirstContact(
            dispatch.RecordFirstContactRequest(name=order, note="已告知程序和期限", request_id=new_request_id())
        )
        return contacted

    def study(self, order: str, *, unit: str = LEAD, principal: str = "") -> work_order_pb2.WorkOrder:
        """The lead's principal, by the registry unless named, studied it."""
        registered = self.office.GetUnit(dispatch.GetUnitRequest(name=unit)).principal
        studied: work_order_pb2.WorkOrder = self.unit(unit).dispatch.RecordStudy(
            dispatch.RecordStudyRequest(
                name=order,
                principal=principal or registered,
                decision="由副主任牵头,三日内更换管道。",
                request_id=new_request_id(),
            )
        )
        return studied

    def report(
        self,
        order: str,
        *,
        unit: str = LEAD,
        reply: str = "已电话告知处理结果。",
        means: work_order_pb2.ReplyMeans.ValueType = work_order_pb2.REPLY_MEANS_PHONE,
        reply_time: datetime | None = None,
        **changes: Any,
    ) -> work_order_pb2.WorkOrder:
        """The lead reports its result, with the reply to the citizen."""
        content: dict[str, Any] = {"outcome": work_order_pb2.OUTCOME_SOLVED, "text": "已入户检修,室温达标。"} | changes
        reported: work_order_pb2.WorkOrder = self.unit(unit).dispatch.ReportResult(
            dispatch.ReportResultRequest(
                name=order,
                reply_time=timestamp(reply_time) if reply_time else None,
                reply_means=means,
                reply_text=reply,
                request_id=new_request_id(),
                **content,
            )
        )
        return reported

    def ask_extension(
        self, order: str, *, days: int = 3, reason: str = "需更换主管道", unit: str = LEAD
    ) -> work_order_pb2.WorkOrder:
        """The lead asks for more time."""
        asked: work_order_pb2.WorkOrder = self.unit(unit).dispatch.RequestExtension(
            dispatch.RequestExtensionRequest(name=order, working_days=days, reason=reason, request_id=new_request_id())
        )
        return asked

    def decide_extension(self, order: str, *, granted: bool, note: str = "管道改造量大") -> work_order_pb2.WorkOrder:
        """The office decides on it."""
        return self.office.DecideExtension(
            dispatch.DecideExtensionRequest(name=order, granted=granted, note=note, request_id=new_request_id())
        )

    # sla

    def clocks(self, subject: str, kind: deadline_pb2.DeadlineKind.ValueType) -> list[deadline_pb2.Deadline]:
        """Clocks of a kind, by round, with their history."""
        listed = self.auditor.sla.ListDeadlines(sla.ListDeadlinesRequest(subject=subject, kind=kind)).deadlines
        found = [self.auditor.sla.GetDeadline(sla.GetDeadlineRequest(name=deadline.name)) for deadline in listed]
        return sorted(found, key=lambda deadline: deadline.round)

    def clock(self, subject: str, kind: deadline_pb2.DeadlineKind.ValueType) -> deadline_pb2.Deadline:
        """The clock of the latest round."""
        return self.clocks(subject, kind)[-1]

    def state(self, subject: str, kind: deadline_pb2.DeadlineKind.ValueType) -> str:
        """Where that clock stands, in a word."""
        return deadline_pb2.DeadlineState.Name(self.clock(subject, kind).state).removeprefix("DEADLINE_STATE_")

    def supervisions(self, order: str) -> list[deadline_pb2.Supervision]:
        """Steps of supervision, oldest first."""
        request = sla.ListSupervisionsRequest(work_order=order)
        return list(reversed(self.auditor.sla.ListSupervisions(request).supervisions))

    def scores(self, first: date, last: date, unit: str) -> deadline_pb2.UnitScore:
        """The score of a unit."""
        request = sla.ListUnitScoresRequest(start_date=date_of(first), end_date=date_of(last), unit=unit)
        [score] = self.auditor.sla.ListUnitScores(request).scores
        return score

    # feedback

    def callback_of(self, order: str) -> callback_pb2.Callback:
        """The callback of the latest round."""
        found = self.seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order)).callbacks
        return max(found, key=lambda callback: callback.round)

    def call_back(
        self,
        order: str,
        verdict: callback_pb2.Verdict.ValueType,
        *,
        means: callback_pb2.CallbackMeans.ValueType = callback_pb2.CALLBACK_MEANS_MESSAGE,
    ) -> callback_pb2.Callback:
        """The citizen says how it was; by message, which may be answered at any hour, unless told otherwise."""
        return self.seat.CompleteCallback(
            feedback.CompleteCallbackRequest(
                name=self.callback_of(order).name,
                verdict=verdict,
                solved=verdict == callback_pb2.VERDICT_SATISFIED,
                means=means,
                request_id=new_request_id(),
            )
        )

    def try_to_reach(
        self,
        order: str,
        outcome: callback_pb2.AttemptOutcome.ValueType = callback_pb2.ATTEMPT_OUTCOME_NO_ANSWER,
        *,
        means: callback_pb2.CallbackMeans.ValueType = callback_pb2.CALLBACK_MEANS_PHONE,
    ) -> callback_pb2.Callback:
        """Nobody answers the telephone, tried as soon as it may be; time passes until then."""
        callback = self.callback_of(order)
        if means == callback_pb2.CALLBACK_MEANS_PHONE and moment(callback.next_call_time) > self.now:
            self.move_to(moment(callback.next_call_time))
        return self.seat.RecordAttempt(
            feedback.RecordAttemptRequest(name=callback.name, outcome=outcome, means=means, request_id=new_request_id())
        )

    def review_of(self, appeal: str) -> callback_pb2.QualityReview:
        """The open quality review about an appeal."""
        listed = self.quality.ListReviews(feedback.ListReviewsRequest(open=True, page_size=1000)).reviews
        [review] = [review for review in listed if review.appeal == appeal]
        return review

    def conclude(
        self,
        review: str,
        outcome: callback_pb2.ReviewOutcome.ValueType,
        responsibility: callback_pb2.Responsibility.ValueType = callback_pb2.RESPONSIBILITY_UNIT,
        *,
        operator: str = "",
    ) -> callback_pb2.QualityReview:
        """The quality seat ends a review."""
        return self.quality.ConcludeReview(
            feedback.ConcludeReviewRequest(
                name=review,
                outcome=outcome,
                cause="室温仍不达标",
                responsibility=responsibility,
                operator=operator,
                remedy="重新入户检修",
                marks=self.marks(review),
                request_id=new_request_id(),
            )
        )

    def marks(self, review: str, **grades: scorecard_pb2.Grade.ValueType) -> list[scorecard_pb2.Mark]:
        """A grade for each criterion by which a review is marked; what is not graded is met in part."""
        read = self.quality.GetReview(feedback.GetReviewRequest(name=review))
        scope = scorecard_pb2.CRITERIA_SCOPE_UNIT if read.work_order else scorecard_pb2.CRITERIA_SCOPE_OPERATOR
        [in_force] = self.quality.ListCriteria(feedback.ListCriteriaRequest(scope=scope, page_size=1)).criteria
        return [
            scorecard_pb2.Mark(criterion=each.key, grade=grades.get(each.key, scorecard_pb2.GRADE_PARTLY))
            for each in in_force.criteria
        ]


def moment(timestamp: Timestamp) -> datetime:
    """A moment, from the wire."""
    return timestamp.ToDatetime(UTC)


def date_of(day: date) -> Date:
    """A civil day, on the wire."""
    return Date(year=day.year, month=day.month, day=day.day)


def day(wire: Date) -> date:
    """A civil day, from the wire."""
    return date(wire.year, wire.month, wire.day)
