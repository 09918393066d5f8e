"""DeliveryService: what was published, received and handled, and what is stuck. Served by every service."""

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.descriptor import ServiceDescriptor
from hotline.operations.v1 import delivery_service_pb2 as pb
from psycopg.rows import DictRow

from hotline_kernel import inbox, outbox, topology
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import OUTBOX_CHANNEL, Commands, Database, Transaction
from hotline_kernel.errors import Refused, StateNotAllowed
from hotline_kernel.paging import Page

if TYPE_CHECKING:
    from hotline_kernel.process import Application

Tx = TypeVar("Tx", bound=Transaction)
REPUBLISH_AT_ONCE = 10_000
_COUNTS = """
WITH sources AS (
  SELECT source, coalesce(sum(handled), 0)::bigint AS handled_total, coalesce(sum(heard), 0)::bigint AS heard_total,
         coalesce(sum(open), 0)::bigint AS open, coalesce(sum(dead), 0)::bigint AS dead
  FROM (SELECT source, handled, heard, 0 AS open, 0 AS dead FROM inbox_lane
        UNION ALL SELECT source, 0, 0, 1, 0 FROM inbox WHERE state = 'open'
        UNION ALL SELECT source, 0, 0, 0, 1 FROM inbox WHERE state = 'dead') AS counts
  GROUP BY source ORDER BY source
), consumers AS (
  SELECT consumer, sum(published)::bigint AS heard_total FROM outbox_heard GROUP BY consumer ORDER BY consumer
)
SELECT (SELECT count(*) FROM outbox WHERE published_time IS NULL) AS unpublished,
       (SELECT sum(published) FROM outbox_lane)::bigint AS published_total,
       (SELECT count(*) FROM audit_entry WHERE seal IS NULL) AS unsealed,
       (SELECT json_agg(sources) FROM sources) AS sources,
       (SELECT json_agg(consumers) FROM consumers) AS consumers
"""
_PUBLISHED = "SELECT aggregate, sequence FROM outbox_sequence WHERE aggregate > %(after)s"
_HEARD = """
SELECT aggregate, sequence FROM (
  SELECT aggregate, CASE heard_until WHEN sequence THEN coalesce(heard ->> %(consumer)s, heard ->> '*')::bigint
                    ELSE sequence END AS sequence
  FROM outbox_sequence WHERE aggregate > %(after)s) AS known
WHERE sequence IS NOT NULL
"""
_HANDLED = "SELECT aggregate, sequence FROM inbox_cursor WHERE source = %(source)s AND aggregate > %(after)s"


def delivery_servicer(application: "Application[Any]") -> Mapping[ServiceDescriptor, object]:
    """What `serve` adds to a service's own servicers."""
    servicer = DeliveryServicer(
        service=application.settings.service,
        database=application.database,
        clock=application.clock,
        audience=topology.audience(application.settings.service, profile=application.settings.profile),
    )
    return {pb.DESCRIPTOR.services_by_name["DeliveryService"]: servicer}


class DeliveryServicer(Generic[Tx]):
    """Reads the books of delivery, and lets an engineer settle what was given up."""

    def __init__(self, *, service: str, database: Database[Tx], clock: Clock, audience: outbox.Audience) -> None:
        self._service = service
        self._audience = audience
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def GetDelivery(self, request: pb.GetDeliveryRequest, call: Call) -> pb.Delivery:  # noqa: ARG002
        """All counts as of one moment: one statement sees one state."""
        with self._database.transaction(actor=call.principal) as tx:
            counts = tx.one(_COUNTS)
        assert counts
        sources, consumers = counts.pop("sources"), counts.pop("consumers")
        return pb.Delivery(
            service=self._service,
            sources=[pb.InboxSource(**source) for source in sources or ()],
            consumers=[pb.OutboxConsumer(**consumer) for consumer in consumers or ()],
            **counts,
        )

    def ListStreams(self, request: pb.ListStreamsRequest, call: Call) -> pb.ListStreamsResponse:
        """In order of aggregate."""
        page = Page.read(request, default=100)
        with self._database.transaction(actor=call.principal) as tx:
            streams = _HANDLED if request.source else _HEARD if request.consumer else _PUBLISHED
            rows = tx.all(
                f"{streams} ORDER BY aggregate LIMIT %(limit)s",
                {
                    "source": request.source,
                    "consumer": request.consumer,
                    "after": page.after_text(),
                    "limit": page.size + 1,
                },
            )
        kept, token = page.cut(rows, key=lambda row: [row["aggregate"]])
        return pb.ListStreamsResponse(streams=[pb.Stream(**row) for row in kept], next_page_token=token)

    def ListDeadEvents(self, request: pb.ListDeadEventsRequest, call: Call) -> pb.ListDeadEventsResponse:
        """Oldest first."""
        page = Page.read(request, default=100)
        with self._database.transaction(actor=call.principal) as tx:
            rows = tx.all(
                "SELECT * FROM inbox WHERE state = 'dead' AND position > %(after)s ORDER BY position LIMIT %(limit)s",
                {"after": page.after_number(), "limit": page.size + 1},
            )
        kept, token = page.cut(rows, key=lambda row: [row["position"]])
        return pb.ListDeadEventsResponse(events=[_dead_event(row) for row in kept], next_page_token=token)

    def ReplayEvent(self, request: pb.ReplayEventRequest, call: Call) -> pb.DeadEvent:
        """Its followers run after it, as soon as it had its effect."""

        def work(tx: Tx) -> pb.DeadEvent:
            row = _read_dead(tx, request.position)
            inbox.replay(tx, row)
            self._record(tx, call, row, details={})
            return _dead_event(row | {"state": "open", "attempts": 0})

        return self._commands.run(request, call, pb.DeadEvent, work)

    def DropEvent(self, request: pb.DropEventRequest, call: Call) -> pb.DeadEvent:
        """The reason is kept in the record (Art. 36)."""

        def work(tx: Tx) -> pb.DeadEvent:
            row = _read_dead(tx, request.position)
            if not inbox.drop(tx, row, consumer=self._service):
                raise EarlierEventOpen(resource=_name(request.position))
            self._record(tx, call, row, details={"reason": request.reason})
            return _dead_event(row | {"state": "dropped"})

        return self._commands.run(request, call, pb.DeadEvent, work)

    def RepublishEvents(self, request: pb.RepublishEventsRequest, call: Call) -> pb.RepublishEventsResponse:
        """Each call that finds some is on record, with the moment and the reason (Art. 36)."""
        since = request.since.ToDatetime(UTC)

        def work(tx: Tx) -> pb.RepublishEventsResponse:
            count, last = outbox.republish(
                tx,
                since=since,
                after_position=request.after_position,
                limit=REPUBLISH_AT_ONCE,
                audience=self._audience,
            )
            if count:
                tx.run(f"NOTIFY {OUTBOX_CHANNEL}")
                tx.record(
                    action=call.permission,
                    resource="events",
                    time=self._clock.now(),
                    details={"since": since.isoformat(), "republished": str(count), "reason": request.reason},
                )
            return pb.RepublishEventsResponse(republished=count, last_position=last)

        return self._commands.run(request, call, pb.RepublishEventsResponse, work)

    def _record(self, tx: Tx, call: Call, row: DictRow, *, details: Mapping[str, str]) -> None:
        event = {"source": row["source"], "aggregate": row["aggregate"], "sequence": str(row["sequence"])}
        tx.record(
            action=call.permission,
            resource=_name(row["position"]),
            time=self._clock.now(),
            details={**event, "type": row["type"], **details},
        )


class EventNotDead(StateNotAllowed):
    """{resource} is not in the dead state: it needs no help."""

    zh = "{resource} 不处于死信状态，无须处理。"


class EarlierEventOpen(Refused):
    """{resource} cannot be dropped while an earlier event of its aggregate is not handled."""

    zh = "同一事项的更早事件尚未处理，{resource} 暂不能跳过。"


def _name(position: int) -> str:
    return f"events/{position}"


def _read_dead(tx: Transaction, position: int) -> DictRow:
    row = inbox.read_dead(tx, position=position)
    if row is None:
        raise EventNotDead(resource=_name(position))
    return row


def _dead_event(row: DictRow) -> pb.DeadEvent:
    return pb.DeadEvent(
        position=row["position"],
        source=row["source"],
        aggregate=row["aggregate"],
        sequence=row["sequence"],
        type=row["type"],
        state=row["state"],
        attempts=row["attempts"],
        error=row["error"],
        payload=row["payload"],
        receive_time=row["received_time"],
    )
