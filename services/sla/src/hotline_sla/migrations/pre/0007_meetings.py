"""Meetings about the hotline's work, and what follows from them (Art. 8, 9(8))."""

from alembic import op

revision = "0007"
down_revision = "0006"

MEETINGS = """
CREATE TABLE meeting (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    plan_date date NOT NULL,
    topics text[] NOT NULL,
    figures jsonb NOT NULL,
    state text NOT NULL,
    create_time timestamptz NOT NULL,
    hold_time timestamptz,
    participants text[] NOT NULL,
    decisions text[] NOT NULL,
    cancel_reason text NOT NULL,
    version int NOT NULL
);
COMMENT ON COLUMN meeting.figures IS 'how the hotline ran, as the books had it when the meeting was planned';
CREATE INDEX meeting_by_state ON meeting (state, id);

CREATE TABLE meeting_action (
    id uuid PRIMARY KEY,
    meeting uuid NOT NULL REFERENCES meeting,
    text text NOT NULL,
    owner text NOT NULL,
    due_date date NOT NULL,
    finish_time timestamptz,
    report text NOT NULL
);
CREATE INDEX meeting_action_by_meeting ON meeting_action (meeting, id);
CREATE INDEX meeting_action_by_owner ON meeting_action (owner, id);
CREATE INDEX meeting_action_open ON meeting_action (id) WHERE finish_time IS NULL;
"""


def upgrade() -> None:
    op.execute(MEETINGS)
