"""Scorecards weigh what was published, and readers' agreement is told beyond chance (Art. 21, 30)."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hotline_feedback.domain.scorecard import (
    Criteria,
    Criterion,
    Grade,
    Scope,
    Scorecard,
    SecondReaderSame,
    agreements,
    is_read_twice,
    kappa,
    operator_scores,
    require_other_reader,
)
from hotline_kernel.errors import FieldInvalid
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
MET, PARTLY, NOT_MET = Grade.MET, Grade.PARTLY, Grade.NOT_MET
CRITERIA = Criteria(
    scope=Scope.OPERATOR,
    version=1,
    criteria=(
        Criterion(key="courtesy", title="热情周到", weight=3),
        Criterion(key="language", title="语言文明", weight=1),
    ),
    note="",
    publisher="office-501",
    publish_time=NOW,
)


def card(reviewer: str, courtesy: Grade, *, subject: str = "appeals/1", operator: str = "seat-1") -> Scorecard:
    marks = {"courtesy": courtesy, "language": MET}
    return Scorecard(
        id=uuid4(),
        subject=subject,
        operator=operator,
        version=1,
        marks=marks,
        score=CRITERIA.score(marks),
        note="",
        reviewer=reviewer,
        create_time=NOW,
    )


class TestTheScore:
    @pytest.mark.parametrize(("courtesy", "score"), [(MET, 100), (PARTLY, 62.5), (NOT_MET, 25)])
    def test_weighs_as_published(self, courtesy: Grade, score: float) -> None:
        assert CRITERIA.score({"courtesy": courtesy, "language": MET}) == score

    @pytest.mark.parametrize("marks", [{}, {"courtesy": MET}, {"courtesy": MET, "language": MET, "beauty": MET}])
    def test_needs_every_mark_and_no_other(self, marks: dict[str, Grade]) -> None:
        with pytest.raises(FieldInvalid):
            CRITERIA.score(marks)

    def test_of_an_operator_counts_what_was_read_twice_once(self) -> None:
        cards = [card("a", MET), card("b", NOT_MET), card("a", MET, subject="appeals/2")]
        [score] = operator_scores(cards)
        assert (score.operator, score.subjects, score.score) == ("seat-1", 2, 81.25)
        assert score.shares == {"courtesy": 0.75, "language": 1.0}


class TestTheSecondReading:
    def test_is_somebody_elses(self) -> None:
        with pytest.raises(SecondReaderSame):
            require_other_reader("scorecards/1", first=card("a", MET), reviewer="a")
        require_other_reader("scorecards/1", first=card("a", MET), reviewer="b")

    @pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.1, 150, 250), (1.0, 2000, 2000)])
    def test_is_of_the_share_that_is_set_and_of_the_same_ones_always(self, share: float, least: int, most: int) -> None:
        subjects = [f"appeals/{UUID(int=number)}" for number in range(2000)]
        drawn = [subject for subject in subjects if is_read_twice(subject, share=share)]
        assert least <= len(drawn) <= most
        assert drawn == [subject for subject in subjects if is_read_twice(subject, share=share)]


class TestAgreement:
    def test_is_cohens_kappa(self) -> None:
        """The textbook's: 20 both yes, 15 both no, 5 and 10 apart; observed 0.7, by chance 0.5."""
        pairs = [(MET, MET)] * 20 + [(MET, NOT_MET)] * 5 + [(NOT_MET, MET)] * 10 + [(NOT_MET, NOT_MET)] * 15
        assert kappa(pairs) == pytest.approx(0.4)

    def test_is_not_told_where_chance_alone_would_agree(self) -> None:
        assert kappa([(MET, MET)] * 5) is None

    @given(st.lists(st.tuples(st.sampled_from(Grade), st.sampled_from(Grade)), min_size=1, max_size=60))
    def test_is_one_at_most_and_the_same_for_both_readers(self, pairs: list[tuple[Grade, Grade]]) -> None:
        found = kappa(pairs)
        assert found is None or -1 - 1e-9 <= found <= 1 + 1e-9
        assert found == kappa([(second, first) for first, second in pairs])
        if all(first is second for first, second in pairs):
            assert found is None or found == pytest.approx(1)

    def test_is_told_for_each_pair_of_readers_and_for_all(self) -> None:
        pairs = [
            (card("a", MET), card("b", MET)),
            (card("b", MET), card("a", NOT_MET)),
            (card("c", MET), card("a", MET)),
        ]
        found = {agreement.key: agreement.pairs for agreement in agreements(pairs)}
        assert found["courtesy", "", ""] == 3
        assert found["courtesy", "a", "b"] == 2
        assert found["courtesy", "a", "c"] == 1
