"""Clocks of supporting units' parts: as many an order as it has parts (Art. 7, 22)."""

from alembic import op

revision = "0011"
down_revision = "0010"

PARTS = """
ALTER TABLE deadline DROP CONSTRAINT deadline_subject_kind_round_key;
CREATE UNIQUE INDEX deadline_by_subject ON deadline
    (subject, kind, round, (CASE WHEN kind = 'PART' THEN id ELSE '00000000-0000-0000-0000-000000000000'::uuid END))
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(PARTS)
