"""Orders' whole lives, by random commands in random order, duplicated and delayed (Art. 21-30, 36(4))."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.house import House
from tests.stateful.orders import Orders


def test_the_regulation_holds_whatever_happens(house: House) -> None:
    seen: Counter[str] = Counter()
    machine = type("OrdersHere", (Orders,), {"house": house, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert all(seen[each] for each in ("report", "closed", "supervised")), "chance brought too little about"
