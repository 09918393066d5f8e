"""Missed hours are listed to the seats' supervisor, ended wrap-ups are looked for (Art. 15, 21)."""

from alembic import op

revision = "0012"
down_revision = "0011"

INDEXES = """
CREATE INDEX appeal_missed ON appeal (id) WHERE answer_overdue;
CREATE INDEX appeal_missed_waiting ON appeal (id) WHERE answer_overdue AND state IN ('REGISTERED', 'DRAFTED');
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(INDEXES)
