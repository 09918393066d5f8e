"""Each step of supervision once and only once, whatever restarts (Art. 28)."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.intake.v1 import appeal_pb2
from hotline.sla.events.v1 import deadline_events_pb2 as sla
from hotline_kernel.db import Database
from hotline_sla import handlers
from hotline_sla.adapters.postgres import Store

from tests.integration.sla.office import Office, shanghai, stamp

MakeDatabase = Callable[[type[Store]], Database[Store]]


class Killed(Exception):
    """The process ended here."""


class MortalStore(Store):
    """A transaction whose process is killed before its n-th statement."""

    lives: ClassVar[int] = 0

    def _spend(self) -> None:
        if MortalStore.lives == 0:
            raise Killed
        MortalStore.lives -= 1

    def one(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        self._spend()
        return super().one(sql, params)

    def all(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        self._spend()
        return super().all(sql, params)

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        self._spend()
        super().run(sql, params)

    def _many(self, sql: str, params: Sequence[Mapping[str, Any]]) -> None:
        self._spend()
        super()._many(sql, params)


def die_at_every_statement(office: Office, mortal: Database[Store], now: str) -> int:
    """Run one tick again and again, killed one statement later each time, until it survives; tell how many it has."""
    statements = 0
    while True:
        MortalStore.lives = statements
        try:
            with mortal.transaction() as tx:
                handlers.act_on_due_moments(tx=tx, now=shanghai(now), law=office.law, limit=200)
            return statements
        except Killed:
            statements += 1


class TestSupervision:
    def test_goes_through_its_steps(self, office: Office) -> None:
        order = office.dispatch("2026-09-30 16:05")
        for now, steps in (
            ("2026-10-08 17:29", []),
            ("2026-10-08 17:30", ["ADVANCE_REMINDER"]),
            ("2026-10-09 17:29", ["ADVANCE_REMINDER"]),
            ("2026-10-09 17:30", ["ADVANCE_REMINDER", "REMINDER"]),
            ("2026-10-10 17:30", ["ADVANCE_REMINDER", "REMINDER", "WRITTEN"]),  # a make-up working Saturday
            ("2027-10-10 17:30", ["ADVANCE_REMINDER", "REMINDER", "WRITTEN"]),
        ):
            office.tick(now)
            assert office.steps(order) == steps
        (number, text) = office.rows("SELECT notice, text FROM supervision WHERE step = 'WRITTEN'")[0]
        assert number == "督〔2026〕000001"
        assert "2026年10月9日17:30" in text
        assert len(office.announced(order, sla.SupervisionIssued)) == 3
        assert len(office.announced(order, sla.DeadlineMissed)) == 2

    def test_of_an_order_handled_in_time_is_the_advance_reminder_at_most(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-13 09:00")
        office.report(order, "2026-05-13 10:00")
        office.tick("2026-05-14 09:00")
        assert office.steps(order) == ["ADVANCE_REMINDER"]

    def test_begins_again_in_a_new_round(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-13 18:00")
        office.report(order, "2026-05-14 09:00")
        office.dispatch("2026-05-18 09:00", work_order=order, round=2)
        office.tick("2026-05-20 18:00")
        assert office.steps(order) == ["ADVANCE_REMINDER", "REMINDER", "ADVANCE_REMINDER", "REMINDER"]

    @pytest.mark.parametrize("key_supervision", [False, True])
    def test_begins_again_for_the_unit_that_takes_over(self, office: Office, key_supervision: bool) -> None:
        """Reminded at once, in writing a working day later, once a holder, and named if nothing helps (Art. 29)."""
        order = office.dispatch("2026-05-11 09:00", unit="units/water", key_supervision=key_supervision)
        office.tick("2026-05-15 18:00")
        taken, back = shanghai("2026-05-18 10:00"), shanghai("2026-05-22 10:00")
        office.dispatch(taken, work_order=order, unit="units/heat", key_supervision=key_supervision)
        told = ["KEY_NOTICE"] * key_supervision
        for now, steps in (
            ("2026-05-18 10:01", [*told, "REMINDER"]),
            ("2026-05-19 17:29", [*told, "REMINDER"]),
            ("2026-05-19 17:30", [*told, "REMINDER", "WRITTEN"]),
            ("2026-05-21 18:00", [*told, "REMINDER", "WRITTEN"]),
        ):
            office.tick(now)
            assert office.steps(order, unit="units/heat") == steps
        before = office.steps(order, unit="units/water")
        with office.database.transaction() as tx:
            undone = handlers.undone_orders(unit="units/heat", tx=tx, now=shanghai("2026-05-21 18:00"), law=office.law)
            assert [each.work_order for each in undone] == [order]
            assert tx.written_notices(order, "units/heat") == (undone[0].notice,)
        office.dispatch(back, work_order=order, unit="units/water", key_supervision=key_supervision)
        office.tick("2026-06-22 10:00")
        assert office.steps(order, unit="units/water") == before

    def test_watches_a_key_order_from_the_start(self, office: Office) -> None:
        """Told at once, asked for progress at half of the term, written to with the end (Art. 28; ours)."""
        order = office.dispatch(
            "2026-05-11 09:00", request_type=appeal_pb2.REQUEST_TYPE_COMPLAINT, key_supervision=True
        )
        for now, steps in (
            ("2026-05-11 09:01", ["KEY_NOTICE"]),
            ("2026-05-14 17:29", ["KEY_NOTICE"]),
            ("2026-05-14 17:30", ["KEY_NOTICE", "KEY_CHECK"]),
            ("2026-05-19 17:30", ["KEY_NOTICE", "KEY_CHECK", "ADVANCE_REMINDER"]),
            ("2026-05-20 17:30", ["KEY_NOTICE", "KEY_CHECK", "ADVANCE_REMINDER", "REMINDER", "WRITTEN"]),
            ("2026-06-20 17:30", ["KEY_NOTICE", "KEY_CHECK", "ADVANCE_REMINDER", "REMINDER", "WRITTEN"]),
        ):
            office.tick(now)
            assert office.steps(order) == steps
        assert [event["ground"] for event in office.announced(order, sla.KeySupervisionStarted)] == [
            "KEY_SUPERVISION_GROUND_DIRECTIVE"
        ]

    def test_knows_an_order_that_waited_for_a_directive(self, office: Office) -> None:
        order = f"workOrders/{uuid4()}"
        office.receive(
            dispatch.WorkOrderHeld(
                work_order=order, directive_kind=appeal_pb2.DIRECTIVE_KIND_COMPLEX, hold_time=stamp("2026-05-08 09:00")
            )
        )
        office.dispatch("2026-05-11 09:00", work_order=order)
        assert office.steps(order) == ["KEY_NOTICE"]
        assert office.rows("SELECT ground, reason FROM key_supervision") == [("DIRECTIVE", "市领导批示事项（COMPLEX）")]

    @pytest.mark.parametrize("now", ["2026-05-12 18:00", "2026-05-13 18:00", "2026-05-14 18:00"])
    def test_survives_a_kill_at_every_statement(self, office: Office, make_database: MakeDatabase, now: str) -> None:
        orders = [office.dispatch("2026-05-11 09:00") for _ in range(3)]
        office.tick(f"{now[:10]} 17:00")
        before = {order: len(office.steps(order)) for order in orders}
        statements = die_at_every_statement(office, make_database(MortalStore), now)
        assert statements >= 7
        for order in orders:
            assert len(office.steps(order)) == before[order] + 1
            assert len(office.announced(order, sla.SupervisionIssued)) == before[order] + 1
        assert office.tick(now) == 0

    def test_is_once_with_many_pumps_at_work(self, office: Office) -> None:
        orders = [office.dispatch("2026-05-11 09:00") for _ in range(120)]
        with ThreadPoolExecutor(4) as pumps:
            acted = sum(pumps.map(office.tick, ["2026-05-15 09:00"] * 4))
        # Others may have skipped what was locked, never acted on it twice: 2 reminders, 1 miss of contact, 1 written.
        acted += office.tick("2026-05-15 09:00")
        assert acted == 4 * len(orders)
        assert office.rows(
            "SELECT count(*) AS n, count(DISTINCT (work_order, step)) AS different FROM supervision"
        ) == [(360, 360)]
        assert office.rows("SELECT count(*) FROM outbox WHERE type LIKE '%%DeadlineMissed'") == [240]
        assert len(set(office.rows("SELECT notice FROM supervision WHERE step = 'WRITTEN'"))) == len(orders)
