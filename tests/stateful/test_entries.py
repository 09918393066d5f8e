"""Entries of the knowledge base, by random commands in random order (Art. 10(4), 17, 18).

Nothing is served that nobody but its writer reviewed, nor out of its validity, nor after it was withdrawn. The machine
was tried by letting writers review their own entries, which it found.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import entry_pb2, knowledge_service_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as pb
from hotline_kernel import migrate
from hotline_kernel.auth import ANONYMOUS, Principal
from hotline_kernel.calendar import ZONE
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.errors import HotlineError
from hotline_kernel.process import Application
from hotline_knowledge import bootstrap
from hotline_knowledge.settings import Settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

START = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
DRAFT, PUBLISHED, WITHDRAWN = (
    entry_pb2.ENTRY_STATE_DRAFT,
    entry_pb2.ENTRY_STATE_PUBLISHED,
    entry_pb2.ENTRY_STATE_WITHDRAWN,
)
EDITORS = tuple(Principal(f"editor-{number}", frozenset({"editor"}), "", "") for number in (1, 2))
UNIT = Principal("unit-1", frozenset({"unit"}), "units/heat", "")
STRANGER = Principal("unit-2", frozenset({"unit"}), "units/water", "")
WRITERS = (*EDITORS, UNIT, STRANGER)


@dataclass
class Known:
    """What the model knows of an entry."""

    text: str
    until: date | None
    writers: set[str] = field(default_factory=set)
    state: int = DRAFT
    served: tuple[str, date | None] | None = None


class Entries(RuleBasedStateMachine):
    """A small model beside the knowledge base."""

    application: Application[Any]
    clock: VirtualClock
    seen: Counter[str]

    @initialize()
    def begin(self) -> None:
        """Whatever there was is nobody's business: every example has its own entries."""
        self.known: dict[str, Known] = {}
        self.write("供热", UNIT, 30)

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(ZONE).date()

    @rule(text=st.sampled_from(["供热", "停水"]), who=st.sampled_from([*EDITORS, UNIT]), days=st.integers(0, 60))
    def write(self, text: str, who: Principal, days: int) -> None:
        """An entry of the unit, valid for some days; 0: without an end."""
        until = self.today + timedelta(days=days - 1) if days else None
        entry = entry_pb2.Entry(
            title=text, text=text, kind=entry_pb2.ENTRY_KIND_GUIDE, unit="units/heat", valid_until=_wire(until)
        )
        made = self._try("CreateEntry", pb.CreateEntryRequest(entry=entry), who)
        assert made is not None
        self.known[made.name] = Known(text, until, {who.subject})

    @rule(data=st.data(), who=st.sampled_from(WRITERS), text=st.sampled_from(["供热费", "停水通知"]))
    def change(self, data: st.DataObject, who: Principal, text: str) -> None:
        """What is served stays until somebody else reviewed the change."""
        name, known = self._any(data)
        request = pb.UpdateEntryRequest(
            entry=entry_pb2.Entry(name=name, text=text), update_mask=FieldMask(paths=["text"])
        )
        if self._try("UpdateEntry", request, who):
            assert who is not STRANGER
            known.writers |= {who.subject}  # since somebody else reviewed it; a withdrawal is no review
            known.text, known.state = text, DRAFT
        else:
            assert who is STRANGER

    @rule(data=st.data(), who=st.sampled_from(EDITORS))
    def publish(self, data: st.DataObject, who: Principal) -> None:
        name, known = self._any(data)
        allowed = known.state == DRAFT and who.subject not in known.writers and self._holds(known.until)
        assert bool(self._try("PublishEntry", pb.PublishEntryRequest(name=name), who)) == allowed
        if allowed:
            known.state, known.served, known.writers = PUBLISHED, (known.text, known.until), set()
            self.seen["published"] += 1

    @rule(data=st.data(), who=st.sampled_from([*EDITORS, UNIT, STRANGER]))
    def confirm(self, data: st.DataObject, who: Principal) -> None:
        """Its owner looked at it."""
        name, known = self._any(data)
        allowed = known.state == PUBLISHED and self._holds(known.until) and who is not STRANGER
        assert bool(self._try("ConfirmEntry", pb.ConfirmEntryRequest(name=name), who)) == allowed

    @rule(data=st.data(), who=st.sampled_from(EDITORS))
    def withdraw(self, data: st.DataObject, who: Principal) -> None:
        name, known = self._any(data)
        allowed = known.state != WITHDRAWN
        assert bool(self._try("WithdrawEntry", pb.WithdrawEntryRequest(name=name, reason="有误"), who)) == allowed
        known.state, known.served = WITHDRAWN, None

    @rule(days=st.sampled_from([1, 7, 31]))
    def pass_days(self, days: int) -> None:
        """Time passes, and whoever looks for what is due looks."""
        self.clock.set(self.clock.now() + timedelta(days=days))
        for ticker in self.application.tickers:
            while ticker.run():
                pass

    @invariant()
    def readers_get_what_was_reviewed_and_holds(self) -> None:
        """What a citizen finds, who need not find everything at once (Art. 17, 18)."""
        for text in ("供热", "停水"):
            answer = self._try("SearchEntries", pb.SearchEntriesRequest(query=text, page_size=100), ANONYMOUS)
            for entry in (hit.entry for hit in answer.hits if hit.entry.name in self.known):
                served = self.known[entry.name].served
                assert served is not None
                assert (entry.text, entry.state) == (served[0], PUBLISHED)
                assert self._holds(served[1])
                self.seen["found"] += 1
        self.seen["expired"] += any(
            known.served is not None and not self._holds(known.served[1]) for known in self.known.values()
        )

    @invariant()
    def whoever_writes_sees_where_it_stands(self) -> None:
        for name, known in self.known.items():
            read = self._try("GetEntry", pb.GetEntryRequest(name=name), EDITORS[0])
            assert (read.text, read.state) == (known.text, known.state)

    def _holds(self, until: date | None) -> bool:
        return until is None or self.today <= until

    def _any(self, data: st.DataObject) -> tuple[str, Known]:
        name = data.draw(st.sampled_from(sorted(self.known)))
        return name, self.known[name]

    def _try(self, method: str, request: Any, who: Principal) -> Any:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            request.request_id = str(uuid4())
        service = knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]
        call = Call(who, f"/{service.full_name}/{method}", f"test.{method}", "0" * 32)
        try:
            answer: Message = getattr(self.application.servicers[service], method)(request, call)
        except HotlineError as refusal:
            self.seen[refusal.reason] += 1
            return None
        return answer


@pytest.fixture
def knowledge(database_url: str, tmp_path: Path) -> Iterator[tuple[Application[Any], VirtualClock]]:
    """The service on a database of its own."""
    clock = VirtualClock.create(tmp_path / "clock", START)
    environ = {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_BROKER_URL": "amqp://nowhere",
        "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
    }
    own = Settings.load(service="knowledge", environ=environ)
    migrate.run(settings=own, package="hotline_knowledge", phase="pre")
    application = bootstrap.build(own)
    application.database.open()
    for companion in application.background:
        companion.start()
    yield application, clock
    for companion in application.background:
        companion.stop()
    application.database.close()


def test_nothing_is_served_that_was_not_reviewed_or_does_not_hold(
    knowledge: tuple[Application[Any], VirtualClock],
) -> None:
    application, clock = knowledge
    seen: Counter[str] = Counter()
    machine = type("EntriesHere", (Entries,), {"application": application, "clock": clock, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            derandomize=True,  # so that what must have been seen is seen in every run, or in none
            database=None,
        ),
    )
    assert seen.keys() >= {"published", "found"}


def _wire(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None
