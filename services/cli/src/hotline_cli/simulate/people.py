"""How citizens, operators, reviewers, units, the office, callback and quality seats behave.

Every choice is drawn from the case's own source of chance, so that it does not hang on who was faster.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.dispatch.v1.dispatch_service_pb2_grpc import DispatchServiceStub
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import HotlineError
from hotline_kernel.timestamps import timestamp

from hotline_cli.client import new_request_id
from hotline_cli.simulate import messages, parts, quality
from hotline_cli.simulate.city import City, Temper
from hotline_cli.simulate.clockwork import SLOT, Due, Step
from hotline_cli.simulate.messages import Message

_SCORED_CHANCE = 0.03  # of direct answers; what is scored is not asked for by the regulation
_EVALUATION_MEANS = {
    appeal_pb2.CHANNEL_PHONE: callback_pb2.EVALUATION_MEANS_PHONE_KEY,
    appeal_pb2.CHANNEL_SMS: callback_pb2.EVALUATION_MEANS_SMS,
    appeal_pb2.CHANNEL_WECHAT: callback_pb2.EVALUATION_MEANS_WECHAT,
}


@dataclass
class Case:
    """One appeal and everybody who has to do with it."""

    city: City
    number: int
    message: Message
    channel: "appeal_pb2.Channel.ValueType"
    random: Random
    appeal: str = ""
    order: str = ""
    send_backs: int = 0

    def due(self, moment: datetime, step: Step) -> Due:
        """A step of this case, for the agenda."""
        return Due(moment, self.number, self.number, step)

    # ---- citizen and operator -------------------------------------------------------------------------------------

    def arrives(self, now: datetime) -> Iterator[Due]:
        """Comes in by web, WeChat, SMS or app: registered at once by the channel; an operator looks at it later."""
        self._register("channel", draft=None)
        return iter(())

    def is_served(self, now: datetime) -> Iterator[Due]:
        """An operator takes the call, or takes the next message from the queue (Art. 21)."""
        text = self.message.text
        ground = messages.decline_ground_of(text)
        request_type = messages.request_type_of(text)
        consulting = request_type == appeal_pb2.REQUEST_TYPE_CONSULTATION
        if ground:
            self._registered("operator")
            yield from self._decline(ground)
        elif self.random.random() < (0.92 if consulting else 0.42):
            self._registered("operator")
            if self.random.random() < 0.9:
                yield from self.is_answered(now)
            else:  # has to ask somebody; one in ten of these takes longer than the hour
                minutes = self.random.choice((10, 15, 20, 25, 30, 35, 40, 45, 50, 75))
                yield self.due(now + timedelta(minutes=minutes), self.is_answered)
        else:
            content = self._draft()
            if self.appeal:
                self.city.hotline.person("operator").intake.DraftWorkOrder(
                    intake.DraftWorkOrderRequest(name=self.appeal, draft=content, request_id=new_request_id())
                )
            else:
                self._register("operator", draft=content)
            yield self.due(now + SLOT, self.is_reviewed)

    def is_answered(self, now: datetime) -> Iterator[Due]:
        """The operator looks it up and answers (Art. 21); an emergency by its wording is declined instead (Art. 6)."""
        citizen = self.city.hotline.person()
        found = citizen.knowledge.SearchEntries(
            knowledge.SearchEntriesRequest(query=self.message.text[:60], page_size=3)
        )
        entry = found.hits[0].entry if found.hits else None
        request = intake.AnswerAppealRequest(
            name=self.appeal,
            text=(entry.text[:500] if entry else "已为您核实,按现行规定办理,如有变化请再次来电。"),
            entry=entry.name if entry else "",
            request_id=new_request_id(),
        )
        try:
            self.city.hotline.person("operator").intake.AnswerAppeal(request)
        except HotlineError as error:
            if error.reason != "EMERGENCY_NOT_ANSWERABLE":
                raise
            self.city.refused(error)
            yield from self._decline(appeal_pb2.DECLINE_GROUND_EMERGENCY)
            return
        if self.random.random() < _SCORED_CHANCE:
            yield self.due(self.office_time(now, 2.0), self.is_scored)
        if self.random.random() < 0.7:
            yield self.due(now + SLOT, self.evaluates)

    def is_scored(self, now: datetime) -> Iterator[Due]:
        """The quality seat scores the operator's work; what is in the sample is read by somebody else too (Art. 30)."""
        quality.score(self.city.hotline, self.appeal, self.random)
        yield from ()

    def evaluates(self, now: datetime) -> Iterator[Due]:
        """The citizen says what they think of a direct answer, on the spot (Art. 30)."""
        verdict = self.random.choices(
            (callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_NEUTRAL, callback_pb2.VERDICT_DISSATISFIED),
            (90, 6, 4),
        )[0]
        self.city.hotline.person("channel").feedback.EvaluateAnswer(
            feedback.EvaluateAnswerRequest(
                appeal=self.appeal,
                verdict=verdict,
                means=_EVALUATION_MEANS.get(self.channel, callback_pb2.EVALUATION_MEANS_LINK),
                request_id=new_request_id(),
            )
        )
        return iter(())

    def _decline(self, ground: "appeal_pb2.DeclineGround.ValueType") -> Iterator[Due]:
        referral = {
            appeal_pb2.DECLINE_GROUND_EMERGENCY: "请立即拨打110、119或120。",
            appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE: "属民事纠纷,建议通过人民调解或诉讼解决。",
        }.get(ground, "已进入法定程序,请向受理机关查询。")
        self.city.hotline.person("operator").intake.DeclineAppeal(
            intake.DeclineAppealRequest(name=self.appeal, ground=ground, referral=referral, request_id=new_request_id())
        )
        return iter(())

    def _registered(self, role: str) -> None:
        if not self.appeal:
            self._register(role, draft=None)

    def _register(self, role: str, draft: appeal_pb2.DraftContent | None) -> None:
        text = self.message.text
        request_type = messages.request_type_of(text)
        who = Random(f"{self.message.citizen}")
        anonymous = who.random() < 0.08
        citizen = appeal_pb2.Citizen(
            full_name=who.choice("王李张刘陈杨赵黄周吴") + who.choice(("女士", "先生")),
            phone=f"1{who.choice('3578')}{who.randrange(10**8, 10**9)}",
        )
        appeal = self.city.hotline.person(role).intake.RegisterAppeal(
            intake.RegisterAppealRequest(
                request_id=new_request_id(),
                channel=self.channel,
                kind=messages.kind_of(text, request_type),
                request_type=request_type,
                asker=appeal_pb2.ASKER_BUSINESS if "公司" in text or "个体" in text else appeal_pb2.ASKER_PERSON,
                category=messages.subject_of(text),
                region=self._region(),
                title=self.message.title,
                text=text,
                citizen=None if anonymous else citizen,
                confidential=self.random.random() < 0.05,
                draft=draft,
            )
        )
        self.appeal = appeal.name

    def _region(self) -> str:
        regions = sorted({unit.region for unit in self.city.units.values()})
        return Random(f"{self.message.citizen}/region").choice(regions)

    def _draft(self) -> appeal_pb2.DraftContent:
        text = self.message.text
        lead = self.city.lead_for(messages.subject_of(text), self._region())
        others = sorted(set(self.city.units) - {lead})
        return appeal_pb2.DraftContent(
            text=f"请核实处理:{self.message.title}",
            lead_unit="" if self.random.random() < 0.05 else lead,
            supporting_units=self.random.sample(others, self.random.choices((0, 1, 2), (88, 9, 3))[0]),
            directive_kind=self.random.choice(
                (appeal_pb2.DIRECTIVE_KIND_URGENT, appeal_pb2.DIRECTIVE_KIND_COMPLEX, appeal_pb2.DIRECTIVE_KIND_COMMON)
            )
            if self.random.random() < 0.02
            else appeal_pb2.DIRECTIVE_KIND_UNSPECIFIED,
        )

    # ---- review seat and office -----------------------------------------------------------------------------------

    def is_reviewed(self, now: datetime) -> Iterator[Due]:
        """The review seat releases the draft, or gives it back once in a while (Art. 21)."""
        if self.random.random() < 0.04:
            self.city.hotline.person("reviewer").intake.ReturnDraft(
                intake.ReturnDraftRequest(name=self.appeal, reason="请补充具体位置", request_id=new_request_id())
            )
            yield self.due(now + SLOT, self.is_drafted_again)
            return
        self._release()
        yield self.due(now + SLOT, self.goes_on)

    def _release(self) -> None:
        reviewer = self.city.hotline.person("reviewer").intake
        try:
            reviewer.ReleaseDraft(intake.ReleaseDraftRequest(name=self.appeal, request_id=new_request_id()))
        except HotlineError as error:
            if error.reason != "COMMON_NOT_DECIDED":
                raise
            self.city.refused(error)  # what many brought is looked at, and most of it needs no directive (Art. 23(3))
            reviewer.ReleaseDraft(
                intake.ReleaseDraftRequest(
                    name=self.appeal, no_directive_reason="已核对,各单位可自行解决", request_id=new_request_id()
                )
            )

    def is_drafted_again(self, now: datetime) -> Iterator[Due]:
        """The operator mends a draft that was given back."""
        self.city.hotline.person("operator").intake.DraftWorkOrder(
            intake.DraftWorkOrderRequest(name=self.appeal, draft=self._draft(), request_id=new_request_id())
        )
        yield self.due(now + SLOT, self.is_reviewed)

    def goes_on(self, now: datetime) -> Iterator[Due]:
        """Looks where the order is, and lets whoever has it act in their own time."""
        order = self._read_order()
        hours = self.random.uniform
        if order.state == work_order_pb2.WORK_ORDER_STATE_HELD:
            yield self.due(self.office_time(now, hours(1, 12)), self.gets_directive)
        elif order.state == work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD:
            yield self.due(self.office_time(now, hours(0.1, 3)), self.is_assigned)
        elif order.state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED:
            yield from self._unit_begins(order, now)

    def gets_directive(self, now: datetime) -> Iterator[Due]:
        """The vice-mayor's instruction comes; the order goes out (Art. 23)."""
        self.city.hotline.person("office").dispatch.RecordDirective(
            dispatch.RecordDirectiveRequest(
                name=self.order,
                text="请承办单位高度重视,尽快解决。",
                authority="分管副市长",
                request_id=new_request_id(),
            )
        )
        yield self.due(now + SLOT, self.goes_on)

    def is_assigned(self, now: datetime) -> Iterator[Due]:
        """The office names the lead unit (Art. 22)."""
        with_principal = sorted(name for name, unit in self.city.units.items() if unit.principal)
        lead = self.city.lead_for(messages.subject_of(self.message.text), self._region())
        if lead not in with_principal or self.send_backs:
            lead = self.random.choice(with_principal)
        self.city.hotline.person("office").dispatch.DispatchWorkOrder(
            dispatch.DispatchWorkOrderRequest(name=self.order, lead_unit=lead, request_id=new_request_id())
        )
        yield self.due(now + SLOT, self.goes_on)

    # ---- unit -----------------------------------------------------------------------------------------------------

    def _unit_begins(self, order: work_order_pb2.WorkOrder, now: datetime) -> Iterator[Due]:
        if self.random.random() < 0.01:
            self.city.hotline.person("office").dispatch.MarkForPrincipal(
                dispatch.MarkForPrincipalRequest(
                    name=self.order, ground=work_order_pb2.STUDY_GROUND_GREAT_EFFECT, request_id=new_request_id()
                )
            )
            self._is_watched()
        yield from parts.are_given(self, order, now)
        temper = self.city.tempers[order.lead_unit]
        hours = self.random.uniform
        term = max((order.due_time.ToDatetime(now.tzinfo) - now) / timedelta(hours=1), 1.0)
        days = max(self.city.calendar.working_days_between(now.astimezone(ZONE).date(), _day(order)), 1)
        if temper is Temper.REFUSING and self.send_backs < 2 and self.random.random() < 0.5:
            yield self.due(self.office_time(now, hours(1, 6)), self.is_sent_back)
            return
        if temper is Temper.SILENT:
            yield self.due(now + timedelta(hours=term + 48), self.is_reported)
            return
        slow = temper is not Temper.PROMPT
        if not order.HasField("first_contact"):
            yield self.due(self.office_time(now, hours(3, 9) if slow else hours(0.3, 3.5)), self.is_contacted)
        share = hours(0.8, 1.3) if slow else hours(0.1, 0.85)
        if slow and days >= 4 and self.random.random() < 0.4:
            yield self.due(self.office_time(now, (days - 2) * 7.5 * 0.9), self.asks_extension)
            share += 0.6
        yield self.due(self.office_time(now, days * 7.5 * share), self.is_reported)

    def _is_watched(self) -> None:
        # What has a great effect is watched from the start (Art. 28(2)); once, however often it goes out.
        try:
            self.city.hotline.person("office").sla.StartKeySupervision(
                sla.StartKeySupervisionRequest(
                    work_order=self.order,
                    ground=deadline_pb2.KEY_SUPERVISION_GROUND_IMPORTANT,
                    reason="涉及面广、影响较大",
                    request_id=new_request_id(),
                )
            )
        except HotlineError as error:
            self.city.refused(error)

    def is_sent_back(self, now: datetime) -> Iterator[Due]:
        """The unit says it is not the right one (Art. 22)."""
        order = self._read_order()
        if order.state != work_order_pb2.WORK_ORDER_STATE_DISPATCHED:
            return
        self.send_backs += 1
        try:
            self._unit(order).SendBackWorkOrder(
                dispatch.SendBackWorkOrderRequest(
                    name=self.order, reason="不属于本单位职责", request_id=new_request_id()
                )
            )
        except HotlineError as error:
            self.city.refused(error)
        yield self.due(now + SLOT, self.goes_on)

    def is_contacted(self, now: datetime) -> Iterator[Due]:
        """First contact with the citizen; the office relays it where the citizen asked so (Art. 24(1))."""
        order = self._read_order()
        if order.state != work_order_pb2.WORK_ORDER_STATE_DISPATCHED or order.HasField("first_contact"):
            return
        who = self.city.hotline.person("office").dispatch if order.confidential else self._unit(order)
        who.RecordFirstContact(
            dispatch.RecordFirstContactRequest(
                name=self.order, note="已联系群众,告知办理程序和期限。", request_id=new_request_id()
            )
        )
        yield from ()

    def asks_extension(self, now: datetime) -> Iterator[Due]:
        """The unit asks for more time, sometimes too late (Art. 26)."""
        order = self._read_order()
        if order.state != work_order_pb2.WORK_ORDER_STATE_DISPATCHED or order.HasField("extension"):
            return
        try:
            self._unit(order).RequestExtension(
                dispatch.RequestExtensionRequest(
                    name=self.order, working_days=5, reason="需协调管线产权单位施工", request_id=new_request_id()
                )
            )
        except HotlineError as error:
            self.city.refused(error)
            return
        yield self.due(self.office_time(now, 1.0), self.is_extended)

    def is_extended(self, now: datetime) -> Iterator[Due]:
        """The office grants most of what is asked (Art. 26)."""
        order = self._read_order()
        if order.extension.state != work_order_pb2.EXTENSION_STATE_REQUESTED:
            return
        self.city.hotline.person("office").dispatch.DecideExtension(
            dispatch.DecideExtensionRequest(
                name=self.order,
                granted=self.random.random() < 0.85,
                note="情况属实,请抓紧办理。",
                request_id=new_request_id(),
            )
        )
        yield from ()

    def is_reported(self, now: datetime) -> Iterator[Due]:
        """The unit replies to the citizen and reports (Art. 24(2))."""
        order = self._read_order()
        if order.state != work_order_pb2.WORK_ORDER_STATE_DISPATCHED:
            return
        if self.city.tempers[order.lead_unit] is Temper.SILENT and self.random.random() < 0.25:
            return  # never reports; supervision goes on
        if order.study_grounds:
            self._is_studied(order)
        outcome = self.random.choices(
            (work_order_pb2.OUTCOME_SOLVED, work_order_pb2.OUTCOME_EXPLAINED, work_order_pb2.OUTCOME_FILED), (80, 17, 3)
        )[0]
        filed = outcome == work_order_pb2.OUTCOME_FILED
        self._unit(order).ReportResult(
            dispatch.ReportResultRequest(
                name=self.order,
                outcome=outcome,
                text="受客观条件限制,当前无法解决。" if filed else "已现场核实并处理完毕。",
                reply_time=timestamp(now),
                reply_means=work_order_pb2.REPLY_MEANS_PHONE,
                reply_text="已电话解释说明。" if filed else "已电话告知处理结果。",
                obstacle="片区管网改造列入下一年度计划" if filed else "",
                understood=filed and self.random.random() < 0.7,
                request_id=new_request_id(),
            )
        )
        yield self.due(self._calling_time(now, self.random.uniform(1, 20)), self.is_called_back)

    def _is_studied(self, order: work_order_pb2.WorkOrder) -> None:
        # The unit's principal studies it before the result (Art. 25).
        self._unit(order).RecordStudy(
            dispatch.RecordStudyRequest(
                name=self.order,
                principal=self.city.units[order.lead_unit].principal,
                decision="由分管负责人牵头,限期解决并回访。",
                request_id=new_request_id(),
            )
        )

    # ---- callback and quality seats -------------------------------------------------------------------------------

    def is_called_back(self, now: datetime) -> Iterator[Due]:
        """The callback seat asks the citizen (Art. 30)."""
        seat = self.city.hotline.person("callback").feedback
        found = seat.ListCallbacks(
            feedback.ListCallbacksRequest(work_order=self.order, state=callback_pb2.CALLBACK_STATE_WAITING)
        )
        if not found.callbacks:
            return
        callback = found.callbacks[0]
        if self.random.random() < 0.2:
            outcome = self.random.choice((callback_pb2.ATTEMPT_OUTCOME_NO_ANSWER, callback_pb2.ATTEMPT_OUTCOME_BUSY))
            after = seat.RecordAttempt(
                feedback.RecordAttemptRequest(name=callback.name, outcome=outcome, request_id=new_request_id())
            )
            if after.state == callback_pb2.CALLBACK_STATE_WAITING:
                yield self.due(self._calling_time(now, self.random.uniform(1, 3)), self.is_called_back)
            return
        verdict = self.random.choices(
            (callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_NEUTRAL, callback_pb2.VERDICT_DISSATISFIED),
            (82, 8, 10),
        )[0]
        seat.CompleteCallback(
            feedback.CompleteCallbackRequest(
                name=callback.name,
                verdict=verdict,
                solved=verdict != callback_pb2.VERDICT_DISSATISFIED,
                request_id=new_request_id(),
            )
        )
        if verdict == callback_pb2.VERDICT_DISSATISFIED:
            yield self.due(self.office_time(now, self.random.uniform(1, 10)), self.is_judged)

    def is_judged(self, now: datetime) -> Iterator[Due]:
        """The quality seat finds out why the citizen was dissatisfied (Art. 28(3), 30)."""
        seat = self.city.hotline.person("quality").feedback
        found = seat.ListReviews(
            feedback.ListReviewsRequest(open=True, unit=self._read_order().lead_unit, page_size=1000)
        )
        review = next((review for review in found.reviews if review.work_order == self.order), None)
        if review is None:
            return
        outcome = self.random.choice(
            (
                callback_pb2.REVIEW_OUTCOME_REOPENED,
                callback_pb2.REVIEW_OUTCOME_UPHELD,
                callback_pb2.REVIEW_OUTCOME_EXPLAINED,
            )
        )
        [in_force] = seat.ListCriteria(
            feedback.ListCriteriaRequest(scope=scorecard_pb2.CRITERIA_SCOPE_UNIT, page_size=1)
        ).criteria
        seat.ConcludeReview(
            feedback.ConcludeReviewRequest(
                name=review.name,
                outcome=outcome,
                cause="群众反映问题未彻底解决",
                responsibility=callback_pb2.RESPONSIBILITY_UNIT,
                remedy="责成承办单位重新办理" if outcome == callback_pb2.REVIEW_OUTCOME_REOPENED else "已向群众说明",
                marks=[
                    scorecard_pb2.Mark(criterion=criterion.key, grade=scorecard_pb2.GRADE_PARTLY)
                    for criterion in in_force.criteria
                ],
                request_id=new_request_id(),
            )
        )
        if outcome == callback_pb2.REVIEW_OUTCOME_REOPENED:
            yield self.due(now + SLOT, self.goes_on)

    # ---- small things ---------------------------------------------------------------------------------------------

    def _unit(self, order: work_order_pb2.WorkOrder) -> DispatchServiceStub:
        return self.city.hotline.person("unit", unit=order.lead_unit).dispatch

    def _read_order(self) -> work_order_pb2.WorkOrder:
        office = self.city.hotline.person("office").dispatch
        if not self.order:
            found = office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=self.appeal))
            self.order = found.work_orders[0].name
            return found.work_orders[0]
        return office.GetWorkOrder(dispatch.GetWorkOrderRequest(name=self.order))

    def office_time(self, now: datetime, hours: float) -> datetime:
        """So many working hours later."""
        return self.city.calendar.add_working_time(now, timedelta(hours=hours))

    @staticmethod
    def _calling_time(now: datetime, hours: float) -> datetime:
        moment = (now + timedelta(hours=hours)).astimezone(ZONE)
        if moment.hour < 8:
            moment = moment.replace(hour=8, minute=30)
        elif moment.hour >= 21:
            moment = (moment + timedelta(days=1)).replace(hour=8, minute=30)
        return moment.astimezone(now.tzinfo)


def _day(order: work_order_pb2.WorkOrder) -> date:
    return date(order.due_date.year, order.due_date.month, order.due_date.day)
