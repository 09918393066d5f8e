"""第九条(九)、第三十七条: the staff practise on the real workflow with invented data, apart, and are marked for it."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import training_service_pb2 as training
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import Instance
from hotline_cli.main import app
from hotline_cli.practice.exercise import Caller, Way, callers
from hotline_kernel.clock import VirtualClock
from typer.testing import CliRunner

from tests.regulation.city import City, refused
from tests.regulation.test_art_09_37_training import hold, plan
from tests.support.tenant import Stranger, environment, training_tenant
from tests.support.workers import run_directory

DUTIES = ("all:9(9),37",)

TRAINEE, SEED = "operator-71", 37
_RUN = run_directory("test")


@pytest.fixture(scope="module")
def tenant(servers: Endpoints, city: City) -> Iterator[Instance]:
    """The training tenant beside the city."""
    with training_tenant(_RUN, servers, start=city.now) as instance:
        yield instance


@pytest.fixture(scope="module")
def practice(tenant: Instance) -> Iterator[Hotline]:
    """A connection to it."""
    connection = Hotline(tenant.running)
    yield connection
    connection.close()


class Trainee:
    """Who takes an invented caller's appeal, and does with it what they think is right."""

    def __init__(self, practice: Hotline, subject: str = TRAINEE) -> None:
        self.intake = practice.person("operator", subject=subject).intake

    def register(self, caller: Caller) -> appeal_pb2.Appeal:
        """By the key, where it asks for something."""
        key = caller.key
        return self.intake.RegisterAppeal(
            intake.RegisterAppealRequest(
                channel=appeal_pb2.CHANNEL_PHONE,
                kind=key.kind or appeal_pb2.APPEAL_KIND_DAILY_LIFE,
                request_type=key.request_type or appeal_pb2.REQUEST_TYPE_HELP,
                asker=appeal_pb2.ASKER_PERSON,
                category=key.category or "综合/其他",
                region="139902",
                title="来电诉求",
                text=caller.text,
                citizen=appeal_pb2.Citizen(full_name=caller.name, phone=caller.phone, address=caller.address),
                request_id=new_request_id(),
            )
        )

    def decline(self, appeal: str, ground: appeal_pb2.DeclineGround.ValueType) -> None:
        """Says where to turn."""
        referral = "请立即拨打119或120求助；民事纠纷、已立案事项请向法院咨询。"
        self.intake.DeclineAppeal(
            intake.DeclineAppealRequest(name=appeal, ground=ground, referral=referral, request_id=new_request_id())
        )

    def answer(self, appeal: str) -> None:
        """Directly."""
        self.intake.AnswerAppeal(
            intake.AnswerAppealRequest(
                name=appeal, text="请携带身份证到政务服务大厅办理。", request_id=new_request_id()
            )
        )

    def draft(self, appeal: str, *, lead: str, text: str = "请核实情况，依法处理并答复。") -> None:
        """A work order."""
        content = appeal_pb2.DraftContent(text=text, lead_unit=lead)
        self.intake.DraftWorkOrder(
            intake.DraftWorkOrderRequest(name=appeal, draft=content, request_id=new_request_id())
        )

    def do_right(self, caller: Caller) -> None:
        """What the key says."""
        appeal, key = self.register(caller).name, caller.key
        match key.way:
            case Way.DECLINED:
                self.decline(appeal, key.ground)
            case Way.ANSWERED:
                self.answer(appeal)
            case Way.DRAFTED:
                self.draft(appeal, lead=key.leads[0])


def marked(city: City, tenant: Instance, course: str, *, seed: int, number: int = 3) -> dict[str, object]:
    """The office marks the exercise with its command."""
    both = environment(city.hotline.instance.running, prefix="HOTLINE_", role="office") | environment(
        tenant.running, prefix="HOTLINE_TRAINING_", role="office"
    )
    words = ["training", "mark", course, "--person", TRAINEE, "--seed", str(seed), "--number", str(number)]
    told = CliRunner().invoke(app, [*words, "-o", "json"], env=both)
    assert told.exit_code == 0, told.output
    found: dict[str, object] = json.loads(told.stdout)
    return found


class TestTheTenant:
    """Real workflow on invented data; never mixed with real records (Art. 9(9), 37)."""

    def test_is_closed_to_the_real_systems_people_and_they_to_it(self, city: City, tenant: Instance) -> None:
        """A token of one is worth nothing in the other (Art. 37)."""
        real = city.hotline.instance.running
        for stranger in (Stranger(tenant.running, real), Stranger(real, tenant.running)):
            connection = Hotline(stranger)
            with refused("UNAUTHENTICATED"):
                connection.person("operator").intake.ListAppeals(intake.ListAppealsRequest())
            connection.close()

    def test_has_none_of_the_real_records(self, city: City, practice: Hotline) -> None:
        """Neither by name nor by tracking code nor by number (Art. 37)."""
        appeal = city.register()
        inside = practice.person("operator").intake
        with refused("NOT_FOUND"):
            inside.GetAppeal(intake.GetAppealRequest(name=appeal.name))
        with refused("NOT_FOUND"):
            practice.person().intake.TrackAppeal(intake.TrackAppealRequest(tracking_code=appeal.tracking_code))

    def test_says_in_every_word_to_a_citizen_that_it_is_practice(self, city: City, practice: Hotline) -> None:
        """【演练】 on receipt and answer; the real system's words are without it (Art. 37)."""
        trainee = Trainee(practice, subject="operator-70")
        [caller, *_] = [each for each in callers(seed=1, number=3) if each.key.way is Way.ANSWERED]
        appeal = trainee.register(caller)
        trainee.answer(appeal.name)
        told = trainee.intake.ListMessages(intake.ListMessagesRequest(parent=appeal.name)).messages
        assert [message.occasion for message in told] == ["receipt", "answered"]
        assert all(message.text.startswith("【演练】") for message in told)
        real = city.told(city.register().name)
        assert not real["receipt"].text.startswith("【演练】")


class TestAnExercise:
    """不断提高热线工作人员的职业素养和业务水平 (Art. 37)."""

    def test_is_marked_by_its_key_and_the_points_enter_the_real_record(
        self, city: City, tenant: Instance, practice: Hotline
    ) -> None:
        """All of it right is 100 points, in the record that the office keeps (Art. 37)."""
        trainee = Trainee(practice)
        for caller in callers(seed=SEED, number=4):
            trainee.do_right(caller)
        course = hold(city, plan(city, title="话务演练").name, TRAINEE).name
        told = marked(city, tenant, course, seed=SEED, number=4)
        assert (told["points"], told["passed"]) == (100, True)
        [record] = (
            city.hotline.person("office")
            .training.ListTrainingRecords(training.ListTrainingRecordsRequest(course=course))
            .training_records
        )
        assert (record.person, [test.score for test in record.tests]) == (TRAINEE, [100])

    def test_costs_points_for_what_is_late_wrong_or_not_done(
        self, city: City, tenant: Instance, practice: Hotline
    ) -> None:
        """The hour, Article 6, the lead unit, and a caller of whom nothing was registered (Art. 6, 7, 21, 37)."""
        trainee = Trainee(practice)
        those = {caller.key.way: caller for caller in callers(seed=SEED + 1, number=3)}
        late = trainee.register(those[Way.ANSWERED]).name
        wrong = trainee.register(those[Way.DRAFTED]).name
        trainee.draft(wrong, lead="units/archives")
        assert isinstance(tenant.clock, VirtualClock)
        tenant.clock.set(tenant.clock.now() + timedelta(minutes=61))
        trainee.answer(late)
        course = hold(city, plan(city, title="话务演练").name, TRAINEE).name
        told = marked(city, tenant, course, seed=SEED + 1)
        remarks = {each["phone"]: " ".join(each["remarks"]) for each in told["callers"]}  # type: ignore[attr-defined]
        assert "第二十一条" in remarks[those[Way.ANSWERED].phone]
        assert "主办单位" in remarks[those[Way.DRAFTED].phone]
        assert "未登记" in remarks[those[Way.DECLINED].phone]
        assert (told["points"], told["passed"]) == ((80 + 85 + 0) // 3, False)

    def test_gives_nothing_for_the_work_of_somebody_else(self, city: City, tenant: Instance, practice: Hotline) -> None:
        """Who registers and leaves the decision to a colleague has decided nothing (Art. 37)."""
        colleague = Trainee(practice, subject="operator-72")
        for caller in callers(seed=SEED + 2, number=3):
            colleague.do_right(caller)
        course = hold(city, plan(city, title="话务演练").name, TRAINEE).name
        told = marked(city, tenant, course, seed=SEED + 2)
        assert told["points"] == 30
