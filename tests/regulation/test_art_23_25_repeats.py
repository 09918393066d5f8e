"""第二十三条(三)、第二十五条(二): one problem of many and what is asked again and again are recognised."""

from typing import Any

from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import appeal_pb2, repeat_pb2
from hotline.intake.v1 import repeat_service_pb2 as repeats
from hotline.operations.v1 import audit_service_pb2
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, OTHER, City, refused

DUTIES = ("intake:23(3),25(2)",)
PROBLEM = "小区充电桩全部断电三天了，电动汽车无法充电，物业和充电公司互相推诿，请协调恢复。"
COMMON = appeal_pb2.DIRECTIVE_KIND_COMMON
SAME_PROBLEM, SAME_CITIZEN = repeat_pb2.REPEAT_KIND_SAME_PROBLEM, repeat_pb2.REPEAT_KIND_SAME_CITIZEN


def report(city: City, *, region: str, phone: str = "", text: str = PROBLEM, **changes: Any) -> appeal_pb2.Appeal:
    """Somebody reports the charging posts."""
    citizen = appeal_pb2.Citizen(full_name="甄好听", phone=phone) if phone else None
    return city.register(
        category="能源/充电设施", region=region, title="充电桩断电", text=text, citizen=citizen, **changes
    )


def group(city: City, appeal: str) -> repeat_pb2.RepeatGroup:
    """Who stands behind it."""
    return city.hotline.person("operator").repeats.GetRepeatGroup(repeats.GetRepeatGroupRequest(appeal=appeal))


def links(city: City, appeal: str, *, with_undone: bool = False) -> list[repeat_pb2.Repeat]:
    """How it hangs together."""
    request = repeats.ListRepeatsRequest(appeal=appeal, with_undone=with_undone)
    return list(city.hotline.person("operator").repeats.ListRepeats(request).repeats)


def undo(city: City, name: str) -> repeat_pb2.Repeat:
    """A reviewer takes a link back."""
    request = repeats.UnlinkAppealsRequest(name=name, reason="不是同一件事", request_id=new_request_id())
    return city.hotline.person("reviewer").repeats.UnlinkAppeals(request)


class TestACommonProblem:
    """群众反映较为集中、带有普遍性的共性问题 (Art. 23(3))."""

    def test_is_seen_behind_many_people_and_waits_for_a_directive(self, city: City) -> None:
        """Five people (ours): the kind is proposed, the seat takes it up, the order is held (Art. 23(3))."""
        reports = [report(city, region="139921", phone=f"1370000000{n}", text=f"{PROBLEM}{n}号楼") for n in range(4)]
        city.settle()
        assert group(city, reports[0].name).proposed_directive_kind == appeal_pb2.DIRECTIVE_KIND_UNSPECIFIED
        last = report(city, region="139921", phone="13700000009", draft=city.draft(directive=COMMON))
        city.settle()
        behind = group(city, last.name)
        assert (behind.head, behind.appeals, behind.people) == (reports[0].name, 5, 5)
        assert behind.proposed_directive_kind == COMMON
        city.release(last.name)
        city.settle()
        order = city.order_of(last.name)
        assert (order.directive.kind, order.state) == (COMMON, work_order_pb2.WORK_ORDER_STATE_HELD)

    def test_does_not_go_out_before_somebody_decided_about_a_directive(self, city: City) -> None:
        """The reviewer's own version walks not round it either; the refusal proposes the kind (Art. 23(3))."""
        reports = [report(city, region="139924", phone=f"1371000000{n}", text=f"{PROBLEM}{n}号楼") for n in range(4)]
        city.settle()
        last = report(city, region="139924", phone="13710000009", draft=city.draft(directive=COMMON))
        with refused("COMMON_NOT_DECIDED", article="Art. 23(3)") as refusal:
            city.release(last.name, city.draft())
        assert refusal.facts | {"resource": last.name} == {
            "resource": last.name,
            "people": "5",
            "appeals": "5",
            "directive_kind": "COMMON",
        }
        with refused("COMMON_NOT_DECIDED"):
            city.release(last.name, city.draft(), no_directive_reason="  ")
        assert city.appeal(last.name).state == appeal_pb2.APPEAL_STATE_DRAFTED
        city.release(last.name, city.draft(), no_directive_reason="充电公司已承诺今日恢复")
        city.settle()
        assert city.order_of(last.name).state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED
        assert city.appeal(last.name).draft.no_directive_reason == "充电公司已承诺今日恢复"
        listed = city.auditor.audit["intake"].ListAuditEntries(
            audit_service_pb2.ListAuditEntriesRequest(resource=last.name)
        )
        [deed] = [entry for entry in listed.entries if entry.action == "intake.drafts.release"]
        assert deed.purpose == "充电公司已承诺今日恢复"
        assert group(city, reports[0].name).people == 5

    def test_is_linked_with_a_similarity_and_a_reason(self, city: City) -> None:
        """Nobody has to believe it: it says how alike, and why (Art. 23(3))."""
        first, second = report(city, region="139922", phone="13700001001"), report(city, region="139922")
        city.settle()
        [link] = links(city, second.name)
        assert (link.appeal, link.earlier, link.kind) == (second.name, first.name, SAME_PROBLEM)
        assert link.similarity == 1
        assert link.reason
        assert not link.actor

    def test_of_another_county_or_matter_is_another(self, city: City) -> None:
        """Alike words of another place are not the same problem."""
        here, there = report(city, region="139902"), report(city, region="139903")
        other = report(city, region="139902", text="建议在公园北门增加快速充电车位并公示收费标准")
        city.settle()
        assert [group(city, each.name).appeals for each in (here, there, other)] == [1, 1, 1]


class TestAskedAgain:
    """群众多次反映应该解决的事项 (Art. 25(2))."""

    def test_is_known_by_the_number_though_the_words_differ(self, city: City) -> None:
        """Three times (ours) by one citizen: one person, asked repeatedly (Art. 25(2))."""
        words = [PROBLEM, f"{PROBLEM}上次答复说两天修好，至今没有人来，请再次催办。", f"第三次反映：{PROBLEM}"]
        asked = [report(city, region="139923", phone="13700002001", text=text) for text in words]
        city.settle()
        behind = group(city, asked[-1].name)
        assert (behind.appeals, behind.people, behind.asked_repeatedly) == (3, 1, True)
        assert {link.kind for link in links(city, asked[0].name)} == {SAME_CITIZEN}

    def test_goes_to_the_principal_of_the_unit(self, city: City) -> None:
        """群众多次反映应该解决的事项: from the third on, no result without the principal's study (Art. 25(2))."""
        words = [PROBLEM, f"又一次反映：{PROBLEM}", f"第三次反映：{PROBLEM}"]
        asked = [
            report(city, region="139925", phone="13700003001", text=text, draft=city.draft(lead=LEAD)) for text in words
        ]
        city.settle()
        for appeal in asked:
            city.release(appeal.name)
        city.settle()
        first, last = city.order_of(asked[0].name), city.order_of(asked[-1].name)
        assert list(last.study_grounds) == [work_order_pb2.STUDY_GROUND_ASKED_REPEATEDLY]
        city.contact(last.name)
        with refused("STUDY_MISSING", article="Art. 25"):
            city.report(last.name)
        city.study(last.name)
        assert city.report(last.name).state == work_order_pb2.WORK_ORDER_STATE_REPORTED
        assert list(first.study_grounds) == list(last.study_grounds)  # it was known by then, too

    def test_once_or_twice_does_not(self, city: City) -> None:
        """Two times are not many (ours; Art. 25(2))."""
        for text in (PROBLEM, f"再次反映：{PROBLEM}"):
            appeal = report(city, region="139926", phone="13700004001", text=text, draft=city.draft())
            city.release(appeal.name)
            city.settle()
            assert not city.order_of(appeal.name).study_grounds


class TestALink:
    """Links them, never loses one (Art. 23(3), 25(2))."""

    def test_is_taken_back_with_a_reason_and_stays_to_be_read(self, city: City) -> None:
        """Each has its own disposition all the while; what was undone is not found again."""
        first, second = report(city, region="139904"), report(city, region="139904")
        city.settle()
        [link] = links(city, first.name)
        undo(city, link.name)
        assert group(city, second.name).appeals == 1
        [kept] = links(city, second.name, with_undone=True)
        assert (kept.undo_reason, kept.undo_actor != "") == ("不是同一件事", True)
        with refused("STATE_NOT_ALLOWED"):
            undo(city, link.name)

    def test_is_made_by_people_too_and_joins_what_hangs_on_both(self, city: City) -> None:
        """A reviewer knows what words do not show."""
        first = report(city, region="139981")
        second = report(city, region="139981", text="地下车库里的充电设备坏了很久，一直没人维修，业主意见很大")
        city.settle()
        request = repeats.LinkAppealsRequest(
            appeal=first.name, other=second.name, kind=SAME_PROBLEM, reason="同一车库", request_id=new_request_id()
        )
        made = city.hotline.person("reviewer").repeats.LinkAppeals(request)
        assert (made.appeal, made.earlier, made.reason) == (second.name, first.name, "同一车库")
        assert group(city, second.name).people == 2
        request.request_id = new_request_id()
        with refused("LINKED_ALREADY"):
            city.hotline.person("reviewer").repeats.LinkAppeals(request)

    def test_is_counted_for_the_unit_that_leads_and_names_nobody(self, city: City) -> None:
        """How many stand behind an order is seen; who, is not (Art. 36(4))."""
        appeal = city.refer()
        city.settle()
        ask = repeats.GetRepeatGroupRequest(appeal=appeal.name)
        assert city.hotline.person("unit", unit=LEAD).repeats.GetRepeatGroup(ask).people >= 1
        with refused("NOT_OWN_UNIT"):
            city.hotline.person("unit", unit=OTHER).repeats.GetRepeatGroup(ask)
