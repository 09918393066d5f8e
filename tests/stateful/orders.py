"""What people may do to orders, in any order, and what must hold after each of it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2 as order_pb2
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel.auth import Principal
from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.errors import HotlineError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.regulation.city import day, moment
from tests.stateful.house import House, staff
from tests.support.lives import unlike

START = datetime(2026, 1, 1, tzinfo=ZONE)
NAME, PHONE = "甄好听", "13812345678"
UNITS = ("units/heating", "units/water")
OPERATOR, REVIEWER, OFFICE = staff("operator"), staff("reviewer"), staff("office")
SEAT, QUALITY, AUDITOR = staff("callback"), staff("quality"), staff("auditor")
State = order_pb2.WorkOrderState
OUT = (State.WORK_ORDER_STATE_DISPATCHED, State.WORK_ORDER_STATE_REPORTED, State.WORK_ORDER_STATE_CLOSED)
RUNNING = (deadline_pb2.DEADLINE_STATE_RUNNING, deadline_pb2.DEADLINE_STATE_OVERDUE)
OF_UNITS = (deadline_pb2.DEADLINE_KIND_FIRST_CONTACT, deadline_pb2.DEADLINE_KIND_HANDLING)
units = st.sampled_from(UNITS)
_LAWS_OWN = [
    appeal_pb2.StatutoryTerm(days=5, counted=counted, law="信访工作条例", article="第三十四条")
    for counted in appeal_pb2.CountedDays.values()[1:]
]
_NUMBERS = count(1)
_UNIT_CRITERIA = ("contact", "timeliness", "solution", "reply", "explanation")


_MOVES = (
    *("instruct", "name", "contact", "study", "report", "ask", "grant", "refuse", "hold", "send back"),
    *("reassign", "part", "do part", "split", "withdraw", "join", "separate"),
)
_OVER = (State.WORK_ORDER_STATE_CLOSED, State.WORK_ORDER_STATE_JOINED, State.WORK_ORDER_STATE_WITHDRAWN)
_WITH_THE_OFFICE = (
    State.WORK_ORDER_STATE_AWAITING_LEAD,
    State.WORK_ORDER_STATE_HELD,
    State.WORK_ORDER_STATE_JOINED,
)


def _is_out(order: order_pb2.WorkOrder) -> bool:
    return order.state == State.WORK_ORDER_STATE_DISPATCHED


_FITS: dict[str, Callable[[order_pb2.WorkOrder], bool]] = {
    "split": lambda order: _is_out(order) and not order.split_from,
    "withdraw": lambda order: bool(order.split_from),
    "join": _is_out,
    "separate": lambda order: order.state == State.WORK_ORDER_STATE_JOINED,
    "reassign": _is_out,
    "part": lambda order: _is_out(order) and bool(order.supporting_units),
    "do part": lambda order: any(part.state == order_pb2.PART_STATE_OPEN for part in order.parts),
}


def _other(unit: str) -> str:
    return next(each for each in UNITS if each != unit)


class Orders(RuleBasedStateMachine):
    """Orders from the first word to the last, in every way that people and post can bring about."""

    house: House
    seen: Counter[str]
    calendar = Calendar()

    @initialize(days=st.integers(0, 330), data=st.data())
    def begin(self, days: int, data: st.DataObject) -> None:
        """Some day at ten in the morning; three matters are on their way already."""
        self.house.begin(START + timedelta(days=days, hours=10))
        self.asked_in_time: set[tuple[str, int]] = set()
        self.granted_in_time: set[tuple[str, int]] = set()
        for name in UNITS:
            unit = order_pb2.Unit(
                name=name,
                display_name=name,
                region="130102",
                principal="王主任",
                kind=order_pb2.UNIT_KIND_DEPARTMENT,
            )
            self.house.ask("CreateUnit", dispatch.CreateUnitRequest(unit=unit), OFFICE)
        for _ in range(3):
            self._bring(data, released=True)
        for _ in range(8):
            self.house.settle()
            self._go_on(data)

    # the citizen and the seats

    @rule(data=st.data(), released=st.booleans())
    def bring(self, data: st.DataObject, released: bool) -> None:
        """A citizen brings something; it is referred at once, or left for the review seat."""
        self._bring(data, released=released)

    def _bring(self, data: st.DataObject, *, released: bool) -> None:
        none, *kinds = appeal_pb2.DirectiveKind.values()
        directives = [none, none, none, *kinds]
        lead, kind = data.draw(st.sampled_from([*UNITS, ""])), data.draw(st.sampled_from(directives))
        request_type = data.draw(st.sampled_from([appeal_pb2.REQUEST_TYPE_HELP, appeal_pb2.REQUEST_TYPE_COMPLAINT]))
        confidential = data.draw(st.booleans())
        term = data.draw(st.sampled_from([None, None, *_LAWS_OWN]))
        draft = appeal_pb2.DraftContent(text="请入户处理", lead_unit=lead, directive_kind=kind, statutory_term=term)
        appeal = self.house.ask(
            "RegisterAppeal",
            intake.RegisterAppealRequest(
                channel=appeal_pb2.CHANNEL_PHONE,
                kind=appeal_pb2.APPEAL_KIND_DAILY_LIFE,
                request_type=request_type,
                asker=appeal_pb2.ASKER_PERSON,
                category="城乡建设/供热",
                region="130102",
                title="暖气不热",
                text=f"我是{NAME},家里暖气不热。{unlike(next(_NUMBERS))}",
                citizen=appeal_pb2.Citizen(full_name=NAME, phone=PHONE),
                confidential=confidential,
                draft=draft,
            ),
            OPERATOR,
        )
        if released:
            self._try("ReleaseDraft", intake.ReleaseDraftRequest(name=appeal.name), REVIEWER)

    @rule(data=st.data(), verb=st.sampled_from(["release", "return", "answer", "decline", "reinstate"]))
    def dispose(self, data: st.DataObject, verb: str) -> None:
        """Any seat does its part of any appeal, sensible or not."""
        appeals = self._appeals()
        if not appeals:
            return
        name = data.draw(st.sampled_from(appeals)).name
        match verb:
            case "release":
                self._try("ReleaseDraft", intake.ReleaseDraftRequest(name=name), REVIEWER)
            case "return":
                self._try("ReturnDraft", intake.ReturnDraftRequest(name=name, reason="写明地址"), REVIEWER)
            case "answer":
                self._try("AnswerAppeal", intake.AnswerAppealRequest(name=name, text="请先检查阀门"), OPERATOR)
            case "decline":
                ground = appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE
                request = intake.DeclineAppealRequest(name=name, ground=ground, referral="请向法院起诉")
                self._try("DeclineAppeal", request, OPERATOR)
            case _:
                self._try("ReinstateAppeal", intake.ReinstateAppealRequest(name=name, reason="属于职责"), REVIEWER)

    @rule(data=st.data(), unit=units)
    def look_up_the_citizen(self, data: st.DataObject, unit: str) -> None:
        """A unit may know whom to call only of an order that went to it, and not if they asked for confidentiality."""
        orders = self._orders()
        if not orders:
            return
        order = data.draw(st.sampled_from(orders))
        request = intake.RevealContactRequest(name=order.appeal, purpose="联系群众")
        if self._try("RevealContact", request, staff("unit", unit=unit)):
            assert not order.confidential
            assert unit in {event.lead_unit for name in self._working_for(order) for event in self._sent_out(name)}

    def _working_for(self, order: order_pb2.WorkOrder) -> set[str]:
        """The orders of the same appeal, and those that any of them was ever joined into."""
        own = {each.name for each in self._orders() if each.appeal == order.appeal}
        return own | {event.into for name in own for event in self._announced(dispatch_events.WorkOrderJoined, name)}

    # the office and the units

    @rule(data=st.data(), times=st.integers(3, 10), hours=st.sampled_from([0, 0, 1, 20]), prompt=st.booleans())
    def go_on(self, data: st.DataObject, times: int, hours: int, prompt: bool) -> None:
        """For a while people do what comes next, as most do, and the post may be prompt."""
        for _ in range(times):
            self._go_on(data)
            if prompt:
                self.house.settle()
            self.house.pass_time(timedelta(hours=hours))

    def _go_on(self, data: st.DataObject) -> None:
        orders = [order for order in self._orders() if order.state not in _OVER]
        if not orders:
            return
        order = data.draw(st.sampled_from(orders))
        if order.state != State.WORK_ORDER_STATE_REPORTED:
            self._do(data.draw(st.sampled_from(_next(order))), order, by=order.lead_unit)
            return
        verdict = data.draw(st.sampled_from(["try", *callback_pb2.Verdict.keys()[1:]]))
        outcome = data.draw(st.sampled_from(callback_pb2.ReviewOutcome.values()[1:]))
        for callback in self._callbacks():
            if (callback.work_order, callback.round) == (order.name, order.round):
                self._call_back(callback.name, verdict)
        for review in self._reviews():
            if review.work_order == order.name and not review.outcome:
                self._conclude(review.name, outcome)

    @rule(data=st.data(), verb=st.sampled_from(sorted(_FITS)))
    def rearrange(self, data: st.DataObject, verb: str) -> None:
        """The office splits, joins and hands over, and supporting units get their parts (Art. 7, 22, 23(3))."""
        self.house.settle()
        wanted = _FITS[verb]
        if orders := [order for order in self._orders() if wanted(order)]:
            order = data.draw(st.sampled_from(orders))
            self._do(verb, order, by=order.lead_unit)

    @rule(data=st.data(), unit=units)
    def meddle(self, data: st.DataObject, unit: str) -> None:
        """Somebody does anything, whether or not it is theirs to do."""
        if orders := self._orders():
            self._do(data.draw(st.sampled_from(_MOVES)), data.draw(st.sampled_from(orders)), by=unit)

    @rule(data=st.data(), late=st.booleans())
    def ask_at_the_edge(self, data: st.DataObject, late: bool) -> None:
        """The lead asks for more time a minute before or after the last moment for it (Art. 26)."""
        self.house.settle()
        ahead = [
            order
            for order in self._orders()
            if order.state == State.WORK_ORDER_STATE_DISPATCHED
            and not order.HasField("extension")
            and moment(order.extension_cutoff_time) > self.house.now
        ]
        if not ahead:
            return
        name = data.draw(st.sampled_from(ahead)).name
        edge = next(moment(order.extension_cutoff_time) for order in ahead if order.name == name)
        self.house.pass_time(max(edge + timedelta(minutes=1 if late else -1) - self.house.now, timedelta(0)))
        order = next(order for order in self._orders() if order.name == name)
        self._do("ask", order, by=order.lead_unit)

    def _do(self, verb: str, order: order_pb2.WorkOrder, *, by: str) -> None:
        before = len(self._sent_out(order.name))
        if not self._try(*self._move(verb, order, by)):
            return
        self.seen[verb] += 1
        if verb in ("contact", "study", "report", "ask", "send back"):
            assert by == order.lead_unit or (verb == "contact" and order.confidential)
        if verb == "ask":
            last_moment = self.calendar.close_of_office(self.calendar.previous_working_day(day(order.due_date)))
            assert self.house.now <= last_moment
            self.asked_in_time.add((order.name, order.round))
        if verb == "grant":
            assert self.house.now <= moment(order.due_time)
            self.granted_in_time.add((order.name, order.round))
        assert len(self._sent_out(order.name)) <= before + (verb in ("name", "instruct", "reassign"))

    def _move(self, verb: str, order: order_pb2.WorkOrder, by: str) -> tuple[str, Message, Principal]:
        name, handler = order.name, staff("unit", unit=by)
        match verb:
            case "instruct":
                request = dispatch.RecordDirectiveRequest(name=name, text="请速办", authority="分管副市长")
                return "RecordDirective", request, OFFICE
            case "name":
                return (
                    "DispatchWorkOrder",
                    dispatch.DispatchWorkOrderRequest(
                        name=name, lead_unit=by or UNITS[0], supporting_units=[_other(by or UNITS[0])]
                    ),
                    OFFICE,
                )
            case "contact":
                who = OFFICE if order.confidential else handler
                return "RecordFirstContact", dispatch.RecordFirstContactRequest(name=name, note="已告知"), who
            case "study":
                studied = dispatch.RecordStudyRequest(name=name, principal="王主任", decision="立即更换管道")
                return "RecordStudy", studied, handler
            case "report":
                report = dispatch.ReportResultRequest(
                    name=name,
                    outcome=order_pb2.OUTCOME_SOLVED,
                    text="已检修",
                    reply_means=order_pb2.REPLY_MEANS_PHONE,
                    reply_text="已告知",
                )
                return "ReportResult", report, handler
            case "ask":
                asked = dispatch.RequestExtensionRequest(name=name, working_days=3, reason="更换管道")
                return "RequestExtension", asked, handler
            case "grant" | "refuse":
                decided = dispatch.DecideExtensionRequest(name=name, granted=verb == "grant", note="工程量大")
                return "DecideExtension", decided, OFFICE
            case "hold":
                kind = appeal_pb2.DIRECTIVE_KIND_COMPLEX
                held = dispatch.HoldWorkOrderRequest(name=name, directive_kind=kind, reason="涉及多个部门")
                return "HoldWorkOrder", held, OFFICE
            case "reassign":
                given = dispatch.ReassignWorkOrderRequest(
                    name=name, lead_unit=_other(by), supporting_units=[by] if by else [], reason="另行确定"
                )
                return "ReassignWorkOrder", given, OFFICE
            case "part":
                part = dispatch.AssignPartRequest(name=name, unit=_other(by), text="请查明漏点")
                return "AssignPart", part, handler
            case "do part":
                done = dispatch.ReportPartRequest(name=name, text="漏点已修复")
                return "ReportPart", done, staff("unit", unit=_other(by))
            case "split":
                split = dispatch.SplitWorkOrderRequest(
                    name=name, title="另查水压", text="请查水压", lead_unit=_other(by), reason="涉及两件事"
                )
                return "SplitWorkOrder", split, OFFICE
            case "withdraw":
                return "WithdrawWorkOrder", dispatch.WithdrawWorkOrderRequest(name=name, reason="误拆"), OFFICE
            case "join":
                into = next((each.name for each in self._orders() if _FITS["join"](each) and each.name != name), name)
                return "JoinWorkOrder", dispatch.JoinWorkOrderRequest(name=name, into=into, reason="同一问题"), OFFICE
            case "separate":
                return "SeparateWorkOrder", dispatch.SeparateWorkOrderRequest(name=name, reason="并非同一问题"), OFFICE
            case _:
                return "SendBackWorkOrder", dispatch.SendBackWorkOrderRequest(name=name, reason="非本单位职责"), handler

    @rule(data=st.data(), verdict=st.sampled_from(["try", *callback_pb2.Verdict.keys()[1:]]))
    def call_back_anybody(self, data: st.DataObject, verdict: str) -> None:
        """A callback seat calls, whether or not it should."""
        if callbacks := self._callbacks():
            self._call_back(data.draw(st.sampled_from(callbacks)).name, verdict)

    def _call_back(self, name: str, verdict: str) -> None:
        self.seen[verdict] += 1
        if verdict == "try":
            outcome = callback_pb2.ATTEMPT_OUTCOME_NO_ANSWER
            self._try("RecordAttempt", feedback.RecordAttemptRequest(name=name, outcome=outcome), SEAT)
        else:
            said = callback_pb2.Verdict.Value(verdict)
            self._try("CompleteCallback", feedback.CompleteCallbackRequest(name=name, verdict=said), SEAT)

    @rule(data=st.data(), outcome=st.sampled_from(callback_pb2.ReviewOutcome.values()[1:]))
    def conclude_anything(self, data: st.DataObject, outcome: "callback_pb2.ReviewOutcome.ValueType") -> None:
        """The quality seat ends a review, perhaps one that has ended."""
        if reviews := self._reviews():
            self._conclude(data.draw(st.sampled_from(reviews)).name, outcome)

    def _conclude(self, name: str, outcome: "callback_pb2.ReviewOutcome.ValueType") -> None:
        request = feedback.ConcludeReviewRequest(
            name=name,
            outcome=outcome,
            cause="仍不热",
            responsibility=callback_pb2.RESPONSIBILITY_UNIT,
            remedy="再次检修",
            marks=[scorecard_pb2.Mark(criterion=key, grade=scorecard_pb2.GRADE_PARTLY) for key in _UNIT_CRITERIA],
        )
        self._try("ConcludeReview", request, QUALITY)

    # time and the post

    @rule(hours=st.sampled_from([0, 1, 5, 24, 72, 300]))
    def pass_time(self, hours: int) -> None:
        self.house.pass_time(timedelta(hours=hours))

    @rule(data=st.data(), copies=st.integers(1, 3))
    def a_letter_arrives(self, data: st.DataObject, copies: int) -> None:
        """Any letter, whatever was sent before it; doubled, and perhaps to come once more."""
        if self.house.post:
            at = data.draw(st.integers(0, len(self.house.post) - 1))
            letter = self.house.post[at] if copies == 1 else self.house.post.pop(at)
            self.house.deliver(letter, copies=copies)

    @rule(data=st.data())
    def a_client_asks_again(self, data: st.DataObject) -> None:
        if self.house.deeds:
            self.house.ask_again(data.draw(st.sampled_from(self.house.deeds)))

    @rule()
    def all_letters_arrive(self) -> None:
        self.house.settle()
        self.house.tick()
        self.house.settle()
        self._agree_at_rest()

    # what must hold

    @invariant()
    def nothing_is_undigested(self) -> None:
        assert self.house.failed() == []

    @invariant()
    def no_deadline_is_without_an_owner(self) -> None:
        """A unit, or the office while the order is with it (Art. 22, 24)."""
        for deadline in self._deadlines():
            if deadline.kind in OF_UNITS and deadline.state in RUNNING and not deadline.unit:
                assert deadline.kind == deadline_pb2.DEADLINE_KIND_HANDLING
                assert self._gave_up(deadline.subject)

    @invariant()
    def no_order_is_out_without_its_directive(self) -> None:
        """Art. 23, and no unit sees it before."""
        for order in self._orders():
            if order.HasField("directive") and not order.directive.HasField("directive_time"):
                assert order.state not in OUT
                assert self._gave_up(order.name) or not self._sent_out(order.name)
                assert all(order.name not in self._visible_to(unit) for unit in UNITS)

    @invariant()
    def no_extension_was_granted_late(self) -> None:
        """Each was asked for a working day before the deadline and granted before it (Art. 26): `_do` saw both."""
        granted = order_pb2.EXTENSION_STATE_GRANTED
        those = {(order.name, order.round) for order in self._orders() if order.extension.state == granted}
        assert those <= self.asked_in_time & self.granted_in_time

    @invariant()
    def no_step_of_supervision_is_taken_twice(self) -> None:
        """Once an order, round and unit that holds it (Art. 28)."""
        steps = self.house.ask("ListSupervisions", sla.ListSupervisionsRequest(page_size=1000), OFFICE).supervisions
        taken = Counter((step.work_order, step.round, step.step, step.unit) for step in steps)
        assert set(taken.values()) <= {1}
        self.seen["supervised"] += bool(taken)

    @invariant()
    def no_order_is_closed_without_its_callback(self) -> None:
        """Called back or not reached; a dissatisfaction was reviewed and not confirmed (Art. 30)."""
        ended = {(each.work_order, each.round): each for each in self._callbacks() if each.HasField("complete_time")}
        for order in self._orders():
            if order.state != State.WORK_ORDER_STATE_CLOSED:
                continue
            self.seen["closed"] += 1
            callback = ended[order.name, order.round]
            if callback.verdict == callback_pb2.VERDICT_DISSATISFIED:
                outcomes = {review.outcome for review in self._reviews() if review.work_order == order.name}
                assert outcomes & {callback_pb2.REVIEW_OUTCOME_UPHELD, callback_pb2.REVIEW_OUTCOME_EXPLAINED}

    @invariant()
    def no_identity_leaves_intake(self) -> None:
        """Neither name nor number is in any event or order (Art. 36(4))."""
        said = [event.payload for event in self.house.announced] + [str(order) for order in self._orders()]
        assert not any(word in text for text in said for word in (NAME, PHONE))

    def _agree_at_rest(self) -> None:
        """When nothing is on its way, the services tell the same story."""
        orders = self._orders()
        referred = [each for each in self._appeals() if each.state >= appeal_pb2.APPEAL_STATE_REFERRED]
        firsts = sorted(order.appeal for order in orders if not order.split_from)
        assert firsts == sorted(appeal.name for appeal in referred)
        handling = {
            (each.subject, each.round): each
            for each in self._deadlines()
            if each.kind == deadline_pb2.DEADLINE_KIND_HANDLING and each.state in RUNNING
        }
        callbacks = {(callback.work_order, callback.round) for callback in self._callbacks()}
        for order in orders:
            self.seen["reopened"] += order.round > 1
            clock = handling.pop((order.name, order.round), None)
            if order.state == State.WORK_ORDER_STATE_DISPATCHED:
                assert clock is not None
                assert clock.unit == order.lead_unit
                assert clock.due_date == order.due_date
                assert order.overdue == (clock.state == deadline_pb2.DEADLINE_STATE_OVERDUE)
            elif clock is not None:
                assert self._gave_up(order.name)
                assert order.state in _WITH_THE_OFFICE
                assert clock.unit == ""
            if order.state in (State.WORK_ORDER_STATE_REPORTED, State.WORK_ORDER_STATE_CLOSED):
                assert (order.name, order.round) in callbacks
            self._agree_about(order)
        assert handling == {}

    def _agree_about(self, order: order_pb2.WorkOrder) -> None:
        """Parts, joined orders and steps of supervision, order by order (Art. 7, 22, 23(3), 28)."""
        open_parts = {part.unit for part in order.parts if part.state == order_pb2.PART_STATE_OPEN}
        clocks = {
            each.unit
            for each in self._deadlines()
            if (each.subject, each.kind) == (order.name, deadline_pb2.DEADLINE_KIND_PART) and each.state in RUNNING
        }
        assert clocks == (open_parts if order.state == State.WORK_ORDER_STATE_DISPATCHED else set())
        self.seen["part"] += bool(order.parts)
        if order.state == State.WORK_ORDER_STATE_JOINED:
            [into] = [each for each in self._orders() if each.name == order.joined_into]
            assert into.state not in (State.WORK_ORDER_STATE_REPORTED, State.WORK_ORDER_STATE_CLOSED)
            assert into.appeal != order.appeal
            self.seen["joined"] += 1
        request = sla.ListSupervisionsRequest(work_order=order.name, page_size=1000)
        steps = self.house.ask("ListSupervisions", request, OFFICE).supervisions
        assert {note.supervision for note in order.supervisions} == {step.name for step in steps}

    # what there is

    def _try(self, method: str, request: Message, who: Principal) -> Any:
        """The answer, or None if it was refused by a rule."""
        try:
            return self.house.ask(method, request, who)
        except HotlineError as refusal:
            self.seen[refusal.reason] += 1
            return None

    def _orders(self) -> list[order_pb2.WorkOrder]:
        listed = self.house.ask("ListWorkOrders", dispatch.ListWorkOrdersRequest(page_size=1000), OFFICE)
        return list(listed.work_orders)

    def _visible_to(self, unit: str) -> set[str]:
        request = dispatch.ListWorkOrdersRequest(page_size=1000)
        return {order.name for order in self.house.ask("ListWorkOrders", request, staff("unit", unit=unit)).work_orders}

    def _appeals(self) -> list[appeal_pb2.Appeal]:
        return list(self.house.ask("ListAppeals", intake.ListAppealsRequest(page_size=1000), OFFICE).appeals)

    def _callbacks(self) -> list[callback_pb2.Callback]:
        return list(self.house.ask("ListCallbacks", feedback.ListCallbacksRequest(page_size=1000), OFFICE).callbacks)

    def _reviews(self) -> list[callback_pb2.QualityReview]:
        return list(self.house.ask("ListReviews", feedback.ListReviewsRequest(page_size=1000), QUALITY).reviews)

    def _deadlines(self) -> list[deadline_pb2.Deadline]:
        return list(self.house.ask("ListDeadlines", sla.ListDeadlinesRequest(page_size=1000), OFFICE).deadlines)

    def _announced(self, kind: type[Message], aggregate: str) -> list[Any]:
        wanted = kind.DESCRIPTOR.full_name
        return [
            Parse(event.payload, kind())
            for event in self.house.announced
            if event.type == wanted and event.aggregate == aggregate
        ]

    def _gave_up(self, order: str) -> bool:
        """A lead had it and has it no more: sent back, joined into another, or taken by the office."""
        left = (
            dispatch_events.WorkOrderSentBack,
            dispatch_events.WorkOrderJoined,
            dispatch_events.WorkOrderAwaitingLead,
            dispatch_events.WorkOrderWithdrawn,
        )
        return any(self._announced(kind, order) for kind in left)

    def _sent_out(self, order: str) -> list[dispatch_events.WorkOrderDispatched]:
        return self._announced(dispatch_events.WorkOrderDispatched, order)


def _next(order: order_pb2.WorkOrder) -> tuple[str, ...]:
    """What an order waits for."""
    if order.state == State.WORK_ORDER_STATE_HELD:
        return ("instruct",)
    if order.state == State.WORK_ORDER_STATE_AWAITING_LEAD:
        return ("name",)
    if order.extension.state == order_pb2.EXTENSION_STATE_REQUESTED:
        return ("grant", "grant", "refuse", "report")
    return ("contact", "ask", "study", "report", "report", "report", "send back")
