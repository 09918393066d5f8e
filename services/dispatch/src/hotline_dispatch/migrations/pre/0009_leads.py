"""Who led earlier orders of a category and a place, and who gave them back (Art. 3)."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE lead_count (
          category   text COLLATE "C",
          region     text COLLATE "C",
          unit       text COLLATE "C",
          led        bigint NOT NULL,
          sent_back  bigint NOT NULL,
          PRIMARY KEY (category, region, unit)
        );
        CREATE INDEX lead_count_by_unit ON lead_count (unit);
        """
    )
