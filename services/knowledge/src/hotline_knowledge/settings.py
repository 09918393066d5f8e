"""What an operator of knowledge can set."""

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings and the rhythm in which entries are looked after (Art. 10(4), 18; the numbers are ours)."""

    review_after_days: int = Field(
        365,
        ge=1,
        le=3650,
        description="From publication to review date where its writer names none (Art. 10(4); ours).",
    )
    upkeep_notice_days: int = Field(
        14, ge=0, le=365, description="How long before a review date or last day the owner is told (Art. 18; ours)."
    )
    upkeep_chase_days: int = Field(
        7, ge=1, le=365, description="How long after having been told the owner is told again (Art. 18; ours)."
    )
    training_pass_score: int = Field(
        60,
        ge=1,
        le=100,
        description="Points of 100 that pass a course's test where its plan says nothing (Art. 37; ours).",
    )
