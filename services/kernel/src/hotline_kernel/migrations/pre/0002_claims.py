"""Indexes from which relay and pump take the oldest first, whatever lane it is in: a claim costs the same at any depth.

The lane-first indexes of 0001 serve the code before; they go in *post*.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them; only what is unfinished is in them, so they are small."""
    op.execute("CREATE INDEX outbox_oldest ON outbox (position) WHERE published_time IS NULL")
    op.execute("CREATE INDEX inbox_due ON inbox (next_attempt_time, position) WHERE state = 'open'")
    op.execute("CREATE INDEX inbox_position ON inbox (position) WHERE state = 'open'")
