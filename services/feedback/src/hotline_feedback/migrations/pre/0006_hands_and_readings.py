"""In whose hand callbacks and reviews are, and reviews that two readers read (Art. 15, 30)."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds what the code before knows nothing of, and criteria of units' work, weighed alike (ours)."""
    op.execute("""
        ALTER TABLE callback ADD COLUMN hand_person text, ADD COLUMN hand_until_time timestamptz;
        CREATE INDEX callback_hand ON callback (hand_person) WHERE hand_person IS NOT NULL;
        ALTER TABLE review
          ADD COLUMN hand_person text,
          ADD COLUMN hand_until_time timestamptz,
          ADD COLUMN second_wanted boolean NOT NULL DEFAULT false,
          ADD CHECK (outcome IS NOT NULL OR NOT second_wanted);
        CREATE INDEX review_hand ON review (hand_person) WHERE hand_person IS NOT NULL;
        CREATE INDEX review_second ON review (id) WHERE second_wanted;
        CREATE INDEX review_second_unit ON review (unit, id) WHERE second_wanted;

        CREATE TABLE unit_criteria (
          version integer PRIMARY KEY,
          criteria jsonb NOT NULL,
          note text NOT NULL,
          publisher text NOT NULL,
          publish_time timestamptz NOT NULL
        );
        INSERT INTO unit_criteria VALUES (1, '[
          {"key": "contact", "title": "第一时间联系群众，告知程序和期限", "weight": 20},
          {"key": "timeliness", "title": "在规定期限内办理完毕", "weight": 20},
          {"key": "solution", "title": "把群众反映的问题解决好", "weight": 20},
          {"key": "reply", "title": "如实、清楚回复群众", "weight": 20},
          {"key": "explanation", "title": "做好解释、疏导工作", "weight": 20}]',
          'Art. 7, 24, 27, 30', 'system', '2017-01-01T00:00:00Z');

        CREATE TABLE review_reading (
          review uuid NOT NULL REFERENCES review (id),
          number integer NOT NULL CHECK (number IN (1, 2)),
          reviewer text NOT NULL,
          version integer NOT NULL,
          marks jsonb NOT NULL,
          score double precision NOT NULL CHECK (score BETWEEN 0 AND 100),
          outcome text NOT NULL CHECK (outcome IN ('REOPENED', 'UPHELD', 'EXPLAINED')),
          responsibility text NOT NULL CHECK (responsibility IN ('UNIT', 'OPERATOR', 'NONE')),
          cause text NOT NULL,
          read_time timestamptz NOT NULL,
          PRIMARY KEY (review, number),
          UNIQUE (review, reviewer)
        );
        CREATE INDEX review_reading_second ON review_reading (read_time, review) WHERE number = 2;
    """)
