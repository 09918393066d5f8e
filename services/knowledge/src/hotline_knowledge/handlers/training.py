"""What is done about training, one function per use case (Art. 9(9), 37)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_knowledge.domain.training import Course, CourseKind, MaterialUnknown, NotAttended, TrainingRecord


class Store(Protocol):
    """What the use cases need of a transaction."""

    actor: Principal

    def record(self, *, action: str, resource: str, time: datetime, purpose: str = "") -> None: ...

    def missing_entry(self, ids: Sequence[UUID]) -> UUID | None: ...
    def add_course(self, course: Course) -> None: ...
    def save_course(self, course: Course) -> None: ...
    def course_to_change(self, course_id: UUID) -> Course | None: ...
    def add_training_records(self, records: Sequence[TrainingRecord]) -> None: ...
    def training_record_to_change(self, *, course_id: UUID, person: str) -> TrainingRecord | None: ...
    def save_tests(self, record: TrainingRecord) -> None: ...


def plan_course(
    *,
    title: str,
    kind: CourseKind,
    plan_date: date,
    trainer: str,
    materials: Sequence[str],
    pass_score: int,
    tx: Store,
    now: datetime,
) -> Course:
    """Puts a course into the plan (Art. 37). Raises `CourseInThePast`, `MaterialUnknown`."""
    course = Course(
        id=uuid7(),
        title=title,
        kind=kind,
        plan_date=plan_date,
        trainer=trainer,
        materials=tuple(materials),
        pass_score=pass_score,
        create_time=now,
    )
    course.check()
    missing = tx.missing_entry([uuid_of(each, field="materials") for each in materials])
    if missing is not None:
        raise MaterialUnknown(entry=f"entries/{missing}")
    tx.add_course(course)
    tx.record(action="knowledge.courses.plan", resource=course.name, time=now)
    return course


def hold_course(*, course_id: UUID, attendees: Sequence[str], etag: str, tx: Store, now: datetime) -> Course:
    """The course took place; those who came have a record from now on (Art. 37)."""
    course = _course(course_id, etag, tx).held(now=now)
    tx.save_course(course)
    tx.add_training_records(
        [
            TrainingRecord(
                id=uuid7(), course_id=course.id, person=person, attend_time=now, pass_score=course.pass_score
            )
            for person in attendees
        ]
    )
    tx.record(action="knowledge.courses.hold", resource=course.name, time=now)
    return course


def cancel_course(*, course_id: UUID, reason: str, etag: str, tx: Store, now: datetime) -> Course:
    """The course will not take place."""
    course = _course(course_id, etag, tx).cancelled(reason=reason)
    tx.save_course(course)
    tx.record(action="knowledge.courses.cancel", resource=course.name, time=now, purpose=reason)
    return course


def record_test(*, course_id: UUID, person: str, score: int, tx: Store, now: datetime) -> TrainingRecord:
    """A test of somebody who attended (Art. 37). Raises `ResourceNotFound`, `NotAttended`."""
    course = _course(course_id, "", tx)
    record = tx.training_record_to_change(course_id=course_id, person=person)
    if record is None:
        raise NotAttended(resource=course.name, person=person)
    tested = record.tested(score=score, examiner=tx.actor.subject, now=now)
    tx.save_tests(tested)
    tx.record(action="knowledge.tests.record", resource=tested.name, time=now)
    return tested


def visible_person(*, asked: str, actor: Principal) -> str:
    """Whose records are listed: office and auditor see everybody's, a seat its own alone."""
    return asked if actor.roles & {"office", "auditor"} else actor.subject


def _course(course_id: UUID, etag: str, tx: Store) -> Course:
    course = tx.course_to_change(course_id)
    if course is None:
        raise ResourceNotFound(resource=f"courses/{course_id}")
    if etag and etag != str(course.version):
        raise EtagMismatch(resource=course.name)
    return course
