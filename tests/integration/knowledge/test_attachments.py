"""Files of entries on a real PostgreSQL: reviewed, served and kept with the entry (Art. 18)."""

from typing import Any

import pytest
from hotline.knowledge.v1 import attachment_pb2, attachment_service_pb2, entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.errors import EtagMismatch, FieldInvalid, ResourceNotFound
from hotline_kernel.process import Application
from hotline_knowledge.domain.entry import NotOwnUnit
from hotline_knowledge.entrypoints.attachment_server import AttachmentServicer
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from uuid_utils.compat import uuid4, uuid7

from tests.integration.knowledge.test_knowledge import (
    CITIZEN,
    EDITOR,
    WATER,
    WATER_UNIT,
    call_of,
    create,
    publish,
    search,
    update,
    withdraw,
)

FORM = b"%PDF-1.7\n%a form"


@pytest.fixture
def files(knowledge: Application[Any]) -> AttachmentServicer:
    [servicer] = [each for each in knowledge.servicers.values() if isinstance(each, AttachmentServicer)]
    return servicer


def add(
    files: AttachmentServicer, entry: entry_pb2.Entry, content: bytes = FORM, *, call: Call = EDITOR, etag: str = ""
) -> attachment_pb2.Attachment:
    request = attachment_service_pb2.AddAttachmentRequest(
        parent=entry.name, file_name="申请表.pdf", content=content, etag=etag, request_id=str(uuid4())
    )
    return files.AddAttachment(request, call)


def read(files: AttachmentServicer, attachment: attachment_pb2.Attachment, call: Call = CITIZEN) -> bytes:
    return files.GetAttachment(attachment_service_pb2.GetAttachmentRequest(name=attachment.name), call).content


def listed(files: AttachmentServicer, entry: entry_pb2.Entry, call: Call = CITIZEN) -> list[str]:
    request = attachment_service_pb2.ListAttachmentsRequest(parent=entry.name)
    return [each.name for each in files.ListAttachments(request, call).attachments]


def test_is_served_with_its_entry_after_the_review(files: AttachmentServicer, rpc: KnowledgeServicer) -> None:
    entry = publish(rpc, create(rpc))
    form = add(files, entry)
    assert read(files, form, EDITOR) == FORM
    with pytest.raises(ResourceNotFound):
        read(files, form)
    assert listed(files, entry) == []
    publish(rpc, entry)
    assert read(files, form) == FORM
    assert [list(hit.attachments) for hit in search(rpc, "供水")] == [[form.name]]
    assert listed(files, entry) == [form.name]
    withdraw(rpc, entry)
    with pytest.raises(ResourceNotFound):
        read(files, form)
    assert listed(files, entry, EDITOR) == [form.name]


def test_that_is_left_out_stays_with_the_versions_that_had_it(
    files: AttachmentServicer, rpc: KnowledgeServicer
) -> None:
    entry = create(rpc)
    form, other = add(files, entry), add(files, entry, FORM + b"2")
    publish(rpc, entry)
    publish(rpc, update(rpc, entry, "attachments", attachments=[other.name]))
    with pytest.raises(ResourceNotFound):
        read(files, form)
    assert read(files, other) == FORM + b"2"
    versions = rpc.ListEntryVersions(service_pb2.ListEntryVersionsRequest(parent=entry.name), EDITOR).versions
    assert [len(version.entry.attachments) for version in versions] == [0, 1, 2, 2, 1, 1]
    request = service_pb2.DiffEntryVersionsRequest(name=entry.name, old_version=1, new_version=2)
    assert [found.field for found in rpc.DiffEntryVersions(request, EDITOR).differences] == ["attachments"]
    assert update(rpc, entry, "attachments", attachments=[form.name, other.name]).state == entry_pb2.ENTRY_STATE_DRAFT


def test_is_of_its_own_entry_and_unit(files: AttachmentServicer, rpc: KnowledgeServicer) -> None:
    own, other = create(rpc, WATER_UNIT, unit=WATER), create(rpc)
    form = add(files, own, call=WATER_UNIT)
    with pytest.raises(NotOwnUnit):
        add(files, other, call=WATER_UNIT)
    with pytest.raises(NotOwnUnit):
        add(files, own, call=call_of("unit"))
    with pytest.raises(FieldInvalid):
        update(rpc, other, "attachments", attachments=[form.name])
    with pytest.raises(FieldInvalid):
        create(rpc, attachments=[form.name])
    with pytest.raises(EtagMismatch):
        add(files, own, etag="1")
    with pytest.raises(ResourceNotFound):
        add(files, entry_pb2.Entry(name=f"entries/{uuid7()}"))
    with pytest.raises(FieldInvalid):
        add(files, own, b"MZ\x90\x00")
    assert listed(files, own, EDITOR) == [form.name]


def test_are_at_most_ten(files: AttachmentServicer, rpc: KnowledgeServicer) -> None:
    entry = create(rpc)
    for _ in range(10):
        add(files, entry)
    with pytest.raises(FieldInvalid):
        add(files, entry)
    page = files.ListAttachments(attachment_service_pb2.ListAttachmentsRequest(parent=entry.name, page_size=7), EDITOR)
    following = attachment_service_pb2.ListAttachmentsRequest(
        parent=entry.name, page_size=7, page_token=page.next_page_token
    )
    assert (len(page.attachments), len(files.ListAttachments(following, EDITOR).attachments)) == (7, 3)


def test_of_the_offices_own_norms_is_for_staff(files: AttachmentServicer, rpc: KnowledgeServicer) -> None:
    norm = create(rpc, kind=entry_pb2.ENTRY_KIND_NORM)
    form = add(files, norm)
    publish(rpc, norm)
    with pytest.raises(ResourceNotFound):
        read(files, form)
    assert read(files, form, call_of("operator")) == FORM
