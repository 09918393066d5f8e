"""Versions of the weights, statistics notices with their orders, notices of the work (Art. 8, 32, 34, 35)."""

from alembic import op

revision = "0010"
down_revision = "0009"

NOTICES = """
CREATE TABLE weights (
    serial int PRIMARY KEY,
    version text NOT NULL UNIQUE,
    effective_date date NOT NULL,
    parts jsonb NOT NULL,
    trades jsonb NOT NULL,
    reason text NOT NULL,
    publish_time timestamptz NOT NULL
);
COMMENT ON TABLE weights IS 'versions after the first, which is in the code; never changed';

CREATE TABLE unit_name (
    unit text PRIMARY KEY,
    display_name text NOT NULL
);
COMMENT ON TABLE unit_name IS 'how dispatch called a unit when it last sent it an order';

CREATE SEQUENCE statistics_notice_serial;

CREATE TABLE statistics_notice (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    kind text NOT NULL,
    start_date date NOT NULL,
    edition int NOT NULL,
    remark text NOT NULL,
    total jsonb NOT NULL,
    units jsonb NOT NULL,
    trades jsonb NOT NULL,
    weights_version text NOT NULL,
    issue_time timestamptz NOT NULL,
    corrects text NOT NULL,
    corrects_number text NOT NULL,
    reason text NOT NULL,
    corrected_by text NOT NULL,
    UNIQUE (kind, start_date, edition)
);
COMMENT ON TABLE statistics_notice IS 'as issued; only corrected_by is ever set afterwards';
CREATE INDEX statistics_notice_by_kind ON statistics_notice (kind, id);

CREATE TABLE notice_order (
    notice uuid NOT NULL,
    work_order text NOT NULL,
    number text NOT NULL,
    unit text NOT NULL,
    category text NOT NULL,
    contact text NOT NULL,
    handling text NOT NULL,
    contacted_late boolean NOT NULL,
    handled_late boolean NOT NULL,
    extended boolean NOT NULL,
    reopened boolean NOT NULL,
    reminded boolean NOT NULL,
    supervised boolean NOT NULL,
    verdict text NOT NULL,
    excused boolean NOT NULL,
    filed boolean NOT NULL,
    circulated boolean NOT NULL,
    has_left boolean NOT NULL,
    PRIMARY KEY (notice, work_order, unit)
);
COMMENT ON TABLE notice_order IS 'the orders behind a statistics notice as they stood then; its figures are their sums';
CREATE INDEX notice_order_by_unit ON notice_order (notice, unit, work_order);

CREATE SEQUENCE work_notice_serial;

CREATE TABLE work_notice (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    figures jsonb NOT NULL,
    calls jsonb,
    text text NOT NULL,
    issue_time timestamptz NOT NULL
);
COMMENT ON COLUMN work_notice.calls IS 'as the office handed them in from intake; null if it did not';

ALTER TABLE meeting ADD COLUMN notices text[] NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    op.execute(NOTICES)
    with op.get_context().autocommit_block():
        for table in ("work_order", "work_order_left"):
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {table}_by_received ON {table} (received_time)")
