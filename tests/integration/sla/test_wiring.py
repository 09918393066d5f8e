"""What bootstrap builds: the tickers do their work, and the gauges tell where the clocks stand."""

from collections import Counter
from pathlib import Path

import pytest
from hotline.sla.v1 import sla_service_pb2
from hotline_kernel import telemetry
from hotline_kernel.clock import VirtualClock
from hotline_sla.bootstrap import MOST_UNITS, _bounded, build
from hotline_sla.settings import Settings

from tests.integration.sla.office import Office, shanghai


def gauge(name: str, kind: str) -> float | None:
    metric = getattr(telemetry, name)
    return next(
        (s.value for m in metric.collect() for s in m.samples if s.labels == {"service": "sla", "kind": kind}), None
    )


@pytest.fixture
def settings(sla_url: str, tmp_path: Path) -> Settings:
    VirtualClock.create(tmp_path / "clock", shanghai("2026-05-13 16:00"))
    return Settings.model_validate(
        {
            "environment": "local",
            "service": "sla",
            "database_url": sla_url,
            "broker_url": "amqp://unused",
            "clock": f"virtual:{tmp_path / 'clock'}",
        }
    )


def test_tickers_act_add_up_and_measure(office: Office, settings: Settings) -> None:
    order = office.dispatch("2026-05-11 09:00")
    application = build(settings)
    application.database.open()
    try:
        run = {ticker.name: ticker.run for ticker in application.tickers}
        assert run["deadlines"]()
        assert not run["deadlines"]()
        assert office.steps(order) == ["ADVANCE_REMINDER"]
        assert not run["scores"]()
        assert office.rows("SELECT unit, received FROM unit_day") == [("units/water", 1)]
        assert not run["calendar"]()
        assert not run["deadline-gauges"]()
    finally:
        application.database.close()
    assert gauge("DEADLINES_OPEN", "HANDLING") == 1
    assert gauge("DEADLINES_AT_RISK", "HANDLING") == 1
    assert gauge("DEADLINES_OPEN", "FIRST_CONTACT") == 0
    assert gauge("DEADLINES_OVERDUE", "FIRST_CONTACT") == 1


def by_unit(name: str) -> dict[tuple[str, ...], float]:
    samples = (sample for metric in getattr(telemetry, name).collect() for sample in metric.samples)
    return {tuple(value for label, value in s.labels.items() if label != "service"): s.value for s in samples}


def test_gauges_tell_of_each_unit_what_is_overdue_and_for_how_long(office: Office, settings: Settings) -> None:
    late = office.dispatch("2026-05-11 09:00")
    office.dispatch("2026-04-01 09:00", unit="units/heating")
    office.dispatch("2026-05-13 15:00", unit="units/schools")
    application = build(settings)
    application.database.open()
    try:
        run = {ticker.name: ticker.run for ticker in application.tickers}
        while run["deadlines"]():
            pass
        assert not run["unit-gauges"]()
        overdue = by_unit("UNIT_DEADLINES_OVERDUE")
        assert overdue["heating", "HANDLING", "more"] == 1
        assert overdue["heating", "FIRST_CONTACT", "more"] == 1
        assert overdue["water", "FIRST_CONTACT", "3d"] == 1
        assert not [key for key in overdue if key[0] == "schools"]
        at_risk = by_unit("UNIT_DEADLINES_AT_RISK")
        assert at_risk["water", "HANDLING"] == 1

        office.report(late, "2026-05-13 15:30")  # what was reported is said no more
        assert not run["unit-gauges"]()
        assert not [key for key in by_unit("UNIT_DEADLINES_AT_RISK") if key[0] == "water"]
    finally:
        application.database.close()


def test_only_so_many_units_have_series_of_their_own() -> None:
    counts: Counter[tuple[str, ...]] = Counter({(f"unit-{n}", "HANDLING"): n for n in range(1, MOST_UNITS + 3)})
    bounded = _bounded(counts)
    assert len(bounded) == MOST_UNITS + 1
    assert bounded["others", "HANDLING"] == 1 + 2
    assert sum(bounded.values()) == sum(counts.values())


def test_every_rpc_has_its_method(settings: Settings) -> None:
    descriptor = sla_service_pb2.DESCRIPTOR.services_by_name["SlaService"]
    servicer = build(settings).servicers[descriptor]
    assert all(callable(getattr(servicer, method.name)) for method in descriptor.methods)
