"""How much that is confidential somebody opened lately is counted in the record (Art. 36(4))."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """An index of reads alone, which serves what counted contacts alone too."""
    op.execute("""
        CREATE INDEX audit_entry_read ON audit_entry (actor, time) WHERE action IN (
          'intake.contacts.reveal', 'intake.texts.read', 'intake.contests.read', 'intake.appeals.list',
          'intake.calls.listen');
        DROP INDEX audit_entry_reveal;
    """)
