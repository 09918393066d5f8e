"""Courses and what people did in them (Art. 37)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hotline_knowledge.domain.training import (
    Course,
    CourseInThePast,
    CourseKind,
    CourseNotYetHeld,
    CourseState,
    CourseStateNotAllowed,
    TrainingRecord,
)

ID = UUID(int=7)
MORNING = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)


def course(plan_date: date = date(2026, 5, 12)) -> Course:
    return Course(
        id=ID,
        title="首问负责",
        kind=CourseKind.ETHICS,
        plan_date=plan_date,
        trainer="培训科",
        materials=(),
        pass_score=60,
        create_time=MORNING,
    )


def test_a_course_is_planned_for_today_at_the_earliest() -> None:
    course(date(2026, 5, 11)).check()
    with pytest.raises(CourseInThePast):
        course(date(2026, 5, 10)).check()


def test_a_course_is_held_from_its_day_on_by_the_citys_calendar() -> None:
    with pytest.raises(CourseNotYetHeld):
        course().held(now=datetime(2026, 5, 11, 15, 59, tzinfo=UTC))
    held = course().held(now=datetime(2026, 5, 11, 16, 0, tzinfo=UTC))  # midnight in the city
    assert (held.state, held.version) == (CourseState.HELD, 2)


@pytest.mark.parametrize("ended", [course().cancelled(reason="停水"), course().held(now=MORNING + timedelta(days=1))])
def test_what_was_held_or_cancelled_is_neither_again(ended: Course) -> None:
    with pytest.raises(CourseStateNotAllowed):
        ended.held(now=MORNING + timedelta(days=2))
    with pytest.raises(CourseStateNotAllowed):
        ended.cancelled(reason="停水")


@pytest.mark.parametrize(("scores", "passed"), [((), False), ((59,), False), ((60,), True), ((80, 20), True)])
def test_a_test_is_passed_by_its_best_try(scores: tuple[int, ...], passed: bool) -> None:
    record = TrainingRecord(id=ID, course_id=ID, person="operator-1", attend_time=MORNING, pass_score=60)
    for score in scores:
        record = record.tested(score=score, examiner="office-1", now=MORNING)
    assert record.passed is passed
    assert len(record.tests) == len(scores)
