"""Gaps on a real PostgreSQL: told, counted by the search itself, and listed by what was asked most (Art. 9(4))."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from hotline.knowledge.v1 import entry_pb2, gap_pb2, gap_service_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.auth import ANONYMOUS, Principal
from hotline_kernel.call import Call
from hotline_kernel.process import Application
from hotline_knowledge.adapters.gaps import gaps_statement
from hotline_knowledge.domain.entry import NotOwnUnit
from hotline_knowledge.domain.gap import EntryNotServed, GapState
from hotline_knowledge.entrypoints.gap_server import GapServicer
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from uuid_utils.compat import uuid4

from tests.integration.knowledge.test_knowledge import create, publish, wait_for

HEAT = "units/heat"


def call_of(role: str, unit: str = "", *, subject: str = "") -> Call:
    return Call(Principal(subject or f"{role}-1", frozenset({role}), unit, ""), "/test", "test", "0" * 32)


OPERATOR, OFFICE, HEAT_UNIT = call_of("operator"), call_of("office"), call_of("unit", HEAT)


@pytest.fixture
def gaps(knowledge: Application[Any]) -> GapServicer:
    [servicer] = [each for each in knowledge.servicers.values() if isinstance(each, GapServicer)]
    return servicer


def report(gaps: GapServicer, query: str) -> gap_pb2.Gap:
    return gaps.ReportGap(gap_service_pb2.ReportGapRequest(query=query, request_id=str(uuid4())), OPERATOR)


def assign(gaps: GapServicer, gap: gap_pb2.Gap, unit: str = HEAT) -> gap_pb2.Gap:
    request = gap_service_pb2.AssignGapRequest(name=gap.name, unit=unit, etag=gap.etag, request_id=str(uuid4()))
    return gaps.AssignGap(request, OFFICE)


def listed(gaps: GapServicer, call: Call = OFFICE, **filters: Any) -> list[tuple[str, int]]:
    request = gap_service_pb2.ListGapsRequest(**filters)
    return [(gap.query, gap.ask_count) for gap in gaps.ListGaps(request, call).gaps]


class TestReport:
    def test_counts_the_same_question_while_it_is_open(self, gaps: GapServicer) -> None:
        first = report(gaps, "热泵补贴")
        again = report(gaps, "热泵 补贴？")
        assert (again.name, again.ask_count, again.etag) == (first.name, 2, first.etag)
        gaps.DismissGap(
            gap_service_pb2.DismissGapRequest(name=first.name, reason="无此政策", request_id=str(uuid4())), OFFICE
        )
        assert report(gaps, "热泵补贴").name != first.name

    def test_loses_none_of_many_at_once(self, gaps: GapServicer) -> None:
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(lambda _: report(gaps, "热泵补贴"), range(24)))
        assert listed(gaps) == [("热泵补贴", 24)]

    def test_gives_every_gap_once_what_was_asked_most_first(self, gaps: GapServicer) -> None:
        for query, times in (("甲事", 1), ("乙事", 3), ("丙事", 2), ("丁事", 1)):
            for _ in range(times):
                report(gaps, query)
        found, token = [], ""
        while True:
            page = gaps.ListGaps(gap_service_pb2.ListGapsRequest(page_size=2, page_token=token), OFFICE)
            found += [gap.query for gap in page.gaps]
            token = page.next_page_token
            if not token:
                break
        assert found == ["乙事", "丙事", "丁事", "甲事"]

    def test_has_an_index_for_every_filter(self, knowledge: Application[Any]) -> None:
        params = {"state": GapState.FILLED, "unit": HEAT, "asked": 50, "after": UUID(int=2**127), "limit": 51}
        with knowledge.database.transaction() as tx:
            tx.run(
                """INSERT INTO gap (id, query, key, ask_count, state, unit, entry, reason, version, create_time,
                     update_time)
                   SELECT gen_random_uuid(), 'q', n::text, n % 100, CASE WHEN n % 50 = 0 THEN 'FILLED' ELSE 'OPEN' END,
                     'units/u' || n % 40, '', '', 1, now(), now()
                   FROM generate_series(1, 20000) AS n"""
            )
            tx.run("ANALYZE gap")
            tx.run("SET LOCAL enable_sort = off")
            tx.run("SET LOCAL enable_bitmapscan = off")
            for state, unit in ((None, ""), (GapState.FILLED, ""), (None, HEAT)):
                plan = [
                    str(row["QUERY PLAN"])
                    for row in tx.all(f"EXPLAIN {gaps_statement(state=state, unit=unit)}", params)
                ]
                assert not [line for line in plan if any(bad in line for bad in ("Seq Scan", "Sort", "Filter"))]


class TestTheTask:
    def test_is_seen_and_filled_by_its_own_unit_alone(self, gaps: GapServicer, rpc: KnowledgeServicer) -> None:
        gap = assign(gaps, report(gaps, "热泵补贴"))
        other, unitless = call_of("unit", "units/water"), call_of("unit")
        entry = create(rpc, HEAT_UNIT, unit=HEAT, title="热泵补贴")
        fill = gap_service_pb2.FillGapRequest(name=gap.name, entry=entry.name, request_id=str(uuid4()))
        assert listed(gaps, HEAT_UNIT) == [("热泵补贴", 1)]
        assert listed(gaps, other) == []
        for stranger in (other, unitless):
            with pytest.raises(NotOwnUnit):
                gaps.FillGap(fill, stranger)
        with pytest.raises(NotOwnUnit):
            listed(gaps, unitless)
        with pytest.raises(NotOwnUnit):
            listed(gaps, other, unit=HEAT)
        with pytest.raises(EntryNotServed):
            gaps.FillGap(fill, HEAT_UNIT)
        publish(rpc, entry)
        assert gaps.FillGap(fill, HEAT_UNIT).state == gap_pb2.GAP_STATE_FILLED

    def test_nobodys_is_not_filled_by_a_unit_that_is_none(self, gaps: GapServicer, rpc: KnowledgeServicer) -> None:
        gap = report(gaps, "热泵补贴")
        entry = publish(rpc, create(rpc))
        with pytest.raises(NotOwnUnit):
            gaps.FillGap(
                gap_service_pb2.FillGapRequest(name=gap.name, entry=entry.name, request_id=str(uuid4())),
                call_of("unit"),
            )


class TestASearchThatFindsNothing:
    def searcher(self, rpc: KnowledgeServicer, call: Call) -> Callable[..., Any]:
        return lambda query, **filters: rpc.SearchEntries(
            service_pb2.SearchEntriesRequest(query=query, **filters), call
        )

    def test_is_counted_once_for_each_who_searched(self, rpc: KnowledgeServicer, gaps: GapServicer) -> None:
        for number in range(3):
            self.searcher(rpc, call_of("operator", subject=f"operator-{number}"))("飞碟登记")
        wait_for(lambda: listed(gaps) == [("飞碟登记", 3)])

    def test_of_who_types_on_or_then_finds_it_is_none(self, rpc: KnowledgeServicer, gaps: GapServicer) -> None:
        publish(rpc, create(rpc))
        first, second = self.searcher(rpc, OPERATOR), self.searcher(rpc, call_of("reviewer"))
        for query in ("飞碟", "飞碟登", "飞碟登记"):
            first(query)
        for query in ("自莱", "供水"):
            second(query)
        wait_for(lambda: listed(gaps) == [("飞碟登记", 1)])

    def test_of_a_citizen_or_with_a_filter_or_a_number_is_none(
        self, knowledge: Application[Any], rpc: KnowledgeServicer, gaps: GapServicer
    ) -> None:
        self.searcher(rpc, Call(ANONYMOUS, "/test", "test", "0" * 32))("飞碟登记甲")
        self.searcher(rpc, call_of("channel"))("飞碟登记乙")
        self.searcher(rpc, call_of("quality"))("飞碟登记丙", kind=entry_pb2.ENTRY_KIND_LAW)
        self.searcher(rpc, call_of("callback"))("飞碟 13812345678")
        self.searcher(rpc, OPERATOR)("飞碟登记")
        wait_for(lambda: bool(listed(gaps)))
        assert listed(gaps) == [("飞碟登记", 1)]
