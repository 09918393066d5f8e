"""What an operator of sla can set: what every service has, and who signs letters. The terms are law, not settings."""

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings, and sla's."""

    document_issuer: str = Field(
        "市961890群众服务热线工作机构",
        min_length=1,
        max_length=100,
        description="Who signs and seals notices, circulars and statistics (Art. 28, 29, 35).",
    )
