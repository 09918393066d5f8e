"""What each consumer hears: of an aggregate the last sequence, of a lane how many. Nobody hears every event any more.

Code of before writes none of it: `heard_until` tells whether the last event of an aggregate was announced by code that
does.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Columns that may be empty, one with a constant default, and a small table: nothing is rewritten."""
    op.execute(
        "ALTER TABLE outbox_sequence"
        " ADD COLUMN IF NOT EXISTS heard jsonb,"
        " ADD COLUMN IF NOT EXISTS heard_until bigint,"
        " ADD COLUMN IF NOT EXISTS heard_before jsonb"
    )
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS after jsonb")
    op.execute(
        "CREATE TABLE IF NOT EXISTS outbox_heard ("
        " lane smallint NOT NULL, consumer text NOT NULL, published bigint NOT NULL, PRIMARY KEY (lane, consumer))"
    )
    op.execute("ALTER TABLE inbox_lane ADD COLUMN IF NOT EXISTS heard bigint NOT NULL DEFAULT 0")
