"""Courses, and what each person did in them (Art. 37)."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates the tables of training; the release before knows nothing of them."""
    op.execute("""
        CREATE TABLE course (
          id uuid PRIMARY KEY,
          title text NOT NULL,
          kind text NOT NULL CHECK (kind IN ('ETHICS', 'SKILLS')),
          plan_date date NOT NULL,
          trainer text NOT NULL,
          materials text[] NOT NULL,
          pass_score integer NOT NULL CHECK (pass_score BETWEEN 0 AND 100),
          state text NOT NULL CHECK (state IN ('PLANNED', 'HELD', 'CANCELLED')),
          create_time timestamptz NOT NULL,
          hold_time timestamptz,
          cancel_reason text NOT NULL,
          version integer NOT NULL,
          CHECK ((hold_time IS NOT NULL) = (state = 'HELD'))
        );
        CREATE INDEX course_state ON course (state, id);

        CREATE TABLE training_record (
          id uuid PRIMARY KEY,
          course uuid NOT NULL REFERENCES course,
          person text NOT NULL,
          attend_time timestamptz NOT NULL,
          tests jsonb NOT NULL,
          UNIQUE (course, person)
        );
        COMMENT ON COLUMN training_record.tests IS 'every try, the oldest first; appended to';
        CREATE INDEX training_record_person ON training_record (person, id);
        CREATE INDEX training_record_course ON training_record (course, id);
    """)
