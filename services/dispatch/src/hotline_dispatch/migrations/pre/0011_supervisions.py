"""Steps of supervision about an order, as sla announces them (Art. 28)."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """A column that the code before leaves alone; what was issued before is sla's to tell."""
    op.execute("ALTER TABLE work_order ADD COLUMN supervisions jsonb NOT NULL DEFAULT '[]'")
