"""Whether the office relays the contact because the complaint is about a unit (Art. 24(1), 36(4))."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Plain SQL."""
    op.execute("ALTER TABLE work_order ADD COLUMN relayed boolean NOT NULL DEFAULT false")
