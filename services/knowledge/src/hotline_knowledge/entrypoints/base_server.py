"""BaseService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.knowledge.v1 import base_pb2
from hotline.knowledge.v1 import base_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import bases as messages
from hotline_knowledge.adapters.follower import Follower
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.domain.base import Base
from hotline_knowledge.handlers import bases as handlers


class BaseServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, follower: Follower) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._follower = follower

    def RegisterBase(self, request: service_pb2.RegisterBaseRequest, call: Call) -> base_pb2.Base:
        return self._change(
            request,
            call,
            lambda tx: handlers.register_base(
                name=request.name, title=request.title, address=request.address, tx=tx, now=self._clock.now()
            ),
        )

    def ApproveBase(self, request: service_pb2.ApproveBaseRequest, call: Call) -> base_pb2.Base:
        return self._change(
            request,
            call,
            lambda tx: handlers.approve_base(name=request.name, etag=request.etag, tx=tx, now=self._clock.now()),
        )

    def WithdrawBase(self, request: service_pb2.WithdrawBaseRequest, call: Call) -> base_pb2.Base:
        return self._change(
            request,
            call,
            lambda tx: handlers.withdraw_base(
                name=request.name, reason=request.reason, etag=request.etag, tx=tx, now=self._clock.now()
            ),
        )

    def GetBase(self, request: service_pb2.GetBaseRequest, call: Call) -> base_pb2.Base:
        with self._database.transaction(actor=call.principal) as tx:
            base = tx.base(request.name)
        if base is None:
            raise ResourceNotFound(resource=request.name)
        return messages.base_message(base)

    def ListBases(self, request: service_pb2.ListBasesRequest, call: Call) -> service_pb2.ListBasesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.bases(after=page.after_text(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda base: [base.name])
        return service_pb2.ListBasesResponse(
            bases=[messages.base_message(base) for base in kept], next_page_token=token
        )

    def SyncBase(self, request: service_pb2.SyncBaseRequest, call: Call) -> service_pb2.SyncBaseResponse:
        def sync(tx: Store) -> service_pb2.SyncBaseResponse:
            base = handlers.sync_base(name=request.name, batch=messages.batch_of(request), tx=tx, now=self._clock.now())
            return service_pb2.SyncBaseResponse(run=messages.run_message(base.run) if base.run else None)

        answer = self._commands.run(request, call, service_pb2.SyncBaseResponse, sync)
        self._follower.catch_up()  # so a unit never sends faster than what it sent can be found
        return answer

    def _change(self, request: Message, call: Call, work: Callable[[Store], Base]) -> base_pb2.Base:
        return self._commands.run(request, call, base_pb2.Base, lambda tx: messages.base_message(work(tx)))
