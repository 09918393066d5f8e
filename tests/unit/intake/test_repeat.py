"""What repeats what: alike is alike, in any order, and words cannot be read from a sketch (Art. 23(3), 25(2))."""

from datetime import UTC, datetime
from uuid import UUID
from zlib import crc32

import pytest
from hotline_intake.domain.appeal import DirectiveKind
from hotline_intake.domain.repeat import (
    PLACES,
    Group,
    Measure,
    Repeat,
    RepeatKind,
    Sketched,
    bands,
    found,
    pairs,
    place_of,
    similarity,
    sketch_of,
)
from hotline_kernel.errors import StateNotAllowed
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
MEASURE = Measure(similarity=0.5, own_similarity=0.2, window_days=90, common_people=5, repeated_appeals=3)
COLD = "我家住在翠屏里小区，暖气一直不热，室内只有15度，家里有老人和孩子。"
HANZI = st.text(alphabet=[chr(0x4E00 + n) for n in range(400)], min_size=20, max_size=120)


def sketched(number: int, text: str, *, citizen: int | None = None, place: str = "130102|城乡建设/供热") -> Sketched:
    hashes = [crc32(pair.encode()) for pair in pairs(title="", text=text)]
    who = UUID(int=citizen or 1000 + number)
    return Sketched(
        appeal_id=UUID(int=number), citizen_id=who, create_time=NOW, place=place, sketch=sketch_of(hashes=hashes)
    )


class TestPairs:
    def test_do_not_depend_on_how_it_is_written(self) -> None:
        plain = pairs(title="暖气不热", text="室内15度 ABC")
        assert pairs(title="暖气,不热!", text="室内 12 度\nａｂｃ。") == plain

    @pytest.mark.parametrize("text", ["", "!", "。。。", "冷"])
    def test_of_almost_nothing_are_still_something(self, text: str) -> None:
        assert len(pairs(title="", text=text)) == 1


class TestSimilarity:
    @given(one=HANZI, other=HANZI, shared=st.integers(0, 120))
    def test_is_the_share_of_pairs_in_common_within_its_error(self, one: str, other: str, shared: int) -> None:
        mixed = one[:shared] + other
        first, second = set(pairs(title="", text=one)), set(pairs(title="", text=mixed))
        exact = len(first & second) / len(first | second)
        told = similarity(one=sketched(1, one).sketch, other=sketched(2, mixed).sketch)
        assert abs(told - exact) <= 0.35  # more than five standard errors of 64 places

    @given(text=HANZI)
    def test_of_the_same_is_one(self, text: str) -> None:
        assert similarity(one=sketched(1, text).sketch, other=sketched(2, text).sketch) == 1

    @given(text=HANZI, at=st.integers(0, 19))
    def test_of_nearly_the_same_meets_in_a_band(self, text: str, at: int) -> None:
        changed = f"{text}{text[at:]}"
        one, other = sketched(1, text), sketched(2, changed)
        if similarity(one=one.sketch, other=other.sketch) > 1 - 1 / 8:
            keys = [set(bands(place=each.place, sketch=each.sketch)) for each in (one, other)]
            assert keys[0] & keys[1]

    def test_holds_between_releases(self) -> None:
        """Sketches are kept, and compared with those that a later release makes."""
        assert sketch_of(hashes=[7])[:3] == (1065216289, 2615979473, 98226139)
        assert similarity(one=sketch_of(hashes=[7, 2**32 - 1]), other=sketch_of(hashes=[7])) == 35 / 64

    def test_is_sought_within_a_place_alone(self) -> None:
        one = sketched(1, COLD)
        assert place_of(category="城乡建设/供热/室温不够", region="130102") == "130102|城乡建设/供热"
        assert not set(bands(place="a", sketch=one.sketch)) & set(bands(place="b", sketch=one.sketch))
        assert len(one.sketch) == PLACES


class TestWhatIsFound:
    def test_is_the_eldest_of_its_like(self) -> None:
        heads = [sketched(2, COLD), sketched(1, COLD + "请处理"), sketched(3, "河道污水发黑发臭，无人治理")]
        links = found(new=sketched(9, COLD), own=[], heads=heads, measure=MEASURE)
        assert {(each.appeal_id.int, each.earlier_id.int) for each in links} == {(9, 1), (2, 1)}
        assert {each.kind for each in links} == {RepeatKind.SAME_PROBLEM}

    def test_is_the_citizens_own_first(self) -> None:
        own = sketched(2, COLD + "还是没有人来修", citizen=77)
        [link] = found(new=sketched(9, COLD, citizen=77), own=[own], heads=[sketched(1, COLD)], measure=MEASURE)
        assert (link.earlier_id.int, link.kind) == (2, RepeatKind.SAME_CITIZEN)

    def test_is_nothing_where_only_the_place_is_the_same(self) -> None:
        other = sketched(1, "热力公司多收了去年的取暖费，要求退还差额", citizen=77)
        assert not found(new=sketched(9, COLD, citizen=77), own=[other], heads=[other], measure=MEASURE)

    @given(st.permutations([1, 2, 3, 4, 5, 6]))
    def test_gathers_everybody_under_one_in_whatever_order_they_come(self, order: list[int]) -> None:
        """An appeal may be looked at after a later one."""
        heads: dict[UUID, Sketched] = {}
        parent: dict[UUID, UUID] = {}
        for number in order:
            new = sketched(number, COLD)
            links = found(new=new, own=[], heads=list(heads.values()), measure=MEASURE)
            heads[new.appeal_id] = new
            for link in links:
                assert link.earlier_id < link.appeal_id
                assert link.appeal_id not in parent
                parent[link.appeal_id] = link.earlier_id
                heads.pop(link.appeal_id, None)
        assert list(heads) == [UUID(int=1)]
        assert set(parent) == {UUID(int=number) for number in range(2, 7)}

    @given(st.permutations([1, 2, 3, 4]))
    def test_of_one_citizen_is_the_same_in_whatever_order_it_comes(self, order: list[int]) -> None:
        """An event may overtake another: who asked is known all the same (Art. 25(2))."""
        words = ("", "上次答复说两天修好，至今没有人来，请再次催办。", "第三次反映", "第四次反映，请尽快")
        parent: dict[int, tuple[int, RepeatKind]] = {}
        seen: list[Sketched] = []
        for number in order:
            new = sketched(number, f"{COLD}{words[number - 1]}", citizen=77)
            heads = [each for each in seen if each.appeal_id.int not in parent]
            for link in found(new=new, own=seen, heads=heads, measure=MEASURE):
                parent.setdefault(link.appeal_id.int, (link.earlier_id.int, link.kind))
            seen.append(new)
        assert set(parent) == {2, 3, 4}
        assert {kind for _, kind in parent.values()} == {RepeatKind.SAME_CITIZEN}


class TestAGroup:
    @pytest.mark.parametrize(
        ("appeals", "people", "proposed", "repeatedly"),
        [
            (1, 1, DirectiveKind.UNSPECIFIED, False),
            (3, 1, DirectiveKind.UNSPECIFIED, True),
            (5, 4, DirectiveKind.UNSPECIFIED, True),
            (5, 5, DirectiveKind.COMMON, True),
        ],
    )
    def test_proposes_what_the_numbers_say(
        self, appeals: int, people: int, proposed: DirectiveKind, repeatedly: bool
    ) -> None:
        group = Group(head_id=UUID(int=1), appeals=appeals, people=people)
        assert group.proposed_directive_kind(measure=MEASURE) is proposed
        assert group.is_asked_repeatedly(measure=MEASURE) is repeatedly


def test_a_link_is_taken_back_once() -> None:
    link = Repeat(
        id=UUID(int=1), appeal_id=UUID(int=3), earlier_id=UUID(int=2), kind=RepeatKind.SAME_PROBLEM, similarity=0.9,
        reason="相近", actor="", create_time=NOW,
    )  # fmt: skip
    undone = link.undone(actor="reviewer-1", reason="不是一回事", now=NOW)
    assert (undone.undo_actor, undone.undo_reason, undone.reason) == ("reviewer-1", "不是一回事", "相近")
    with pytest.raises(StateNotAllowed):
        undone.undone(actor="reviewer-1", reason="再来", now=NOW)
