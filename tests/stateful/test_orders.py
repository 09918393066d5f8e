"""Orders' whole lives, by random commands in random order, duplicated and delayed (Art. 21-30, 36(4)).

What the machine can see was tried by breaking a rule at a time, which it found within its ten examples each time: an
extension granted though asked for a minute late; a held order that goes out without its directive, with the guards of
the database off; any unit told who asks; a result that closes its order without callback; a step of supervision issued
again; a clock that loses its owner when the order changes hands. Taking away the gate's own check alone changes nothing
that can be seen: a held order is refused by its state before it comes to the gate.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.house import House
from tests.stateful.orders import Orders


@pytest.mark.timeout(1200)  # a slow machine takes long for it
def test_the_regulation_holds_whatever_happens(house: House) -> None:
    seen: Counter[str] = Counter()
    machine = type("OrdersHere", (Orders,), {"house": house, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
    )
