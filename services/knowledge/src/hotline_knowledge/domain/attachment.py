"""Files that belong to entries: what is let in, told by its content and not by its name (Art. 18)."""

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline_kernel.errors import FieldInvalid

MOST_BYTES = 512 * 1024
"""Of a file (ours): forms and pictures, no films."""
MOST_OF_AN_ENTRY = 10
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME = re.compile(r"[^\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\:*?\"<>|]+")
"""No folders, and nothing that makes a name look like another one."""


class MediaType(StrEnum):
    """What a file can be."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    TEXT = "text/plain"


_ENDINGS = {
    MediaType.PDF: (".pdf",),
    MediaType.PNG: (".png",),
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.DOCX: (".docx",),
    MediaType.XLSX: (".xlsx",),
    MediaType.TEXT: (".txt",),
}
_BEGINNINGS = {b"%PDF-": MediaType.PDF, b"\x89PNG\r\n\x1a\n": MediaType.PNG, b"\xff\xd8\xff": MediaType.JPEG}


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of an entry, without its bytes."""

    id: UUID
    entry_id: UUID
    file_name: str
    media_type: MediaType
    size: int
    sha256: str
    create_time: datetime

    @property
    def name(self) -> str:
        """`attachments/{uuid}`."""
        return f"attachments/{self.id}"

    @classmethod
    def added(
        cls, *, attachment_id: UUID, entry_id: UUID, file_name: str, content: bytes, now: datetime
    ) -> "Attachment":
        """A file that came in. Raises `FieldInvalid` for what is none of ours, too large, or not what its name says."""
        media_type = recognised(content)
        violations = []
        if not _NAME.fullmatch(file_name) or file_name.startswith("."):
            violations.append(("file_name", "must be a file's name without a folder"))
        elif media_type and not file_name.lower().endswith(_ENDINGS[media_type]):
            violations.append(("file_name", f"must end in {_ENDINGS[media_type][0]}, which its content is"))
        if media_type is None:
            violations.append(("content", "must be a PDF, PNG, JPEG, DOCX, XLSX without macros, or text in UTF-8"))
        if len(content) > MOST_BYTES:
            violations.append(("content", f"must not have more than {MOST_BYTES} bytes"))
        if violations or media_type is None:
            raise FieldInvalid(violations=violations)
        return cls(
            id=attachment_id,
            entry_id=entry_id,
            file_name=file_name,
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            create_time=now,
        )


def recognised(content: bytes) -> MediaType | None:
    """What the bytes are; None for what is not let in. Nothing is unpacked."""
    for beginning, media_type in _BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    if content.startswith(b"PK\x03\x04"):
        return _office_document(content)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return MediaType.TEXT if text.strip() and not _CONTROL.search(text) else None


def _office_document(content: bytes) -> MediaType | None:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    if "word/document.xml" in names:
        return MediaType.DOCX
    return MediaType.XLSX if "xl/workbook.xml" in names else None
