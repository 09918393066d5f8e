"""第十二条: seats at 1 for 100,000 residents and operators at 1:2, beside what the calls of a day need."""

from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import staffing_pb2

from tests.regulation.city import City

DUTIES = ("intake:12",)

# A city of eleven million, a day of 15,000 contacts with its two peaks.
CALLS = (
    40,
    20,
    20,
    10,
    10,
    30,
    80,
    300,
    850,
    1000,
    950,
    750,
    450,
    550,
    800,
    850,
    750,
    600,
    500,
    480,
    420,
    300,
    160,
    80,
)


def staffing(city: City, *, residents: int, target: float = 0.0) -> staffing_pb2.StaffingPlan:
    """What the supervisor is told."""
    supervisor = city.hotline.person("supervisor").call_centre
    return supervisor.PlanStaffing(
        call_centre.PlanStaffingRequest(
            residents=residents, calls_by_hour=CALLS, handling_seconds=300, target_answer_rate=target
        )
    )


class TestThePlan:
    """可按照1座席服务10万人的标准配备座席，并按照1∶2的比例配备话务员 (Art. 12)."""

    def test_follows_the_norm(self, city: City) -> None:
        """A part of a seat counts as a whole one (Art. 12)."""
        found = staffing(city, residents=11_200_001)
        assert (found.seats_by_norm, found.operators_by_norm) == (113, 226)

    def test_says_how_far_the_norm_carries_the_calls(self, city: City) -> None:
        """112 seats carry this day; 30 do not carry its peaks, and those hours are named (Art. 12, 16)."""
        enough, short = (staffing(city, residents=residents) for residents in (11_200_000, 3_000_000))
        assert list(enough.hours_not_carried) == []
        assert enough.answer_rate_by_norm > 0.999
        assert {9, 10}.issubset(short.hours_not_carried)
        assert not {2, 3, 4}.intersection(short.hours_not_carried)
        assert short.answer_rate_by_norm < 0.95

    def test_has_a_table_by_hour_for_the_target(self, city: City) -> None:
        """Callers who hang up included: fewer seats than if all of them waited, and more for a higher target."""
        norm, high = staffing(city, residents=11_200_000), staffing(city, residents=11_200_000, target=0.99)
        assert [hour.hour for hour in norm.hours] == list(range(24))
        for hour, higher in zip(norm.hours, high.hours, strict=True):
            assert hour.with_seats_needed.answer_rate >= 0.95
            assert higher.with_seats_needed.answer_rate >= 0.99
            assert hour.seats_needed <= higher.seats_needed
        peak = norm.hours[9]
        assert peak.seats_needed < peak.seats_needed_without_abandonment
        assert norm.seats_needed == max(hour.seats_needed for hour in norm.hours) == peak.seats_needed
        assert norm.operators_needed == 2 * norm.seats_needed
