"""第十八条: what units upload may have files, reviewed and served with it."""

import hashlib

from hotline.knowledge.v1 import attachment_service_pb2 as attachments
from hotline_cli.client import new_request_id

from tests.regulation.city import OTHER, City, refused
from tests.regulation.library import Library

DUTIES = ("knowledge:10(4),18",)

FORM = b"%PDF-1.7\n" + b"a form that citizens fill in " * 1000


class TestAFileOfAnEntry:
    """制作涉及本单位的热线知识库信息,按要求上传 (Art. 18)."""

    def test_is_served_with_it_after_the_review(self, city: City, library: Library) -> None:
        """For anybody, byte for byte; not before somebody else looked at it (Art. 18)."""
        entry = library.publish(library.write("供热报停申请表下载"))
        add = attachments.AddAttachmentRequest(
            parent=entry.name, file_name="供热报停申请表.pdf", content=FORM, request_id=new_request_id()
        )
        with refused("NOT_OWN_UNIT"):
            city.unit(OTHER).attachments.AddAttachment(add)
        form = city.unit().attachments.AddAttachment(add)
        reader, get = city.hotline.person().attachments, attachments.GetAttachmentRequest(name=form.name)
        with refused("NOT_FOUND"):
            reader.GetAttachment(get)
        library.publish(entry)
        got = reader.GetAttachment(get)
        assert (got.content, got.attachment.file_name) == (FORM, "供热报停申请表.pdf")
        assert got.attachment.sha256 == hashlib.sha256(FORM).hexdigest()
        listed = reader.ListAttachments(attachments.ListAttachmentsRequest(parent=entry.name)).attachments
        assert [each.name for each in listed] == [form.name]

    def test_is_what_its_name_says(self, city: City, library: Library) -> None:
        """真实合法: a program by the name of a form is refused (Art. 10(4))."""
        entry = library.write("供热报停申请表样张")
        with refused("FIELD_INVALID", field="content"):
            city.unit().attachments.AddAttachment(
                attachments.AddAttachmentRequest(
                    parent=entry.name, file_name="申请表.pdf", content=b"MZ\x90\x00", request_id=new_request_id()
                )
            )
