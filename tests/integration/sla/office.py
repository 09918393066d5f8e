"""sla on a real database: events go in as the pump hands them in, legal time is a parameter."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch
from hotline.intake.v1 import appeal_pb2
from hotline_kernel.calendar import ZONE, Calendar
from hotline_kernel.db import Database
from hotline_kernel.timestamps import timestamp
from hotline_sla import handlers
from hotline_sla.adapters.postgres import Store
from hotline_sla.bootstrap import MOMENTS_A_TRANSACTION, subscriptions
from hotline_sla.domain.deadline import Law, Terms


def shanghai(text: str) -> datetime:
    """Legal time, `2026-05-11 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def stamp(time: datetime | str) -> Timestamp:
    """The same as a message."""
    return timestamp(shanghai(time) if isinstance(time, str) else time)


@dataclass
class Office:
    """sla in one process."""

    database: Database[Store]
    law: Law = field(default_factory=lambda: Law(terms=Terms(), calendar=Calendar()))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def receive(self, event: Message) -> None:
        """Handle an event in a transaction of its own."""
        with self.database.transaction() as tx:
            subscriptions(self.law)[type(event)](event, tx=tx, now=None, envelope=None)

    def tick(self, now: datetime | str) -> int:
        """Act on everything that is due; tell on how much."""
        moment = shanghai(now) if isinstance(now, str) else now
        acted = 0
        while found := self._tick_once(moment):
            acted += found
        return acted

    def _tick_once(self, now: datetime) -> int:
        with self.database.transaction() as tx:
            return handlers.act_on_due_moments(tx=tx, now=now, law=self.law, limit=MOMENTS_A_TRANSACTION)

    def dispatch(
        self,
        time: datetime | str,
        *,
        work_order: str = "",
        unit: str = "units/water",
        round: int = 1,  # noqa: A002  (as the field is named)
        request_type: "appeal_pb2.RequestType.ValueType" = appeal_pb2.REQUEST_TYPE_HELP,
        key_supervision: bool = False,
    ) -> str:
        """A unit receives an order; its name."""
        name = work_order or f"workOrders/{uuid4()}"
        self.receive(
            dispatch.WorkOrderDispatched(
                work_order=name,
                appeal=f"appeals/{uuid4()}",
                number=f"GD{next(self.numbers):06d}",
                lead_unit=unit,
                request_type=request_type,
                category="heating",
                region="130102",
                round=round,
                key_supervision=key_supervision,
                dispatch_time=stamp(time),
            )
        )
        return name

    def report(self, work_order: str, time: datetime | str, *, reply: datetime | str = "", round: int = 1) -> None:  # noqa: A002
        """The unit replied and reported."""
        self.receive(
            dispatch.ResultReported(
                work_order=work_order, reply_time=stamp(reply or time), report_time=stamp(time), round=round
            )
        )

    def rows(self, sql: str, **params: Any) -> list[Any]:
        """What the database says: tuples, or the values of a single column."""
        with self.database.transaction() as tx:
            found = [tuple(row.values()) for row in tx.all(sql, params)]
        return [row[0] if len(row) == 1 else row for row in found]

    def states(self, subject: str) -> dict[str, str]:
        """Kind and round of each clock with its state."""
        return {
            f"{kind} {number}": state
            for kind, number, state in self.rows(
                "SELECT kind, round, state FROM deadline WHERE subject = %(subject)s", subject=subject
            )
        }

    def steps(self, work_order: str, *, unit: str = "") -> list[str]:
        """Steps of supervision in their order; to one unit, if it is named."""
        return self.rows(
            "SELECT step FROM supervision WHERE work_order = %(name)s AND unit LIKE %(unit)s ORDER BY id",
            name=work_order,
            unit=unit or "%",
        )

    def announced(self, aggregate: str, event_type: type[Message]) -> list[dict[str, Any]]:
        """What was published of a type, in its order."""
        found = self.rows(
            "SELECT payload FROM outbox WHERE aggregate = %(aggregate)s AND type = %(type)s ORDER BY sequence",
            aggregate=aggregate,
            type=event_type.DESCRIPTOR.full_name,
        )
        return [json.loads(payload) for payload in found]
