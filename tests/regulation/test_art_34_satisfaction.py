"""第三十四条: how satisfied citizens are, by unit, category and region, and how sure that is."""

from collections.abc import Sequence

import pytest
from hotline.feedback.v1 import callback_pb2, rate_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline_cli.client import new_request_id

from tests.regulation.city import City, date_of, refused
from tests.regulation.test_art_34_scores import new_unit

DUTIES = ("feedback:34",)
SATISFIED, NEUTRAL = callback_pb2.VERDICT_SATISFIED, callback_pb2.VERDICT_NEUTRAL
DISSATISFIED = callback_pb2.VERDICT_DISSATISFIED
BY_UNIT, BY_CATEGORY = rate_pb2.RATE_GROUPING_UNIT, rate_pb2.RATE_GROUPING_CATEGORY
BY_REGION = rate_pb2.RATE_GROUPING_REGION
CATEGORY, REGION = "民政/养老", "139981"
FEW = (SATISFIED, SATISFIED, NEUTRAL, DISSATISFIED)
MANY = (SATISFIED,) * 27 + (DISSATISFIED,) * 3


class Asked:
    """Two units on one day: of one few citizens were asked, of the other thirty."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.few, self.many = new_unit(city), new_unit(city)
        self.day = city.next_morning()
        few, many = self._reported(self.few, len(FEW) + 2), self._reported(self.many, len(MANY))
        for order, verdict in zip([*few, *many], [*FEW, None, None, *MANY], strict=True):
            if verdict is not None:
                self._say(order, verdict)
        city.try_to_reach(few[-1], callback_pb2.ATTEMPT_OUTCOME_REFUSED)  # the one before waits on

    def _reported(self, unit: str, number: int) -> list[str]:
        appeals = [self.city.refer(lead=unit, category=CATEGORY, region=REGION) for _ in range(number)]
        self.city.settle()
        orders = [self.city.order_of(appeal.name).name for appeal in appeals]
        for order in orders:
            self.city.report(order, unit=unit)
        self.city.settle()
        return orders

    def _say(self, order: str, verdict: callback_pb2.Verdict.ValueType) -> None:
        self.city.seat.CompleteCallback(
            feedback.CompleteCallbackRequest(
                name=self.city.callback_of(order).name,
                verdict=verdict,
                solved=verdict != DISSATISFIED,
                request_id=new_request_id(),
            )
        )

    def rates(self, grouping: rate_pb2.RateGrouping.ValueType) -> Sequence[rate_pb2.SatisfactionRate]:
        """The rates of that day."""
        day = date_of(self.day)
        request = feedback.ListSatisfactionRatesRequest(start_date=day, end_date=day, grouping=grouping, page_size=1000)
        return self.city.quality.ListSatisfactionRates(request).rates

    def rate(self, grouping: rate_pb2.RateGrouping.ValueType, group: str) -> rate_pb2.SatisfactionRate:
        """The rate of one group."""
        [rate] = [rate for rate in self.rates(grouping) if rate.group == group]
        return rate


@pytest.fixture(scope="module")
def asked(city: City) -> Asked:
    return Asked(city)


class TestTheRate:
    """群众对办理结果的满意度 (Art. 34)."""

    def test_of_a_unit_says_how_many_were_asked_and_what_they_said(self, asked: Asked) -> None:
        """形成考核数据: who was not reached has no part in it (Art. 30, 34)."""
        few = asked.rate(BY_UNIT, asked.few)
        assert (few.asked, few.satisfied, few.neutral, few.dissatisfied) == (4, 2, 1, 1)
        assert (few.solved, few.unreachable, few.declined) == (3, 1, 1)
        assert (few.satisfied_share.value, few.solved_share.value) == (0.5, 0.75)

    def test_says_how_sure_it_is(self, asked: Asked) -> None:
        """Two of four may be luck, twenty-seven of thirty hardly (Art. 34)."""
        few, many = asked.rate(BY_UNIT, asked.few), asked.rate(BY_UNIT, asked.many)
        assert few.satisfied_share.low == pytest.approx(0.1500, abs=1e-4)
        assert few.satisfied_share.high == pytest.approx(0.8500, abs=1e-4)
        assert many.satisfied_share.low == pytest.approx(0.7438, abs=1e-4)
        assert many.satisfied_share.high == pytest.approx(0.9654, abs=1e-4)

    @pytest.mark.parametrize(("grouping", "group"), [(BY_CATEGORY, CATEGORY), (BY_REGION, REGION)])
    def test_is_told_by_category_and_by_region(
        self, asked: Asked, grouping: rate_pb2.RateGrouping.ValueType, group: str
    ) -> None:
        """The same answers, told apart otherwise (Art. 32, 34)."""
        rate = asked.rate(grouping, group)
        assert (rate.asked, rate.satisfied, rate.dissatisfied) == (34, 29, 4)

    def test_opens_the_callbacks_behind_it(self, city: City, asked: Asked) -> None:
        """Whoever doubts a figure finds the orders behind it (Art. 34)."""
        day = date_of(asked.day)
        request = feedback.ListRatedCallbacksRequest(
            start_date=day, end_date=day, grouping=BY_UNIT, group=asked.many, verdict=DISSATISFIED, page_size=2
        )
        first = city.quality.ListRatedCallbacks(request)
        request.page_token = first.next_page_token
        rest = city.quality.ListRatedCallbacks(request)
        found = [*first.callbacks, *rest.callbacks]
        assert len({callback.name for callback in found}) == 3
        assert {(callback.unit, callback.verdict) for callback in found} == {(asked.many, DISSATISFIED)}
        assert {(callback.category, callback.region) for callback in found} == {(CATEGORY, REGION)}

    def test_is_of_a_period_that_there_is(self, city: City, asked: Asked) -> None:
        """月度、季度…: from a day to a day (Art. 35)."""
        request = feedback.ListSatisfactionRatesRequest(
            start_date=date_of(asked.day), end_date=date_of(asked.day.replace(year=2025)), grouping=BY_UNIT
        )
        with refused("PERIOD_INVALID", article="Art. 34"):
            city.quality.ListSatisfactionRates(request)


class TestThePlace:
    """重要依据: small samples are not ranked as if they were large (ours, Art. 34)."""

    def test_is_not_given_where_few_were_asked(self, asked: Asked) -> None:
        """Four citizens place nobody, neither first nor last (ours, Art. 34)."""
        assert not asked.rate(BY_UNIT, asked.few).HasField("place")
        assert asked.rate(BY_UNIT, asked.many).place == 1
