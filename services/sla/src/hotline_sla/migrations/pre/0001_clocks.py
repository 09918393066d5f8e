"""Clocks, their due moments, supervision, and the orders behind the scores."""

from alembic import op

revision = "0001"
down_revision = None

CLOCKS = """
CREATE TABLE deadline (
    id uuid PRIMARY KEY,
    subject text NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    state text NOT NULL,
    round int NOT NULL,
    start_time timestamptz NOT NULL,
    hold_time timestamptz NOT NULL,
    working_days int NOT NULL,
    due_time timestamptz NOT NULL,
    due_date date NOT NULL,
    provisional boolean NOT NULL,
    settle_time timestamptz,
    UNIQUE (subject, kind, round)
);
COMMENT ON COLUMN deadline.unit IS 'who holds it; empty: the hotline';
COMMENT ON COLUMN deadline.hold_time IS 'legal time since which that unit holds it';
COMMENT ON COLUMN deadline.working_days IS 'with extensions; 0 for terms in hours';
CREATE INDEX deadline_by_due ON deadline (due_time, id);
CREATE INDEX deadline_by_kind ON deadline (kind, due_time, id);
CREATE INDEX deadline_by_state ON deadline (state, due_time, id);
CREATE INDEX deadline_by_kind_and_state ON deadline (kind, state, due_time, id);
CREATE INDEX deadline_by_unit ON deadline (unit, due_time, id);
CREATE INDEX deadline_by_unit_and_state ON deadline (unit, state, due_time, id);
CREATE INDEX deadline_provisional ON deadline (due_date) WHERE provisional AND state IN ('RUNNING', 'OVERDUE');

CREATE TABLE deadline_change (
    id bigint GENERATED ALWAYS AS IDENTITY,
    deadline uuid NOT NULL,
    change_time timestamptz NOT NULL,
    change text NOT NULL,
    reason text NOT NULL,
    due_time timestamptz NOT NULL,
    PRIMARY KEY (deadline, id)
);

-- One row for each thing to be done at a time; gone when it is done or not needed any more. The tick reads the head
-- of one index, so its cost grows with what is due, not with what is open.
CREATE TABLE due_moment (
    deadline uuid NOT NULL,
    action text NOT NULL,
    due_time timestamptz NOT NULL,
    PRIMARY KEY (deadline, action)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX due_moment_by_time ON due_moment (due_time, deadline, action);
"""

SUPERVISION = """
CREATE SEQUENCE notice_serial;

CREATE TABLE supervision (
    id uuid PRIMARY KEY,
    work_order text NOT NULL,
    unit text NOT NULL,
    step text NOT NULL,
    notice text NOT NULL,
    text text NOT NULL,
    issue_time timestamptz NOT NULL,
    round int NOT NULL,
    UNIQUE (work_order, round, step)
);
COMMENT ON TABLE supervision IS 'each step once and only once an order and round (Art. 28)';
CREATE INDEX supervision_by_unit ON supervision (unit, id);
CREATE INDEX supervision_by_step ON supervision (step, id);
CREATE INDEX supervision_by_unit_and_step ON supervision (unit, step, id);
"""

ASSESSMENT = """
CREATE TABLE work_order (
    work_order text PRIMARY KEY,
    number text NOT NULL,
    unit text NOT NULL,
    request_type text NOT NULL,
    category text NOT NULL,
    region text NOT NULL,
    round int NOT NULL,
    received_time timestamptz NOT NULL,
    key_supervision boolean NOT NULL,
    contact text NOT NULL,
    handling text NOT NULL,
    contacted_late boolean NOT NULL,
    handled_late boolean NOT NULL,
    extended boolean NOT NULL,
    reopened boolean NOT NULL,
    reminded boolean NOT NULL,
    supervised boolean NOT NULL,
    verdict text NOT NULL,
    verdict_round int NOT NULL,
    excused boolean NOT NULL
);
COMMENT ON TABLE work_order IS 'an order as far as its unit is assessed by it';

CREATE TABLE unit_day (
    unit text NOT NULL,
    day date NOT NULL,
    received int NOT NULL,
    contacted_in_time int NOT NULL,
    handled_in_time int NOT NULL,
    handled_late int NOT NULL,
    overdue int NOT NULL,
    running int NOT NULL,
    extended int NOT NULL,
    reopened int NOT NULL,
    reminded int NOT NULL,
    supervised int NOT NULL,
    satisfied int NOT NULL,
    dissatisfied int NOT NULL,
    asked int NOT NULL,
    excused int NOT NULL,
    PRIMARY KEY (unit, day)
);
COMMENT ON TABLE unit_day IS 'what became of the orders that a unit received on a day';
CREATE INDEX unit_day_by_day ON unit_day (day, unit);

-- What is to be added to unit_day. Appended by every change of an order, so that changes of one unit do not wait for
-- each other; a ticker adds it up. The counts are the sum of both tables at any moment.
CREATE TABLE unit_day_shift (LIKE unit_day);
ALTER TABLE unit_day_shift ADD id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
"""


def upgrade() -> None:
    op.execute(CLOCKS)
    op.execute(SUPERVISION)
    op.execute(ASSESSMENT)
