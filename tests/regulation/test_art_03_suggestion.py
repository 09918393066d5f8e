"""第三条: by territory and by level, the lead is suggested with reasons; a person decides."""

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import City, refused

DUTIES = ("dispatch:3",)

SUBJECT = "城市管理/园林绿化"
HERE, OVER_THERE, CITY = "139903", "139904", "139900"


@pytest.fixture(scope="module")
def units(city: City) -> dict[str, str]:
    """Who answers for the subject: each district for itself, and the city above them; and a neighbour who does not."""
    made = {}
    for name, region in (("here", HERE), ("there", OVER_THERE), ("above", CITY), ("other", CITY)):
        unit = work_order_pb2.Unit(
            name=f"units/greenery-{name}",
            display_name=f"绿化队{name}",
            region=region,
            kind=work_order_pb2.UNIT_KIND_PUBLIC_SERVICE,
            principal="林队长",
            competences=[] if name == "other" else [SUBJECT],
        )
        made[name] = city.office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id())).name
    return made


def suggested(city: City, *, region: str = HERE, text: str = "") -> list[dispatch.LeadSuggestion]:
    """What an operator is told."""
    request = dispatch.SuggestLeadRequest(region=region, category=SUBJECT, text=text)
    return list(city.hotline.person("operator").dispatch.SuggestLead(request).suggestions)


class TestTheSuggestion:
    """属地管理、分级负责 (Art. 3)."""

    def test_names_the_units_whose_duty_and_territory_it_is_with_reasons(
        self, city: City, units: dict[str, str]
    ) -> None:
        """The district before the city above it; never the neighbour; and how sure it is."""
        first, second = suggested(city)[:2]
        assert (first.unit, second.unit) == (units["here"], units["above"])
        assert list(first.reasons) == [f"职责包含“{SUBJECT}”", "事项发生在其辖区"]
        assert 1 > first.confidence > second.confidence > 0
        assert units["there"] not in {each.unit for each in suggested(city)}
        assert suggested(city, region=OVER_THERE)[0].unit == units["there"]

    def test_learns_from_what_units_led_and_gave_back(self, city: City, units: dict[str, str]) -> None:
        """An order that a unit led to its result speaks for it, one that it gave back against it."""
        before = {each.unit: each.confidence for each in suggested(city)}
        led = city.dispatched(lead=units["other"], region=HERE, category=SUBJECT)
        city.contact(led.name, unit=units["other"])
        city.report(led.name, unit=units["other"])
        given_back = city.dispatched(lead=units["here"], region=HERE, category=SUBJECT)
        city.send_back(given_back.name, unit=units["here"])
        after = {each.unit: each for each in suggested(city)}
        assert units["other"] not in before
        assert list(after[units["other"]].reasons) == ["其辖区包含事项发生地", "曾办理本地同类工单 1 件"]
        assert "曾退回同类工单 1 件" in after[units["here"]].reasons
        assert after[units["here"]].confidence < before[units["here"]]
        city.send_out(given_back.name, lead=units["above"])

    def test_leaves_the_decision_to_people(self, city: City, units: dict[str, str]) -> None:
        """The operator proposes whom they want; nothing is sent by itself, and no unit asks."""
        order = city.dispatched(lead=units["other"], region=HERE, category=SUBJECT)
        assert suggested(city, text="行道树枯死")[0].unit != order.lead_unit == units["other"]
        with refused("PERMISSION_DENIED"):
            city.unit(units["here"]).dispatch.SuggestLead(dispatch.SuggestLeadRequest(region=HERE))
