"""第十三条: a site plan gives each seat at least 3 m², and 0.5 to 1 m before and behind it."""

import pytest
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import staffing_pb2
from hotline_kernel.errors import Refused

from tests.regulation.city import City

DUTIES = ("intake:13",)


def plan(*workplaces: staffing_pb2.Workplace) -> call_centre.CheckSitePlanRequest:
    return call_centre.CheckSitePlanRequest(
        plan=staffing_pb2.SitePlan(residents=200_000, operators=3, workplaces=workplaces)
    )


def workplace(number: str, area: float = 3.0, before: float = 0.5, behind: float = 0.5) -> staffing_pb2.Workplace:
    return staffing_pb2.Workplace(number=number, area=area, metres_before=before, metres_behind=behind)


class TestASitePlan:
    """单个座席工作面积不小于3m²，座席前后有0.5m~1m的间距 (Art. 13)."""

    def test_that_keeps_the_norm_is_checked(self, city: City) -> None:
        """It is told what Art. 12 would have besides."""
        supervisor = city.hotline.person("supervisor").call_centre
        found = supervisor.CheckSitePlan(plan(workplace("A01"), workplace("A02", behind=1.4)))
        assert (found.seats_by_norm, found.seats_short, found.operators_by_norm, found.operators_short) == (2, 0, 4, 1)
        assert list(found.roomy) == ["A02"]

    def test_that_breaks_it_is_refused_with_the_seats_named(self, city: City) -> None:
        """Area, distance before, distance behind (Art. 13)."""
        broken = (workplace("A02", area=2.8), workplace("A03", before=0.3), workplace("A04", behind=0.0))
        with pytest.raises(Refused) as refused:
            city.hotline.person("supervisor").call_centre.CheckSitePlan(plan(workplace("A01"), *broken))
        assert (refused.value.reason, refused.value.article) == ("SITE_PLAN_TOO_TIGHT", "Art. 13")
        assert all(number in refused.value.sentence_zh() for number in ("A02", "A03", "A04"))
        assert "A01" not in refused.value.sentence_zh()
