"""Which unit a complaint is about (Art. 36(4)), and which unit stands above which."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE unit ADD superior text COLLATE "C" NOT NULL DEFAULT '';
        CREATE INDEX unit_by_superior ON unit (superior) WHERE superior <> '';

        ALTER TABLE work_order
          ADD about_unit  text NOT NULL DEFAULT '',
          ADD concerned   text[] NOT NULL DEFAULT '{}';

        -- The rule of the domain once more, for whatever writes here: whom the complaint is about does not have it.
        ALTER TABLE work_order ADD CONSTRAINT work_order_about
          CHECK (about_unit = '' OR lead_unit <> about_unit OR state IN ('REPORTED', 'CLOSED')) NOT VALID;
        ALTER TABLE work_order VALIDATE CONSTRAINT work_order_about;
        """
    )
