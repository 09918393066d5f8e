"""第三十四条: assessment by published weights; a changed one never rewrites a period that has begun."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import weights_pb2
from hotline_cli.client import new_request_id
from hotline_kernel.calendar import ZONE

from tests.regulation.city import LEAD, City, date_of, day, refused

DUTIES = ("sla:32,34,35",)


def publish(city: City, effective: date, **changes: Any) -> weights_pb2.Weights:
    """The office publishes weights; by default those there are."""
    parts = {
        "in_time": 50.0,
        "contact": 20.0,
        "satisfaction": 20.0,
        "lasting": 10.0,
        "late_worth": 0.5,
        "written_cost": 0.25,
        "neutral_worth": 0.5,
        "circular_points": 2.0,
    }
    request = assessment.PublishWeightsRequest(
        effective_date=date_of(effective), reason="调整", request_id=new_request_id(), **parts | changes
    )
    published: weights_pb2.Weights = city.hotline.person("office").assessment.PublishWeights(request)
    return published


def next_month(today: date) -> date:
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


class TestAVersion:
    """作为…考核的重要依据: by what units are scored is known before (Art. 34; the weights are ours)."""

    def test_holds_from_a_month_that_has_not_begun(self, city: City) -> None:
        today = city.now.date()
        with refused("WEIGHTS_TOO_LATE", article="Art. 34"):
            publish(city, today.replace(day=1))
        with refused("FIELD_INVALID", field="effective_date"):
            publish(city, next_month(today) + timedelta(days=1))
        with refused("WEIGHTS_SUM", article="Art. 34"):
            publish(city, next_month(today), in_time=45.0)
        with refused("PERMISSION_DENIED"):
            city.unit(LEAD).assessment.PublishWeights(assessment.PublishWeightsRequest())

    def test_rewrites_no_period_before_it(self, city: City) -> None:
        before = city.next_morning()
        city.dispatched(lead=LEAD)
        old = city.scores(before, before, LEAD)
        new = publish(city, next_month(before), contact=0.0, lasting=30.0)
        assert city.scores(before, before, LEAD) == old
        begins = day(new.effective_date)
        city.move_to(datetime.combine(begins, time(0, 1), ZONE))
        after = city.next_morning()
        city.dispatched(lead=LEAD)
        scored = city.scores(after, after, LEAD)
        assert f"weights/{scored.weights_version}" == new.name
        assert scored.score == pytest.approx(100)
        assert old.weights_version == "2017-1"
        across = city.scores(before, after, LEAD)
        assert across.weights_version == city.scores(before, before, LEAD).weights_version == old.weights_version

    def test_is_read_by_the_units(self, city: City) -> None:
        listed = city.unit(LEAD).assessment.ListWeights(assessment.ListWeightsRequest()).weights
        assert listed[0].name == "weights/2017-1"
        assert all(version.trades for version in listed)
        found = city.unit(LEAD).assessment.GetWeights(assessment.GetWeightsRequest(name=listed[-1].name))
        assert found == listed[-1]
