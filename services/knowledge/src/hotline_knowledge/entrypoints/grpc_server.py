"""KnowledgeService: translates, nothing more."""

from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge import handlers
from hotline_knowledge.adapters import messages
from hotline_knowledge.adapters.follower import Follower
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.adapters.search import SearchIndex
from hotline_knowledge.domain import legal_day

_HITS = 10
_HITS_MAX = 50


class KnowledgeServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, index: SearchIndex, follower: Follower) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._index = index
        self._follower = follower

    def CreateEntry(self, request: service_pb2.CreateEntryRequest, call: Call) -> entry_pb2.Entry:
        return self._commands.run(
            request,
            call,
            entry_pb2.Entry,
            lambda tx: messages.entry_message(
                handlers.create_entry(content=messages.content_of(request.entry), tx=tx, now=self._clock.now())
            ),
        )

    def GetEntry(self, request: service_pb2.GetEntryRequest, call: Call) -> entry_pb2.Entry:
        with self._database.transaction(actor=call.principal) as tx:
            entry = tx.entry(uuid_of(request.name))
        if entry is None:
            raise ResourceNotFound(resource=request.name)
        return messages.entry_message(entry)

    def ListEntries(self, request: service_pb2.ListEntriesRequest, call: Call) -> service_pb2.ListEntriesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.entries(
                state=messages.state_of(request.state),
                kind=messages.kind_of(request.kind),
                unit=request.unit,
                region=request.region,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda entry: [entry.id])
        return service_pb2.ListEntriesResponse(
            entries=[messages.entry_message(entry) for entry in kept], next_page_token=token
        )

    def UpdateEntry(self, request: service_pb2.UpdateEntryRequest, call: Call) -> entry_pb2.Entry:
        return self._commands.run(
            request,
            call,
            entry_pb2.Entry,
            lambda tx: messages.entry_message(
                handlers.update_entry(
                    entry_id=uuid_of(request.entry.name, field="entry.name"),
                    changes=messages.changes_of(request),
                    etag=request.entry.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def PublishEntry(self, request: service_pb2.PublishEntryRequest, call: Call) -> entry_pb2.Entry:
        published = self._commands.run(
            request,
            call,
            entry_pb2.Entry,
            lambda tx: messages.entry_message(
                handlers.publish_entry(entry_id=uuid_of(request.name), etag=request.etag, tx=tx, now=self._clock.now())
            ),
        )
        self._follower.catch_up()
        return published

    def WithdrawEntry(self, request: service_pb2.WithdrawEntryRequest, call: Call) -> entry_pb2.Entry:
        withdrawn = self._commands.run(
            request,
            call,
            entry_pb2.Entry,
            lambda tx: messages.entry_message(
                handlers.withdraw_entry(
                    entry_id=uuid_of(request.name),
                    reason=request.reason,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )
        self._follower.catch_up()
        return withdrawn

    def SearchEntries(self, request: service_pb2.SearchEntriesRequest, call: Call) -> service_pb2.SearchEntriesResponse:
        if request.page_size < 0:
            raise FieldInvalid(violations=[("page_size", "must not be negative")])
        today = legal_day(self._clock.now())
        limit = min(request.page_size or _HITS, _HITS_MAX)
        found = self._index.find(request.query, region=request.region, on=today, limit=limit)
        with self._database.transaction(actor=call.principal) as tx:
            entries = tx.entries_of([id_ for id_, _ in found])
        # The index finds, the database decides: another server may have withdrawn an entry this very moment (Art. 18).
        return service_pb2.SearchEntriesResponse(
            hits=[
                service_pb2.SearchHit(entry=messages.entry_message(served), score=score)
                for id_, score in found
                if id_ in entries and (served := entries[id_].as_served(on=today))
            ]
        )
