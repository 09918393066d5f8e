"""In whose hand a callback or a review is, so that two never work on one (Art. 15)."""

from dataclasses import dataclass
from datetime import datetime

from hotline_kernel.errors import Refused


class TakenByAnother(Refused):
    """Somebody else works on {resource}: {person}."""

    reason = "TAKEN_BY_ANOTHER"
    article = "Art. 15"
    zh = "{resource} 正由 {person} 办理，请勿重复处理（第十五条）。"


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Who works on it, and until when it is theirs alone."""

    person: str
    until_time: datetime

    def holds(self, now: datetime) -> bool:
        """Whether its time is not over."""
        return self.until_time > now


def require_free(resource: str, *, hand: Hand | None, actor: str, now: datetime) -> None:
    """Whoever acts has it, or nobody has. Raises `TakenByAnother`."""
    if hand and hand.holds(now) and hand.person != actor:
        raise TakenByAnother(resource=resource, person=hand.person)
