"""When an appeal ended, and the day on which it is looked whether its citizen is to be forgotten (Art. 36(4))."""

from alembic import op

revision = "0014"
down_revision = "0013"

RETENTION = """
ALTER TABLE appeal ADD COLUMN end_time timestamptz;
UPDATE appeal SET end_time = coalesce(decline_time, answer_time) WHERE state IN ('DECLINED', 'ANSWERED');
UPDATE appeal SET end_time = told.create_time FROM citizen_message told
 WHERE appeal.state = 'CLOSED' AND told.appeal_id = appeal.id AND told.occasion = 'closed';
COMMENT ON COLUMN appeal.end_time IS 'when it was declined, answered or closed; null while it is open';

ALTER TABLE citizen ADD COLUMN forget_date date;
UPDATE citizen SET forget_date = '2017-10-01' WHERE wrapped_key IS NOT NULL
   AND EXISTS (SELECT FROM appeal WHERE appeal.citizen_id = citizen.id AND appeal.end_time IS NOT NULL);
COMMENT ON COLUMN citizen.forget_date IS 'on this day it is looked whether they are to be forgotten; null: not yet';
ALTER TABLE citizen ADD CHECK (forget_date IS NULL OR wrapped_key IS NOT NULL);
CREATE INDEX citizen_to_forget ON citizen (forget_date, id) WHERE forget_date IS NOT NULL;
CREATE INDEX citizen_erased ON citizen (erase_time, id) WHERE erase_time IS NOT NULL
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(RETENTION)
