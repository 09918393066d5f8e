"""Several orders of one appeal, and orders that another works for (Art. 7, 22, 23(3); ADR 0028)."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order
          ADD split_from   uuid,
          ADD joined_into  uuid;
        ALTER TABLE work_order DROP CONSTRAINT work_order_appeal_key;
        CREATE UNIQUE INDEX work_order_of_appeal ON work_order (appeal) WHERE split_from IS NULL;
        CREATE INDEX work_order_by_appeal ON work_order (appeal, id);
        CREATE INDEX work_order_split ON work_order (split_from) WHERE split_from IS NOT NULL;
        CREATE INDEX work_order_joined ON work_order (joined_into, id) WHERE joined_into IS NOT NULL;
        ALTER TABLE work_order ADD CONSTRAINT work_order_without_lead
          CHECK (state NOT IN ('JOINED', 'WITHDRAWN') OR lead_unit = '') NOT VALID;
        ALTER TABLE work_order VALIDATE CONSTRAINT work_order_without_lead;
        """
    )
