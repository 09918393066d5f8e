"""The table of files, and files as messages."""

from uuid import UUID

from hotline.knowledge.v1 import attachment_pb2
from hotline_kernel.db import Transaction
from hotline_kernel.timestamps import timestamp
from psycopg.rows import DictRow

from hotline_knowledge.domain.attachment import Attachment, MediaType

_ATTACHMENT = "SELECT id, entry_id, file_name, media_type, size, sha256, create_time FROM attachment"
_FIRST = UUID(int=0)


class AttachmentStore(Transaction):
    """What a transaction does with files."""

    def add_attachment(self, attachment: Attachment, content: bytes) -> None:
        """Keeps a file for good."""
        self.run(
            """INSERT INTO attachment (id, entry_id, file_name, media_type, size, sha256, content, create_time)
               VALUES (%(id)s, %(entry_id)s, %(file_name)s, %(media_type)s, %(size)s, %(sha256)s, %(content)s,
                 %(create_time)s)""",
            {**vars(attachment), "content": content},
        )

    def attachment(self, attachment_id: UUID) -> Attachment | None:
        """A file, without its bytes."""
        row = self.one(f"{_ATTACHMENT} WHERE id = %(id)s", {"id": attachment_id})
        return _to_attachment(row) if row else None

    def attachment_names(self, entry_id: UUID) -> set[str]:
        """Of every file that was ever added to an entry."""
        rows = self.all("SELECT id FROM attachment WHERE entry_id = %(entry_id)s", {"entry_id": entry_id})
        return {f"attachments/{row['id']}" for row in rows}

    def attachment_content(self, attachment_id: UUID) -> bytes:
        """The bytes of a file that there is."""
        row = self.one("SELECT content FROM attachment WHERE id = %(id)s", {"id": attachment_id})
        return bytes(row["content"]) if row else b""

    def attachments(self, entry_id: UUID, *, after: UUID | None, limit: int) -> list[Attachment]:
        """The files of an entry, the oldest first."""
        rows = self.all(
            f"{_ATTACHMENT} WHERE entry_id = %(entry_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s",
            {"entry_id": entry_id, "after": after or _FIRST, "limit": limit},
        )
        return [_to_attachment(row) for row in rows]


def attachment_message(attachment: Attachment) -> attachment_pb2.Attachment:
    """A file as it travels."""
    return attachment_pb2.Attachment(
        name=attachment.name,
        entry=f"entries/{attachment.entry_id}",
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size=attachment.size,
        sha256=attachment.sha256,
        create_time=timestamp(attachment.create_time),
    )


def _to_attachment(row: DictRow) -> Attachment:
    return Attachment(**{**row, "media_type": MediaType(row["media_type"])})
