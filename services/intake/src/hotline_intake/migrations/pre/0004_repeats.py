"""Repeats: sketches of what appeals say, and the links between them (Art. 23(3), 25(2))."""

from alembic import op

revision = "0004"
down_revision = "0003"

REPEATS = """
-- A sketch says nothing of the words: it is made of hashes under a key. It goes with the citizen.
CREATE TABLE appeal_sketch (
    appeal_id uuid PRIMARY KEY REFERENCES appeal (id),
    citizen_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    place text NOT NULL,
    sketch bytea NOT NULL,
    bands bigint[] NOT NULL,
    is_head boolean NOT NULL
);
CREATE INDEX appeal_sketch_citizen ON appeal_sketch (citizen_id, appeal_id);
-- What a new appeal is compared with: heads alone, so that a thousand of a kind cost as much as one.
CREATE INDEX appeal_sketch_bands ON appeal_sketch USING gin (bands) WITH (fastupdate = off) WHERE is_head;

CREATE TABLE appeal_repeat (
    id uuid PRIMARY KEY,
    appeal_id uuid NOT NULL REFERENCES appeal (id),
    earlier_id uuid NOT NULL REFERENCES appeal (id),
    kind text NOT NULL,
    similarity real,
    reason text NOT NULL,
    actor text NOT NULL,
    create_time timestamptz NOT NULL,
    undo_actor text NOT NULL DEFAULT '',
    undo_reason text NOT NULL DEFAULT '',
    undo_time timestamptz,
    CHECK (earlier_id < appeal_id),  -- so that links never go round
    CHECK ((undo_time IS NULL) = (undo_reason = ''))
);
CREATE UNIQUE INDEX appeal_repeat_standing ON appeal_repeat (appeal_id) WHERE undo_time IS NULL;
CREATE INDEX appeal_repeat_appeal ON appeal_repeat (appeal_id);
CREATE INDEX appeal_repeat_earlier ON appeal_repeat (earlier_id);
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(REPEATS)
