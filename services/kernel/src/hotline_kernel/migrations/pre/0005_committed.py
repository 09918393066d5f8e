"""When what was handled last of an aggregate was committed: by it a source is seen that went back in time."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A column that may be empty: nothing is rewritten, and code of before leaves it empty."""
    op.execute("ALTER TABLE inbox_cursor ADD COLUMN IF NOT EXISTS committed timestamptz")
