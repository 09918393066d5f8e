"""What the office owes orders is asked for again (Art. 22, 23, 26; ours)."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order
          ADD office_asks      integer NOT NULL DEFAULT 0,
          ADD office_ask_time  timestamptz;
        CREATE INDEX work_order_to_ask ON work_order (office_ask_time) WHERE office_ask_time IS NOT NULL;
        -- What waits for the office already is asked for at once.
        UPDATE work_order SET office_ask_time = create_time
         WHERE state = 'AWAITING_LEAD' OR waits_for_extension OR state = 'HELD' AND chase_time IS NULL;
        """
    )
