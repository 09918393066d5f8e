"""Files of entries (Art. 18)."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Creates their table, and the column of entries that says which files an entry has."""
    op.execute("""
        ALTER TABLE entry ADD COLUMN attachments text[] NOT NULL DEFAULT '{}';
        CREATE TABLE attachment (
          id uuid PRIMARY KEY,
          entry_id uuid NOT NULL REFERENCES entry,
          file_name text NOT NULL,
          media_type text NOT NULL,
          size integer NOT NULL,
          sha256 text NOT NULL,
          content bytea NOT NULL CHECK (octet_length(content) = size),
          create_time timestamptz NOT NULL
        );
        COMMENT ON TABLE attachment IS 'files as they came; which an entry has in each version, its content says';
        CREATE INDEX attachment_entry ON attachment (entry_id, id);
        ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL;
    """)
