"""Units' own knowledge bases (Art. 10(4))."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain.base import (
    Base,
    BaseState,
    BaseStateNotAllowed,
    Item,
    Known,
    Run,
    SyncKind,
    SyncOutOfOrder,
    check_batch,
    entry_of,
    grounds_to_hold,
)
from hotline_knowledge.domain.entry import Content, EntryKind, EntryOfBase, EntryState, NotOwnUnit
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 8, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ONE, TWO = UUID(int=1), UUID(int=2)
BASE = Base(
    name="bases/heat",
    title="供热知识",
    unit="units/heat",
    address="",
    create_time=NOW,
    update_time=NOW,
    state=BaseState.APPROVED,
)


def item(key: str = "1", title: str = "供热缴费", **fields: Any) -> Item:
    content = Content(title=title, text="到营业厅缴费。", kind=EntryKind.GUIDE, unit="units/heat", base=BASE.name)
    return Item(key=key, content=replace(content, **fields))


def known(of: Item, *, is_held: bool = False) -> Known:
    entry = entry_of(of, None, entry_id=ONE, is_held=is_held, writer="unit-1", now=NOW)
    return Known(digest=of.digest, entry=entry)


class TestBase:
    def test_takes_nothing_before_it_is_approved(self) -> None:
        for state in (BaseState.PROPOSED, BaseState.WITHDRAWN):
            with pytest.raises(BaseStateNotAllowed):
                replace(BASE, state=state).going_on(run=ONE, kind=SyncKind.SNAPSHOT, offset=0, size=1)

    def test_is_of_one_unit(self) -> None:
        BASE.must_be_of("units/heat")
        for unit in ("units/water", ""):
            with pytest.raises(NotOwnUnit):
                BASE.must_be_of(unit)
        with pytest.raises(NotOwnUnit):
            replace(BASE, unit="").must_be_of("")

    def test_is_approved_again_when_all_of_it_is_out(self) -> None:
        withdrawn = BASE.withdrawn(reason="停用", now=LATER)
        with pytest.raises(BaseStateNotAllowed):
            withdrawn.approved(now=LATER)
        with pytest.raises(BaseStateNotAllowed):
            withdrawn.withdrawn(reason="停用", now=LATER)
        again = withdrawn.after_sweep(3, is_last=True).approved(now=LATER)
        assert (again.state, again.run, again.reason) == (BaseState.APPROVED, None, "")

    def test_of_a_snapshot_takes_out_what_it_had_not_when_it_is_complete(self) -> None:
        half = BASE.after_batch(Run(id=ONE, kind=SyncKind.SNAPSHOT, taken=5), is_last=False, now=LATER)
        assert (half.is_swept, half.sync_time, half.snapshot) == (True, None, UUID(int=0))
        whole = half.after_batch(Run(id=ONE, kind=SyncKind.SNAPSHOT, taken=9), is_last=True, now=LATER)
        assert (whole.is_swept, whole.sync_time, whole.snapshot) == (False, LATER, ONE)
        assert whole.run is not None
        assert whole.run.is_complete

    def test_of_changes_takes_out_nothing_else(self) -> None:
        run = Run(id=TWO, kind=SyncKind.CHANGES, taken=1)
        base = replace(BASE, snapshot=ONE)
        assert base.mark_of(run) == ONE
        assert base.after_batch(run, is_last=True, now=LATER).is_swept

    def test_is_not_emptied_by_a_snapshot_of_nothing(self) -> None:
        with pytest.raises(FieldInvalid):
            BASE.after_batch(Run(id=ONE, kind=SyncKind.SNAPSHOT), is_last=True, now=LATER)

    def test_counts_what_is_taken_out_to_its_own_snapshot(self) -> None:
        run = Run(id=ONE, kind=SyncKind.SNAPSHOT, taken=1)
        base = replace(BASE, run=run, snapshot=ONE, is_swept=False)
        assert base.after_sweep(4, is_last=True).run == replace(run, gone=4)
        following = replace(base, run=replace(run, id=TWO))
        assert following.after_sweep(4, is_last=False).run == following.run


class TestRun:
    @given(
        sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
        cuts=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=6),
    )
    def test_takes_every_item_once_however_often_batches_come_again(
        self, sizes: list[int], cuts: list[tuple[int, int]]
    ) -> None:
        offsets = [sum(sizes[:n]) for n in range(len(sizes))]
        order = list(range(len(sizes)))
        for at, back in cuts:
            place = at % len(order)
            order[place + 1 : place + 1] = range(max(0, order[place] - back), order[place] + 1)
        base, taken = BASE, []
        for number in order:
            size, offset = sizes[number], offsets[number]
            run = base.going_on(run=ONE, kind=SyncKind.SNAPSHOT, offset=offset, size=size)
            if run is None:
                continue
            taken.append(number)
            run = replace(run, taken=run.taken + size)
            base = base.after_batch(run, is_last=number == len(sizes) - 1, now=NOW)
        assert taken == list(range(len(sizes)))
        assert base.run
        assert base.run.is_complete

    @pytest.mark.parametrize(("offset", "size"), [(3, 1), (11, 2), (9, 2), (0, 11)])
    def test_goes_on_from_what_was_taken(self, offset: int, size: int) -> None:
        base = replace(BASE, run=Run(id=ONE, kind=SyncKind.SNAPSHOT, taken=10))
        if offset + size <= 10:
            assert base.going_on(run=ONE, kind=SyncKind.SNAPSHOT, offset=offset, size=size) is None
            return
        with pytest.raises(SyncOutOfOrder) as refusal:
            base.going_on(run=ONE, kind=SyncKind.SNAPSHOT, offset=offset, size=size)
        assert refusal.value.facts["taken"] == "10"

    def test_of_another_id_begins_anew(self) -> None:
        base = replace(BASE, run=Run(id=ONE, kind=SyncKind.SNAPSHOT, taken=10))
        new = base.going_on(run=TWO, kind=SyncKind.SNAPSHOT, offset=0, size=3)
        assert new == Run(id=TWO, kind=SyncKind.SNAPSHOT)
        with pytest.raises(SyncOutOfOrder):
            base.going_on(run=TWO, kind=SyncKind.SNAPSHOT, offset=10, size=3)


class TestItem:
    def test_is_served_at_once_though_only_while_it_holds(self) -> None:
        entry = known(item(valid_from=date(2026, 6, 1))).entry
        assert (entry.state, entry.version, entry.upkeep) == (EntryState.PUBLISHED, 1, None)
        assert entry.as_served(on=date(2026, 5, 31)) is None
        assert entry.as_served(on=date(2026, 6, 1)) is not None

    @pytest.mark.parametrize(
        "text",
        ["请联系 13812345678", "身份证 110101199001011237", "加微信 hotline_2026", "代开发票", "微信号：abcdef123"],
    )
    def test_with_personal_data_or_advertising_waits_for_the_office(self, text: str) -> None:
        assert grounds_to_hold(item(text=text), None)
        held = known(item(text=text), is_held=True).entry
        assert (held.state, held.served, held.writers) == (EntryState.DRAFT, None, ("unit-1",))

    @pytest.mark.parametrize("text", ["电话 0311-86012345", "见 https://heat.example.cn/pay", "传真 0311-86012346"])
    def test_with_an_offices_telephone_or_address_does_not(self, text: str) -> None:
        assert grounds_to_hold(item(text=text), None) == ()

    def test_that_is_held_leaves_what_was_served_before(self) -> None:
        before = known(item())
        changed = item(text="加微信 hotline_2026")
        after = entry_of(changed, before, entry_id=TWO, is_held=True, writer="unit-1", now=LATER)
        assert (after.id, after.version, after.state) == (ONE, 2, EntryState.DRAFT)
        assert after.served == before.entry.served

    def test_that_the_office_took_back_waits_when_it_changes(self) -> None:
        before = known(item())
        taken_back = replace(before, entry=before.entry.withdrawn(now=LATER))
        assert grounds_to_hold(item(text="改"), taken_back) == ("WITHDRAWN_BY_THE_OFFICE",)
        gone = replace(taken_back, digest=taken_back.digest_when_gone)
        assert not gone.is_there
        assert grounds_to_hold(item(), gone) == ("WITHDRAWN_BY_THE_OFFICE",)
        gone_by_itself = replace(before, digest=before.digest_when_gone, entry=before.entry.withdrawn(now=LATER))
        assert not gone_by_itself.is_there
        assert grounds_to_hold(item(text="改"), gone_by_itself) == ()

    def test_is_changed_in_its_own_base_alone(self) -> None:
        entry = known(item()).entry
        with pytest.raises(EntryOfBase):
            entry.changed({"text": "改"}, writer="editor-1", now=LATER)
        with pytest.raises(EntryOfBase):
            entry.confirmed(review_date=None, review_after=timedelta(days=1), now=LATER)

    def test_that_makes_no_entry_is_refused_with_its_place(self) -> None:
        wrong = item("2", title=" ", valid_from=date(2026, 6, 1), valid_until=date(2026, 5, 1))
        with pytest.raises(FieldInvalid) as refusal:
            check_batch([item("1"), wrong, item("1")], ["2"])
        assert [path for path, _ in refusal.value.violations] == [
            "items[1].key",
            "items[1].title",
            "items[1].valid_until",
            "items[2].key",
        ]

    def test_says_the_same_with_the_same_digest(self) -> None:
        assert item("1").digest == item("2").digest
        others = (item(text="改"), item(keywords=("暖",)), item(region="130102"))
        assert len({each.digest for each in (item(), *others)}) == 4
