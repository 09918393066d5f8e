"""第三十二条: trades are assessed for the quality and efficiency of their service, beside the units."""

from datetime import date, timedelta

import pytest
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import weights_pb2

from tests.regulation.city import LEAD, OTHER, City, date_of, refused

DUTIES = ("sla:32,34,35",)
HEATING, WATER = "trades/heating", "trades/water"


def lines(city: City, day: date) -> dict[str, weights_pb2.ScoreLine]:
    """The trades that orders received on a day were about."""
    request = assessment.ListTradeScoresRequest(start_date=date_of(day), end_date=date_of(day))
    return {line.name: line for line in city.auditor.assessment.ListTradeScores(request).scores}


class TestATrade:
    """为行业服务质量、服务效率评定提供参考 (Art. 32)."""

    def test_is_what_orders_are_about_whichever_unit_holds_them(self, city: City) -> None:
        day = city.next_morning()
        assert lines(city, day).keys() & {HEATING, WATER} == set()
        city.dispatched(lead=LEAD)
        quick = city.dispatched(lead=OTHER, category="城乡建设/供热/室温不够")
        city.dispatched(lead=LEAD, category="城乡建设/供水")
        city.dispatched(lead=LEAD, category="综合/其他")
        city.contact(quick.name, unit=OTHER)
        city.report(quick.name, unit=OTHER)
        city.settle()
        found = lines(city, day)
        assert found.keys() == {HEATING, WATER}
        heating, water = found[HEATING].figures, found[WATER].figures
        assert (heating.received, heating.handled_in_time, heating.contacted_in_time) == (2, 1, 1)
        assert (water.received, water.handled_in_time) == (1, 0)
        assert found[HEATING].display_name == "供热"
        assert heating.unit == ""
        assert (water.score, heating.score) == (100, 100)  # nothing went wrong yet, and nothing is taken away
        assert heating.weights_version == water.weights_version != ""

    def test_is_asked_about_for_a_year_at_most(self, city: City) -> None:
        today = city.now.date()
        request = assessment.ListTradeScoresRequest(
            start_date=date_of(today - timedelta(days=366)), end_date=date_of(today)
        )
        with refused("FIELD_INVALID", field="end_date"):
            city.auditor.assessment.ListTradeScores(request)

    @pytest.mark.parametrize("role", ["unit", "operator"])
    def test_is_seen_by_who_assesses(self, city: City, role: str) -> None:
        """A unit reads it in the notice that is issued (Art. 35), not before."""
        somebody = city.hotline.person(role, unit=LEAD if role == "unit" else "")
        with refused("PERMISSION_DENIED"):
            somebody.assessment.ListTradeScores(assessment.ListTradeScoresRequest())
