"""KnowledgeService: translates, nothing more."""

from uuid import UUID

from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import bulletin_messages, messages
from hotline_knowledge.adapters.search import Wanted
from hotline_knowledge.domain.entry import legal_day
from hotline_knowledge.entrypoints.bulletins import Bulletins
from hotline_knowledge.entrypoints.contributions import Contributions
from hotline_knowledge.handlers import entries as handlers

_HITS = 10
_HITS_MAX = 50
_BULLETINS = 3


class KnowledgeServicer(Bulletins, Contributions):
    """One method for each RPC; those about entries and the search stand here."""

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
                origin=messages.origin_of(request.origin),
                unit=request.unit,
                region=request.region,
                base=request.base,
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
                handlers.publish_entry(
                    entry_id=uuid_of(request.name),
                    etag=request.etag,
                    rhythm=self._rhythm,
                    tx=tx,
                    now=self._clock.now(),
                )
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

    def ConfirmEntry(self, request: service_pb2.ConfirmEntryRequest, call: Call) -> entry_pb2.Entry:
        confirmed = self._commands.run(
            request,
            call,
            entry_pb2.Entry,
            lambda tx: messages.entry_message(
                handlers.confirm_entry(
                    entry_id=uuid_of(request.name),
                    review_date=messages.date_of(request, "review_date"),
                    etag=request.etag,
                    rhythm=self._rhythm,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )
        self._follower.catch_up()
        return confirmed

    def ListEntryVersions(
        self, request: service_pb2.ListEntryVersionsRequest, call: Call
    ) -> service_pb2.ListEntryVersionsResponse:
        page = Page.read(request)
        entry_id = uuid_of(request.parent, field="parent")
        with self._database.transaction(actor=call.principal) as tx:
            entry = tx.entry(entry_id)
            found = tx.versions(entry_id, after=page.after_number(), limit=page.size + 1)
        if entry is None:
            raise ResourceNotFound(resource=request.parent)
        kept, token = page.cut(found, key=lambda version: [version.version])
        return service_pb2.ListEntryVersionsResponse(
            versions=[messages.version_message(entry, version) for version in kept], next_page_token=token
        )

    def DiffEntryVersions(
        self, request: service_pb2.DiffEntryVersionsRequest, call: Call
    ) -> service_pb2.DiffEntryVersionsResponse:
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.diff_versions(
                entry_id=uuid_of(request.name), old=request.old_version, new=request.new_version, tx=tx
            )
        return service_pb2.DiffEntryVersionsResponse(differences=[messages.difference_message(each) for each in found])

    def ListUpkeep(self, request: service_pb2.ListUpkeepRequest, call: Call) -> service_pb2.ListUpkeepResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.upkeep(
                due_until=legal_day(self._clock.now()) + self._rhythm.notice,
                unit=handlers.unit_to_look_after(request.unit, actor=call.principal),
                after=page.after_day_and_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda entry: [entry.upkeep.due if entry.upkeep else "", entry.id])
        return service_pb2.ListUpkeepResponse(
            upkeep=[messages.upkeep_message(entry) for entry in kept], next_page_token=token
        )

    def CountEntries(self, request: service_pb2.CountEntriesRequest, call: Call) -> service_pb2.CountEntriesResponse:
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.counts(unit=request.unit)
        return service_pb2.CountEntriesResponse(counts=[messages.count_message(*each) for each in found])

    def SearchEntries(self, request: service_pb2.SearchEntriesRequest, call: Call) -> service_pb2.SearchEntriesResponse:
        if request.page_size < 0:
            raise FieldInvalid(violations=[("page_size", "must not be negative")])
        now = self._clock.now()
        today = legal_day(now)
        wanted = Wanted(
            on=today,
            still_on=messages.date_of(request, "valid_on"),
            region=request.region,
            unit=request.unit,
            kind=messages.kind_of(request.kind),
            origin=messages.origin_of(request.origin),
            for_staff=handlers.is_staff(call.principal),
        )
        if wanted.still_on and wanted.still_on < today:
            raise FieldInvalid(violations=[("valid_on", "must not be before today")])
        found = self._index.find(request.query, wanted, limit=min(request.page_size or _HITS, _HITS_MAX))
        news: list[tuple[UUID, float]] = []
        if not (request.unit or request.kind or request.origin):
            about = Wanted(on=today, still_on=wanted.still_on, region=request.region, bulletins=True)
            news = self._index.find(request.query, about, limit=_BULLETINS)
        with self._database.transaction(actor=call.principal) as tx:
            entries = tx.entries_of([id_ for id_, _ in found])
            bulletins = tx.bulletins_of([id_ for id_, _ in news])
        # The index finds, the database decides: another server may have withdrawn an entry this very moment (Art. 18).
        answer = service_pb2.SearchEntriesResponse(
            hits=[
                service_pb2.SearchHit(entry=messages.entry_message(served), score=score)
                for id_, score in found
                if id_ in entries and (served := entries[id_].as_served(on=today))
            ],
            bulletins=[
                service_pb2.BulletinHit(bulletin=bulletin_messages.bulletin_message(bulletins[id_]), score=score)
                for id_, score in news
                if id_ in bulletins and bulletins[id_].is_shown(at=now)
            ],
        )
        if wanted.for_staff and not (request.unit or request.kind or request.origin or wanted.still_on):
            self._misses.searched(call.principal.subject, request.query, found=bool(answer.hits or answer.bulletins))
        return answer
