"""The unit that an inspector found a report to be about, and reads of reports that are counted (Art. 36(4))."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds what the code before knows nothing of."""
    op.execute("""
        ALTER TABLE report ADD COLUMN sealed_unit bytea;
        CREATE INDEX audit_entry_read ON audit_entry (actor, time) WHERE action IN ('feedback.reports.examine');
    """)
