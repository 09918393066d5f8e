"""How long it is kept who brought an appeal."""

from datetime import date

from hotline_intake.domain.appeal import Kind
from hotline_intake.domain.retention import Kept, Retention

TERMS = Retention(days=dict.fromkeys(Kind, 100) | {Kind.CONSULTATION: 10})
TODAY = date(2026, 10, 9)


def kept(kind: Kind, end_date: date | None, *, contested: bool = False) -> Kept:
    return Kept(kind=kind, end_date=end_date, contested=contested)


class TestTheDay:
    def test_is_that_of_the_appeal_which_is_kept_longest(self) -> None:
        found = [kept(Kind.CONSULTATION, date(2026, 10, 8)), kept(Kind.SOCIAL, date(2026, 9, 1))]
        assert TERMS.forget_date(found, today=TODAY) == date(2026, 12, 10)

    def test_is_not_known_while_one_is_open(self) -> None:
        found = [kept(Kind.CONSULTATION, date(2020, 1, 1)), kept(Kind.SOCIAL, None)]
        assert TERMS.forget_date(found, today=TODAY) is None

    def test_is_today_when_all_terms_are_over(self) -> None:
        assert TERMS.forget_date([kept(Kind.CONSULTATION, date(2026, 9, 29))], today=TODAY) == TODAY

    def test_waits_for_an_undecided_objection(self) -> None:
        found = [kept(Kind.CONSULTATION, date(2026, 1, 1), contested=True)]
        assert TERMS.forget_date(found, today=TODAY) == date(2026, 10, 10)
