"""第三十六条: what somebody has to answer for is not erased while the hold stands."""

from hotline.intake.v1 import hold_service_pb2 as holds
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id

from tests.regulation.city import City, refused

DUTIES = ("all:36(4)",)


def place(city: City, citizen: str) -> holds.Hold:
    """The office holds what is kept."""
    request = holds.PlaceHoldRequest(citizen=citizen, reason="责任追究案件证据", request_id=new_request_id())
    return city.hotline.person("office").holds.PlaceHold(request)


def release(city: City, hold: str) -> holds.Hold:
    """The case is over."""
    request = holds.ReleaseHoldRequest(name=hold, reason="案件办结", request_id=new_request_id())
    return city.hotline.person("office").holds.ReleaseHold(request)


def erase(city: City, citizen: str) -> None:
    """The citizen asks to be forgotten."""
    request = intake.EraseCitizenRequest(name=citizen, reason="本人申请", request_id=new_request_id())
    city.hotline.person("office").intake.EraseCitizen(request)


class TestALegalHold:
    """依法依规追究: evidence stays (Art. 36)."""

    def test_makes_erasure_wait_until_the_last_one_is_released(self, city: City) -> None:
        """Two cases, two holds; both must end."""
        citizen = city.register().citizen
        first, second = place(city, citizen), place(city, citizen)
        release(city, first.name)
        with refused("CITIZEN_HELD", article="Art. 36"):
            erase(city, citizen)
        release(city, second.name)
        erase(city, citizen)
        with refused("CITIZEN_ERASED"):
            place(city, citizen)

    def test_is_listed_with_who_and_why(self, city: City) -> None:
        """Also when it ended."""
        citizen = city.register().citizen
        hold = place(city, citizen)
        auditor = city.auditor.holds
        [listed] = auditor.ListHolds(holds.ListHoldsRequest(citizen=citizen)).holds
        assert (listed.name, listed.reason, listed.actor != "") == (hold.name, "责任追究案件证据", True)
        release(city, hold.name)
        assert not auditor.ListHolds(holds.ListHoldsRequest(citizen=citizen)).holds
        [ended] = auditor.ListHolds(holds.ListHoldsRequest(citizen=citizen, with_released=True)).holds
        assert ended.release_reason == "案件办结"
        with refused("STATE_NOT_ALLOWED"):
            release(city, hold.name)
