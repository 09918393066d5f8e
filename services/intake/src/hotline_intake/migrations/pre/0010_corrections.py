"""Corrections of what was entered, drafts before the last, cleared emergencies (Art. 5, 6(1), 21)."""

from alembic import op

revision = "0010"
down_revision = "0009"

CORRECTIONS = """
CREATE TABLE appeal_reclassification (
    appeal_id uuid REFERENCES appeal (id),
    number integer,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    reclassify_time timestamptz NOT NULL,
    PRIMARY KEY (appeal_id, number)
);

-- The draft that an appeal has now stands in its row; here are those before it.
CREATE TABLE appeal_draft (
    appeal_id uuid REFERENCES appeal (id),
    number integer,
    proposed jsonb NOT NULL,
    released jsonb,
    operator text NOT NULL,
    reviewer text,
    return_reason text,
    draft_time timestamptz,
    return_time timestamptz,
    release_time timestamptz,
    PRIMARY KEY (appeal_id, number)
);

ALTER TABLE appeal
    ADD COLUMN emergency_clear_reason text,
    ADD COLUMN emergency_clear_actor text,
    ADD COLUMN emergency_clear_time timestamptz;
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(CORRECTIONS)
