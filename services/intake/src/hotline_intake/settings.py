"""What an operator of intake can set."""

from pathlib import Path

from hotline_kernel import settings
from pydantic import Field


class Settings(settings.Settings):
    """The kernel's settings and intake's own."""

    division: str = Field(
        "130100", pattern="^[0-9]{6}$", description="Division code of this hotline; business numbers begin with it."
    )
    vault_key: Path = Field(
        Path("/etc/hotline/vault/keys"),
        description="Key-encryption keys of the vault, a line each (`id base64`), newest last; not readable by others.",
    )
    vault_lookup_key: Path = Field(
        Path("/etc/hotline/vault/lookup"),
        description="Key that finds telephone numbers again, one line (`id base64`); not readable by others.",
    )
