"""A tracking code cannot be guessed, survives being read out, and tells a slip."""

import contextlib
import re

import pytest
from hotline_kernel import codes
from hotline_kernel.errors import FieldInvalid
from hypothesis import given
from hypothesis import strategies as st

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class TestCode:
    def test_is_grouped_and_holds_75_random_bits(self) -> None:
        issued = {codes.issue() for _ in range(2000)}
        assert len(issued) == 2000
        assert all(re.fullmatch(rf"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code) for code in issued)

    def test_is_read_as_typed_by_people(self) -> None:
        code = codes.issue()
        full_width = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in code)
        confused = code.replace("0", "O").replace("1", "l")
        for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', '  ')}", full_width, confused):
            assert codes.read(typed=typed, field="tracking_code") == code

    @given(place=st.integers(0, 15), other=st.sampled_from(ALPHABET))
    def test_tells_every_single_wrong_character(self, place: int, other: str) -> None:
        code = codes.issue().replace("-", "")
        wrong = code[:place] + other + code[place + 1 :]
        if wrong != code:
            with pytest.raises(FieldInvalid) as refused:
                codes.read(typed=wrong, field="tracking_code")
            assert refused.value.violations[0][0] == "tracking_code"

    @given(st.text(max_size=40))
    def test_never_breaks_on_anything_typed(self, typed: str) -> None:
        with contextlib.suppress(FieldInvalid):
            assert len(codes.read(typed=typed, field="tracking_code")) == 19

    def test_tells_nearly_every_swap_of_neighbours(self) -> None:
        missed = swapped = 0
        for _ in range(300):
            code = codes.issue().replace("-", "")
            for place in range(15):
                wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
                if wrong != code:
                    swapped += 1
                    try:
                        codes.read(typed=wrong, field="tracking_code")
                        missed += 1
                    except FieldInvalid:
                        pass
        assert missed / swapped < 0.01
