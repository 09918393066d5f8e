"""When what was handled last of an aggregate was committed: by it a source is seen that went back in time."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Columns that may be empty: nothing is rewritten. Code of before moves the sequence alone, which shows."""
    op.execute(
        "ALTER TABLE inbox_cursor"
        " ADD COLUMN IF NOT EXISTS committed timestamptz,"
        " ADD COLUMN IF NOT EXISTS committed_sequence bigint"
    )
