"""What an operator of feedback can set."""

from datetime import time
from pathlib import Path

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings and feedback's own."""

    attempt_limit: int = Field(
        3, ge=1, le=20, description="Tries without an answer after which a citizen counts as unreachable (ours)."
    )
    attempt_gap_minutes: int = Field(
        30, ge=0, le=1440, description="Least time between two tries without an answer (ours)."
    )
    call_window_start: time = Field(
        time(8), description="From when in the day citizens are called, local time (ours; Art. 30 is silent)."
    )
    call_window_end: time = Field(
        time(21), description="Until when in the day citizens are called, local time (ours; Art. 30 is silent)."
    )
    vault_key: Path = Field(
        Path("/etc/hotline/vault/keys"),
        description="Key-encryption keys of reports, a line each (`id base64`), newest last; not readable by others.",
    )
    rank_least_asked: int = Field(
        30, ge=1, description="A group of fewer who were asked has a rate and no place (ours; Art. 34 is silent)."
    )
    rank_confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Confidence of the interval of a rate (ours; Art. 34 is silent)."
    )
    double_review_share: float = Field(
        0.1, ge=0, le=1, description="Part of what is scored that another reader scores again, unseen (ours)."
    )
    unusual_reads: int = Field(
        20, ge=1, description="So many reports that one person opens in an hour are unusual (ours; Art. 36(4))."
    )
    hold_minutes: int = Field(
        20, ge=1, le=1440, description="Minutes that a taken callback or review is one person's alone (ours; Art. 15)."
    )
    call_minutes: int = Field(
        30, ge=0, le=240, description="Longest call: what began within the window is recorded so much later (ours)."
    )
