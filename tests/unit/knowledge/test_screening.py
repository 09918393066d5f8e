"""What of a text of the public is held back (Art. 19, 36(4))."""

import pytest
from hotline_knowledge.domain.screening import Ground, grounds, masked
from hypothesis import given
from hypothesis import strategies as st

PERSONAL = (
    "打13800000000",
    "打 138-0000-0000",
    "+86 138 0000 0000",
    "电话0311-86000000",
    "１３８００００００００",
    "身份证13010219900101123X",
    "130102 19900101 1234",
    "卡号6222 0000 0000 0000 123",
    "写信到 wang@mail.example.com",
    "微信号：abc_12345",
    "车牌冀A12345",
    "冀A·D12345",
)
SPAM = (
    "加微信领红包",
    "www.shop.example",
    "https://gov.cn.example.com/x",
    "哈哈哈哈哈哈哈哈哈哈哈哈",
    "12345!!!",
    "……",
)
PLAIN = (
    "到社区服务站办理,带身份证。",
    "拨打961890或12345。",
    "2026年10月9日至10月12日受理。",
    "参见 https://www.hebei.gov.cn/hebei/x",
    "收费标准为每平方米22.5元,共100000000元。",
    "依据国办发〔2020〕53号。",
)


class TestGrounds:
    @pytest.mark.parametrize("text", PERSONAL)
    def test_hold_back_personal_data(self, text: str) -> None:
        assert Ground.PERSONAL_DATA in grounds(text)
        assert grounds(f"甲{masked(text)}") == ()

    @pytest.mark.parametrize("text", SPAM)
    def test_hold_back_advertising_and_noise(self, text: str) -> None:
        assert Ground.SPAM in grounds(text)

    @pytest.mark.parametrize("text", PLAIN)
    def test_let_plain_answers_pass(self, text: str) -> None:
        assert grounds(text) == ()
        assert masked(text).count("＊") == 0

    @given(text=st.text(max_size=4000))
    def test_are_told_of_every_text(self, text: str) -> None:
        assert Ground.PERSONAL_DATA not in grounds(masked(text))

    def test_are_told_soon_of_the_longest_text(self) -> None:
        for text in ("a" * 4000, "a." * 2000, "1" * 4000, "12-" * 1300, "甲乙" * 2000, "微信" * 2000):
            grounds(text)
