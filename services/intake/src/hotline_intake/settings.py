"""What an operator of intake can set."""

from pathlib import Path

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings and intake's own."""

    division: str = Field(
        "130100", pattern="^[0-9]{6}$", description="Division code of this hotline; business numbers begin with it."
    )
    repeat_similarity: float = Field(
        0.5, gt=0, le=1, description="Share of pairs of characters that makes two people's appeals one problem (ours)."
    )
    repeat_own_similarity: float = Field(0.2, gt=0, le=1, description="The same for two appeals of one citizen (ours).")
    repeat_window_days: int = Field(90, ge=1, le=3660, description="How far back repeats are sought, days (ours).")
    unusual_reads: int = Field(
        60,
        ge=1,
        description="So many contacts, texts and objections opened and numbers searched in an hour are unusual (ours).",
    )
    retention_consultation_days: int = Field(
        1095, ge=0, le=36_500, description="Days after which it is forgotten who brought a consultation (ours)."
    )
    retention_daily_life_days: int = Field(
        1095, ge=0, le=36_500, description="The same for problems of daily life (Art. 5(2); ours)."
    )
    retention_social_days: int = Field(
        1095, ge=0, le=36_500, description="The same for points of social life (Art. 5(3); ours)."
    )
    retention_business_days: int = Field(
        1095, ge=0, le=36_500, description="The same for what businesses bring (Art. 5(4); ours)."
    )
    retention_city_days: int = Field(
        1095, ge=0, le=36_500, description="The same for opinions on the city (Art. 5(5); ours)."
    )
    common_people: int = Field(
        5, ge=2, description="From so many people a problem is common (Art. 23(3); the number is ours)."
    )
    repeated_appeals: int = Field(
        3, ge=2, description="From so many appeals something was asked many times (Art. 25(2); the number is ours)."
    )
    vault_key: Path = Field(
        Path("/etc/hotline/vault/keys"),
        description="Key-encryption keys of the vault, a line each (`id base64`), newest last; not readable by others.",
    )
    vault_lookup_key: Path = Field(
        Path("/etc/hotline/vault/lookup"),
        description="Key that finds telephone numbers again, one line (`id base64`); not readable by others.",
    )
    residents_per_seat: int = Field(
        100_000, ge=1, le=10_000_000, description="Residents that one seat serves by the norm (Art. 12)."
    )
    operators_per_seat: int = Field(2, ge=1, le=10, description="Operators for each seat by the norm (Art. 12).")
    seat_area: float = Field(3.0, ge=0, le=100, description="Least square metres of a workplace (Art. 13).")
    seat_least_metres: float = Field(
        0.5, ge=0, le=10, description="Least metres before and behind a workplace (Art. 13)."
    )
    seat_most_metres: float = Field(
        1.0, ge=0, le=100, description="Metres before and behind a workplace beyond which a plan is roomy (Art. 13)."
    )
    answer_seconds: int = Field(
        15, ge=1, le=300, description="Seconds within which a call is to be answered (GB/T 33358-2016; Art. 16)."
    )
    answer_rate: float = Field(
        0.95, gt=0, lt=1, description="Share of the calls of any 24 hours to be answered (GB/T 33358-2016; Art. 16)."
    )
    patience_seconds: float = Field(
        60, gt=0, le=1800, description="Mean seconds after which a waiting caller hangs up, for staffing plans (ours)."
    )
    wrap_up_seconds: int = Field(
        60, ge=0, le=3600, description="Seconds after a call in which its papers should be finished (ours)."
    )
    hold_minutes: int = Field(
        20, ge=1, le=1440, description="Minutes that a taken appeal or draft is one person's alone (ours; Art. 15)."
    )
    skill_wait_seconds: int = Field(
        30, ge=0, le=3600, description="Seconds that a call waits for a seat with the skill it needs (ours)."
    )
