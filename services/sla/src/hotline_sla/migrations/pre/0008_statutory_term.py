"""The term that a law sets for a clock (Art. 24(2))."""

from alembic import op

revision = "0008"
down_revision = "0007"

TERM = """
ALTER TABLE deadline ADD COLUMN statutory_term jsonb;
COMMENT ON COLUMN deadline.statutory_term IS 'days, which days count, law and article; null: 2 or 7 working days';
"""


def upgrade() -> None:
    op.execute(TERM)
