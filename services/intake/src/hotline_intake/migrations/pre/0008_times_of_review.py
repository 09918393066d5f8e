"""When a work order was drafted, given back and sent out by the review seat (Art. 21)."""

from alembic import op

revision = "0008"
down_revision = "0007"

# No value for what was there before: when it happened is unknown, and nothing is made up.
COLUMNS = """
ALTER TABLE appeal
    ADD COLUMN draft_time timestamptz,
    ADD COLUMN draft_return_time timestamptz,
    ADD COLUMN draft_release_time timestamptz
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(COLUMNS)
