"""What a principal studied (Art. 25), and what is filed and looked at again (Art. 27)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order
          ADD study_grounds  text[] NOT NULL DEFAULT '{}',
          ADD study          jsonb,
          ADD filing         jsonb,
          ADD look_date      date;
        CREATE INDEX work_order_to_look_at ON work_order (look_date, id) WHERE look_date IS NOT NULL;
        """
    )
