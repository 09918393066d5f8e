"""How citizens were asked, and that some do not want to be (Art. 30)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds what the code before knows nothing of; every addition is empty or has a default."""
    op.execute("""
        ALTER TABLE callback ADD COLUMN means text CHECK (means IN ('PHONE', 'MESSAGE'));
        ALTER TABLE callback ADD COLUMN declined boolean NOT NULL DEFAULT false;
        ALTER TABLE callback ADD COLUMN do_not_call boolean NOT NULL DEFAULT false;
        ALTER TABLE callback ADD CHECK (NOT declined OR state = 'UNREACHABLE');
        UPDATE callback SET declined = true WHERE attempts @> '[{"outcome": "REFUSED"}]';
        CREATE INDEX callback_declined ON callback (appeal) WHERE declined;
        ALTER TABLE evaluation ADD COLUMN means text
          CHECK (means IN ('SPOKEN', 'PHONE_KEY', 'SMS', 'LINK', 'WECHAT'));
        CREATE INDEX evaluation_open ON evaluation (id) WHERE verdict IS NULL;
    """)
