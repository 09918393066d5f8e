"""Units' own knowledge bases on a real PostgreSQL: batches, cuts, sweeps, what is held (Art. 10(4))."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hotline.knowledge.v1 import base_pb2, base_service_pb2, entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.errors import AlreadyExists, EtagMismatch, FieldInvalid, ResourceNotFound
from hotline_kernel.process import Application
from hotline_knowledge.adapters.bases import sweep_statement
from hotline_knowledge.domain.base import BaseStateNotAllowed, SyncOutOfOrder
from hotline_knowledge.domain.entry import EntryOfBase, NotOwnUnit
from hotline_knowledge.entrypoints.base_server import BaseServicer
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from uuid_utils.compat import uuid4

from tests.integration.knowledge.test_knowledge import EDITOR, create, publish, search, update, withdraw

HEAT = "units/heat"
BASE = "bases/heat"
SNAPSHOT, CHANGES = base_pb2.SYNC_KIND_SNAPSHOT, base_pb2.SYNC_KIND_CHANGES


def call_of(role: str, unit: str = "") -> Call:
    return Call(Principal(f"{role}-1", frozenset({role}), unit, ""), "/test", "test", "0" * 32)


HEAT_UNIT, OFFICE = call_of("unit", HEAT), call_of("office")


def item(key: str, text: str = "到营业厅办理。", **fields: Any) -> base_pb2.BaseItem:
    wanted: dict[str, Any] = {"title": f"供暖须知{key}", "kind": entry_pb2.ENTRY_KIND_GUIDE} | fields
    return base_pb2.BaseItem(key=key, text=text, **wanted)


class Unit:
    """The unit's own system."""

    def __init__(self, knowledge: Application[Any]) -> None:
        [self.rpc] = [each for each in knowledge.servicers.values() if isinstance(each, BaseServicer)]
        [self._sweep] = [ticker.run for ticker in knowledge.tickers if ticker.name == "bases"]

    def register(self, name: str = BASE, call: Call = HEAT_UNIT) -> base_pb2.Base:
        request = base_service_pb2.RegisterBaseRequest(name=name, title="供热知识", request_id=str(uuid4()))
        return self.rpc.RegisterBase(request, call)

    def approve(self, etag: str = "") -> base_pb2.Base:
        return self.rpc.ApproveBase(
            base_service_pb2.ApproveBaseRequest(name=BASE, etag=etag, request_id=str(uuid4())), OFFICE
        )

    def withdraw(self) -> base_pb2.Base:
        return self.rpc.WithdrawBase(
            base_service_pb2.WithdrawBaseRequest(name=BASE, reason="停用", request_id=str(uuid4())), OFFICE
        )

    def send(
        self, run: UUID, items: Sequence[base_pb2.BaseItem] = (), *, call: Call = HEAT_UNIT, **fields: Any
    ) -> base_pb2.SyncRun:
        wanted: dict[str, Any] = {"name": BASE, "kind": SNAPSHOT} | fields
        request = base_service_pb2.SyncBaseRequest(run=str(run), items=items, request_id=str(uuid4()), **wanted)
        return self.rpc.SyncBase(request, call).run

    def sweep(self) -> None:
        while self._sweep():
            pass

    def snapshot(self, *items: base_pb2.BaseItem) -> base_pb2.SyncRun:
        run = uuid4()
        self.send(run, items, last=True)
        self.sweep()
        return self.rpc.GetBase(base_service_pb2.GetBaseRequest(name=BASE), HEAT_UNIT).run


@pytest.fixture
def unit(knowledge: Application[Any]) -> Unit:
    joined = Unit(knowledge)
    joined.register()
    joined.approve()
    return joined


def titles(rpc: KnowledgeServicer, query: str = "供暖须知") -> set[str]:
    return {entry.title for entry in search(rpc, query, page_size=50)}


class TestABase:
    def test_is_registered_once_by_its_unit_and_approved_by_the_office(self, knowledge: Application[Any]) -> None:
        unit = Unit(knowledge)
        base = unit.register()
        assert (base.unit, base.state, base.HasField("run")) == (HEAT, base_pb2.BASE_STATE_PROPOSED, False)
        with pytest.raises(AlreadyExists):
            unit.register(call=call_of("unit", "units/water"))
        with pytest.raises(NotOwnUnit):
            unit.register("bases/other", call_of("unit"))
        with pytest.raises(BaseStateNotAllowed):
            unit.send(uuid4(), [item("1")])
        with pytest.raises(EtagMismatch):
            unit.approve("7")
        assert unit.approve(base.etag).state == base_pb2.BASE_STATE_APPROVED
        with pytest.raises(BaseStateNotAllowed):
            unit.approve()
        with pytest.raises(NotOwnUnit):
            unit.send(uuid4(), [item("1")], call=call_of("unit", "units/water"))
        with pytest.raises(ResourceNotFound):
            unit.send(uuid4(), [item("1")], name="bases/nobody")

    def test_is_listed_by_name(self, unit: Unit) -> None:
        unit.register("bases/a")
        unit.register("bases/z")
        found, token = [], ""
        while True:
            page = unit.rpc.ListBases(base_service_pb2.ListBasesRequest(page_size=2, page_token=token), OFFICE)
            found += [base.name for base in page.bases]
            token = page.next_page_token
            if not token:
                break
        assert found == ["bases/a", BASE, "bases/z"]

    def test_that_is_withdrawn_is_not_served_from_that_moment(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(*(item(str(number)) for number in range(3)))
        own = publish(rpc, create(rpc, title="供暖须知本级"))
        unit.withdraw()
        assert titles(rpc) == {own.title}
        with pytest.raises(BaseStateNotAllowed):
            unit.approve()
        unit.sweep()
        unit.approve()
        assert titles(rpc) == {own.title}
        assert unit.snapshot(*(item(str(number)) for number in range(3))).written == 3
        assert len(titles(rpc)) == 4


class TestASynchronisation:
    def test_brings_what_is_new_changed_and_gone(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        first = unit.snapshot(item("1"), item("2"), item("3", region="130102", keywords=["暖气"], sources=["条例"]))
        assert (first.taken, first.written, first.complete) == (3, 3, True)
        entries = {entry.title: entry for entry in search(rpc, "供暖须知")}
        three = entries["供暖须知3"]
        assert (three.unit, three.base, three.region, list(three.sources)) == (HEAT, BASE, "130102", ["条例"])
        assert (three.state, three.version, three.HasField("review_date")) == (
            entry_pb2.ENTRY_STATE_PUBLISHED,
            1,
            False,
        )
        second = unit.snapshot(
            item("2", "网上办理。"), item("3", region="130102", keywords=["暖气"], sources=["条例"]), item("4")
        )
        assert (second.written, second.unchanged, second.gone) == (2, 1, 1)
        assert titles(rpc) == {"供暖须知2", "供暖须知3", "供暖须知4"}
        changed = rpc.GetEntry(service_pb2.GetEntryRequest(name=entries["供暖须知2"].name), EDITOR)
        assert (changed.text, changed.version) == ("网上办理。", 2)
        gone = rpc.GetEntry(service_pb2.GetEntryRequest(name=entries["供暖须知1"].name), EDITOR)
        assert gone.state == entry_pb2.ENTRY_STATE_WITHDRAWN
        versions = rpc.ListEntryVersions(service_pb2.ListEntryVersionsRequest(parent=changed.name), EDITOR).versions
        assert [version.action for version in versions] == [entry_pb2.ENTRY_ACTION_SYNCHRONISED] * 2
        assert [version.entry.text for version in versions] == ["到营业厅办理。", "网上办理。"]
        unit.snapshot(item("1"))
        assert [entry.name for entry in search(rpc, "供暖须知")] == [entries["供暖须知1"].name]

    def test_goes_on_after_a_cut_and_takes_nothing_twice(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        run = uuid4()
        items = [item(str(number)) for number in range(6)]
        unit.send(run, items[:2])
        assert unit.send(run, items[2:4], offset=2).taken == 4
        assert unit.send(run, items[2:4], offset=2).written == 4
        for offset in (1, 3, 5):
            with pytest.raises(SyncOutOfOrder) as refusal:
                unit.send(run, items[:4], offset=offset)
            assert refusal.value.facts["taken"] == "4"
        assert len(titles(rpc)) == 4
        base = unit.rpc.GetBase(base_service_pb2.GetBaseRequest(name=BASE), HEAT_UNIT)
        assert (base.run.taken, base.run.complete, base.HasField("sync_time")) == (4, False, False)
        done = unit.send(run, items[4:], offset=4, last=True)
        assert done == unit.send(run, items[4:], offset=4, last=True)
        assert (done.taken, done.written, done.complete) == (6, 6, True)
        with pytest.raises(SyncOutOfOrder):
            unit.send(run, items[:1], offset=6)

    def test_that_is_given_up_takes_nothing_out(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"), item("2"))
        unit.send(uuid4(), [item("3")])
        unit.sweep()
        assert titles(rpc) == {"供暖须知1", "供暖须知2", "供暖须知3"}
        unit.snapshot(item("2"))
        assert titles(rpc) == {"供暖须知2"}

    def test_that_follows_at_once_keeps_its_own_from_the_sweep(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"), item("2"))
        unit.send(uuid4(), [item("1")], last=True)
        following = uuid4()
        unit.send(following, [item("3")])
        unit.sweep()
        assert titles(rpc) == {"供暖须知1", "供暖须知3"}
        unit.send(following, [item("4")], offset=1, last=True)
        unit.sweep()
        assert titles(rpc) == {"供暖须知3", "供暖须知4"}

    def test_of_changes_leaves_the_rest(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"), item("2"), item("3"))
        done = unit.send(uuid4(), [item("4")], gone_keys=["1", "nobody"], kind=CHANGES, last=True)
        unit.sweep()
        assert (done.taken, done.written, done.gone) == (3, 1, 1)
        assert titles(rpc) == {"供暖须知2", "供暖须知3", "供暖须知4"}
        unit.snapshot(item("2"), item("4"))
        assert titles(rpc) == {"供暖须知2", "供暖须知4"}

    def test_changes_nothing_when_an_item_is_none(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        for wrong in ([item("1"), item("1")], [item("1"), item("2", title=" ")]):
            with pytest.raises(FieldInvalid) as refusal:
                unit.send(uuid4(), wrong)
            assert refusal.value.violations[0][0].startswith("items[1].")
        with pytest.raises(FieldInvalid):
            unit.send(uuid4(), last=True)
        assert titles(rpc) == set()

    def test_finds_its_items_to_sweep_by_an_index(self, unit: Unit, knowledge: Application[Any]) -> None:
        unit.snapshot(item("1"))
        with knowledge.database.transaction() as tx:
            tx.run(
                """INSERT INTO base_item (base, key, entry, digest, mark)
                   SELECT base, 'k' || n, entry, digest, mark FROM base_item, generate_series(1, 20000) AS n"""
            )
            tx.run("ANALYZE base_item")
            params = {"base": BASE, "marks": [UUID(int=1)], "limit": 10}
            tx.run("SET LOCAL enable_bitmapscan = off")
            tx.run("SET LOCAL enable_seqscan = off")
            plan = " ".join(str(row["QUERY PLAN"]) for row in tx.all(f"EXPLAIN {sweep_statement()}", params))
        assert "base_item_there" in plan


class TestAnItemThatIsHeld:
    def drafts(self, rpc: KnowledgeServicer) -> list[entry_pb2.Entry]:
        request = service_pb2.ListEntriesRequest(base=BASE, state=entry_pb2.ENTRY_STATE_DRAFT)
        return list(rpc.ListEntries(request, EDITOR).entries)

    def test_is_served_when_the_office_looked_at_it(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        wrong = item("2", "联系张三 13812345678")
        run = unit.snapshot(item("1"), wrong)
        assert (run.written, run.held) == (1, 1)
        assert titles(rpc) == {"供暖须知1"}
        [draft] = self.drafts(rpc)
        publish(rpc, draft)
        assert titles(rpc) == {"供暖须知1", "供暖须知2"}
        assert unit.snapshot(item("1"), wrong).unchanged == 2
        assert titles(rpc) == {"供暖须知1", "供暖须知2"}

    def test_leaves_what_was_served(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"))
        unit.snapshot(item("1", "加微信 heat_2026"))
        assert [entry.text for entry in search(rpc, "供暖须知")] == ["到营业厅办理。"]
        unit.snapshot(item("1", "网上办理。"))
        assert [entry.text for entry in search(rpc, "供暖须知")] == ["网上办理。"]
        assert self.drafts(rpc) == []

    def test_because_the_office_took_it_back_stays_so(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"), item("2"))
        [one] = [entry for entry in search(rpc, "供暖须知") if entry.title == "供暖须知1"]
        withdraw(rpc, one)
        assert unit.snapshot(item("1"), item("2")).unchanged == 2
        assert unit.snapshot(item("1", "改了"), item("2")).held == 1
        assert titles(rpc) == {"供暖须知2"}
        withdraw(rpc, one)
        unit.snapshot(item("2"))
        assert unit.snapshot(item("1"), item("2")).held == 1
        assert titles(rpc) == {"供暖须知2"}
        publish(rpc, one)
        assert titles(rpc) == {"供暖须知1", "供暖须知2"}

    def test_is_not_changed_here(self, unit: Unit, rpc: KnowledgeServicer) -> None:
        unit.snapshot(item("1"))
        [entry] = search(rpc, "供暖须知")
        with pytest.raises(EntryOfBase):
            update(rpc, entry, "text", text="改", call=HEAT_UNIT)
        with pytest.raises(EntryOfBase):
            rpc.ConfirmEntry(service_pb2.ConfirmEntryRequest(name=entry.name, request_id=str(uuid4())), HEAT_UNIT)


class TestTheRecord:
    def test_has_each_batch_and_no_text(self, unit: Unit, database_url: str) -> None:
        unit.snapshot(item("1", "秘密的话"))
        with psycopg.connect(database_url) as connection:
            rows = connection.execute(
                "SELECT action, details::text FROM audit_entry WHERE resource = 'bases/heat' ORDER BY position"
            ).fetchall()
        assert [action for action, _ in rows] == [f"knowledge.bases.{did}" for did in ("register", "approve", "sync")]
        assert '"size": "1"' in rows[-1][1]
        assert "秘密" not in rows[-1][1]
