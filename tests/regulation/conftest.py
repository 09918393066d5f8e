"""The city in which every article is tried: one platform, its clock in the autumn of 2026 and going forward."""

from dataclasses import dataclass
from datetime import date, datetime, time

import pytest
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2
from hotline_kernel.calendar import ZONE

from tests.regulation.city import City
from tests.regulation.library import Library
from tests.support.live import LiveHotline

RequestType = appeal_pb2.RequestType


@dataclass(frozen=True)
class NationalDay:
    """Orders of every type that units received around the National Day of 2026."""

    before: dict[str, work_order_pb2.WorkOrder]
    """Received on Tuesday 2026-09-29, by request type."""
    within: dict[str, work_order_pb2.WorkOrder]
    """Received on Friday 2026-10-02, a day off."""


@pytest.fixture(scope="session")
def city(hotline: LiveHotline) -> City:
    """The city and its people; a test takes `city.now` as its start and moves the clock forward only."""
    return City(hotline)


@pytest.fixture(scope="session", autouse=True)
def national_day(city: City) -> NationalDay:
    """Comes before every test, because the clock never goes back to these days."""
    received = {}
    for day in (date(2026, 9, 29), date(2026, 10, 2)):
        city.move_to(datetime.combine(day, time(9), ZONE))
        appeals = {name: city.refer(request_type=value) for name, value in RequestType.items() if value}
        city.settle()
        received[day] = {name: city.order_of(appeal.name) for name, appeal in appeals.items()}
    before, within = received.values()
    return NationalDay(before, within)


@pytest.fixture(scope="session")
def library(city: City) -> Library:
    """Its knowledge base and who works on it."""
    return Library(city)
