"""Further orders of an appeal, and orders that another works for (Art. 7, 22, 23(3))."""

from alembic import op

revision = "0015"
down_revision = "0014"

ORDERS = """
ALTER TABLE work_order
    ADD COLUMN is_split boolean NOT NULL DEFAULT false,
    ADD COLUMN is_done boolean NOT NULL DEFAULT false,
    ADD COLUMN joined_into uuid;
UPDATE work_order SET is_done = true FROM appeal WHERE appeal.id = work_order.appeal_id AND appeal.state = 'CLOSED';
DROP INDEX work_order_appeal;
CREATE UNIQUE INDEX work_order_appeal ON work_order (appeal_id) WHERE appeal_id IS NOT NULL AND NOT is_split;
CREATE INDEX work_order_by_appeal ON work_order (appeal_id) WHERE appeal_id IS NOT NULL;
CREATE INDEX work_order_further ON work_order (appeal_id) WHERE is_split;
CREATE INDEX work_order_joined ON work_order (joined_into) WHERE joined_into IS NOT NULL
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(ORDERS)
