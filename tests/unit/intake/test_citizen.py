"""A citizen's identity stays out of what staff write, and one number is one citizen."""

import pytest
from hotline_intake.domain.citizen import Contact, normalised_phone
from hotline_kernel.errors import FieldInvalid

CONTACT = Contact(full_name="欧阳娜", phone="+8613800138000", address="裕华路1号")


class TestNormalisedPhone:
    @pytest.mark.parametrize(
        ("typed", "same"),
        [
            ("13800138000", "13800138000"),
            ("+8613800138000", "13800138000"),
            ("8613800138000", "13800138000"),
            ("008613800138000", "13800138000"),
            ("+8631188886666", "031188886666"),
            ("031188886666", "031188886666"),
            ("+85291234567", "+85291234567"),
            ("86123456", "86123456"),
        ],
    )
    def test_is_one_for_every_way_to_write_it(self, typed: str, same: str) -> None:
        assert normalised_phone(phone=typed) == same


class TestGuard:
    @pytest.mark.parametrize(
        "text", ["请联系13800138000", "电话138-0013-8000", "请回复 138 0013 8000", "欧阳娜反映暖气不热", "13800138000"]
    )
    def test_refuses_name_and_number_in_staffs_words(self, text: str) -> None:
        with pytest.raises(FieldInvalid) as refused:
            CONTACT.refuse_in(texts=[("title", "暖气不热"), ("draft.text", text)])
        assert [field for field, _ in refused.value.violations] == ["draft.text"]

    def test_does_not_repeat_what_it_found(self) -> None:
        with pytest.raises(FieldInvalid) as refused:
            CONTACT.refuse_in(texts=[("title", "欧阳娜 13800138000")])
        assert "欧阳娜" not in str(refused.value)
        assert "13800138000" not in str(refused.value)

    def test_lets_everything_else_pass(self) -> None:
        CONTACT.refuse_in(texts=[("title", "裕华路小区暖气不热"), ("draft.text", "请核实")])
        Contact(full_name="王").refuse_in(texts=[("title", "王府小区停水")])
        Contact().refuse_in(texts=[("title", "")])


def test_a_contact_shows_nothing_of_itself() -> None:
    assert "欧阳娜" not in repr(CONTACT)
    assert "138" not in f"{CONTACT}"
