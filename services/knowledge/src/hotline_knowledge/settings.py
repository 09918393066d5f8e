"""What an operator of knowledge can set."""

from hotline_kernel import settings


class Settings(settings.Settings):
    """The kernel's settings; knowledge has none of its own."""
