"""What every RPC of dispatch has."""

from collections.abc import Callable, Mapping
from datetime import datetime

from google.protobuf.message import Message
from hotline.dispatch.v1 import work_order_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database

from hotline_dispatch.adapters import messages
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.work_order import WorkOrder
from hotline_dispatch.handlers.orders import as_seen
from hotline_dispatch.settings import Settings


class Rpcs:
    """A part of the RPCs, with what they stand on."""

    def __init__(self, *, database: Database[Store], clock: Clock, settings: Settings) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._settings = settings

    def _change(
        self,
        request: Message,
        call: Call,
        decide: Callable[[Store, datetime], WorkOrder],
        details: Mapping[str, str],
    ) -> work_order_pb2.WorkOrder:
        def work(tx: Store) -> work_order_pb2.WorkOrder:
            now = self._clock.now()
            order = decide(tx, now)
            tx.record(action=call.permission, resource=order.name, time=now, details=details)
            return messages.work_order(as_seen(order, tx))

        return self._commands.run(request, call, work_order_pb2.WorkOrder, work)
