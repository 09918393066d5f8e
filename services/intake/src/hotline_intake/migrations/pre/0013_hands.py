"""In whose hand an appeal is while it waits, so that two never work on one (Art. 15)."""

from alembic import op

revision = "0013"
down_revision = "0012"

HANDS = """
ALTER TABLE appeal
    ADD COLUMN hand_seat text,
    ADD COLUMN hand_operator text,
    ADD COLUMN hand_until_time timestamptz;
CREATE INDEX appeal_hand ON appeal (hand_operator) WHERE hand_operator IS NOT NULL;
CREATE INDEX appeal_to_take ON appeal (state, emergency DESC, id) WHERE state IN ('REGISTERED', 'DRAFTED');
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(HANDS)
