"""第九条(五)、第三十一条: bulletins with place and time, corrected and withdrawn in the moment, found by who calls."""

from datetime import timedelta
from typing import Any

import pytest
from hotline.knowledge.v1 import bulletin_pb2 as pb
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id
from hotline_kernel.timestamps import timestamp

from tests.regulation.city import LEAD, OTHER, City, refused
from tests.regulation.library import Library

DUTIES = ("knowledge:9(5),31",)

OUTAGE = pb.BULLETIN_TOPIC_OUTAGE
TOPICS = [number for number in pb.BulletinTopic.values() if number]


def issue(by: Any, title: str, *, topic: pb.BulletinTopic.ValueType = OUTAGE, **content: Any) -> pb.Bulletin:
    """Somebody writes a bulletin."""
    fields: dict[str, Any] = {"topic": topic, "title": title, "text": "请提前做好准备。"}
    wanted = pb.BulletinContent(**fields | content)
    bulletin: pb.Bulletin = by.CreateBulletin(
        knowledge.CreateBulletinRequest(content=wanted, request_id=new_request_id())
    )
    return bulletin


def feed(library: Library, **filters: Any) -> list[str]:
    """Headlines a citizen reads."""
    request = knowledge.ListBulletinsRequest(page_size=1000, **filters)
    return [bulletin.content.title for bulletin in library.citizen.ListBulletins(request).bulletins]


def correct(by: Any, bulletin: pb.Bulletin, note: str, **content: Any) -> pb.Bulletin:
    """Says it anew."""
    changed = pb.BulletinContent()
    changed.CopyFrom(bulletin.content)
    changed.MergeFrom(pb.BulletinContent(**content))
    corrected: pb.Bulletin = by.CorrectBulletin(
        knowledge.CorrectBulletinRequest(name=bulletin.name, content=changed, note=note, request_id=new_request_id())
    )
    return corrected


class TestAWaterCut:
    """停水停电…信息发布和实时更新 (Art. 31)."""

    def test_answers_the_calls_about_it(self, city: City, library: Library) -> None:
        """The operator finds it by the caller's words and answers with it (Art. 21, 31)."""
        bulletin = issue(library.editor, "锦绣小区管网检修停水", region="139902", text="明日8时至18时停水,请提前储水。")
        found = library.operator.SearchEntries(
            knowledge.SearchEntriesRequest(query="我们锦绣小区怎么停水了", region="139902")
        ).bulletins
        assert [hit.bulletin.name for hit in found][:1] == [bulletin.name]
        elsewhere = library.operator.SearchEntries(
            knowledge.SearchEntriesRequest(query="我们锦绣小区怎么停水了", region="139903")
        ).bulletins
        assert bulletin.name not in [hit.bulletin.name for hit in elsewhere]
        city.answer(city.register(text="锦绣小区停水了").name, entry=bulletin.name)
        city.settle()
        counted = library.citizen.GetBulletin(knowledge.GetBulletinRequest(name=bulletin.name))
        assert counted.answer_count == 1

    def test_is_shown_until_it_is_over_and_never_after(self, city: City, library: Library) -> None:
        """实时更新: from before its start until its end (Art. 31)."""
        start, end = city.now + timedelta(hours=1), city.now + timedelta(hours=3)
        issue(library.editor, "东风路泵房停水两小时", start_time=timestamp(start), end_time=timestamp(end))
        assert "东风路泵房停水两小时" in feed(library)
        city.move_to(end)
        assert "东风路泵房停水两小时" not in feed(library)
        found = library.citizen.SearchEntries(knowledge.SearchEntriesRequest(query="东风路泵房停水两小时")).bulletins
        assert "东风路泵房停水两小时" not in [hit.bulletin.content.title for hit in found]
        with refused("BULLETIN_OVER", article="Art. 31"):
            issue(library.editor, "昨天的停水", end_time=timestamp(end))


class TestACorrection:
    """及时发布、实时更新 (Art. 9(5), 31)."""

    def test_and_a_withdrawal_take_effect_in_the_moment(self, library: Library) -> None:
        """What is wrong is not read a second time, and it stays on record why (Art. 31)."""
        bulletin = issue(library.editor, "人民广场灯会", topic=pb.BULLETIN_TOPIC_TOURISM)
        correct(library.editor, bulletin, "地点有变", title="滨河公园灯会")
        assert {"人民广场灯会", "滨河公园灯会"} & set(feed(library)) == {"滨河公园灯会"}
        copy = library.editor.RenderBulletin(knowledge.RenderBulletinRequest(name=bulletin.name))
        assert copy.headline == "【旅游景点】滨河公园灯会（更正）"
        assert "更正说明：地点有变" in copy.copy
        assert len(copy.line) <= 70
        library.editor.WithdrawBulletin(
            knowledge.WithdrawBulletinRequest(name=bulletin.name, reason="因天气取消", request_id=new_request_id())
        )
        assert "滨河公园灯会" not in feed(library)
        changes = library.citizen.GetBulletin(knowledge.GetBulletinRequest(name=bulletin.name)).changes
        assert [change.note for change in changes] == ["", "地点有变", "因天气取消"]


class TestAUnitsBulletin:
    """会同承办单位及时发布 (Art. 9(5))."""

    def test_waits_for_the_office_and_is_corrected_by_its_unit_alone(self, library: Library) -> None:
        """A unit proposes, the office issues (Art. 9(5))."""
        proposed = issue(library.unit(), "供热管网打压试验", unit=LEAD)
        assert "供热管网打压试验" not in feed(library)
        with refused("PERMISSION_DENIED"):
            library.citizen.GetBulletin(knowledge.GetBulletinRequest(name=proposed.name))
        library.editor.IssueBulletin(knowledge.IssueBulletinRequest(name=proposed.name, request_id=new_request_id()))
        assert "供热管网打压试验" in feed(library)
        with refused("NOT_OWN_UNIT"):
            correct(library.unit(OTHER), proposed, "不是我们的", title="别家的")
        correct(library.unit(), proposed, "延长一天", title="供热管网打压试验延长")
        assert "供热管网打压试验延长" in feed(library)


@pytest.mark.parametrize("topic", TOPICS, ids=[pb.BulletinTopic.Name(topic) for topic in TOPICS])
def test_every_topic_of_the_regulation_has_its_place(library: Library, topic: pb.BulletinTopic.ValueType) -> None:
    """交通出行、旅游景点、天气预报、停水停电…产业发展方向 (Art. 9(5), 31)."""
    title = f"{pb.BulletinTopic.Name(topic)}信息"
    issue(library.editor, title, topic=topic)
    assert title in feed(library, topic=topic)
    assert title not in feed(library, topic=TOPICS[TOPICS.index(topic) - 1])
