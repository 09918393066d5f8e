"""Circulars, and what they add to the counts of a unit (Art. 29)."""

from alembic import op

revision = "0005"
down_revision = "0004"

CIRCULARS = """
CREATE SEQUENCE circular_serial;

CREATE TABLE circular (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    unit text NOT NULL,
    text text NOT NULL,
    points double precision NOT NULL,
    grave boolean NOT NULL,
    publish_time timestamptz NOT NULL
);
COMMENT ON COLUMN circular.grave IS 'those who answer for it are to be held to account (Art. 29)';
CREATE INDEX circular_by_unit ON circular (unit, id);

CREATE TABLE circular_order (
    circular uuid NOT NULL,
    work_order text NOT NULL,
    number text NOT NULL,
    round int NOT NULL,
    due_time timestamptz NOT NULL,
    supervision text NOT NULL,
    notice text NOT NULL,
    notice_time timestamptz NOT NULL,
    acknowledge_time timestamptz,
    PRIMARY KEY (work_order, round)
);
COMMENT ON TABLE circular_order IS 'what a circular names, with the evidence as it was then; once an order and round';
CREATE INDEX circular_order_by_circular ON circular_order (circular, number);

ALTER TABLE work_order ADD COLUMN circulated boolean NOT NULL DEFAULT false;
ALTER TABLE unit_day ADD COLUMN circulated int NOT NULL DEFAULT 0;
ALTER TABLE unit_day_shift ADD COLUMN circulated int NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    op.execute(CIRCULARS)
