"""Proves the books of a platform over its public interfaces, and names what is wrong.

Clocks and deliveries run while it reads, so what looks wrong at first sight is looked at once more before it is said.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2, delivery_service_pb2
from hotline.operations.v1.audit_service_pb2_grpc import AuditServiceStub
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel import audit_chain, topology

from hotline_cli.client import SERVICES, Hotline, Person, pages

_PAGE = 1000
_ON_THE_WAY_SECONDS = 10.0  # what an event that is not stuck may take, on a busy machine
_POLL_SECONDS = 0.2
_OPEN_CLOCK = (deadline_pb2.DEADLINE_STATE_RUNNING, deadline_pb2.DEADLINE_STATE_OVERDUE)
_AppealState = appeal_pb2.AppealState
_OrderState = work_order_pb2.WorkOrderState
_DONE = (_OrderState.WORK_ORDER_STATE_CLOSED, _OrderState.WORK_ORDER_STATE_WITHDRAWN)


@dataclass
class Proof:
    """What was looked at and what was found."""

    counted: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


@dataclass
class _Books:
    appeals: dict[str, appeal_pb2.Appeal]
    orders: dict[str, work_order_pb2.WorkOrder]
    clocks: dict[str, list[deadline_pb2.Deadline]]
    callbacks: dict[tuple[str, int], list[callback_pb2.Callback]]
    closed_units: set[str]


def verify(hotline: Hotline, *, profile: str = "city") -> Proof:
    """Reads all five services and proves what must always hold.

    Every appeal has exactly one disposition or a running one-hour clock (Art. 21); every order exactly one lead and,
    unless closed, a deadline (Art. 22-24), or somebody is asked for what it waits for; every result its callback or a
    running 24 h clock (Art. 30); every event its effect exactly once; every audit chain is whole (Art. 36).
    """
    proof = Proof()
    auditor = hotline.person("auditor")
    books = _read(auditor)
    doubts = _doubts(books)
    undelivered = _deliveries(auditor, profile, proof)
    if doubts:
        books = _read(auditor)
        doubts = [doubt for doubt in _doubts(books) if doubt in doubts]
    proof.counted.update(appeals=len(books.appeals), work_orders=len(books.orders))
    proof.counted["deadlines"] = sum(map(len, books.clocks.values()))
    proof.counted["callbacks"] = sum(map(len, books.callbacks.values()))
    proof.findings += doubts + undelivered + verify_audit(hotline, proof)
    return proof


def _read(auditor: Person) -> _Books:
    # From the end of the flow to its start: what is read later can only be further on.
    callbacks: dict[tuple[str, int], list[callback_pb2.Callback]] = defaultdict(list)
    for feedback_page in pages(auditor.feedback.ListCallbacks, feedback.ListCallbacksRequest(page_size=_PAGE)):
        for callback in feedback_page.callbacks:
            callbacks[callback.work_order, callback.round].append(callback)
    clocks: dict[str, list[deadline_pb2.Deadline]] = defaultdict(list)
    for sla_page in pages(auditor.sla.ListDeadlines, sla.ListDeadlinesRequest(page_size=_PAGE)):
        for clock in sla_page.deadlines:
            clocks[clock.subject].append(clock)
    orders = {
        order.name: order
        for page in pages(auditor.dispatch.ListWorkOrders, dispatch.ListWorkOrdersRequest(page_size=_PAGE))
        for order in page.work_orders
    }
    appeals = {
        appeal.name: appeal
        for page in pages(auditor.intake.ListAppeals, intake.ListAppealsRequest(page_size=_PAGE))
        for appeal in page.appeals
    }
    closed_units = {
        unit.name
        for page in pages(auditor.dispatch.ListUnits, dispatch.ListUnitsRequest(page_size=_PAGE, show_closed=True))
        for unit in page.units
        if unit.HasField("close_date")
    }
    return _Books(appeals, orders, clocks, callbacks, closed_units)


def _doubts(books: _Books) -> list[str]:
    return _appeals(books) + _orders(books) + _joined(books) + _results(books)


def _appeals(books: _Books) -> list[str]:
    found = []
    orders_of: Counter[str] = Counter(order.appeal for order in books.orders.values() if not order.split_from)
    undone = {order.appeal: order for order in books.orders.values() if order.state not in _DONE}
    for name, appeal in books.appeals.items():
        declined = appeal.state == _AppealState.APPEAL_STATE_DECLINED
        answered = appeal.state == _AppealState.APPEAL_STATE_ANSWERED
        referred = appeal.state in (_AppealState.APPEAL_STATE_REFERRED, _AppealState.APPEAL_STATE_CLOSED)
        clock = [c for c in books.clocks[name] if c.kind == deadline_pb2.DEADLINE_KIND_ANSWER]
        if not clock:
            found.append(f"{name} ({appeal.number}): no one-hour clock was ever started (Art. 21)")
        running = any(c.state in _OPEN_CLOCK for c in clock)
        if declined + answered + referred == 0 and not running:
            found.append(f"{name} ({appeal.number}): neither a disposition nor a running one-hour clock (Art. 21)")
        if (declined or answered or referred) and running:
            found.append(f"{name} ({appeal.number}): disposed of, yet its one-hour clock runs (Art. 21)")
        wanted = 1 if referred else 0
        if orders_of[name] != wanted:
            found.append(f"{name} ({appeal.number}): {orders_of[name]} work orders, must be {wanted} (Art. 21)")
        if appeal.state == _AppealState.APPEAL_STATE_CLOSED and name in undone:
            found.append(f"{name} ({appeal.number}): closed, yet {undone[name].number} is not done (Art. 30)")
    found += [
        f"{order.name} ({order.number}): its appeal {order.appeal} does not exist"
        for order in books.orders.values()
        if order.appeal not in books.appeals
    ]
    return found


def _orders(books: _Books) -> list[str]:
    found = []
    without_lead = (
        _OrderState.WORK_ORDER_STATE_HELD,
        _OrderState.WORK_ORDER_STATE_AWAITING_LEAD,
        _OrderState.WORK_ORDER_STATE_JOINED,
        _OrderState.WORK_ORDER_STATE_WITHDRAWN,
    )
    for name, order in books.orders.items():
        if order.state not in without_lead and not order.lead_unit:
            found.append(f"{name} ({order.number}): is out without a lead unit (Art. 22)")
        if order.state == _OrderState.WORK_ORDER_STATE_DISPATCHED and order.lead_unit in books.closed_units:
            found.append(f"{name} ({order.number}): is with {order.lead_unit}, which was closed (Art. 10)")
        if order.lead_unit and order.directive.kind and not order.directive.HasField("directive_time"):
            found.append(f"{name} ({order.number}): is out without its directive (Art. 23)")
        if order.HasField("result") and order.study_grounds and not order.HasField("study"):
            found.append(f"{name} ({order.number}): has a result without its principal's study (Art. 25)")
        if (order.result.outcome == work_order_pb2.OUTCOME_FILED) != order.HasField("filing"):
            found.append(f"{name} ({order.number}): its outcome and its filing disagree (Art. 27)")
        if order.lead_unit and order.lead_unit in order.supporting_units:
            found.append(f"{name} ({order.number}): {order.lead_unit} both leads and supports (Art. 22)")
        handling = [
            c for c in books.clocks[name] if c.kind == deadline_pb2.DEADLINE_KIND_HANDLING and c.round == order.round
        ]
        if order.state not in without_lead and len(handling) != 1:
            found.append(
                f"{name} ({order.number}): {len(handling)} handling deadlines in round {order.round},"
                " must be 1 (Art. 24)"
            )
        if order.state == _OrderState.WORK_ORDER_STATE_DISPATCHED and not any(c.state in _OPEN_CLOCK for c in handling):
            found.append(f"{name} ({order.number}): is with its unit and no deadline runs (Art. 24)")
        if order.office_duty and not order.HasField("office_ask_time"):
            owed = work_order_pb2.OfficeDuty.Name(order.office_duty).removeprefix("OFFICE_DUTY_").lower()
            found.append(f"{name} ({order.number}): waits for the office ({owed}), and nobody asks (Art. 22, 23, 26)")
        urgent = order.directive.kind == appeal_pb2.DIRECTIVE_KIND_URGENT
        if order.state == _OrderState.WORK_ORDER_STATE_HELD and urgent and not order.HasField("chase_time"):
            found.append(f"{name} ({order.number}): is urgent, and nobody asks for its directive (Art. 23)")
        if order.state == _OrderState.WORK_ORDER_STATE_HELD and handling and not order.send_backs:
            found.append(f"{name} ({order.number}): waits for a directive, yet its deadline runs (Art. 23)")
    return found


def _joined(books: _Books) -> list[str]:
    found = []
    for name, order in books.orders.items():
        if order.state == _OrderState.WORK_ORDER_STATE_JOINED:
            other = books.orders.get(order.joined_into)
            if other is None or other.state in _DONE or other.HasField("result"):
                found.append(f"{name} ({order.number}): waits in vain for {order.joined_into} (Art. 23(3))")
    return found


def _results(books: _Books) -> list[str]:
    found = []
    for name, order in books.orders.items():
        reported = order.state in (_OrderState.WORK_ORDER_STATE_REPORTED, _OrderState.WORK_ORDER_STATE_CLOSED)
        rounds = range(1, order.round + (1 if reported else 0))
        for number in rounds:
            callbacks = books.callbacks[name, number]
            clocks = [
                c for c in books.clocks[name] if c.kind == deadline_pb2.DEADLINE_KIND_CALLBACK and c.round == number
            ]
            if len(callbacks) != 1:
                found.append(f"{name} round {number}: {len(callbacks)} callbacks for its result, must be 1 (Art. 30)")
                continue
            waiting = callbacks[0].state == callback_pb2.CALLBACK_STATE_WAITING
            if len(clocks) != 1:
                found.append(f"{name} round {number}: {len(clocks)} callback clocks, must be 1 (Art. 30)")
            elif waiting != (clocks[0].state in _OPEN_CLOCK):
                found.append(f"{name} round {number}: its callback and its 24 h clock disagree (Art. 30)")
            if order.state == _OrderState.WORK_ORDER_STATE_CLOSED and waiting:
                found.append(f"{name} round {number}: closed without a callback (Art. 30)")
    return found


def _deliveries(auditor: Person, profile: str, proof: Proof) -> list[str]:
    """What was published when we came must take effect, and nothing more often than it was published until we go."""
    found = []
    for source in SERVICES:
        proof.counted["events"] += sum(_streams(auditor, source).values())
        for listener in topology.consumers_of(source, profile=profile):
            published = _streams(auditor, source, consumer=listener)
            handled = _caught_up(auditor, listener, source, published)
            wrong = {a for a, done in handled.items() if done > published.get(a, 0)}
            until_now = _streams(auditor, source) if wrong else published
            for aggregate in published.keys() | wrong:
                least, most = published.get(aggregate, 0), until_now.get(aggregate, 0)
                done = handled.get(aggregate, 0)
                if not least <= done <= most:
                    found.append(
                        f"{source} → {listener}: of {aggregate}, event {least} is the last it hears, {done} took effect"
                    )
    for name in SERVICES:
        delivery = auditor.delivery[name].GetDelivery(delivery_service_pb2.GetDeliveryRequest())
        if found and delivery.unpublished:
            found.append(f"{name}: {delivery.unpublished} events committed and not published")
        for each in delivery.sources:
            proof.counted["deliveries"] += each.handled_total
            if each.dead:
                found.append(f"{name}: {each.dead} dead events from {each.source}; see `hotline events dead`")
            if found and each.open:
                found.append(f"{name}: {each.open} events from {each.source} received and not handled")
    return found


def _caught_up(auditor: Person, listener: str, source: str, published: Mapping[str, int]) -> dict[str, int]:
    """How far a listener is, once it is as far as was published, or after what an event may take on its way."""
    give_up = time.monotonic() + _ON_THE_WAY_SECONDS
    while True:
        handled = _streams(auditor, listener, source=source)
        behind = any(handled.get(aggregate, 0) < sent for aggregate, sent in published.items())
        if not behind or time.monotonic() > give_up:
            return handled
        time.sleep(_POLL_SECONDS)


def _streams(auditor: Person, service: str, *, source: str = "", consumer: str = "") -> dict[str, int]:
    request = delivery_service_pb2.ListStreamsRequest(source=source, consumer=consumer, page_size=_PAGE)
    return {
        stream.aggregate: stream.sequence
        for page in pages(auditor.delivery[service].ListStreams, request)
        for stream in page.streams
    }


def verify_audit(
    hotline: Hotline, proof: Proof, *, profile: str = "city", known_keys: Collection[bytes] = ()
) -> list[str]:
    """Walks every service's chain and compares it with the heads that other services keep (Art. 36).

    known_keys -- raw public keys that seals may be signed with; with none, a change of key is a finding.
    """
    auditor = hotline.person("auditor")
    found = []
    for name in SERVICES:
        walked = audit_chain.verify_chain(
            name,
            seals=partial(_seals, auditor.audit[name]),
            entries=partial(_entries, auditor.audit[name]),
            kept_heads={
                keeper: partial(_heads, auditor.audit[keeper], name)
                for keeper in topology.consumers_of(name, profile=profile)
            },
            known_keys=known_keys,
        )
        proof.counted.update(audit_entries=walked.entries, audit_seals=walked.seals, kept_heads=walked.heads)
        found += walked.findings
    return found


def _seals(stub: AuditServiceStub) -> Iterator[audit_service_pb2.Seal]:
    for page in pages(stub.ListSeals, audit_service_pb2.ListSealsRequest(page_size=_PAGE)):
        yield from page.seals


def _entries(stub: AuditServiceStub) -> Iterator[audit_service_pb2.AuditEntry]:
    for page in pages(stub.ListAuditEntries, audit_service_pb2.ListAuditEntriesRequest(page_size=_PAGE)):
        yield from page.entries


def _heads(stub: AuditServiceStub, source: str) -> Iterator[audit_service_pb2.Seal]:
    for page in pages(stub.ListKeptHeads, audit_service_pb2.ListKeptHeadsRequest(source=source, page_size=_PAGE)):
        yield from page.heads
