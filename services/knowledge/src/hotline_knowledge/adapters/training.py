"""Courses and records of training: their tables, and how they travel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from google.type.date_pb2 import Date
from hotline.knowledge.v1 import training_pb2
from hotline_kernel.db import Transaction
from hotline_kernel.timestamps import timestamp
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_knowledge.domain.training import Course, CourseKind, CourseState, Test, TrainingRecord

_COURSE = """
    SELECT id, title, kind, plan_date, trainer, materials, pass_score, state, create_time, hold_time, cancel_reason,
           version
      FROM course"""
_RECORD = """
    SELECT r.id, r.course, r.person, r.attend_time, r.tests, c.pass_score
      FROM training_record r JOIN course c ON c.id = r.course"""
_LAST = UUID(int=2**128 - 1)


class TrainingStore(Transaction):
    """What a transaction of knowledge does with the tables of training."""

    def missing_entry(self, ids: Sequence[UUID]) -> UUID | None:
        """One of these ids that is no entry's, if there is one."""
        row = self.one(
            "SELECT w.id FROM unnest(%(ids)s::uuid[]) AS w(id) WHERE NOT EXISTS"
            " (SELECT FROM entry e WHERE e.id = w.id) LIMIT 1",
            {"ids": list(ids)},
        )
        return row["id"] if row else None

    def add_course(self, course: Course) -> None:
        """Adds a new course."""
        self.run(
            """INSERT INTO course (id, title, kind, plan_date, trainer, materials, pass_score, state, create_time,
                 hold_time, cancel_reason, version)
               VALUES (%(id)s, %(title)s, %(kind)s, %(plan_date)s, %(trainer)s, %(materials)s, %(pass_score)s,
                 %(state)s, %(create_time)s, %(hold_time)s, %(cancel_reason)s, %(version)s)""",
            vars(course) | {"materials": list(course.materials)},
        )

    def save_course(self, course: Course) -> None:
        """Saves where it stands; what was planned stays."""
        self.run(
            """UPDATE course SET state = %(state)s, hold_time = %(hold_time)s, cancel_reason = %(cancel_reason)s,
                 version = %(version)s
               WHERE id = %(id)s""",
            vars(course) | {"materials": list(course.materials)},
        )

    def course(self, course_id: UUID) -> Course | None:
        """As it stands."""
        row = self.one(f"{_COURSE} WHERE id = %(id)s", {"id": course_id})
        return _to_course(row) if row else None

    def course_to_change(self, course_id: UUID) -> Course | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_COURSE} WHERE id = %(id)s FOR UPDATE", {"id": course_id})
        return _to_course(row) if row else None

    def courses(self, *, state: CourseState | None, after: UUID | None, limit: int) -> list[Course]:
        """Newest first."""
        wanted = "state = %(state)s AND " if state else ""
        rows = self.all(
            f"{_COURSE} WHERE {wanted}id < %(after)s ORDER BY id DESC LIMIT %(limit)s",
            {"state": state, "after": after or _LAST, "limit": limit},
        )
        return [_to_course(row) for row in rows]

    def add_training_records(self, records: Sequence[TrainingRecord]) -> None:
        """Adds the records of all who came."""
        self.run(
            """INSERT INTO training_record (id, course, person, attend_time, tests)
               SELECT * , '[]' FROM unnest(%(ids)s::uuid[], %(courses)s::uuid[], %(people)s::text[],
                 %(times)s::timestamptz[])""",
            {
                "ids": [each.id for each in records],
                "courses": [each.course_id for each in records],
                "people": [each.person for each in records],
                "times": [each.attend_time for each in records],
            },
        )

    def training_record_to_change(self, *, course_id: UUID, person: str) -> TrainingRecord | None:
        """Locked until the end of the transaction; None if the person did not come."""
        row = self.one(
            f"{_RECORD} WHERE r.course = %(course)s AND r.person = %(person)s FOR UPDATE OF r",
            {"course": course_id, "person": person},
        )
        return _to_record(row) if row else None

    def save_tests(self, record: TrainingRecord) -> None:
        """Saves the tries."""
        tests = [vars(test) | {"test_time": test.test_time.isoformat()} for test in record.tests]
        self.run(
            "UPDATE training_record SET tests = %(tests)s WHERE id = %(id)s", {"id": record.id, "tests": Jsonb(tests)}
        )

    def training_records(
        self, *, person: str, course_id: UUID | None, after: UUID | None, limit: int
    ) -> list[TrainingRecord]:
        """Newest first."""
        filters = {"r.person = %(person)s": bool(person), "r.course = %(course)s": course_id is not None}
        wanted = [condition for condition, is_set in filters.items() if is_set]
        rows = self.all(
            f"{_RECORD} WHERE {' AND '.join([*wanted, 'r.id < %(after)s'])} ORDER BY r.id DESC LIMIT %(limit)s",
            {"person": person, "course": course_id, "after": after or _LAST, "limit": limit},
        )
        return [_to_record(row) for row in rows]


def course_message(course: Course) -> training_pb2.Course:
    """A course as it travels."""
    day = course.plan_date
    return training_pb2.Course(
        name=course.name,
        title=course.title,
        kind=training_pb2.CourseKind.Value(f"COURSE_KIND_{course.kind}"),
        state=training_pb2.CourseState.Value(f"COURSE_STATE_{course.state}"),
        plan_date=Date(year=day.year, month=day.month, day=day.day),
        trainer=course.trainer,
        materials=course.materials,
        pass_score=course.pass_score,
        create_time=timestamp(course.create_time),
        hold_time=timestamp(course.hold_time),
        cancel_reason=course.cancel_reason,
        etag=str(course.version),
    )


def training_record_message(record: TrainingRecord) -> training_pb2.TrainingRecord:
    """A record as it travels."""
    return training_pb2.TrainingRecord(
        name=record.name,
        course=f"courses/{record.course_id}",
        person=record.person,
        attend_time=timestamp(record.attend_time),
        tests=[
            training_pb2.TrainingTest(score=test.score, test_time=timestamp(test.test_time), examiner=test.examiner)
            for test in record.tests
        ],
        passed=record.passed,
    )


def course_state_of(value: training_pb2.CourseState.ValueType) -> CourseState | None:
    """A state; None if it is not set."""
    return CourseState(training_pb2.CourseState.Name(value).removeprefix("COURSE_STATE_")) if value else None


def course_kind_of(value: training_pb2.CourseKind.ValueType) -> CourseKind:
    """A kind; it is set, or the request was refused."""
    return CourseKind(training_pb2.CourseKind.Name(value).removeprefix("COURSE_KIND_"))


def _to_course(row: DictRow) -> Course:
    return Course(
        **row
        | {
            "kind": CourseKind(row["kind"]),
            "state": CourseState(row["state"]),
            "materials": tuple(row["materials"]),
        }
    )


def _to_record(row: DictRow) -> TrainingRecord:
    return TrainingRecord(
        id=row["id"],
        course_id=row["course"],
        person=row["person"],
        attend_time=row["attend_time"],
        pass_score=row["pass_score"],
        tests=tuple(_to_test(test) for test in row["tests"]),
    )


def _to_test(test: dict[str, Any]) -> Test:
    return Test(**test | {"test_time": datetime.fromisoformat(test["test_time"])})
