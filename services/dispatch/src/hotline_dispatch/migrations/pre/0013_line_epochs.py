"""When a side of a county's line went back to an earlier moment, and what it numbered since (ADR 0044)."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE errand ADD epoch bigint NOT NULL DEFAULT 0;
        ALTER TABLE county_message ADD epoch bigint NOT NULL DEFAULT 0;
        CREATE INDEX county_message_anew ON county_message (errand, epoch) WHERE epoch > 0;
        ALTER TABLE county_line
          ADD epoch           bigint NOT NULL DEFAULT 0,
          ADD restored_time   timestamptz,
          ADD far_epoch       bigint NOT NULL DEFAULT 0,
          ADD far_epoch_time  timestamptz,
          ADD answered_epoch  bigint NOT NULL DEFAULT 0;
        """
    )
