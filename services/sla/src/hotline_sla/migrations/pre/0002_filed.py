"""Filed orders count apart (Art. 27)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order ADD filed boolean NOT NULL DEFAULT false;
        ALTER TABLE unit_day ADD filed int NOT NULL DEFAULT 0;
        ALTER TABLE unit_day_shift ADD filed int NOT NULL DEFAULT 0;
        """
    )
