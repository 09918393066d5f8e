"""What operators looked for and did not find (Art. 9(4))."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hotline_kernel.errors import FieldInvalid
from hotline_knowledge.domain.gap import (
    LONGEST_COUNTED,
    EntryNotServed,
    Gap,
    GapState,
    GapStateNotAllowed,
    counts_by_itself,
    key_of,
)

MORNING = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
LATER = MORNING + timedelta(hours=1)
ENTRY = "entries/01234567-89ab-4def-8123-456789abcdef"


def gap(query: str = "热泵补贴") -> Gap:
    return Gap.told(query, gap_id=UUID(int=7), now=MORNING)


def test_a_question_is_known_again_in_spite_of_case_width_spaces_and_signs() -> None:
    assert key_of("ETC 怎么办？") == key_of("ｅｔｃ怎么办") == "etc怎么办"
    assert key_of("热泵补贴") != key_of("热泵补助")


def test_what_was_looked_for_is_kept_without_a_citizens_numbers() -> None:
    assert gap("13812345678 的热泵补贴").query == "＊＊＊ 的热泵补贴"


@pytest.mark.parametrize("query", ["！？…", "13812345678", "  "])
def test_what_has_no_word_in_it_is_no_question(query: str) -> None:
    with pytest.raises(FieldInvalid):
        gap(query)


@pytest.mark.parametrize("query", ["热", "？？？", "张三 13812345678", "长" * (LONGEST_COUNTED + 1), ""])
def test_what_may_be_a_citizens_is_not_counted_by_itself(query: str) -> None:
    assert not counts_by_itself(query)
    assert counts_by_itself("热泵补贴")


def test_a_gap_is_assigned_again_and_filled() -> None:
    assigned = gap().assigned(unit="units/water", now=LATER).assigned(unit="units/heat", now=LATER)
    filled = assigned.filled(entry=ENTRY, is_served=True, now=LATER)
    assert (filled.state, filled.unit, filled.entry, filled.version) == (GapState.FILLED, "units/heat", ENTRY, 4)
    assert filled.update_time == LATER


def test_what_is_not_served_fills_nothing() -> None:
    with pytest.raises(EntryNotServed):
        gap().filled(entry=ENTRY, is_served=False, now=LATER)


def test_what_is_filled_or_dismissed_stays_so() -> None:
    for closed in (
        gap().filled(entry=ENTRY, is_served=True, now=LATER),
        gap().dismissed(reason="不属于本市", now=LATER),
    ):
        with pytest.raises(GapStateNotAllowed):
            closed.assigned(unit="units/heat", now=LATER)
        with pytest.raises(GapStateNotAllowed):
            closed.dismissed(reason="不属于本市", now=LATER)
        with pytest.raises(GapStateNotAllowed):
            closed.filled(entry=ENTRY, is_served=False, now=LATER)
