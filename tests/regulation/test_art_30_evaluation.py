"""第三十条: every item is asked about, on the spot or by a callback, and nobody is pressed for an answer."""

from datetime import datetime, time, timedelta

import pytest
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline_cli.client import new_request_id
from hotline_kernel.calendar import ZONE

from tests.regulation.city import City, moment, refused

DUTIES = ("feedback:30",)
PHONE, MESSAGE = callback_pb2.CALLBACK_MEANS_PHONE, callback_pb2.CALLBACK_MEANS_MESSAGE
BUSY, REFUSED = callback_pb2.ATTEMPT_OUTCOME_BUSY, callback_pb2.ATTEMPT_OUTCOME_REFUSED
SATISFIED, DISSATISFIED = callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_DISSATISFIED


def answered(city: City) -> str:
    """An appeal that was answered directly."""
    appeal = city.answer(city.register().name).name
    city.settle()
    return appeal


class TestADirectAnswer:
    """对直接解答的,答复完毕后即时进行评价 (Art. 30)."""

    @pytest.mark.parametrize(
        ("means", "key", "verdict"),
        [
            (callback_pb2.EVALUATION_MEANS_PHONE_KEY, "1", callback_pb2.VERDICT_SATISFIED),
            (callback_pb2.EVALUATION_MEANS_SMS, "2", callback_pb2.VERDICT_NEUTRAL),
            (callback_pb2.EVALUATION_MEANS_SMS, "3", callback_pb2.VERDICT_DISSATISFIED),
        ],
    )
    def test_is_evaluated_by_a_digit(
        self,
        city: City,
        means: callback_pb2.EvaluationMeans.ValueType,
        key: str,
        verdict: callback_pb2.Verdict.ValueType,
    ) -> None:
        """A key of the telephone, a digit in an SMS: the gateway sends what came (Art. 30)."""
        request = feedback.EvaluateAnswerRequest(
            appeal=answered(city), key=key, means=means, request_id=new_request_id()
        )
        said = city.hotline.person("channel").feedback.EvaluateAnswer(request)
        assert (said.verdict, said.means) == (verdict, means)
        assert moment(said.evaluate_time) == city.now

    @pytest.mark.parametrize("means", [callback_pb2.EVALUATION_MEANS_LINK, callback_pb2.EVALUATION_MEANS_WECHAT])
    def test_is_evaluated_on_the_channel_used(self, city: City, means: callback_pb2.EvaluationMeans.ValueType) -> None:
        """A link or WeChat says it in words (Art. 30)."""
        request = feedback.EvaluateAnswerRequest(
            appeal=answered(city), verdict=SATISFIED, means=means, request_id=new_request_id()
        )
        said = city.hotline.person("channel").feedback.EvaluateAnswer(request)
        assert (said.verdict, said.means) == (SATISFIED, means)

    def test_is_asked_about_whoever_answers_it(self, city: City) -> None:
        """每件: it waits to be evaluated from the moment of the answer, and is seen as long as it does (Art. 30)."""
        appeal = answered(city)
        request = feedback.ListEvaluationsRequest(appeal=appeal, open=True)
        [waiting] = city.quality.ListEvaluations(request).evaluations
        assert (waiting.verdict, moment(waiting.create_time)) == (callback_pb2.VERDICT_UNSPECIFIED, city.now)

    def test_needs_one_answer_and_not_two(self, city: City) -> None:
        """A digit and a word could say different things (Art. 30)."""
        appeal = answered(city)
        for said in (
            feedback.EvaluateAnswerRequest(appeal=appeal, request_id=new_request_id()),
            feedback.EvaluateAnswerRequest(appeal=appeal, verdict=SATISFIED, key="3", request_id=new_request_id()),
        ):
            with refused("FIELD_INVALID", field="verdict"):
                city.hotline.person("channel").feedback.EvaluateAnswer(said)


class TestEveryItem:
    """应当对每件事项办理结果进行回访 (Art. 30)."""

    def test_has_its_callback_without_a_sample(self, city: City) -> None:
        """每件: each of them, whatever was reported (Art. 30)."""
        appeals = [city.refer() for _ in range(5)]
        city.settle()
        orders = [city.order_of(appeal.name).name for appeal in appeals]
        for order in orders:
            city.report(order)
        city.settle()
        for order in orders:
            [callback] = city.seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order)).callbacks
            assert callback.state == callback_pb2.CALLBACK_STATE_WAITING
            assert callback.HasField("due_time")


@pytest.fixture(scope="module")
def orders(city: City) -> list[str]:
    """Results that wait for their callback, some minutes before the calls of a day end."""
    city.next_morning()
    appeals = [city.refer() for _ in range(4)]
    city.settle()
    found = [city.order_of(appeal.name).name for appeal in appeals]
    city.move_to(datetime.combine(city.now.astimezone(ZONE).date(), time(20, 50), ZONE))
    for order in found:
        city.report(order)
    city.settle()
    return found


class TestACall:
    """征求求助群众对办理结果的意见: asking is no imposition (Art. 30; hours, pause and refusals are ours)."""

    def test_is_not_repeated_at_once(self, city: City, orders: list[str]) -> None:
        """Three calls in a minute reach nobody (ours, Art. 30)."""
        tried = city.try_to_reach(orders[0], BUSY)
        assert moment(tried.next_call_time).astimezone(ZONE).time() == time(8)  # half an hour later it is night
        with refused("ATTEMPT_TOO_SOON", article="Art. 30"):
            city.seat.RecordAttempt(
                feedback.RecordAttemptRequest(name=tried.name, outcome=BUSY, request_id=new_request_id())
            )

    def test_ends_for_good_when_the_citizen_does_not_want_it(self, city: City, orders: list[str]) -> None:
        """A refusal ends it without a verdict, and is never counted as satisfied (ours, Art. 30)."""
        ended = city.try_to_reach(orders[1], REFUSED)
        assert (ended.state, ended.declined) == (callback_pb2.CALLBACK_STATE_UNREACHABLE, True)
        assert (ended.verdict, ended.HasField("solved")) == (callback_pb2.VERDICT_UNSPECIFIED, False)
        with refused("STATE_NOT_ALLOWED", article="Art. 30"):
            city.call_back(orders[1], SATISFIED)

    def test_is_not_made_at_night(self, city: City, orders: list[str]) -> None:
        """After 21 o'clock and before 8 citizens sleep; a message waits for them (ours, Art. 30)."""
        city.pass_by(hours=1)
        with refused("CALL_OUTSIDE_WINDOW", article="Art. 30"):
            city.call_back(orders[2], SATISFIED, means=PHONE)
        assert moment(city.callback_of(orders[2]).next_call_time) - city.now == timedelta(hours=10, minutes=10)
        said = city.call_back(orders[2], SATISFIED, means=MESSAGE)
        assert (said.verdict, said.means) == (SATISFIED, MESSAGE)

    def test_is_still_owed_the_next_morning(self, city: City, orders: list[str]) -> None:
        """24小时内: the hours of the day leave time enough (Art. 30)."""
        assert len(city.try_to_reach(orders[3], BUSY).attempts) == 1
        assert city.now.astimezone(ZONE).time() == time(8)
        said = city.call_back(orders[3], DISSATISFIED, means=PHONE)
        assert (said.means, said.overdue) == (PHONE, False)
