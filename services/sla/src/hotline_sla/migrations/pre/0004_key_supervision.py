"""Key supervision as a class of orders, and the units' acknowledgement of written notices (Art. 28)."""

from alembic import op

revision = "0004"
down_revision = "0003"

KEY = """
CREATE TABLE key_supervision (
    id uuid PRIMARY KEY,
    work_order text NOT NULL,
    ground text NOT NULL,
    reason text NOT NULL,
    start_time timestamptz NOT NULL,
    UNIQUE (work_order, ground)
);
COMMENT ON TABLE key_supervision IS 'orders watched closely from the start, by the kinds of Art. 28';
CREATE INDEX key_supervision_by_ground ON key_supervision (ground, id);

ALTER TABLE deadline ADD COLUMN watched boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN deadline.watched IS 'of an order under key supervision (Art. 28)';

ALTER TABLE supervision
    ADD COLUMN acknowledge_time timestamptz,
    ADD COLUMN acknowledged_by text NOT NULL DEFAULT '',
    ADD COLUMN acknowledge_note text NOT NULL DEFAULT '';
COMMENT ON COLUMN supervision.acknowledge_time IS 'when the unit signed for a written notice';
"""


def upgrade() -> None:
    op.execute(KEY)
