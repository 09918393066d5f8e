"""What staff looked for and did not find (ours, Art. 9(4))."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Creates the table of gaps."""
    op.execute("""
        CREATE TABLE gap (
          id uuid PRIMARY KEY,
          query text NOT NULL,
          key text NOT NULL,
          ask_count bigint NOT NULL,
          state text NOT NULL CHECK (state IN ('OPEN', 'ASSIGNED', 'FILLED', 'DISMISSED')),
          unit text NOT NULL,
          entry text NOT NULL,
          reason text NOT NULL,
          version integer NOT NULL,
          create_time timestamptz NOT NULL,
          update_time timestamptz NOT NULL
        );
        COMMENT ON COLUMN gap.key IS 'by which the same question is known again while it is open';
        CREATE UNIQUE INDEX gap_open ON gap (key) WHERE state IN ('OPEN', 'ASSIGNED');
        CREATE INDEX gap_asked ON gap (ask_count, id);
        CREATE INDEX gap_state ON gap (state, ask_count, id);
        CREATE INDEX gap_unit ON gap (unit, ask_count, id);
    """)
