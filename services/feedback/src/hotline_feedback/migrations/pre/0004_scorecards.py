"""Scorecards of operators, and who of the hotline's staff answers for a dissatisfaction (Art. 21, 30)."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds what the code before knows nothing of, and the criteria of Art. 21 and 30, weighed alike (ours)."""
    op.execute("""
        CREATE TABLE criteria (
          version integer PRIMARY KEY,
          criteria jsonb NOT NULL,
          note text NOT NULL,
          publisher text NOT NULL,
          publish_time timestamptz NOT NULL
        );
        INSERT INTO criteria VALUES (1, '[
          {"key": "courtesy", "title": "热情周到", "weight": 20},
          {"key": "attitude", "title": "态度和蔼", "weight": 20},
          {"key": "language", "title": "语言文明", "weight": 20},
          {"key": "registration", "title": "认真做好登记受理", "weight": 20},
          {"key": "handling", "title": "办理情况", "weight": 20}]', 'Art. 21, 30', 'system', '2017-01-01T00:00:00Z');

        CREATE TABLE scorecard (
          id uuid PRIMARY KEY,
          subject text NOT NULL,
          operator text NOT NULL,
          version integer NOT NULL REFERENCES criteria (version),
          marks jsonb NOT NULL,
          score double precision NOT NULL CHECK (score BETWEEN 0 AND 100),
          note text NOT NULL,
          reviewer text NOT NULL,
          create_time timestamptz NOT NULL,
          first uuid UNIQUE REFERENCES scorecard (id),
          second_wanted boolean NOT NULL,
          CHECK (first IS NULL OR NOT second_wanted)
        );
        CREATE UNIQUE INDEX scorecard_subject ON scorecard (subject) WHERE first IS NULL;
        CREATE INDEX scorecard_of_subject ON scorecard (subject, id);
        CREATE INDEX scorecard_operator ON scorecard (operator, id);
        CREATE INDEX scorecard_second ON scorecard (id) WHERE second_wanted;
        CREATE INDEX scorecard_second_operator ON scorecard (operator, id) WHERE second_wanted;
        CREATE INDEX scorecard_time ON scorecard (create_time);

        ALTER TABLE review ADD COLUMN operator text NOT NULL DEFAULT '';
        CREATE INDEX review_operator ON review (conclude_time) WHERE responsibility = 'OPERATOR';
    """)
