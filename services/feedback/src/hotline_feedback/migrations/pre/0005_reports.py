"""Reports of retaliation and leaks, sealed (Art. 36(4))."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds what the code before knows nothing of."""
    op.execute("""
        CREATE TABLE report (
          id uuid PRIMARY KEY,
          kind text NOT NULL,
          state text NOT NULL,
          receive_time timestamptz NOT NULL,
          examiner text NOT NULL DEFAULT '',
          examine_time timestamptz,
          conclude_time timestamptz,
          version integer NOT NULL,
          code_hash bytea NOT NULL UNIQUE,
          wrapped_key bytea NOT NULL,
          sealed_contents bytea NOT NULL,
          sealed_conclusion bytea,
          CHECK ((examine_time IS NULL) = (state = 'RECEIVED')),
          CHECK ((conclude_time IS NULL) = (state IN ('RECEIVED', 'EXAMINED'))),
          CHECK ((conclude_time IS NULL) = (sealed_conclusion IS NULL))
        );
        CREATE INDEX report_state ON report (state, id);
    """)
