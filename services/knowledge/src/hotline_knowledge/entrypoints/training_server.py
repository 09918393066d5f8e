"""TrainingService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.knowledge.v1 import training_pb2
from hotline.knowledge.v1 import training_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import training as messages
from hotline_knowledge.adapters.messages import date_of
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.domain.training import Course
from hotline_knowledge.handlers import training as handlers


class TrainingServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, pass_score: int) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._pass_score = pass_score

    def PlanCourse(self, request: service_pb2.PlanCourseRequest, call: Call) -> training_pb2.Course:
        plan_date = date_of(request, "plan_date")
        if plan_date is None:
            raise FieldInvalid(violations=[("plan_date", "is required")])
        return self._change(
            request,
            call,
            lambda tx: handlers.plan_course(
                title=request.title,
                kind=messages.course_kind_of(request.kind),
                plan_date=plan_date,
                trainer=request.trainer,
                materials=request.materials,
                pass_score=request.pass_score or self._pass_score,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def HoldCourse(self, request: service_pb2.HoldCourseRequest, call: Call) -> training_pb2.Course:
        return self._change(
            request,
            call,
            lambda tx: handlers.hold_course(
                course_id=uuid_of(request.name),
                attendees=request.attendees,
                etag=request.etag,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def CancelCourse(self, request: service_pb2.CancelCourseRequest, call: Call) -> training_pb2.Course:
        return self._change(
            request,
            call,
            lambda tx: handlers.cancel_course(
                course_id=uuid_of(request.name),
                reason=request.reason,
                etag=request.etag,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def GetCourse(self, request: service_pb2.GetCourseRequest, call: Call) -> training_pb2.Course:
        with self._database.transaction(actor=call.principal) as tx:
            course = tx.course(uuid_of(request.name))
        if course is None:
            raise ResourceNotFound(resource=request.name)
        return messages.course_message(course)

    def ListCourses(self, request: service_pb2.ListCoursesRequest, call: Call) -> service_pb2.ListCoursesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.courses(
                state=messages.course_state_of(request.state), after=page.after_uuid(), limit=page.size + 1
            )
        kept, token = page.cut(found, key=lambda course: [course.id])
        return service_pb2.ListCoursesResponse(
            courses=[messages.course_message(course) for course in kept], next_page_token=token
        )

    def RecordTest(self, request: service_pb2.RecordTestRequest, call: Call) -> training_pb2.TrainingRecord:
        return self._commands.run(
            request,
            call,
            training_pb2.TrainingRecord,
            lambda tx: messages.training_record_message(
                handlers.record_test(
                    course_id=uuid_of(request.course, field="course"),
                    person=request.person,
                    score=request.score,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def ListTrainingRecords(
        self, request: service_pb2.ListTrainingRecordsRequest, call: Call
    ) -> service_pb2.ListTrainingRecordsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.training_records(
                person=handlers.visible_person(asked=request.person, actor=call.principal),
                course_id=uuid_of(request.course, field="course") if request.course else None,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda record: [record.id])
        return service_pb2.ListTrainingRecordsResponse(
            training_records=[messages.training_record_message(record) for record in kept], next_page_token=token
        )

    def _change(self, request: Message, call: Call, work: Callable[[Store], Course]) -> training_pb2.Course:
        return self._commands.run(request, call, training_pb2.Course, lambda tx: messages.course_message(work(tx)))
