"""Objections to declines (Art. 6), and legal holds (Art. 36)."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE contest (
    id uuid PRIMARY KEY,
    appeal_id uuid NOT NULL REFERENCES appeal (id),
    decliner text NOT NULL,
    decline_time timestamptz NOT NULL,
    sealed_reason bytea NOT NULL,
    create_time timestamptz NOT NULL,
    state text NOT NULL,
    reviewer text NOT NULL DEFAULT '',
    decision text NOT NULL DEFAULT '',
    decide_time timestamptz,
    CHECK ((decide_time IS NULL) = (state = 'OPEN')),
    CHECK (reviewer <> decliner)
);
CREATE UNIQUE INDEX contest_decline ON contest (appeal_id, decline_time);
CREATE INDEX contest_state ON contest (state, id);

CREATE TABLE citizen_hold (
    id uuid PRIMARY KEY,
    citizen_id uuid NOT NULL REFERENCES citizen (id),
    reason text NOT NULL,
    actor text NOT NULL,
    create_time timestamptz NOT NULL,
    release_actor text NOT NULL DEFAULT '',
    release_reason text NOT NULL DEFAULT '',
    release_time timestamptz
);
CREATE INDEX citizen_hold_citizen ON citizen_hold (citizen_id, id);
CREATE INDEX citizen_hold_standing ON citizen_hold (id) WHERE release_time IS NULL;
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(TABLES)
