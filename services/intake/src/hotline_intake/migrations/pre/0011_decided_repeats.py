"""Why a common problem went out without a directive (Art. 23(3))."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Plain SQL."""
    op.execute("ALTER TABLE appeal ADD COLUMN draft_no_directive_reason text")
