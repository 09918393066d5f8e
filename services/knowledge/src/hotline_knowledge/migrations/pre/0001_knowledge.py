"""Entries of the knowledge base."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables of knowledge."""
    op.execute("""
        CREATE TABLE entry (
          id uuid PRIMARY KEY,
          title text NOT NULL,
          text text NOT NULL,
          kind text NOT NULL CHECK (kind IN ('QUESTION', 'GUIDE', 'LAW', 'POLICY')),
          unit text NOT NULL,
          region text NOT NULL,
          keywords text[] NOT NULL,
          valid_from date,
          valid_until date,
          state text NOT NULL CHECK (state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')),
          version integer NOT NULL,
          served jsonb,
          change bigint,
          answer_count bigint NOT NULL,
          create_time timestamptz NOT NULL,
          update_time timestamptz NOT NULL,
          CHECK (state <> 'PUBLISHED' OR served IS NOT NULL),
          CHECK (state <> 'WITHDRAWN' OR served IS NULL)
        ) WITH (fillfactor = 80);
        COMMENT ON COLUMN entry.served IS 'what readers get: the content and version last published';
        COMMENT ON COLUMN entry.change IS 'grows with each change of served, in the order of the commits';
        CREATE SEQUENCE entry_change;
        CREATE INDEX entry_state ON entry (state, id);
        CREATE INDEX entry_kind ON entry (kind, id);
        CREATE INDEX entry_unit ON entry (unit, id);
        CREATE INDEX entry_region ON entry (region, id);
        CREATE INDEX entry_changed ON entry (change) WHERE change IS NOT NULL;
    """)
