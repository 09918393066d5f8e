"""How long it is kept who brought an appeal (Art. 36(4)); the terms are ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hotline_intake.domain.appeal import Kind

CONTESTED_AGAIN = timedelta(days=1)
"""After so long it is looked again whether an objection that keeps a citizen was decided."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An appeal as far as it keeps its citizen.

    end_date -- when it was declined, answered or closed; None while it is open;  contested -- an objection waits.
    """

    kind: Kind
    end_date: date | None
    contested: bool


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Days from the end of an appeal, by its kind, until who brought it is forgotten."""

    days: Mapping[Kind, int]

    def forget_date(self, appeals: Iterable[Kept], *, today: date) -> date | None:
        """When a citizen is forgotten: with the last of their appeals; None while one is open."""
        latest = today
        for appeal in appeals:
            if appeal.end_date is None:
                return None
            ends = appeal.end_date + timedelta(days=self.days[appeal.kind])
            latest = max(latest, ends, today + CONTESTED_AGAIN if appeal.contested else ends)
        return latest
