"""第二十一条: answered on the spot, or within the hour, or referred as a reviewed work order."""

from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id, pages

from tests.regulation.city import ANSWER, City, moment, refused

DUTIES = ("intake:21", "sla:21,24,26,30")

State = appeal_pb2.AppealState


class TestTheHour:
    """不能当场确定答案的,应当在1个小时内进行解答 (Art. 21)."""

    def test_runs_from_the_registration(self, city: City) -> None:
        """One hour of the clock on the wall, by day and by night (Art. 20, 21)."""
        appeal = city.register()
        city.settle()
        clock = city.clock(appeal.name, ANSWER)
        assert (moment(clock.due_time) - moment(appeal.create_time)).total_seconds() == 3600
        assert city.appeal(appeal.name).answer_due_time == clock.due_time

    def test_is_met_by_an_answer_or_a_referral(self, city: City) -> None:
        """解答, or 转相关承办单位办理; a decline is Art. 6's (Art. 21)."""
        answered = city.register()
        referred = city.register(draft=city.draft())
        city.pass_by(minutes=59)
        city.answer(answered.name)
        city.release(referred.name)
        city.settle()
        assert [city.state(appeal.name, ANSWER) for appeal in (answered, referred)] == ["MET", "MET"]
        assert [city.appeal(a.name).state for a in (answered, referred)] == [
            State.APPEAL_STATE_ANSWERED,
            State.APPEAL_STATE_REFERRED,
        ]

    def test_is_missed_with_an_alarm_and_still_owed(self, city: City) -> None:
        """A draft that waits for its review is no answer; what comes later is late (Art. 21)."""
        idle, drafted = city.register(), city.register(draft=city.draft())
        city.pass_by(minutes=61)
        for appeal in (idle, drafted):
            assert city.state(appeal.name, ANSWER) == "OVERDUE"
            assert city.appeal(appeal.name).answer_overdue
        city.answer(idle.name)
        city.release(drafted.name)
        city.settle()
        assert [city.state(appeal.name, ANSWER) for appeal in (idle, drafted)] == ["MET_LATE", "MET_LATE"]


class TestAMissedHour:
    """Ours: it alarms the supervisor of the seats, and counts against no unit."""

    def test_is_listed_to_the_supervisor_until_it_is_made_good_and_after(self, city: City) -> None:
        """The supervisor sees which appeal, since when, and who drafted; nobody at a seat does (Art. 15, 21)."""
        idle, drafted = city.register(), city.register(draft=city.draft())
        in_time = city.answer(city.register().name)
        city.pass_by(minutes=61)
        supervisor = city.hotline.person("supervisor").call_centre

        def missed(*, waiting: bool) -> dict[str, call_centre.MissedHour]:
            request = call_centre.ListMissedHoursRequest(waiting=waiting, page_size=1000)
            listed = [each for page in pages(supervisor.ListMissedHours, request) for each in page.missed_hours]
            return {each.appeal: each for each in listed}

        found = missed(waiting=True)
        assert {idle.name, drafted.name} <= set(found)
        assert in_time.name not in found
        assert (found[idle.name].operator, found[drafted.name].operator != "") == ("", True)
        assert (city.now - moment(found[idle.name].answer_due_time)).total_seconds() == 60
        city.answer(idle.name)
        city.settle()
        assert idle.name not in missed(waiting=True)
        assert missed(waiting=False)[idle.name].state == State.APPEAL_STATE_ANSWERED
        for role in ("operator", "reviewer", "unit"):
            with refused("PERMISSION_DENIED"):
                city.hotline.person(role).call_centre.ListMissedHours(call_centre.ListMissedHoursRequest())


class TestADirectAnswer:
    """依据知识库能直接解答的,当场予以解答 (Art. 21)."""

    def test_names_its_entry_and_reaches_the_citizen(self, city: City) -> None:
        """依据知识库: the entry is kept and its use is counted (Art. 21)."""
        citizen = city.hotline.person().knowledge
        entry = citizen.SearchEntries(knowledge.SearchEntriesRequest(query="暖气不热")).hits[0].entry
        appeal = city.register()
        city.answer(appeal.name, entry=entry.name)
        city.settle()
        assert city.appeal(appeal.name).answer.entry == entry.name
        assert "请先查看入户阀门" in city.told(appeal.name)["answered"].text
        editor = city.hotline.person("editor").knowledge
        assert editor.GetEntry(knowledge.GetEntryRequest(name=entry.name)).answer_count == entry.answer_count + 1

    def test_is_given_once(self, city: City) -> None:
        """Every appeal has one disposition (Art. 21)."""
        appeal = city.answer(city.register().name)
        with refused("STATE_NOT_ALLOWED"):
            city.answer(appeal.name)


class TestADraftedWorkOrder:
    """由热线工作机构制作电子工单,审核后即时转相关承办单位办理 (Art. 21)."""

    def test_goes_out_with_the_reviewers_text(self, city: City) -> None:
        """审核: the unit reads what the review seat wrote (Art. 21)."""
        appeal = city.register(draft=city.draft())
        city.release(appeal.name, appeal_pb2.DraftContent(text="请核查供热管网压力", lead_unit="units/water-group"))
        city.settle()
        order = city.order_of(appeal.name)
        assert (order.text, order.lead_unit) == ("请核查供热管网压力", "units/water-group")
        assert city.appeal(appeal.name).draft.proposed.text == "请入户测温并处理"

    def test_goes_out_at_once(self, city: City) -> None:
        """即时: no clock moves between the release and the unit (Art. 21)."""
        released = city.now
        order = city.dispatched()
        assert moment(order.dispatch_time) == released

    def test_does_not_go_out_unreviewed(self, city: City) -> None:
        """审核后 (Art. 21)."""
        appeal = city.register(draft=city.draft())
        city.settle()
        assert not city.appeal(appeal.name).work_order

    def test_is_given_back_with_a_reason_while_the_hour_runs(self, city: City) -> None:
        """The operator drafts again; the citizen's hour has not stopped (Art. 21)."""
        appeal = city.register(draft=city.draft())
        city.pass_by(minutes=20)
        city.reviewer.ReturnDraft(
            intake.ReturnDraftRequest(name=appeal.name, reason="缺门牌号", request_id=new_request_id())
        )
        city.settle()
        back = city.appeal(appeal.name)
        assert (back.state, back.draft.return_reason) == (State.APPEAL_STATE_REGISTERED, "缺门牌号")
        assert moment(back.draft.draft_time) == moment(appeal.create_time)
        assert moment(back.draft.return_time) == city.now
        assert city.state(appeal.name, ANSWER) == "RUNNING"
        assert (moment(city.clock(appeal.name, ANSWER).due_time) - city.now).total_seconds() == 2400
        again = intake.DraftWorkOrderRequest(name=appeal.name, draft=city.draft(), request_id=new_request_id())
        city.operator.DraftWorkOrder(again)
        out = city.appeal(city.release(appeal.name).name)
        assert out.state == State.APPEAL_STATE_REFERRED
        assert moment(out.draft.draft_time) == moment(out.draft.release_time) == city.now

    def test_never_names_the_citizen(self, city: City) -> None:
        """What the unit reads says what to do, not who asked (Art. 36(4))."""
        citizen = appeal_pb2.Citizen(full_name="甄好听", phone="13912340000")
        with refused("FIELD_INVALID", field="draft"):
            city.register(citizen=citizen, draft=appeal_pb2.DraftContent(text="请联系甄好听 139-1234-0000"))
