"""第六条: what is not accepted, and where the citizen is sent instead."""

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2
from hotline_cli.client import new_request_id, pages

from tests.regulation.city import ANSWER, City, moment, refused

DUTIES = ("intake:6",)

GROUNDS = {
    "EMERGENCY": "请立即拨打119",
    "CIVIL_DISPUTE": "请向人民法院起诉或者申请人民调解",
    "STATUTORY_PROCEDURE": "请向受理行政复议的机关查询",
    "MILITARY": "请向驻军主管部门反映",
}


class TestTheFourGrounds:
    """对下列求助事项,群众服务热线不予受理 (Art. 6(1)-(4))."""

    @pytest.mark.parametrize("ground", GROUNDS)
    def test_end_the_matter_and_tell_where_to_turn(self, city: City, ground: str) -> None:
        """应当通过110、119、120等紧急渠道求助, 法定程序, 军队… (Art. 6)."""
        value = appeal_pb2.DeclineGround.Value(f"DECLINE_GROUND_{ground}")
        appeal = city.register()
        city.decline(appeal.name, value, GROUNDS[ground])
        city.settle()
        kept = city.appeal(appeal.name)
        assert kept.state == appeal_pb2.APPEAL_STATE_DECLINED
        assert (kept.decline.ground, kept.decline.referral) == (value, GROUNDS[ground])
        assert GROUNDS[ground] in city.told(appeal.name)["declined"].text
        assert city.track(appeal.tracking_code).messages[-1].occasion == "declined"
        assert city.state(appeal.name, ANSWER) == "MET"

    def test_are_kept_and_found_again(self, city: City) -> None:
        """Declined is not forgotten: it is listed by its ground (Art. 6)."""
        ground = appeal_pb2.DECLINE_GROUND_MILITARY
        appeal = city.decline(city.register().name, ground, GROUNDS["MILITARY"])
        request = intake.ListAppealsRequest(decline_ground=ground, page_size=1000)
        found = [each for page in pages(city.operator.ListAppeals, request) for each in page.appeals]
        assert appeal.name in {each.name for each in found}
        assert {each.decline.ground for each in found} == {ground}

    def test_are_the_only_ones(self, city: City) -> None:
        """No fifth ground (Art. 6)."""
        with refused("FIELD_INVALID", field="ground"):
            city.decline(city.register().name, appeal_pb2.DECLINE_GROUND_UNSPECIFIED, "不归我们管")

    def test_never_leave_a_citizen_without_a_way(self, city: City) -> None:
        """应当通过…渠道: the other way is named (Art. 6)."""
        with refused("FIELD_INVALID", field="referral"):
            city.decline(city.register().name, appeal_pb2.DECLINE_GROUND_MILITARY, "")


class TestAnEmergency:
    """涉及人身、财产安全,应当通过110、119、120等紧急渠道求助的事项 (Art. 6(1))."""

    def test_is_seen_in_the_words_and_told_at_once(self, city: City) -> None:
        """The receipt itself names the three numbers (Art. 6(1))."""
        appeal = city.register(text="楼下厨房着火了,浓烟很大,有老人被困", title="火情")
        assert appeal.emergency
        assert all(number in city.told(appeal.name)["receipt"].text for number in ("110", "119", "120"))

    def test_is_never_answered_from_the_knowledge_base(self, city: City) -> None:
        """It is sent to 110, 119, 120, or on to a unit (Art. 6(1))."""
        appeal = city.register(text="楼下厨房着火了,浓烟很大,有老人被困", title="火情")
        with refused("EMERGENCY_NOT_ANSWERABLE", article="Art. 6(1)"):
            city.answer(appeal.name)

    def test_that_is_none_is_cleared_with_a_reason_and_then_answered(self, city: City) -> None:
        """A false alarm must not keep a citizen from an answer; who cleared it is on record (Art. 6(1), 21)."""
        appeal = city.register(text="我想咨询消防火警演练的报名办法,社区说要模拟浓烟逃生", title="咨询演练")
        assert appeal.emergency
        request = intake.ClearEmergencyRequest(
            name=appeal.name, reason="咨询演练,并无险情", request_id=new_request_id()
        )
        with refused("PERMISSION_DENIED"):
            city.reviewer.ClearEmergency(request)
        cleared = city.operator.ClearEmergency(request)
        assert not cleared.emergency
        assert (cleared.emergency_clearance.reason, cleared.emergency_clearance.actor != "") == (
            "咨询演练,并无险情",
            True,
        )
        assert moment(cleared.emergency_clearance.clear_time) == city.now
        assert city.answer(appeal.name).state == appeal_pb2.APPEAL_STATE_ANSWERED
        assert city.appeal(appeal.name).emergency_clearance == cleared.emergency_clearance
        listed = city.auditor.audit["intake"].ListAuditEntries(
            audit_service_pb2.ListAuditEntriesRequest(resource=appeal.name)
        )
        [deed] = [entry for entry in listed.entries if entry.action == "intake.emergencies.clear"]
        assert deed.purpose == "咨询演练,并无险情"

    def test_is_cleared_only_where_there_is_one(self, city: City) -> None:
        """Nothing is cleared beforehand (Art. 6(1))."""
        request = intake.ClearEmergencyRequest(name=city.register().name, reason="无险情", request_id=new_request_id())
        with refused("STATE_NOT_ALLOWED"):
            city.operator.ClearEmergency(request)

    def test_is_not_seen_where_there_is_none(self, city: City) -> None:
        """A cold radiator is not one (Art. 6(1))."""
        assert not city.register().emergency


class TestADeclinedAppeal:
    """不予受理 is a decision that a review seat can turn round (Art. 6, 15)."""

    def _declined(self, city: City) -> appeal_pb2.Appeal:
        return city.decline(city.register().name, appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE, "请向人民法院起诉")

    def test_is_taken_up_again_by_a_reviewer_with_a_new_hour(self, city: City) -> None:
        """The hour of Art. 21 begins anew (Art. 6, 21)."""
        appeal = self._declined(city)
        city.settle()
        city.pass_by(minutes=90)
        again = intake.ReinstateAppealRequest(name=appeal.name, reason="属于物业监管", request_id=new_request_id())
        city.reviewer.ReinstateAppeal(again)
        city.settle()
        kept = city.appeal(appeal.name)
        assert kept.state == appeal_pb2.APPEAL_STATE_REGISTERED
        assert not kept.HasField("decline")
        assert (moment(kept.answer_due_time) - city.now).total_seconds() == 3600
        assert not kept.answer_overdue

    def test_is_not_taken_up_by_who_declined_it(self, city: City) -> None:
        """The review seat decides (Art. 15)."""
        again = intake.ReinstateAppealRequest(
            name=self._declined(city).name, reason="再看", request_id=new_request_id()
        )
        with refused("PERMISSION_DENIED"):
            city.operator.ReinstateAppeal(again)

    def test_makes_no_work_order(self, city: City) -> None:
        """不予受理 (Art. 6)."""
        appeal = self._declined(city)
        with refused("STATE_NOT_ALLOWED"):
            city.release(appeal.name)
        assert not city.appeal(appeal.name).work_order
