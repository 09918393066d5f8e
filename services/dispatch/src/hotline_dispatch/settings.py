"""What an operator can set for dispatch."""

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """Settings of dispatch."""

    intake_address: str = Field("intake:50052", description="Where intake answers other services (mutual TLS).")
    send_back_limit: int = Field(2, ge=0, le=20, description="How often an order may be given back (Art. 22; ours).")
