"""No row is out without its directive (Art. 23); who held an order, and who has a part of it (Art. 7, 22)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order
          ADD chases      integer NOT NULL DEFAULT 0,
          ADD chase_time  timestamptz,
          ADD holdings    jsonb NOT NULL DEFAULT '[]',
          ADD parts       jsonb NOT NULL DEFAULT '[]';
        CREATE INDEX work_order_to_chase ON work_order (chase_time) WHERE chase_time IS NOT NULL;

        -- The gate of the domain once more, for whatever writes here: a directive that is not recorded keeps the order
        -- where it is, and a directive that is needed cannot be taken off it.
        ALTER TABLE work_order ADD CONSTRAINT work_order_directive
          CHECK (state = 'HELD' OR directive IS NULL OR directive ->> 'directive_time' IS NOT NULL) NOT VALID;
        ALTER TABLE work_order VALIDATE CONSTRAINT work_order_directive;
        CREATE FUNCTION keep_directive() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'the directive of work order % stays (Art. 23)', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'work_order_directive';
        END
        $$;
        CREATE TRIGGER work_order_directive_stays BEFORE UPDATE ON work_order FOR EACH ROW
          WHEN (OLD.directive IS NOT NULL AND (
            NEW.directive IS NULL
            OR OLD.directive -> 'kind' IS DISTINCT FROM NEW.directive -> 'kind'
            OR OLD.directive ->> 'directive_time' IS NOT NULL AND OLD.directive IS DISTINCT FROM NEW.directive))
          EXECUTE FUNCTION keep_directive();
        """
    )
