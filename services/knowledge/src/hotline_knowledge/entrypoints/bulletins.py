"""The methods about bulletins: translates, nothing more."""

from collections.abc import Callable

from hotline.knowledge.v1 import bulletin_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import bulletin_messages as messages
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.domain.bulletin import Bulletin, BulletinState
from hotline_knowledge.entrypoints.part import Part
from hotline_knowledge.handlers import bulletins as handlers

_Command = (
    service_pb2.CreateBulletinRequest
    | service_pb2.IssueBulletinRequest
    | service_pb2.CorrectBulletinRequest
    | service_pb2.WithdrawBulletinRequest
)


class Bulletins(Part):
    """One method for each RPC about bulletins."""

    def CreateBulletin(self, request: service_pb2.CreateBulletinRequest, call: Call) -> bulletin_pb2.Bulletin:
        return self._changed(
            request,
            call,
            lambda tx: handlers.create_bulletin(
                content=messages.content_of(request.content), tx=tx, now=self._clock.now()
            ),
        )

    def IssueBulletin(self, request: service_pb2.IssueBulletinRequest, call: Call) -> bulletin_pb2.Bulletin:
        return self._changed(
            request,
            call,
            lambda tx: handlers.issue_bulletin(
                bulletin_id=uuid_of(request.name), etag=request.etag, tx=tx, now=self._clock.now()
            ),
        )

    def CorrectBulletin(self, request: service_pb2.CorrectBulletinRequest, call: Call) -> bulletin_pb2.Bulletin:
        return self._changed(
            request,
            call,
            lambda tx: handlers.correct_bulletin(
                bulletin_id=uuid_of(request.name),
                content=messages.content_of(request.content),
                note=request.note,
                etag=request.etag,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def WithdrawBulletin(self, request: service_pb2.WithdrawBulletinRequest, call: Call) -> bulletin_pb2.Bulletin:
        return self._changed(
            request,
            call,
            lambda tx: handlers.withdraw_bulletin(
                bulletin_id=uuid_of(request.name),
                reason=request.reason,
                etag=request.etag,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def GetBulletin(self, request: service_pb2.GetBulletinRequest, call: Call) -> bulletin_pb2.Bulletin:
        bulletin_id = uuid_of(request.name)
        with self._database.transaction(actor=call.principal) as tx:
            bulletin = tx.bulletin(bulletin_id)
            changes = tx.bulletin_changes(bulletin_id)
        if bulletin is None:
            raise ResourceNotFound(resource=request.name)
        if bulletin.state is BulletinState.PROPOSED:
            handlers.must_be_staff(call.principal, permission=call.permission)
        return messages.bulletin_message(bulletin, changes)

    def ListBulletins(self, request: service_pb2.ListBulletinsRequest, call: Call) -> service_pb2.ListBulletinsResponse:
        page = Page.read(request)
        state = messages.state_of(request.state)
        if state:
            handlers.must_be_staff(call.principal, permission=call.permission)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.bulletins(
                state=state or BulletinState.ISSUED,
                topic=messages.topic_of(request.topic),
                region=request.region,
                shown_at=None if state else self._clock.now(),
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda bulletin: [bulletin.id])
        return service_pb2.ListBulletinsResponse(
            bulletins=[messages.bulletin_message(bulletin) for bulletin in kept], next_page_token=token
        )

    def RenderBulletin(
        self, request: service_pb2.RenderBulletinRequest, call: Call
    ) -> service_pb2.RenderBulletinResponse:
        with self._database.transaction(actor=call.principal) as tx:
            bulletin = tx.bulletin(uuid_of(request.name))
        if bulletin is None:
            raise ResourceNotFound(resource=request.name)
        copy = bulletin.copy()
        return service_pb2.RenderBulletinResponse(headline=copy.headline, copy=copy.copy, line=copy.line)

    def _changed(self, request: _Command, call: Call, change: Callable[[Store], Bulletin]) -> bulletin_pb2.Bulletin:
        changed = self._commands.run(
            request, call, bulletin_pb2.Bulletin, lambda tx: messages.bulletin_message(change(tx))
        )
        self._follower.catch_up()
        return changed
