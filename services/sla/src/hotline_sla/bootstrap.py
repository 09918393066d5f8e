"""sla, wired."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from hotline.dispatch.events.v1.work_order_events_pb2 import ResultReported
from hotline.sla.v1 import assessment_service_pb2, meeting_service_pb2, sla_service_pb2
from hotline_kernel import calendar, clock, telemetry, topology
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.process import Application
from hotline_kernel.pump import EventHandler, Ticker

from hotline_sla import handlers
from hotline_sla.adapters.postgres import Store
from hotline_sla.domain.deadline import UNIT_KINDS, Kind, Law, State
from hotline_sla.entrypoints.assessment_server import AssessmentServicer
from hotline_sla.entrypoints.meeting_server import MeetingServicer
from hotline_sla.handlers.orders import settle_handling
from hotline_sla.settings import Settings

MOMENTS_A_TRANSACTION = 200
CLOCKS_A_TRANSACTION = 200
SHIFTS_A_TRANSACTION = 5000
DAY_SECONDS = 86_400
ADD_UP_SECONDS = 5.0
GAUGE_SECONDS = 15.0
UNIT_GAUGE_SECONDS = 60.0
VIRTUAL_TICK_SECONDS = 0.02
"""A virtual clock may move on by days at any instant."""
VIRTUAL_LOOK_SECONDS = 0.25
"""How often due moments are looked for while it stands still: some begin when they are due already."""


TRAINING = "演练"
"""Across every page of what the training mode puts on paper (Art. 37)."""


def build(settings: Settings) -> Application[Store]:
    """What serve and pump run."""
    database = Database(
        conninfo=settings.database_url.get_secret_value(),
        transaction=Store,
        audience=topology.audience(settings.service, profile=settings.profile),
        pool_size=settings.pool_size,
    )
    legal_clock = clock.from_setting(settings.clock, environment=settings.environment)
    law = Law(terms=settings.terms, calendar=calendar.load(settings.calendar_file))
    for kind in Kind:  # counted from nought, so that the first one of a process is seen to be one more
        telemetry.DEADLINES_MET.labels(settings.service, kind)
        telemetry.DEADLINES_MISSED.labels(settings.service, kind)

    def servicers() -> dict[ServiceDescriptor, object]:
        from hotline_sla.entrypoints.grpc_server import SlaServicer  # noqa: PLC0415  (loads what writes letters)

        return {
            sla_service_pb2.DESCRIPTOR.services_by_name["SlaService"]: SlaServicer(
                database=database,
                clock=legal_clock,
                law=law,
                issuer=settings.document_issuer,
                watermark=TRAINING if settings.is_training else "",
            ),
            meeting_service_pb2.DESCRIPTOR.services_by_name["MeetingService"]: MeetingServicer(
                database=database, clock=legal_clock
            ),
            assessment_service_pb2.DESCRIPTOR.services_by_name["AssessmentService"]: AssessmentServicer(
                database=database, clock=legal_clock
            ),
        }

    return Application(
        settings=settings,
        database=database,
        clock=legal_clock,
        make_servicers=servicers,
        subscriptions=subscriptions(law, calls_back=settings.profile != "county"),
        tickers=tickers(settings, database=database, legal_clock=legal_clock, law=law),
    )


def subscriptions(law: Law, *, calls_back: bool = True) -> dict[type[Message], EventHandler]:
    """Every handler with the law it reads; calls_back -- citizens are asked afterwards from here, not from the city."""
    on_event: dict[type[Message], Callable[..., None]] = {
        **handlers.ON_EVENT,
        ResultReported: partial(settle_handling, calls_back=calls_back),
    }
    return {event_type: _with_law(handler, law) for event_type, handler in on_event.items()}


def _with_law(handler: Callable[..., None], law: Law) -> EventHandler:
    def handle(event: Message, *, tx: Store, **_: Any) -> None:  # clocks follow the times of events, not ours
        handler(event=event, tx=tx, law=law)

    return handle


def tickers(settings: Settings, *, database: Database[Store], legal_clock: Clock, law: Law) -> list[Ticker]:
    """The periodic tasks. Any number of pumps may run them at once."""

    def act() -> bool:
        with database.transaction() as tx:
            return handlers.act_on_due_moments(tx=tx, now=legal_clock.now(), law=law, limit=MOMENTS_A_TRANSACTION) > 0

    def recompute() -> bool:
        telemetry.CALENDAR_KNOWN_UNTIL.labels(settings.service).set(
            law.calendar.close_of_office(law.calendar.known_until()).timestamp()
        )
        with database.transaction() as tx:
            return handlers.recompute_provisional(tx=tx, now=legal_clock.now(), law=law, limit=CLOCKS_A_TRANSACTION) > 0

    def add_up() -> bool:
        with database.transaction() as tx:
            return tx.add_up_counts(limit=SHIFTS_A_TRANSACTION) == SHIFTS_A_TRANSACTION

    def gauge() -> bool:
        with database.transaction() as tx:
            _set_gauges(settings.service, tx, legal_clock.now())
        return False

    def gauge_units() -> bool:
        with database.transaction() as tx:
            _set_unit_gauges(settings.service, tx, legal_clock.now())
        return False

    if settings.clock == "system":
        deadlines = Ticker(name="deadlines", interval_seconds=settings.tick_seconds, run=act)
    else:
        deadlines = Ticker(name="deadlines", interval_seconds=VIRTUAL_TICK_SECONDS, run=_once_moved(act, legal_clock))
    return [
        deadlines,
        Ticker(name="calendar", interval_seconds=DAY_SECONDS, run=recompute),
        Ticker(name="scores", interval_seconds=ADD_UP_SECONDS, run=add_up),
        Ticker(name="deadline-gauges", interval_seconds=GAUGE_SECONDS, run=gauge),
        Ticker(name="unit-gauges", interval_seconds=UNIT_GAUGE_SECONDS, run=gauge_units),
    ]


def _once_moved(act: Callable[[], bool], virtual: Clock) -> Callable[[], bool]:
    """The same, but a clock that stands still is all that is read; the database has its peace."""
    moment, looked = virtual.now(), float("-inf")

    def run() -> bool:
        nonlocal moment, looked
        now = virtual.now()
        if now == moment and monotonic() - looked < VIRTUAL_LOOK_SECONDS:
            return False
        more = act()
        moment, looked = now, float("-inf") if more else monotonic()
        return more

    return run


WARNING_TIME = {
    Kind.ANSWER: timedelta(minutes=15),
    Kind.FIRST_CONTACT: timedelta(hours=1),
    Kind.HANDLING: timedelta(hours=24),
    Kind.CALLBACK: timedelta(hours=4),
    Kind.PART: timedelta(hours=24),
}
"""So long before its end an open clock is at risk (ours)."""


def _set_gauges(service: str, tx: Store, now: datetime) -> None:
    telemetry.MOMENTS_LAGGING.labels(service).set(tx.schedule(now=now)[1])
    for kind in Kind:
        running = tx.open_counts(kind=kind, state=State.RUNNING)
        at_risk = tx.open_counts(kind=kind, state=State.RUNNING, due_before=now + WARNING_TIME[kind])
        telemetry.DEADLINES_OPEN.labels(service, kind).set(running)
        telemetry.DEADLINES_AT_RISK.labels(service, kind).set(at_risk)
        telemetry.DEADLINES_OVERDUE.labels(service, kind).set(tx.open_counts(kind=kind, state=State.OVERDUE))


MOST_UNITS = 200
"""So many units have series of their own; the others, those with least, share one."""


def _set_unit_gauges(service: str, tx: Store, now: datetime) -> None:
    at_risk: Counter[tuple[str, ...]] = Counter()
    overdue: Counter[tuple[str, ...]] = Counter()
    for kind in (*UNIT_KINDS, Kind.PART):
        soon = now + WARNING_TIME[kind]
        for unit, _, clocks in tx.open_counts_by_unit(kind=kind, state=State.RUNNING, due_before=soon, at=now):
            at_risk[unit.removeprefix("units/"), kind] += clocks
        for unit, days, clocks in tx.open_counts_by_unit(kind=kind, state=State.OVERDUE, due_before=now, at=now):
            overdue[unit.removeprefix("units/"), kind, _age(days)] += clocks
    telemetry.replace(telemetry.UNIT_DEADLINES_AT_RISK, _bounded(at_risk), service=service)
    telemetry.replace(telemetry.UNIT_DEADLINES_OVERDUE, _bounded(overdue), service=service)


def _age(days: int) -> str:
    return next((f"{bound}d" for bound in (1, 3, 10) if days < bound), "more")


def _bounded(counts: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """The same with `others` for all units but the MOST_UNITS with the largest sums."""
    sums: Counter[str] = Counter()
    for (unit, *_), clocks in counts.items():
        sums[unit] += clocks
    named = {unit for unit, _ in sums.most_common(MOST_UNITS)}
    found: Counter[tuple[str, ...]] = Counter()
    for (unit, *rest), clocks in counts.items():
        found[unit if unit in named else "others", *rest] += clocks
    return found
