"""The generated pages of the reference say what contract and code say."""

import pytest

from scripts.reference import PAGES, pages

_WRITTEN = pages()


@pytest.mark.parametrize("name", _WRITTEN)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (PAGES / name).read_text() == _WRITTEN[name], "run `make reference`"
