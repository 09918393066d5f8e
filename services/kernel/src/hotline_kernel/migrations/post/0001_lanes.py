"""The lane-first indexes served claims before `pre` 0002."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Drop them."""
    op.execute("DROP INDEX outbox_unpublished")
    op.execute("DROP INDEX inbox_open")
