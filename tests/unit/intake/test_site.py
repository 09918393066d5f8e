"""The rooms of a call centre (Art. 13)."""

import pytest
from hotline_intake.domain.site import SiteNorm, SitePlanTooTight, Workplace, check
from hypothesis import given
from hypothesis import strategies as st

NORM = SiteNorm(area=3.0, least_metres=0.5, most_metres=1.0)
_METRES = st.floats(0, 2, allow_nan=False)


def workplace(number: str = "A01", area: float = 3.0, before: float = 0.5, behind: float = 1.0) -> Workplace:
    return Workplace(number=number, area=area, metres_before=before, metres_behind=behind)


def test_the_norm_itself_is_enough() -> None:
    assert check(workplaces=[workplace()], norm=NORM) == []


def test_every_workplace_with_too_little_room_is_named() -> None:
    tight = [workplace("A02", area=2.9), workplace("A03", before=0.4), workplace("A04", behind=0.0)]
    with pytest.raises(SitePlanTooTight) as refused:
        check(workplaces=[workplace(), *tight], norm=NORM)
    assert refused.value.facts == {"count": "3", "workplaces": "A02 2.9 m²; A03 ↑0.4 m; A04 ↓0 m"}
    assert "A03" in refused.value.sentence_zh()


def test_a_hundred_are_counted_and_ten_named() -> None:
    with pytest.raises(SitePlanTooTight) as refused:
        check(workplaces=[workplace(f"B{n:03}", area=1) for n in range(100)], norm=NORM)
    assert refused.value.facts["count"] == "100"
    assert refused.value.facts["workplaces"].endswith("B009 1 m²; …")


def test_more_distance_than_the_norm_names_is_told() -> None:
    assert check(workplaces=[workplace(), workplace("A02", before=1.2)], norm=NORM) == ["A02"]


@given(area=_METRES.map(lambda x: x * 3), before=_METRES, behind=_METRES)
def test_it_is_refused_exactly_when_something_is_too_little(area: float, before: float, behind: float) -> None:
    breaks = area < 3 or before < 0.5 or behind < 0.5
    try:
        check(workplaces=[workplace(area=area, before=before, behind=behind)], norm=NORM)
    except SitePlanTooTight:
        assert breaks
    else:
        assert not breaks
