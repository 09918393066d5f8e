"""第三十条: every result is asked about within 24 hours; the dissatisfied are taken seriously."""

from datetime import timedelta

import pytest
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import CALLBACK, HANDLING, LEAD, City, moment, refused

DUTIES = ("feedback:30", "feedback:30-review", "dispatch:28(3),30", "sla:21,24,26,30")

SATISFIED, DISSATISFIED = callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_DISSATISFIED
CLOSED = work_order_pb2.WORK_ORDER_STATE_CLOSED


def reported(city: City) -> work_order_pb2.WorkOrder:
    """A result that waits for its callback."""
    order = city.dispatched()
    city.report(order.name)
    city.settle()
    return city.order(order.name)


class TestTheCallback:
    """应当在收到承办单位反馈的办理结果后24小时内进行回访 (Art. 30)."""

    def test_is_due_24_hours_after_the_report(self, city: City) -> None:
        """收到…后24小时: hours of the clock on the wall (Art. 30)."""
        order = reported(city)
        clock = city.clock(order.name, CALLBACK)
        assert moment(clock.due_time) - moment(order.result.report_time) == timedelta(hours=24)
        assert city.callback_of(order.name).due_time == clock.due_time

    def test_in_time_closes_the_matter_and_tells_the_citizen(self, city: City) -> None:
        """每件事项 ends with what the citizen says of it (Art. 30)."""
        order = reported(city)
        city.pass_by(hours=23)
        city.call_back(order.name, SATISFIED)
        city.settle()
        assert city.state(order.name, CALLBACK) == "MET"
        assert city.order(order.name).state == CLOSED
        assert city.appeal(order.appeal).state == appeal_pb2.APPEAL_STATE_CLOSED
        assert "closed" in city.told(order.appeal)
        callback = city.callback_of(order.name)
        assert (callback.verdict, callback.solved, callback.overdue) == (SATISFIED, True, False)

    def test_too_late_is_seen_and_still_owed(self, city: City) -> None:
        """24小时内: the hotline's own lateness counts too (Art. 30)."""
        order = reported(city)
        city.pass_by(hours=24, minutes=1)
        assert city.callback_of(order.name).overdue
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_REPORTED
        city.call_back(order.name, SATISFIED)
        city.settle()
        assert city.state(order.name, CALLBACK) == "MET_LATE"
        assert city.order(order.name).state == CLOSED

    def test_is_not_changed_afterwards(self, city: City) -> None:
        """征求求助群众对办理结果的意见: what was said once stands (Art. 30)."""
        order = reported(city)
        city.call_back(order.name, SATISFIED)
        with refused("STATE_NOT_ALLOWED", article="Art. 30"):
            city.call_back(order.name, DISSATISFIED)


class TestACitizenWhoIsNotReached:
    """形成考核数据: silence is no satisfaction (Art. 30)."""

    def test_is_given_up_after_three_tries_and_never_counted_as_satisfied(self, city: City) -> None:
        """Three tries (ours), each on record; then the order closes without a verdict (Art. 30)."""
        order = reported(city)
        for number in (1, 2):
            assert len(city.try_to_reach(order.name).attempts) == number
        city.settle()
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_REPORTED
        ended = city.try_to_reach(order.name)
        city.settle()
        assert ended.state == callback_pb2.CALLBACK_STATE_UNREACHABLE
        assert ended.verdict == callback_pb2.VERDICT_UNSPECIFIED
        assert not ended.HasField("solved")
        assert city.order(order.name).state == CLOSED
        assert city.state(order.name, CALLBACK) == "MET"


class TestADirectAnswer:
    """对直接解答的,答复完毕后即时进行评价 (Art. 30)."""

    def _evaluate(self, city: City, appeal: str, verdict: callback_pb2.Verdict.ValueType) -> callback_pb2.Evaluation:
        return city.hotline.person("operator").feedback.EvaluateAnswer(
            feedback.EvaluateAnswerRequest(appeal=appeal, verdict=verdict, request_id=new_request_id())
        )

    def test_is_evaluated_on_the_spot_and_once(self, city: City) -> None:
        """即时 (Art. 30)."""
        appeal = city.answer(city.register().name)
        city.settle()
        evaluation = self._evaluate(city, appeal.name, SATISFIED)
        assert (evaluation.verdict, evaluation.operator) == (SATISFIED, appeal.answer.actor)
        assert moment(evaluation.evaluate_time) == city.now
        with refused("EVALUATION_NOT_OPEN", article="Art. 30"):
            self._evaluate(city, appeal.name, DISSATISFIED)

    def test_is_evaluated_only_where_there_is_one(self, city: City) -> None:
        """对直接解答的 (Art. 30)."""
        appeal = city.register()
        with refused("EVALUATION_NOT_OPEN", article="Art. 30"):
            self._evaluate(city, appeal.name, SATISFIED)

    def test_that_did_not_satisfy_is_reviewed_without_an_order_to_reopen(self, city: City) -> None:
        """对热线工作人员…的办理情况进行质量检验评定 (Art. 30)."""
        appeal = city.answer(city.register().name)
        city.settle()
        self._evaluate(city, appeal.name, DISSATISFIED)
        review = city.review_of(appeal.name)
        with refused("NO_ORDER_TO_REOPEN", article="Art. 30"):
            city.conclude(review.name, callback_pb2.REVIEW_OUTCOME_REOPENED)
        ended = city.conclude(review.name, callback_pb2.REVIEW_OUTCOME_EXPLAINED, callback_pb2.RESPONSIBILITY_OPERATOR)
        assert ended.responsibility == callback_pb2.RESPONSIBILITY_OPERATOR


class TestADissatisfiedCitizen:
    """群众对办理结果不满意的,…进行质量检验评定,分析原因,界定责任,妥善处理 (Art. 30)."""

    @pytest.mark.parametrize("outcome", [callback_pb2.REVIEW_OUTCOME_UPHELD, callback_pb2.REVIEW_OUTCOME_EXPLAINED])
    def test_keeps_the_matter_open_until_the_review_ends(
        self, city: City, outcome: callback_pb2.ReviewOutcome.ValueType
    ) -> None:
        """分析原因,界定责任: cause, responsibility and remedy are kept; then it closes (Art. 30)."""
        order = reported(city)
        city.call_back(order.name, DISSATISFIED)
        city.settle()
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_REPORTED
        review = city.review_of(order.appeal)
        assert (review.work_order, review.unit) == (order.name, LEAD)
        ended = city.conclude(review.name, outcome)
        city.settle()
        assert (ended.cause, ended.remedy) == ("室温仍不达标", "重新入户检修")
        assert city.order(order.name).state == CLOSED
        with refused("STATE_NOT_ALLOWED", article="Art. 30"):
            city.conclude(review.name, outcome)

    def test_has_the_order_reopened_handled_and_asked_about_again(self, city: City) -> None:
        """妥善处理: a second round with its own result, callback and clocks; the first stays (Art. 28, 30)."""
        order = reported(city)
        city.call_back(order.name, DISSATISFIED)
        city.conclude(city.review_of(order.appeal).name, callback_pb2.REVIEW_OUTCOME_REOPENED)
        city.settle()
        again = city.order(order.name)
        assert (again.state, again.round) == (work_order_pb2.WORK_ORDER_STATE_DISPATCHED, 2)
        assert not again.HasField("result")
        assert city.appeal(order.appeal).state == appeal_pb2.APPEAL_STATE_REFERRED
        city.report(order.name)
        city.settle()
        city.call_back(order.name, SATISFIED)
        city.settle()
        assert city.order(order.name).state == CLOSED
        assert [clock.round for clock in city.clocks(order.name, CALLBACK)] == [1, 2]
        assert [clock.round for clock in city.clocks(order.name, HANDLING)] == [1, 2]
