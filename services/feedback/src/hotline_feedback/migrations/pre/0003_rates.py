"""What an order is about, so that what citizens say can be told apart by it (Art. 34)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds what the code before knows nothing of; what was asked before has neither category nor region."""
    op.execute("""
        CREATE TABLE order_subject (
          work_order uuid PRIMARY KEY,
          category text NOT NULL,
          region text NOT NULL
        );
        ALTER TABLE callback ADD COLUMN category text NOT NULL DEFAULT '';
        ALTER TABLE callback ADD COLUMN region text NOT NULL DEFAULT '';
        CREATE INDEX callback_ended ON callback (complete_time, id) WHERE complete_time IS NOT NULL;
        CREATE INDEX callback_ended_unit ON callback (unit, complete_time, id) WHERE complete_time IS NOT NULL;
        CREATE INDEX callback_ended_category ON callback (category, complete_time, id) WHERE complete_time IS NOT NULL;
        CREATE INDEX callback_ended_region ON callback (region, complete_time, id) WHERE complete_time IS NOT NULL;
    """)
