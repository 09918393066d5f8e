"""Who changed a clock, so that its history can be told (Art. 24)."""

from alembic import op

revision = "0003"
down_revision = "0002"

WHO = """
ALTER TABLE deadline_change ADD COLUMN changed_by text NOT NULL DEFAULT '';
COMMENT ON COLUMN deadline_change.changed_by IS 'units/…, office or system; empty: written before this was kept';
"""


def upgrade() -> None:
    op.execute(WHO)
