"""Which mode a database serves, so that practice and real records never meet in one (Art. 37)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One row; what has records already is real. Code of before does not look at it."""
    op.execute(
        "CREATE TABLE tenant ("
        " alone boolean PRIMARY KEY DEFAULT true CHECK (alone),"
        " mode text NOT NULL CHECK (mode IN ('real', 'training')))"
    )
    op.execute("INSERT INTO tenant (mode) SELECT 'real' WHERE EXISTS (SELECT FROM audit_entry)")
