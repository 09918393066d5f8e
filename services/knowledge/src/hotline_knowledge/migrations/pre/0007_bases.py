"""Units' own knowledge bases (Art. 10(4))."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Creates their tables, and the column of entries that says of which base they are."""
    op.execute("""
        ALTER TABLE entry ADD COLUMN base text NOT NULL DEFAULT '';
        CREATE INDEX entry_base ON entry (base, id);
        ALTER TABLE entry_version
          DROP CONSTRAINT entry_version_action_check,
          ADD CONSTRAINT entry_version_action_check CHECK (action IN
            ('WRITTEN', 'CHANGED', 'PUBLISHED', 'WITHDRAWN', 'CONFIRMED', 'SYNCHRONISED')) NOT VALID;

        CREATE TABLE base (
          name text PRIMARY KEY,
          title text NOT NULL,
          unit text NOT NULL,
          address text NOT NULL,
          state text NOT NULL CHECK (state IN ('PROPOSED', 'APPROVED', 'WITHDRAWN')),
          reason text NOT NULL,
          version integer NOT NULL,
          run uuid,
          run_kind text NOT NULL DEFAULT '' CHECK (run_kind IN ('', 'SNAPSHOT', 'CHANGES')),
          taken bigint NOT NULL DEFAULT 0,
          is_complete boolean NOT NULL DEFAULT false,
          written bigint NOT NULL DEFAULT 0,
          unchanged bigint NOT NULL DEFAULT 0,
          gone bigint NOT NULL DEFAULT 0,
          held bigint NOT NULL DEFAULT 0,
          snapshot uuid NOT NULL,
          is_swept boolean NOT NULL,
          sync_time timestamptz,
          create_time timestamptz NOT NULL,
          update_time timestamptz NOT NULL
        ) WITH (fillfactor = 50);
        COMMENT ON COLUMN base.run IS 'the synchronisation that came last; taken tells where it goes on after a cut';
        COMMENT ON COLUMN base.snapshot IS 'the last complete one; items of no later mark are taken out';
        CREATE INDEX base_unswept ON base (name) WHERE NOT is_swept;

        CREATE TABLE base_item (
          base text NOT NULL REFERENCES base,
          key text NOT NULL,
          entry uuid NOT NULL REFERENCES entry,
          digest text NOT NULL,
          mark uuid NOT NULL,
          PRIMARY KEY (base, key)
        ) WITH (fillfactor = 80);
        COMMENT ON TABLE base_item IS 'what a unit''s base said last under each key; digest is empty once it is gone';
        CREATE INDEX base_item_entry ON base_item (entry);
        CREATE INDEX base_item_there ON base_item (base, mark) WHERE digest <> '';
    """)
