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
