"""What an operator can set for dispatch."""

from collections.abc import Mapping
from datetime import timedelta

from hotline_kernel import settings
from pydantic import Field

from hotline_dispatch.domain.record import OfficeDuty


class Settings(settings.Settings):
    """Settings of dispatch."""

    intake_address: str = Field("intake:50052", description="Where intake answers other services (mutual TLS).")
    send_back_limit: int = Field(2, ge=0, le=20, description="How often an order may be given back (Art. 22; ours).")
    directive_chase_minutes: int = Field(
        60, ge=1, le=10_080, description="After so long an urgent order's directive is asked for again (Art. 23; ours)."
    )
    office_lead_hours: int = Field(
        2, ge=1, le=720, description="After so long the office is asked again to name a lead unit (Art. 22; ours)."
    )
    office_directive_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="After so long the office is asked again for a directive that is not urgent (Art. 23; ours).",
    )
    office_extension_hours: int = Field(
        4, ge=1, le=720, description="After so long the office is asked again to decide an extension (Art. 26; ours)."
    )
    filing_look_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days until a filed matter is looked at again, if no day is named (ours).",
    )

    @property
    def office_patience(self) -> Mapping[OfficeDuty, timedelta]:
        """After how long the office is asked again for what it owes."""
        return {
            OfficeDuty.LEAD: timedelta(hours=self.office_lead_hours),
            OfficeDuty.DIRECTIVE: timedelta(hours=self.office_directive_hours),
            OfficeDuty.EXTENSION: timedelta(hours=self.office_extension_hours),
        }
