"""Letters on paper: what they say, that they show anywhere, and that equal letters are equal bytes (Art. 28)."""

from datetime import datetime
from io import BytesIO
from uuid import UUID

import pytest
from hotline_kernel.calendar import ZONE
from hotline_sla.adapters.pdf import render
from hotline_sla.domain.letter import Letter, Table, notice_letter
from hotline_sla.domain.supervision import NoticeAcknowledged, NoticeNotWritten, Step, Supervision
from pypdf import PdfReader

ISSUED = datetime(2026, 10, 10, 17, 30, tzinfo=ZONE)


def supervision(step: Step = Step.WRITTEN) -> Supervision:
    return Supervision(
        id=UUID(int=1),
        work_order="workOrders/1",
        unit="units/heating-office",
        step=step,
        notice="督〔2026〕000001",
        text="督〔2026〕000001 督办单：贵单位承办的工单 130100-20261009-000001 应于 2026年10月9日17:30 前办结。",
        issue_time=ISSUED,
        round=1,
    )


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).replace("\n", "")


class TestANotice:
    def test_shows_number_date_and_seal_box(self) -> None:
        pdf = render(notice_letter(supervision(), order_number="130100-20261009-000001"), issuer="某市热线办公室")
        text = text_of(pdf)
        for words in (
            "群众服务热线督办通知书",
            "督〔2026〕000001",
            "130100-20261009-000001",
            "2026年10月10日",
            "盖章处",
            "签收人",
            "某市热线办公室",
        ):
            assert words in text

    def test_carries_its_font(self) -> None:
        pdf = render(notice_letter(supervision(), order_number="1"), issuer="办")
        [page] = PdfReader(BytesIO(pdf)).pages
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
        chinese = [font for font in fonts if "/FontDescriptor" in font]
        assert chinese
        assert all("/FontFile2" in font["/FontDescriptor"] for font in chinese)
        assert len(pdf) < 200_000

    def test_gives_the_same_bytes_again(self) -> None:
        letter = notice_letter(supervision(), order_number="1")
        first = render(letter, issuer="办")
        render(Letter(title="别的", number="1", to="", issue_date=ISSUED.date(), paragraphs=("字",)), issuer="别")
        assert render(letter, issuer="办") == first

    def test_of_the_training_mode_says_so_across_every_page(self) -> None:
        letter = notice_letter(supervision(), order_number="1")
        assert "演练" in text_of(render(letter, issuer="办", watermark="演练"))
        assert "演练" not in text_of(render(letter, issuer="办"))

    def test_is_not_made_of_a_reminder(self) -> None:
        with pytest.raises(NoticeNotWritten):
            notice_letter(supervision(Step.REMINDER), order_number="1")


class TestALongTable:
    def test_goes_on_over_pages_with_its_header(self) -> None:
        table = Table(header=("工单", "证据"), rows=[(f"GD{n:06d}", "<逾期> & 未办") for n in range(120)])
        letter = Letter(
            title="通报", number="1", to="", issue_date=ISSUED.date(), paragraphs=("如下：",), tables=(table,)
        )
        reader = PdfReader(BytesIO(render(letter, issuer="办")))
        assert len(reader.pages) > 2
        texts = [page.extract_text() for page in reader.pages]
        assert sum(text.count("GD000") for text in texts) == 120
        assert all("证据" in text for text in texts if "GD000" in text)
        assert "<逾期> & 未办" in texts[0]


class TestAcknowledging:
    def test_is_once(self) -> None:
        signed = supervision().acknowledge(by="zhang", note="收到", time=ISSUED)
        assert (signed.acknowledged_by, signed.acknowledge_note, signed.acknowledge_time) == ("zhang", "收到", ISSUED)
        with pytest.raises(NoticeAcknowledged):
            signed.acknowledge(by="li", note="", time=ISSUED)
        with pytest.raises(NoticeNotWritten):
            supervision(Step.KEY_NOTICE).acknowledge(by="zhang", note="", time=ISSUED)
