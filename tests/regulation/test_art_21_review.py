"""第十五条、第二十一条: the review seat corrects, returns and releases; nobody reviews their own work."""

from typing import Any

import pytest
from hotline.intake.v1 import appeal_pb2, repeat_service_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2
from hotline_cli.client import Person, new_request_id

from tests.regulation.city import HANDLING, City, day, moment, refused

DUTIES = ("intake:15", "intake:21")
State = appeal_pb2.AppealState


def reclassify(person: Person, appeal: str, **changes: Any) -> appeal_pb2.Appeal:
    """Somebody corrects what was entered."""
    return person.intake.ReclassifyAppeal(
        intake.ReclassifyAppealRequest(name=appeal, reason="核对原文后更正", request_id=new_request_id(), **changes)
    )


def corrections(city: City, appeal: str) -> list[appeal_pb2.Reclassification]:
    """What was corrected, oldest first."""
    request = intake.ListReclassificationsRequest(parent=appeal)
    return list(city.operator.ListReclassifications(request).reclassifications)


def drafts(city: City, appeal: str) -> list[appeal_pb2.Draft]:
    """Every draft, oldest first."""
    return list(city.operator.ListDrafts(intake.ListDraftsRequest(parent=appeal)).drafts)


def return_draft(city: City, appeal: str, reason: str) -> None:
    """The review seat gives it back."""
    city.reviewer.ReturnDraft(intake.ReturnDraftRequest(name=appeal, reason=reason, request_id=new_request_id()))


class TestWhatWasEnteredWrongly:
    """审核后…转办: what a web page put as the type is no law for ever (Art. 21, 24(2))."""

    def test_is_corrected_and_the_unit_has_the_days_of_the_right_type(self, city: City) -> None:
        """A complaint that came in as help: 7 working days, not 2 (Art. 24(2))."""
        appeal = city.register(draft=city.draft())
        corrected = reclassify(
            city.hotline.person("reviewer"), appeal.name, request_type=appeal_pb2.REQUEST_TYPE_COMPLAINT
        )
        assert (corrected.state, corrected.request_type) == (
            State.APPEAL_STATE_DRAFTED,
            appeal_pb2.REQUEST_TYPE_COMPLAINT,
        )
        city.release(appeal.name)
        city.settle()
        order = city.order_of(appeal.name)
        assert order.request_type == appeal_pb2.REQUEST_TYPE_COMPLAINT
        assert day(city.clock(order.name, HANDLING).due_date) == city.working_day(7)

    def test_is_corrected_in_every_part_and_what_stood_there_is_kept(self, city: City) -> None:
        """Kind, asker, subject, place and confidentiality; by whom, when and why (Art. 5, 36(4))."""
        appeal = city.register()
        reclassify(city.hotline.person("operator"), appeal.name, kind=appeal_pb2.APPEAL_KIND_SOCIAL)
        last = reclassify(
            city.hotline.person("office"),
            appeal.name,
            asker=appeal_pb2.ASKER_BUSINESS,
            category="能源/充电设施",
            region="139903",
            confidential=True,
        )
        first, second = corrections(city, appeal.name)
        assert (first.before.kind, first.after.kind) == (appeal.kind, appeal_pb2.APPEAL_KIND_SOCIAL)
        assert (first.after.asker, first.after.category) == (appeal.asker, appeal.category)
        assert (second.before, second.after) == (
            first.after,
            appeal_pb2.Classification(
                kind=last.kind,
                request_type=last.request_type,
                asker=last.asker,
                category="能源/充电设施",
                region="139903",
                confidential=True,
            ),
        )
        assert (second.reason, moment(second.reclassify_time)) == ("核对原文后更正", city.now)
        assert second.actor != first.actor
        listed = city.auditor.audit["intake"].ListAuditEntries(
            audit_service_pb2.ListAuditEntriesRequest(resource=appeal.name)
        )
        deeds = [entry for entry in listed.entries if entry.action == "intake.appeals.reclassify"]
        assert {entry.actor for entry in deeds} == {first.actor, second.actor}
        assert all(entry.purpose == "核对原文后更正" for entry in deeds)

    def test_goes_to_the_unit_as_corrected(self, city: City) -> None:
        """The contact of what turned out to be confidential is relayed by the office (Art. 24(1))."""
        appeal = city.register(draft=city.draft())
        reclassify(city.hotline.person("reviewer"), appeal.name, confidential=True)
        city.release(appeal.name)
        city.settle()
        assert city.order_of(appeal.name).confidential

    def test_is_compared_with_others_where_it_is_now(self, city: City) -> None:
        """Its repeats are those of the right subject and place (Art. 23(3))."""
        text = "广场西侧的公共直饮水机坏了半个月，管理处说没有经费，天天有孩子接不到水。"
        here = city.register(category="综合/其他", region="139981", title="直饮水机坏了", text=text)
        there = city.register(category="综合/其他", region="139902", title="直饮水机坏了", text=text)
        city.settle()
        reclassify(city.hotline.person("reviewer"), there.name, region="139981")
        listed = city.hotline.person("office").repeats.ListRepeats(
            repeat_service_pb2.ListRepeatsRequest(appeal=there.name)
        )
        assert [(link.appeal, link.earlier) for link in listed.repeats] == [(there.name, here.name)]

    def test_is_not_corrected_once_it_went_out(self, city: City) -> None:
        """The clocks that run are not moved from behind (Art. 24)."""
        appeal = city.refer()
        with refused("STATE_NOT_ALLOWED"):
            reclassify(city.hotline.person("reviewer"), appeal.name, request_type=appeal_pb2.REQUEST_TYPE_COMPLAINT)

    @pytest.mark.parametrize(
        ("change", "reason", "field"),
        [
            ({}, "NOTHING_RECLASSIFIED", ""),
            ({"category": "没有/这种"}, "CATEGORY_UNKNOWN", ""),
            ({"region": "13990"}, "FIELD_INVALID", "region"),
        ],
    )
    def test_is_corrected_to_something_that_there_is(
        self, city: City, change: dict[str, str], reason: str, field: str
    ) -> None:
        """A refusal changes nothing and leaves nothing behind (Art. 5)."""
        appeal = city.register()
        with refused(reason, field=field):
            reclassify(city.hotline.person("reviewer"), appeal.name, **change)
        assert city.appeal(appeal.name).etag == appeal.etag
        assert not corrections(city, appeal.name)


class TestEveryDraft:
    """The original is kept (Art. 21)."""

    def test_is_kept_with_its_reviewer_and_reason(self, city: City) -> None:
        """A second draft does not overwrite the first."""
        appeal = city.register(draft=appeal_pb2.DraftContent(text="请处理", lead_unit="units/water-group"))
        return_draft(city, appeal.name, "缺门牌号")
        again = intake.DraftWorkOrderRequest(name=appeal.name, draft=city.draft(), request_id=new_request_id())
        city.operator.DraftWorkOrder(again)
        city.release(appeal.name, appeal_pb2.DraftContent(text="请两日内处理", lead_unit="units/heating-office"))
        first, second = drafts(city, appeal.name)
        assert (first.proposed.text, first.proposed.lead_unit) == ("请处理", "units/water-group")
        assert (first.return_reason, first.reviewer) == ("缺门牌号", second.reviewer)
        assert moment(first.draft_time) == moment(appeal.create_time)
        assert not first.HasField("released")
        assert (second.proposed.text, second.released.text) == ("请入户测温并处理", "请两日内处理")
        assert second == city.appeal(appeal.name).draft

    def test_is_listed_page_by_page(self, city: City) -> None:
        """Oldest first, each once."""
        appeal = city.register(draft=city.draft())
        return_draft(city, appeal.name, "缺楼号")
        city.operator.DraftWorkOrder(
            intake.DraftWorkOrderRequest(name=appeal.name, draft=city.draft(), request_id=new_request_id())
        )
        one = city.operator.ListDrafts(intake.ListDraftsRequest(parent=appeal.name, page_size=1))
        two = city.operator.ListDrafts(
            intake.ListDraftsRequest(parent=appeal.name, page_size=1, page_token=one.next_page_token)
        )
        assert [draft.return_reason for page in (one, two) for draft in page.drafts] == ["缺楼号", ""]
        assert not two.next_page_token


class TestWhoeverHasTwoRoles:
    """受理、审核 are different seats (Art. 15)."""

    def _both(self, city: City) -> Person:
        return city.hotline.person("operator", "reviewer", subject="zhen-shuang-zhi")

    def test_does_not_send_out_what_they_drafted(self, city: City) -> None:
        """审核 is by somebody else (Art. 21)."""
        both = self._both(city)
        appeal = city.register()
        both.intake.DraftWorkOrder(
            intake.DraftWorkOrderRequest(name=appeal.name, draft=city.draft(), request_id=new_request_id())
        )
        with refused("RELEASED_BY_DRAFTER", article="Art. 15, 21"):
            both.intake.ReleaseDraft(intake.ReleaseDraftRequest(name=appeal.name, request_id=new_request_id()))
        assert city.appeal(appeal.name).state == State.APPEAL_STATE_DRAFTED
        assert city.release(appeal.name).state == State.APPEAL_STATE_REFERRED

    def test_does_not_take_up_again_what_they_declined(self, city: City) -> None:
        """Another reviewer looks at it (Art. 6)."""
        both = self._both(city)
        appeal = city.register()
        both.intake.DeclineAppeal(
            intake.DeclineAppealRequest(
                name=appeal.name,
                ground=appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE,
                referral="请向人民法院起诉",
                request_id=new_request_id(),
            )
        )
        again = intake.ReinstateAppealRequest(name=appeal.name, reason="再看", request_id=new_request_id())
        with refused("DECIDED_BY_DECLINER", article="Art. 6"):
            both.intake.ReinstateAppeal(again)
        assert city.reviewer.ReinstateAppeal(again).state == State.APPEAL_STATE_REGISTERED
