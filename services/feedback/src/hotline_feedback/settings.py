"""What an operator of feedback can set."""

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings and feedback's own."""

    attempt_limit: int = Field(
        3, ge=1, le=20, description="Tries without an answer after which a citizen counts as unreachable (ours)."
    )
