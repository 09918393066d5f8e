"""Accountability files and their evidence (Art. 36)."""

from alembic import op

revision = "0006"
down_revision = "0005"

ACCOUNTABILITY = """
CREATE SEQUENCE accountability_serial;

CREATE TABLE accountability_file (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    unit text NOT NULL,
    ground text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    effect text NOT NULL,
    circular text NOT NULL,
    evidence_digest text NOT NULL,
    open_time timestamptz NOT NULL,
    hearing_end_time timestamptz NOT NULL,
    statement text NOT NULL,
    state_case_time timestamptz,
    authority text NOT NULL,
    refer_time timestamptz,
    outcome text NOT NULL,
    decision text NOT NULL,
    conclude_time timestamptz
);
COMMENT ON COLUMN accountability_file.circular IS 'the grave one that it follows from, or empty (Art. 29)';
CREATE INDEX accountability_file_by_unit ON accountability_file (unit, id);
CREATE INDEX accountability_file_by_state ON accountability_file (state, id);

CREATE TABLE accountability_evidence (
    file uuid NOT NULL,
    work_order text NOT NULL,
    number text NOT NULL,
    round int NOT NULL,
    due_time timestamptz NOT NULL,
    handling text NOT NULL,
    account text NOT NULL,
    notices text[] NOT NULL,
    PRIMARY KEY (file, work_order)
);
COMMENT ON TABLE accountability_evidence IS 'orders as they stood when the file was opened; never changed';
"""


def upgrade() -> None:
    op.execute(ACCOUNTABILITY)
