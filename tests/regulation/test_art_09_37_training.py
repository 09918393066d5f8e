"""第九条(九)、第三十七条: the hotline's staff are trained: plan, material, attendance, tests, records by person."""

from datetime import timedelta
from typing import Any

import pytest
from hotline.knowledge.v1 import entry_pb2, training_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline.knowledge.v1 import training_service_pb2 as training
from hotline_cli.client import new_request_id

from tests.regulation.city import City, date_of, refused

DUTIES = ("all:9(9),37",)

HELD = training_pb2.COURSE_STATE_HELD


def plan(city: City, *, days: int = 0, **changes: Any) -> training_pb2.Course:
    """A course in the office's plan."""
    today = city.now.date()
    request: dict[str, Any] = {
        "title": "文明用语与首问负责",
        "kind": training_pb2.COURSE_KIND_ETHICS,
        "plan_date": date_of(today + timedelta(days=days)),
        "trainer": "培训科",
        "request_id": new_request_id(),
    }
    person = city.hotline.person("office").training
    planned: training_pb2.Course = person.PlanCourse(training.PlanCourseRequest(**request | changes))
    return planned


def hold(city: City, course: str, *attendees: str) -> training_pb2.Course:
    """Those came."""
    held: training_pb2.Course = city.hotline.person("office").training.HoldCourse(
        training.HoldCourseRequest(name=course, attendees=attendees, request_id=new_request_id())
    )
    return held


def mark(city: City, course: str, person: str, score: int) -> training_pb2.TrainingRecord:
    """So many points."""
    marked: training_pb2.TrainingRecord = city.hotline.person("office").training.RecordTest(
        training.RecordTestRequest(course=course, person=person, score=score, request_id=new_request_id())
    )
    return marked


class TestThePlan:
    """应当建立热线工作培训制度,做好职业道德教育和业务培训 (Art. 37)."""

    @pytest.mark.parametrize("kind", training_pb2.CourseKind.values()[1:])
    def test_holds_both_kinds_with_their_material(self, city: City, kind: "training_pb2.CourseKind.ValueType") -> None:
        """职业道德教育, 业务培训; what is learned from is in the knowledge base (Art. 37)."""
        entry = city.hotline.person("editor").knowledge.CreateEntry(
            knowledge.CreateEntryRequest(
                entry=entry_pb2.Entry(title="首问负责制", text="首问必答。", kind=entry_pb2.ENTRY_KIND_GUIDE),
                request_id=new_request_id(),
            )
        )
        course = plan(city, kind=kind, materials=[entry.name])
        read = city.hotline.person("operator").training.GetCourse(training.GetCourseRequest(name=course.name))
        assert (read.kind, list(read.materials)) == (kind, [entry.name])
        assert read.state == training_pb2.COURSE_STATE_PLANNED

    def test_names_no_material_that_there_is_not(self, city: City) -> None:
        """Nobody learns from a page that is missing (Art. 37)."""
        with refused("MATERIAL_UNKNOWN", article="Art. 37"):
            plan(city, materials=["entries/00000000-0000-7000-8000-000000000000"])

    def test_looks_ahead(self, city: City) -> None:
        """A plan is made before (Art. 37)."""
        with refused("COURSE_IN_THE_PAST", article="Art. 37"):
            plan(city, days=-1)

    def test_tells_what_was_cancelled_and_why(self, city: City) -> None:
        """What does not take place is not held afterwards (Art. 37)."""
        course = plan(city)
        office = city.hotline.person("office").training
        cancelled = office.CancelCourse(
            training.CancelCourseRequest(name=course.name, reason="讲师因故不能到场", request_id=new_request_id())
        )
        assert cancelled.cancel_reason == "讲师因故不能到场"
        with refused("STATE_NOT_ALLOWED", article="Art. 37"):
            hold(city, course.name, "operator-1")


class TestAttendance:
    """不断提高热线工作人员的职业素养和业务水平 (Art. 37)."""

    def test_is_put_on_record_for_each_person(self, city: City) -> None:
        """Who came, and when that was recorded (Art. 37)."""
        course = hold(city, plan(city).name, "operator-11", "operator-12")
        assert course.state == HELD
        listed = city.hotline.person("office").training.ListTrainingRecords(
            training.ListTrainingRecordsRequest(course=course.name)
        )
        assert {record.person for record in listed.training_records} == {"operator-11", "operator-12"}

    def test_is_not_put_on_record_before_the_day(self, city: City) -> None:
        """A planned course has no attendance (Art. 37)."""
        with refused("COURSE_NOT_YET_HELD", article="Art. 37"):
            hold(city, plan(city, days=3).name, "operator-11")


class TestATest:
    """加强工作人员培训、教育和管理 (Art. 9(9))."""

    def test_may_be_taken_again_and_every_try_stays(self, city: City) -> None:
        """Passed with the points of the course; what was failed before is not forgotten (Art. 9(9), 37)."""
        course = hold(city, plan(city, pass_score=80).name, "operator-21")
        assert not mark(city, course.name, "operator-21", 79).passed
        record = mark(city, course.name, "operator-21", 80)
        assert record.passed
        assert [test.score for test in record.tests] == [79, 80]

    def test_is_for_those_who_came(self, city: City) -> None:
        """No points without having been there (Art. 37)."""
        course = hold(city, plan(city).name, "operator-21")
        with refused("COURSE_NOT_ATTENDED", article="Art. 37"):
            mark(city, course.name, "operator-22", 100)


class TestTheRecord:
    """A person's record is theirs and the office's (Art. 37)."""

    def test_is_seen_by_its_person_and_the_office_alone(self, city: City) -> None:
        """Whoever sits at a seat sees their own, whatever they ask for (Art. 37)."""
        course = hold(city, plan(city).name, "operator-31", "operator-32")
        request = training.ListTrainingRecordsRequest(course=course.name, person="operator-32")
        own = city.hotline.person("operator", subject="operator-31").training.ListTrainingRecords(request)
        assert {record.person for record in own.training_records} == {"operator-31"}
        office = city.hotline.person("office").training.ListTrainingRecords(request)
        assert {record.person for record in office.training_records} == {"operator-32"}

    def test_is_kept_by_the_office(self, city: City) -> None:
        """No seat marks itself (Art. 9(9))."""
        with refused("PERMISSION_DENIED"):
            city.hotline.person("operator").training.RecordTest(training.RecordTestRequest())
