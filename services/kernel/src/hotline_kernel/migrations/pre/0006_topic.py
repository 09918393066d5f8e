"""What in particular an event tells, for those who hear only that (docs/adr/0045)."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A column that may be empty: nothing is rewritten. What code of before announces is for all who hear its type."""
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS topic text")
