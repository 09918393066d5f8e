"""Callbacks, evaluations and quality reviews."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables of feedback."""
    op.execute("""
        CREATE TABLE callback (
          id uuid PRIMARY KEY,
          work_order uuid NOT NULL,
          round integer NOT NULL,
          appeal uuid NOT NULL,
          number text NOT NULL,
          unit text NOT NULL,
          state text NOT NULL CHECK (state IN ('WAITING', 'COMPLETED', 'UNREACHABLE')),
          create_time timestamptz NOT NULL,
          due_time timestamptz,
          overdue boolean NOT NULL,
          attempts jsonb NOT NULL,
          verdict text CHECK (verdict IN ('SATISFIED', 'NEUTRAL', 'DISSATISFIED')),
          solved boolean,
          note text NOT NULL,
          complete_time timestamptz,
          version integer NOT NULL,
          UNIQUE (work_order, round),
          CHECK ((complete_time IS NULL) = (state = 'WAITING')),
          CHECK ((verdict IS NOT NULL) = (state = 'COMPLETED')),
          CHECK ((solved IS NOT NULL) = (state = 'COMPLETED'))
        );
        CREATE INDEX callback_state ON callback (state, id);
        CREATE INDEX callback_unit ON callback (unit, id);
        CREATE INDEX callback_unit_state ON callback (unit, state, id);
        CREATE INDEX callback_overdue ON callback (id) WHERE overdue;
        CREATE INDEX callback_overdue_state ON callback (state, id) WHERE overdue;
        CREATE INDEX callback_overdue_unit ON callback (unit, id) WHERE overdue;
        CREATE INDEX callback_overdue_unit_state ON callback (unit, state, id) WHERE overdue;

        -- Clocks that sla announced before dispatch's report arrived; taken when it does, so nearly always empty.
        CREATE TABLE early_clock (
          work_order uuid NOT NULL,
          round integer NOT NULL,
          due_time timestamptz NOT NULL,
          missed boolean NOT NULL,
          PRIMARY KEY (work_order, round)
        );

        CREATE TABLE evaluation (
          id uuid PRIMARY KEY,
          appeal uuid NOT NULL UNIQUE,
          operator text NOT NULL,
          create_time timestamptz NOT NULL,
          verdict text CHECK (verdict IN ('SATISFIED', 'NEUTRAL', 'DISSATISFIED')),
          evaluate_time timestamptz,
          CHECK ((evaluate_time IS NULL) = (verdict IS NULL))
        );
        CREATE INDEX evaluation_verdict ON evaluation (verdict, id);

        CREATE TABLE review (
          id uuid PRIMARY KEY,
          origin uuid NOT NULL UNIQUE,
          work_order uuid,
          appeal uuid NOT NULL,
          unit text NOT NULL,
          create_time timestamptz NOT NULL,
          outcome text CHECK (outcome IN ('REOPENED', 'UPHELD', 'EXPLAINED')),
          cause text NOT NULL,
          responsibility text CHECK (responsibility IN ('UNIT', 'OPERATOR', 'NONE')),
          remedy text NOT NULL,
          conclude_time timestamptz,
          version integer NOT NULL,
          CHECK (work_order IS NOT NULL OR outcome IS DISTINCT FROM 'REOPENED'),
          CHECK ((conclude_time IS NULL) = (outcome IS NULL)),
          CHECK ((responsibility IS NULL) = (outcome IS NULL))
        );
        CREATE INDEX review_unit ON review (unit, id);
        CREATE INDEX review_open ON review (id) WHERE outcome IS NULL;
        CREATE INDEX review_open_unit ON review (unit, id) WHERE outcome IS NULL;
    """)
