"""The term that a law sets for an order's matter (Art. 24(2))."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE work_order ADD statutory_term jsonb")
