"""Meetings, their figures, and what follows from them (Art. 8, 9(8))."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hotline_sla.domain.assessment import Counts
from hotline_sla.domain.meeting import (
    LOWEST,
    Action,
    ActionDueTooEarly,
    ActionFinishedAlready,
    Figures,
    Meeting,
    MeetingInThePast,
    MeetingNotYetHeld,
    MeetingState,
    MeetingStateNotAllowed,
    figures,
)
from hotline_sla.domain.weights import Weights

ID = UUID(int=7)
EVENING = datetime(2026, 5, 11, 15, 59, tzinfo=UTC)  # one minute before midnight in the city
DAY = date(2026, 5, 11)


def figures_of(*by_unit: tuple[str, Counts]) -> Figures:
    return figures(start=DAY, end=DAY, by_unit=by_unit, weights=Weights())


def meeting(plan_date: date = DAY) -> Meeting:
    return Meeting(id=ID, title="例会", plan_date=plan_date, topics=(), figures=figures_of(), create_time=EVENING)


def action(due_date: date = DAY) -> Action:
    return Action(id=ID, meeting_id=ID, text="补齐回访", owner="units/heating", due_date=due_date)


class TestFigures:
    def test_add_up_all_units_and_name_the_lowest_first(self) -> None:
        good, bad = Counts(received=2, handled_in_time=2, contacted_in_time=2), Counts(received=3, overdue=3)
        found = figures_of(("units/a", good), ("units/b", bad))
        assert found.total.counts == good + bad
        assert [standing.unit for standing in found.lowest] == ["units/b", "units/a"]

    def test_name_few(self) -> None:
        assert len(figures_of(*((f"units/{n}", Counts(received=1)) for n in range(LOWEST + 3))).lowest) == LOWEST

    def test_of_nothing_received_have_no_score(self) -> None:
        assert figures_of().total.score is None


class TestAMeeting:
    def test_is_planned_for_today_at_the_earliest_by_the_citys_day(self) -> None:
        meeting().check()
        with pytest.raises(MeetingInThePast):
            replace(meeting(), create_time=EVENING + timedelta(minutes=1)).check()

    def test_has_minutes_from_its_day_on(self) -> None:
        with pytest.raises(MeetingNotYetHeld):
            meeting(date(2026, 5, 12)).held(participants=["热线办"], decisions=[], actions=[], now=EVENING)
        held = meeting().held(participants=["热线办"], decisions=["限期整改"], actions=[action()], now=EVENING)
        assert (held.state, held.decisions, held.version) == (MeetingState.HELD, ("限期整改",), 2)

    def test_asks_for_nothing_before_its_own_day(self) -> None:
        with pytest.raises(ActionDueTooEarly):
            meeting().held(participants=["热线办"], decisions=[], actions=[action(date(2026, 5, 10))], now=EVENING)

    def test_is_held_or_cancelled_once(self) -> None:
        gone = meeting().cancelled(reason="防汛")
        with pytest.raises(MeetingStateNotAllowed):
            gone.cancelled(reason="再次")
        with pytest.raises(MeetingStateNotAllowed):
            gone.held(participants=["热线办"], decisions=[], actions=[], now=EVENING)


class TestAnAction:
    def test_is_overdue_when_its_day_is_over_in_the_city(self) -> None:
        assert not action().is_overdue(now=EVENING)
        assert action().is_overdue(now=EVENING + timedelta(minutes=1))

    def test_is_finished_once_and_overdue_no_more(self) -> None:
        done = action().finished(report="已补齐", now=EVENING)
        assert not done.is_overdue(now=EVENING + timedelta(days=30))
        with pytest.raises(ActionFinishedAlready):
            done.finished(report="再报", now=EVENING)
