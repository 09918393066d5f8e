"""第十九条: the public contributes answers; the office edits, accepts with credit or refuses with a reason."""

from typing import Any

import pytest
from hotline.knowledge.v1 import contribution_pb2 as pb
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import new_request_id

from tests.regulation.city import refused
from tests.regulation.library import Library

DUTIES = ("knowledge:19",)


def submit(library: Library, title: str, text: str, credit: str = "") -> str:
    """Somebody without a token writes an answer; returns the receipt."""
    return library.citizen.SubmitContribution(
        knowledge.SubmitContributionRequest(title=title, text=text, credit=credit, request_id=new_request_id())
    ).receipt


def track(library: Library, receipt: str) -> knowledge.TrackContributionResponse:
    """What the contributor reads."""
    return library.citizen.TrackContribution(knowledge.TrackContributionRequest(receipt=receipt))


def newest(library: Library) -> pb.Contribution:
    """The one that came in last."""
    return library.editor.ListContributions(knowledge.ListContributionsRequest(page_size=1)).contributions[0]


def accept(library: Library, contribution: pb.Contribution) -> pb.Contribution:
    """The office takes it over."""
    return library.editor.AcceptContribution(
        knowledge.AcceptContributionRequest(
            name=contribution.name, kind=entry_pb2.ENTRY_KIND_QUESTION, request_id=new_request_id()
        )
    )


def edit(library: Library, contribution: pb.Contribution, **changes: Any) -> pb.Contribution:
    """The office puts it in order."""
    fields = {"title": contribution.title, "text": contribution.text, "credit": contribution.credit} | changes
    return library.editor.EditContribution(
        knowledge.EditContributionRequest(name=contribution.name, request_id=new_request_id(), **fields)
    )


class TestAContribution:
    """群众可就有关问题制作答案并上传至热线平台,由热线工作机构进行归纳整理,审核后将其纳入知识库 (Art. 19)."""

    def test_is_edited_accepted_and_served_with_credit(self, library: Library) -> None:
        """Two people look at it before it is served, and who wrote it is thanked (Art. 19)."""
        receipt = submit(library, "旧电动车电瓶往哪扔", "社区回收点都收,还给折现。", "热心市民老周")
        contribution = newest(library)
        assert contribution.state == pb.CONTRIBUTION_STATE_WAITING
        edit(library, contribution, text="请交到社区回收点,可折价。")
        accepted = accept(library, contribution)
        assert (accepted.original_text, accepted.text) == ("社区回收点都收,还给折现。", "请交到社区回收点,可折价。")
        assert "旧电动车电瓶往哪扔" not in library.served("旧电动车电瓶往哪扔")
        entry = library.editor.GetEntry(knowledge.GetEntryRequest(name=accepted.entry))
        assert (entry.origin, entry.credit) == (entry_pb2.ENTRY_ORIGIN_SOCIAL, "热心市民老周")
        with refused("REVIEWED_BY_WRITER"):
            library.publish(entry, by=library.editor)
        library.publish(entry)
        assert library.served("旧电动车电瓶往哪扔")[0] == "旧电动车电瓶往哪扔"
        assert track(library, receipt).entry == entry.name

    def test_is_refused_with_a_reason_that_its_contributor_reads(self, library: Library) -> None:
        """Nobody's effort is left without an answer (Art. 19)."""
        receipt = submit(library, "地铁何时通车", "听说明年。")
        library.editor.RefuseContribution(
            knowledge.RefuseContributionRequest(
                name=newest(library).name, reason="无可靠来源", request_id=new_request_id()
            )
        )
        found = track(library, receipt)
        assert (found.state, found.reason) == (pb.CONTRIBUTION_STATE_REFUSED, "无可靠来源")
        with refused("STATE_NOT_ALLOWED", article="Art. 19"):
            accept(library, newest(library))


class TestWhatIsHeldBack:
    """审核 (Art. 19); 个人信息 (Art. 36(4))."""

    @pytest.mark.parametrize(
        ("text", "ground"),
        [
            ("找王师傅,电话13800000000。", pb.HOLD_GROUND_PERSONAL_DATA),
            ("我的身份证130102199001011234也能办。", pb.HOLD_GROUND_PERSONAL_DATA),
            ("加微信领优惠,点击链接 http://shop.example/x", pb.HOLD_GROUND_SPAM),
            ("好好好好好好好好好好好好好好", pb.HOLD_GROUND_SPAM),
        ],
    )
    def test_is_not_accepted_before_it_is_taken_out(
        self, library: Library, text: str, ground: pb.HoldGround.ValueType
    ) -> None:
        """Personal data and advertising never reach the knowledge base (Art. 19)."""
        submit(library, "水管漏水找谁", text)
        held = newest(library)
        assert (held.state, list(held.grounds)) == (pb.CONTRIBUTION_STATE_HELD, [ground])
        with refused("CONTRIBUTION_HELD", article="Art. 19"):
            accept(library, held)
        edit(library, held, text="请联系物业服务中心。")
        accepted = accept(library, held)
        assert "13800000000" not in accepted.original_text
        assert "130102199001011234" not in accepted.original_text
