"""第六条: a citizen who was not accepted can object; somebody else than who declined decides."""

from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import contest_service_pb2 as contests
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id, pages

from tests.regulation.city import City, refused

DUTIES = ("intake:6",)
OBJECTION = "物业不履行合同也归住建局管，请受理。"
REVIEWERS_OWN = "someone-with-two-seats"


def declined(city: City) -> appeal_pb2.Appeal:
    """An appeal that was not accepted."""
    return city.decline(city.register().name, appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE, "请向人民法院起诉")


def object_to(city: City, appeal: appeal_pb2.Appeal) -> contests.Contest:
    """The citizen objects, with the code alone."""
    request = contests.ContestDeclineRequest(
        tracking_code=appeal.tracking_code, reason=OBJECTION, request_id=new_request_id()
    )
    return city.hotline.person().contests.ContestDecline(request)


def decide(city: City, contest: str, *, upheld: bool, subject: str = "") -> contests.Contest:
    """A review seat decides."""
    request = contests.DecideContestRequest(
        name=contest,
        upheld=upheld,
        decision="涉及物业监管职责" if not upheld else "确属民事纠纷",
        request_id=new_request_id(),
    )
    return city.hotline.person("reviewer", subject=subject).contests.DecideContest(request)


class TestAnObjection:
    """不予受理 is not the last word (Art. 6)."""

    def test_is_made_with_the_tracking_code_alone(self, city: City) -> None:
        """No login; what the citizen says is sealed, and reading it goes on record (Art. 36(4))."""
        contest = object_to(city, declined(city))
        assert contest.state == contests.CONTEST_STATE_OPEN
        assert not contest.decliner
        read = city.hotline.person("reviewer").contests.ReadContest(contests.ReadContestRequest(name=contest.name))
        assert read.text == OBJECTION

    def test_is_listed_until_it_is_decided(self, city: City) -> None:
        """Nothing is dropped: open ones are found, counted, and none is decided twice."""
        contest = object_to(city, declined(city))
        request = contests.ListContestsRequest(state=contests.CONTEST_STATE_OPEN, page_size=1000)
        service = city.hotline.person("office").contests
        listed = [each.name for page in pages(service.ListContests, request) for each in page.contests]
        assert contest.name in listed
        decide(city, contest.name, upheld=True)
        assert contest.name not in {each.name for each in service.ListContests(request).contests}
        with refused("STATE_NOT_ALLOWED"):
            decide(city, contest.name, upheld=False)

    def test_is_made_once_for_a_decline_and_for_a_decline_alone(self, city: City) -> None:
        """The same decision is not asked about again and again (ours)."""
        appeal = declined(city)
        object_to(city, appeal)
        with refused("CONTESTED_ALREADY", article="Art. 6"):
            object_to(city, appeal)
        with refused("STATE_NOT_ALLOWED"):
            object_to(city, city.register())


class TestTheDecision:
    """审核座席 (Art. 15): another pair of eyes."""

    def test_takes_the_appeal_up_again_with_a_new_hour(self, city: City) -> None:
        """Reopened: it is registered, and the hour of Art. 21 begins anew."""
        appeal = declined(city)
        decided = decide(city, object_to(city, appeal).name, upheld=False)
        city.settle()
        assert decided.state == contests.CONTEST_STATE_REOPENED
        kept = city.appeal(appeal.name)
        assert kept.state == appeal_pb2.APPEAL_STATE_REGISTERED
        assert (kept.answer_due_time.seconds - int(city.now.timestamp())) == 3600

    def test_tells_the_citizen_why_the_decline_stands(self, city: City) -> None:
        """Upheld: with its reason, by the channel of the appeal."""
        appeal = declined(city)
        decide(city, object_to(city, appeal).name, upheld=True)
        assert "确属民事纠纷" in city.told(appeal.name)["upheld"].text
        assert city.appeal(appeal.name).state == appeal_pb2.APPEAL_STATE_DECLINED

    def test_is_not_made_by_who_declined(self, city: City) -> None:
        """Who holds two seats does not judge themselves."""
        person = city.hotline.person("operator", "reviewer", subject=REVIEWERS_OWN)
        appeal = person.intake.DeclineAppeal(
            intake.DeclineAppealRequest(
                name=city.register().name,
                ground=appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE,
                referral="请向人民法院起诉",
                request_id=new_request_id(),
            )
        )
        with refused("DECIDED_BY_DECLINER", article="Art. 6"):
            decide(city, object_to(city, appeal).name, upheld=True, subject=REVIEWERS_OWN)
