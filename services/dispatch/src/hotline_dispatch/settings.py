"""What an operator can set for dispatch."""

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """Settings of dispatch."""

    intake_address: str = Field("intake:50052", description="Where intake answers other services (mutual TLS).")
    send_back_limit: int = Field(2, ge=0, le=20, description="How often an order may be given back (Art. 22; ours).")
    directive_chase_minutes: int = Field(
        60, ge=1, le=10_080, description="After so long an urgent order's directive is asked for again (Art. 23; ours)."
    )
    filing_look_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days until a filed matter is looked at again, if no day is named (ours).",
    )
