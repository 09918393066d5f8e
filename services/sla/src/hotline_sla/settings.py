"""What an operator of sla can set: what every service has, and nothing of its own. The terms are law, not settings."""

from hotline_kernel import settings


class Settings(settings.Settings):
    """The kernel's settings."""
