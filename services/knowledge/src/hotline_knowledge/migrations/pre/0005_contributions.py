"""Contributions of the public (Art. 19)."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Creates their table, and the column of entries that says whom to thank."""
    op.execute("""
        ALTER TABLE entry ADD COLUMN credit text NOT NULL DEFAULT '';
        CREATE TABLE contribution (
          id uuid PRIMARY KEY,
          receipt uuid NOT NULL UNIQUE,
          title text NOT NULL,
          text text NOT NULL,
          credit text NOT NULL,
          original_title text NOT NULL,
          original_text text NOT NULL,
          state text NOT NULL CHECK (state IN ('WAITING', 'HELD', 'ACCEPTED', 'REFUSED')),
          grounds text[] NOT NULL,
          reason text NOT NULL,
          entry text NOT NULL,
          version integer NOT NULL,
          create_time timestamptz NOT NULL,
          update_time timestamptz NOT NULL
        ) WITH (fillfactor = 80);
        COMMENT ON COLUMN contribution.original_text IS 'as it came; masked once it is decided on';
        CREATE INDEX contribution_state ON contribution (state, id);
    """)
