"""Clocks start, move and are settled by events (Art. 21, 22, 24, 26, 30)."""

from typing import Any
from uuid import uuid4

import pytest
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.feedback.events.v1 import callback_events_pb2 as feedback
from hotline.feedback.v1 import callback_pb2
from hotline.intake.events.v1 import appeal_events_pb2 as intake
from hotline.sla.events.v1 import deadline_events_pb2 as sla
from hotline_kernel.calendar import Calendar
from hotline_kernel.errors import NotYet
from hotline_sla import handlers
from hotline_sla.domain.deadline import Law, Terms

from tests.integration.sla.office import Office, shanghai, stamp

APPEAL = f"appeals/{uuid4()}"


def ends(event: dict[str, Any]) -> dict[str, str]:
    return {clock["kind"].removeprefix("DEADLINE_KIND_"): clock["dueTime"] for clock in event["deadlines"]}


class TestTheHour:
    @pytest.mark.parametrize(
        ("event", "state"),
        [
            (intake.AppealAnswered(appeal=APPEAL, answer_time=stamp("2026-05-11 10:00")), "MET"),
            (intake.AppealDeclined(appeal=APPEAL, decline_time=stamp("2026-05-11 09:30")), "MET"),
            (intake.AppealReferred(appeal=APPEAL, refer_time=stamp("2026-05-11 10:01")), "MET_LATE"),
        ],
    )
    def test_runs_until_the_appeal_is_answered_declined_or_referred(
        self, office: Office, event: intake.AppealAnswered, state: str
    ) -> None:
        office.receive(intake.AppealRegistered(appeal=APPEAL, register_time=stamp("2026-05-11 09:00")))
        (opened,) = office.announced(APPEAL, sla.DeadlinesOpened)
        assert ends(opened) == {"ANSWER": "2026-05-11T02:00:00Z"}
        office.receive(event)
        assert office.states(APPEAL) == {"ANSWER 1": state}
        assert office.tick("2027-01-01 00:00") == 0

    def test_begins_again_when_a_declined_appeal_is_taken_up(self, office: Office) -> None:
        office.receive(intake.AppealRegistered(appeal=APPEAL, register_time=stamp("2026-05-11 09:00")))
        office.receive(intake.AppealDeclined(appeal=APPEAL, decline_time=stamp("2026-05-11 09:30")))
        office.receive(intake.AppealReinstated(appeal=APPEAL, reinstate_time=stamp("2026-05-12 09:00")))
        assert office.states(APPEAL) == {"ANSWER 1": "MET", "ANSWER 2": "RUNNING"}
        assert office.announced(APPEAL, sla.DeadlinesOpened)[1]["round"] == 2

    def test_missed_is_announced_without_a_unit_and_without_supervision(self, office: Office) -> None:
        office.receive(intake.AppealRegistered(appeal=APPEAL, register_time=stamp("2026-05-11 09:00")))
        assert office.tick("2026-05-11 09:59") == 0
        assert office.tick("2026-05-11 10:00") == 1
        (missed,) = office.announced(APPEAL, sla.DeadlineMissed)
        assert missed["kind"] == "DEADLINE_KIND_ANSWER"
        assert "unit" not in missed
        assert office.rows("SELECT count(*) FROM supervision") == [0]


class TestAnOrder:
    def test_has_all_its_clocks_in_one_announcement(self, office: Office) -> None:
        order = office.dispatch("2026-09-30 16:05")
        (opened,) = office.announced(order, sla.DeadlinesOpened)
        assert ends(opened) == {"FIRST_CONTACT": "2026-10-08T03:35:00Z", "HANDLING": "2026-10-09T09:30:00Z"}
        handling = opened["deadlines"][1]
        assert handling["dueDate"] == {"year": 2026, "month": 10, "day": 9}
        assert handling["extensionCutoffTime"] == "2026-10-08T09:30:00Z"

    @pytest.mark.parametrize(
        ("reply", "report", "handling"),
        [
            ("2026-05-13 17:00", "2026-05-13 17:30", "MET"),
            ("2026-05-13 17:00", "2026-05-13 17:31", "MET_LATE"),
            ("2026-05-13 17:31", "2026-05-13 17:30", "MET_LATE"),
        ],
    )
    def test_is_in_time_only_if_reply_and_report_are(
        self, office: Office, reply: str, report: str, handling: str
    ) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.report(order, report, reply=reply)
        assert office.states(order) == {"FIRST_CONTACT 1": "MET_LATE", "HANDLING 1": handling, "CALLBACK 1": "RUNNING"}
        assert list(ends(office.announced(order, sla.DeadlinesOpened)[1])) == ["CALLBACK"]

    def test_is_contacted_once(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.receive(dispatch.FirstContactRecorded(work_order=order, contact_time=stamp("2026-05-11 09:10")))
        office.receive(dispatch.FirstContactRecorded(work_order=order, contact_time=stamp("2026-05-13 09:10")))
        assert office.states(order)["FIRST_CONTACT 1"] == "MET"

    def test_sent_back_keeps_its_term_and_starts_the_first_contact_for_the_next_unit(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        (first,) = office.announced(order, sla.DeadlinesOpened)
        office.receive(dispatch.WorkOrderSentBack(work_order=order, send_back_time=stamp("2026-05-12 09:00")))
        assert office.states(order) == {"FIRST_CONTACT 1": "CANCELLED", "HANDLING 1": "RUNNING"}
        office.dispatch("2026-05-12 14:00", work_order=order, unit="units/heat")
        again = office.announced(order, sla.DeadlinesOpened)[1]
        assert ends(again)["HANDLING"] == ends(first)["HANDLING"]
        assert ends(again)["FIRST_CONTACT"] == "2026-05-13T01:30:00Z"
        history = office.rows(
            "SELECT c.change FROM deadline_change c JOIN deadline d ON d.id = c.deadline"
            " WHERE d.subject = %(order)s AND d.kind = 'HANDLING' ORDER BY c.id",
            order=order,
        )
        assert history == ["opened", "returned", "handed_over"]
        office.tick("2026-05-13 17:30")
        assert office.rows("SELECT unit FROM supervision WHERE step = 'REMINDER'") == ["units/heat"]

    def test_that_ran_out_at_the_office_reminds_the_unit_that_takes_it_over(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.receive(dispatch.WorkOrderSentBack(work_order=order, send_back_time=stamp("2026-05-12 09:00")))
        office.tick("2026-05-15 12:00")
        assert office.steps(order) == []
        office.dispatch("2026-05-15 14:00", work_order=order, unit="units/heat")
        assert office.steps(order) == ["REMINDER"]
        office.tick("2026-05-18 17:29")
        assert office.steps(order) == ["REMINDER"]
        office.tick("2026-05-18 17:30")
        assert office.steps(order) == ["REMINDER", "WRITTEN"]

    def test_extended_ends_later_for_everybody(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.receive(
            dispatch.ExtensionGranted(work_order=order, working_days=5, grant_time=stamp("2026-05-12 09:00"))
        )
        (moved,) = office.announced(order, sla.DeadlineMoved)
        assert moved["deadline"]["dueDate"] == {"year": 2026, "month": 5, "day": 20}
        assert moved["deadline"]["extensionCutoffTime"] == "2026-05-19T09:30:00Z"
        office.tick("2026-05-19 17:29")
        assert office.states(order)["HANDLING 1"] == "RUNNING"
        assert office.steps(order) == []

    def test_extended_after_the_end_runs_again_and_keeps_the_reminder_on_record(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-13 18:00")
        office.receive(
            dispatch.ExtensionGranted(work_order=order, working_days=5, grant_time=stamp("2026-05-14 09:00"))
        )
        assert office.states(order)["HANDLING 1"] == "RUNNING"
        office.tick("2026-05-21 18:00")
        assert office.steps(order) == ["ADVANCE_REMINDER", "REMINDER", "WRITTEN"]

    def test_reopened_has_new_clocks(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.report(order, "2026-05-12 09:00")
        office.dispatch("2026-05-18 09:00", work_order=order, round=2)
        assert office.states(order) == {
            "FIRST_CONTACT 1": "MET_LATE",
            "HANDLING 1": "MET",
            "CALLBACK 1": "RUNNING",
            "FIRST_CONTACT 2": "RUNNING",
            "HANDLING 2": "RUNNING",
        }

    def test_closed_without_a_result_owes_nothing(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.receive(dispatch.WorkOrderClosed(work_order=order, close_time=stamp("2026-05-11 10:00")))
        assert set(office.states(order).values()) == {"CANCELLED"}
        assert office.tick("2027-01-01 00:00") == 0


class TestACallback:
    def test_known_before_its_result_is_tried_again_and_leaves_nothing(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        completed = feedback.CallbackCompleted(
            work_order=order,
            verdict=callback_pb2.VERDICT_SATISFIED,
            round=1,
            complete_time=stamp("2026-05-12 15:00"),
        )
        with pytest.raises(NotYet):
            office.receive(completed)
        office.report(order, "2026-05-12 09:00")
        office.receive(completed)
        assert office.states(order)["CALLBACK 1"] == "MET"
        assert office.rows("SELECT verdict FROM work_order") == ["SATISFIED"]

    def test_not_made_within_24_hours_is_missed_by_the_hotline(self, office: Office) -> None:
        order = office.dispatch("2026-05-08 09:00")
        office.report(order, "2026-05-08 15:00")
        office.tick("2026-05-09 15:00")
        (missed,) = office.announced(order, sla.DeadlineMissed)
        assert missed["kind"] == "DEADLINE_KIND_CALLBACK"
        office.receive(feedback.CallbackCompleted(work_order=order, round=1, complete_time=stamp("2026-05-09 16:00")))
        assert office.states(order)["CALLBACK 1"] == "MET_LATE"
        assert office.rows("SELECT verdict FROM work_order") == [""]


class TestAnEventThatComesLate:
    def test_is_judged_by_its_own_time_and_supervision_stays(self, office: Office) -> None:
        order = office.dispatch("2026-05-11 09:00")
        office.tick("2026-05-13 18:00")
        office.report(order, "2026-05-13 17:00")
        assert office.states(order)["HANDLING 1"] == "MET"
        assert office.steps(order) == ["ADVANCE_REMINDER", "REMINDER"]
        assert office.tick("2026-05-14 12:00") == 0


class TestTheCalendarOfANewYear:
    def test_moves_what_rested_on_a_guess_and_says_so(self, office: Office) -> None:
        office.law = Law(terms=Terms(), calendar=Calendar(last_known_year=2025, version="old"))
        order = office.dispatch("2026-09-30 16:05")
        assert office.announced(order, sla.DeadlinesOpened)[0]["deadlines"][1]["provisional"]
        again = Law(terms=Terms(), calendar=Calendar())
        for expected in (2, 0):
            with office.database.transaction() as tx:
                found = handlers.recompute_provisional(tx=tx, now=shanghai("2026-09-30 17:00"), law=again, limit=200)
            assert found == expected
        assert [
            (moved["deadline"]["kind"], moved["deadline"].get("provisional", False))
            for moved in office.announced(order, sla.DeadlineMoved)
        ] == [("DEADLINE_KIND_FIRST_CONTACT", False), ("DEADLINE_KIND_HANDLING", False)]
