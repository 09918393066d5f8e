"""What files are let in (Art. 18)."""

import io
import zipfile
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain.attachment import MOST_BYTES, Attachment, MediaType, recognised
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 8, 4, 0, tzinfo=UTC)


def document(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, "<xml/>")
    return file.getvalue()


WORD = document("[Content_Types].xml", "word/document.xml")
SHEET = document("[Content_Types].xml", "xl/workbook.xml")


def add(file_name: str, content: bytes) -> Attachment:
    return Attachment.added(
        attachment_id=UUID(int=1), entry_id=UUID(int=2), file_name=file_name, content=content, now=NOW
    )


@pytest.mark.parametrize(
    ("content", "media_type", "file_name"),
    [
        (b"%PDF-1.7\n...", MediaType.PDF, "申请表.pdf"),
        (b"\x89PNG\r\n\x1a\n...", MediaType.PNG, "流程图.PNG"),
        (b"\xff\xd8\xff\xe0...", MediaType.JPEG, "照片.jpeg"),
        (WORD, MediaType.DOCX, "申请表.docx"),
        (SHEET, MediaType.XLSX, "清单.xlsx"),
        ("一行\n两行\r\n".encode(), MediaType.TEXT, "说明.txt"),
    ],
)
def test_is_told_by_its_content(content: bytes, media_type: MediaType, file_name: str) -> None:
    added = add(file_name, content)
    assert (added.media_type, added.size, len(added.sha256)) == (media_type, len(content), 64)
    with pytest.raises(FieldInvalid):
        add("假的.exe", content)
    with pytest.raises(FieldInvalid):
        add("假的.pdf" if media_type is not MediaType.PDF else "假的.txt", content)


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02",
        b"PK\x03\x04 no archive",
        document("setup.exe"),
        document("[Content_Types].xml"),
        document("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        WORD[: len(WORD) // 2],
        b"GIF89a\x01\x00",
        "乱码".encode("gbk"),
        b"a\x00b",
        b" \n ",
        b"",
    ],
)
def test_that_is_none_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(FieldInvalid) as refusal:
        add("说明.txt", content)
    assert [field for field, _ in refusal.value.violations] == ["content"]


@pytest.mark.parametrize(
    "name", ["../a.txt", "a/b.txt", "a\\b.txt", ".a.txt", "a\n.txt", "exe.\u202etxt.txt", "a:b.txt"]
)
def test_with_a_name_that_is_more_than_one_is_refused(name: str) -> None:
    with pytest.raises(FieldInvalid) as refusal:
        add(name, "文".encode())
    assert [field for field, _ in refusal.value.violations] == ["file_name"]


def test_that_is_too_large_is_refused() -> None:
    assert add("说明.txt", b"a" * MOST_BYTES).size == MOST_BYTES
    with pytest.raises(FieldInvalid):
        add("说明.txt", b"a" * (MOST_BYTES + 1))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", WORD[:40], b"%PDF-", WORD, WORD + b"tail"]))
def test_no_bytes_at_all_make_it_fall(rest: bytes, beginning: bytes) -> None:
    assert recognised(beginning + rest) in (*MediaType, None)
