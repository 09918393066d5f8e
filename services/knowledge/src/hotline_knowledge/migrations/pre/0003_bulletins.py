"""Bulletins (Art. 9(5), 31)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates their tables; their changes are numbered with those of entries, for the search indexes."""
    op.execute("""
        CREATE TABLE bulletin (
          id uuid PRIMARY KEY,
          topic text NOT NULL,
          title text NOT NULL,
          text text NOT NULL,
          region text NOT NULL,
          unit text NOT NULL,
          start_time timestamptz,
          end_time timestamptz,
          state text NOT NULL CHECK (state IN ('PROPOSED', 'ISSUED', 'WITHDRAWN')),
          version integer NOT NULL,
          change bigint NOT NULL,
          answer_count bigint NOT NULL DEFAULT 0,
          create_time timestamptz NOT NULL
        ) WITH (fillfactor = 80);
        COMMENT ON COLUMN bulletin.change IS 'grows with each change, in the order of the commits';
        CREATE INDEX bulletin_state ON bulletin (state, id);
        CREATE INDEX bulletin_topic ON bulletin (state, topic, id);
        CREATE INDEX bulletin_changed ON bulletin (change);

        CREATE TABLE bulletin_change (
          bulletin_id uuid NOT NULL REFERENCES bulletin,
          version integer NOT NULL,
          action text NOT NULL CHECK (action IN ('PROPOSED', 'ISSUED', 'CORRECTED', 'WITHDRAWN')),
          note text NOT NULL,
          actor text NOT NULL,
          time timestamptz NOT NULL,
          content jsonb NOT NULL,
          PRIMARY KEY (bulletin_id, version)
        );
        COMMENT ON TABLE bulletin_change IS 'what each change left; rows are added, never changed';
    """)
