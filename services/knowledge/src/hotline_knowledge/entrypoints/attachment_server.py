"""AttachmentService: translates, nothing more."""

from hotline.knowledge.v1 import attachment_pb2
from hotline.knowledge.v1 import attachment_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters.attachments import attachment_message
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.handlers import attachments as handlers


class AttachmentServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def AddAttachment(self, request: service_pb2.AddAttachmentRequest, call: Call) -> attachment_pb2.Attachment:
        return self._commands.run(
            request,
            call,
            attachment_pb2.Attachment,
            lambda tx: attachment_message(
                handlers.add_attachment(
                    entry_id=uuid_of(request.parent, field="parent"),
                    file_name=request.file_name,
                    content=request.content,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def GetAttachment(self, request: service_pb2.GetAttachmentRequest, call: Call) -> service_pb2.GetAttachmentResponse:
        with self._database.transaction(actor=call.principal) as tx:
            attachment = tx.attachment(uuid_of(request.name))
            if attachment is None:
                raise ResourceNotFound(resource=request.name)
            names = handlers.readable(attachment.entry_id, tx=tx, now=self._clock.now())
            if names is not None and attachment.name not in names:
                raise ResourceNotFound(resource=request.name)
            content = tx.attachment_content(attachment.id)
        return service_pb2.GetAttachmentResponse(attachment=attachment_message(attachment), content=content)

    def ListAttachments(
        self, request: service_pb2.ListAttachmentsRequest, call: Call
    ) -> service_pb2.ListAttachmentsResponse:
        page = Page.read(request)
        entry_id = uuid_of(request.parent, field="parent")
        with self._database.transaction(actor=call.principal) as tx:
            names = handlers.readable(entry_id, tx=tx, now=self._clock.now())
            found = tx.attachments(entry_id, after=page.after_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda attachment: [attachment.id])
        return service_pb2.ListAttachmentsResponse(
            attachments=[attachment_message(each) for each in kept if names is None or each.name in names],
            next_page_token=token,
        )
