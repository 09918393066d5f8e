"""What went wrong in a unit's hands stays its own, and each unit that holds an order is supervised (Art. 22, 28, 29).

First contacts that were due are counted from here on; of days before, the share of those in time is taken as full.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

HOLDERS = """
ALTER TABLE unit_day ADD COLUMN contact_due int NOT NULL DEFAULT 0;
ALTER TABLE unit_day_shift ADD COLUMN contact_due int NOT NULL DEFAULT 0;

ALTER TABLE work_order
    ADD COLUMN leave_time timestamptz,
    ADD COLUMN sent_back boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN work_order.sent_back IS 'the unit gave it back at some time (Art. 22)';
CREATE TABLE work_order_left (LIKE work_order INCLUDING DEFAULTS INCLUDING COMMENTS, PRIMARY KEY (work_order, unit));
COMMENT ON TABLE work_order_left IS 'an order as it stood when a unit left it';

CREATE UNIQUE INDEX supervision_once ON supervision (work_order, round, step, unit);
ALTER TABLE supervision DROP CONSTRAINT supervision_work_order_round_step_key;
COMMENT ON TABLE supervision IS 'each step once and only once an order, round and unit that holds it (Art. 28)';

ALTER TABLE circular_order ADD COLUMN unit text NOT NULL DEFAULT '';
UPDATE circular_order o SET unit = c.unit FROM circular c WHERE c.id = o.circular;
ALTER TABLE circular_order DROP CONSTRAINT circular_order_pkey, ADD PRIMARY KEY (work_order, round, unit);
COMMENT ON TABLE circular_order IS 'what a circular names, with the evidence then; once an order, round and unit';
"""


def upgrade() -> None:
    op.execute(HOLDERS)
