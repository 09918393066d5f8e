"""Training of the hotline's staff: a course is planned, held and tested; each person has a record (Art. 9(9), 37)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_knowledge.domain.entry import legal_day


class CourseKind(StrEnum):
    """The two kinds of Art. 37."""

    ETHICS = "ETHICS"
    SKILLS = "SKILLS"


class CourseState(Code):
    """Where a course stands."""

    PLANNED = "PLANNED", "待举行"
    HELD = "HELD", "已举行"
    CANCELLED = "CANCELLED", "已取消"


class CourseStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 37"
    zh = "该培训当前状态为 {state}，不能进行此操作。"


class CourseInThePast(Refused):
    """A course is planned for today or later, not for {plan_date}."""

    reason = "COURSE_IN_THE_PAST"
    article = "Art. 37"
    zh = "培训日期（{plan_date}）已过，请选择今天或以后的日期。"


class CourseNotYetHeld(Refused):
    """{resource} is planned for {plan_date}: attendance is put on record when it has taken place."""

    reason = "COURSE_NOT_YET_HELD"
    article = "Art. 37"
    zh = "该培训计划于 {plan_date} 举行，举行后才能登记出席人员。"


class MaterialUnknown(Refused):
    """There is no entry {entry} that could be learned from."""

    reason = "MATERIAL_UNKNOWN"
    article = "Art. 37"
    zh = "培训资料 {entry} 不在知识库中。"


class NotAttended(Refused):
    """{person} did not attend {resource}, and is tested after having attended."""

    reason = "COURSE_NOT_ATTENDED"
    article = "Art. 37"
    zh = "{person} 未参加该培训，不能登记考核成绩。"


@dataclass(frozen=True, kw_only=True)
class Course:
    """A course (培训)."""

    id: UUID
    title: str
    kind: CourseKind
    plan_date: date
    trainer: str
    materials: tuple[str, ...]
    pass_score: int
    """Points of 100 (ours)."""
    create_time: datetime
    state: CourseState = CourseState.PLANNED
    hold_time: datetime | None = None
    cancel_reason: str = ""
    version: int = 1

    @property
    def name(self) -> str:
        """`courses/{uuid}`."""
        return f"courses/{self.id}"

    def check(self) -> None:
        """Raises `CourseInThePast`: a plan looks ahead."""
        if self.plan_date < legal_day(self.create_time):
            raise CourseInThePast(plan_date=self.plan_date.isoformat())

    def held(self, *, now: datetime) -> "Course":
        """It took place. Raises `CourseStateNotAllowed`, and before its day `CourseNotYetHeld`."""
        self._require(CourseState.PLANNED)
        if legal_day(now) < self.plan_date:
            raise CourseNotYetHeld(resource=self.name, plan_date=self.plan_date.isoformat())
        return replace(self, state=CourseState.HELD, hold_time=now, version=self.version + 1)

    def cancelled(self, *, reason: str) -> "Course":
        """It will not take place. Raises `CourseStateNotAllowed`."""
        self._require(CourseState.PLANNED)
        return replace(self, state=CourseState.CANCELLED, cancel_reason=reason, version=self.version + 1)

    def _require(self, state: CourseState) -> None:
        if self.state is not state:
            raise CourseStateNotAllowed(resource=self.name, state=self.state)


@dataclass(frozen=True, kw_only=True)
class Test:
    """One try at a course's test."""

    score: int
    test_time: datetime
    examiner: str


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """What one person did in one course."""

    id: UUID
    course_id: UUID
    person: str
    attend_time: datetime
    pass_score: int
    """The course's."""
    tests: Sequence[Test] = ()

    @property
    def name(self) -> str:
        """`trainingRecords/{uuid}`."""
        return f"trainingRecords/{self.id}"

    @property
    def passed(self) -> bool:
        """One of the tests reached the points of the course."""
        return any(test.score >= self.pass_score for test in self.tests)

    def tested(self, *, score: int, examiner: str, now: datetime) -> "TrainingRecord":
        """Another try; those before stay."""
        return replace(self, tests=(*self.tests, Test(score=score, test_time=now, examiner=examiner)))
