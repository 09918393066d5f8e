"""Versions of entries, whose they are and when they are looked at again (Art. 9(2), 10(4), 17, 18)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds columns with defaults, so that the release before writes on; and keeps what there is as a first version."""
    op.execute("""
        ALTER TABLE entry
          ADD COLUMN origin text NOT NULL DEFAULT 'GOVERNMENT' CHECK (origin IN ('GOVERNMENT', 'PUBLIC', 'SOCIAL')),
          ADD COLUMN review_date date,
          ADD COLUMN sources text[] NOT NULL DEFAULT '{}',
          ADD COLUMN writers text[] NOT NULL DEFAULT '{}',
          ADD COLUMN upkeep_date date,
          ADD COLUMN told_date date,
          ADD COLUMN told_count integer NOT NULL DEFAULT 0,
          DROP CONSTRAINT entry_kind_check,
          ADD CONSTRAINT entry_kind_check CHECK (kind IN ('QUESTION', 'GUIDE', 'LAW', 'POLICY', 'NORM'));
        COMMENT ON COLUMN entry.writers IS 'who wrote what waits for its review';
        COMMENT ON COLUMN entry.upkeep_date IS 'review date or last day of what is served, whichever comes first';
        COMMENT ON COLUMN entry.told_date IS 'when its owner was last told that it is due';
        UPDATE entry SET
          review_date = update_time::date + 365,
          served = served || jsonb_build_object('review_date', update_time::date + 365),
          upkeep_date = least((served->>'valid_until')::date, update_time::date + 365)
        WHERE served IS NOT NULL;
        CREATE INDEX entry_origin ON entry (origin, id);
        CREATE INDEX entry_upkeep ON entry (upkeep_date, id) WHERE upkeep_date IS NOT NULL;
        CREATE INDEX entry_upkeep_of_unit ON entry (unit, upkeep_date, id) WHERE upkeep_date IS NOT NULL;

        CREATE TABLE entry_version (
          entry_id uuid NOT NULL REFERENCES entry,
          version integer NOT NULL,
          action text NOT NULL CHECK (action IN ('WRITTEN', 'CHANGED', 'PUBLISHED', 'WITHDRAWN', 'CONFIRMED')),
          actor text NOT NULL,
          time timestamptz NOT NULL,
          state text NOT NULL,
          content jsonb NOT NULL,
          PRIMARY KEY (entry_id, version)
        );
        COMMENT ON TABLE entry_version IS 'every entry as each change left it; rows are added, never changed';
        INSERT INTO entry_version (entry_id, version, action, actor, time, state, content)
        SELECT id, version,
               CASE state WHEN 'PUBLISHED' THEN 'PUBLISHED' WHEN 'WITHDRAWN' THEN 'WITHDRAWN' ELSE 'CHANGED' END,
               '', update_time, state,
               jsonb_build_object('title', title, 'text', text, 'kind', kind, 'unit', unit, 'region', region,
                                  'keywords', to_jsonb(keywords), 'valid_from', valid_from, 'valid_until', valid_until,
                                  'review_date', review_date)
          FROM entry;
    """)
