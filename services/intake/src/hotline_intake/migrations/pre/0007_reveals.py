"""How many contacts somebody revealed lately is counted in the record (Art. 36(4))."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """An index of reveals alone: what else goes on record pays nothing for it."""
    op.execute("""
        CREATE INDEX audit_entry_reveal ON audit_entry (actor, time) WHERE action = 'intake.contacts.reveal';
    """)
