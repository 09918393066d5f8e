"""Seats, who sits there, and the calls that come to them."""

from alembic import op

revision = "0006"
down_revision = "0005"

CALL_CENTRE = """
CREATE TABLE seat (
    id text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    kind text NOT NULL,
    extension text NOT NULL,
    skills text[] NOT NULL,
    state text NOT NULL,
    state_time timestamptz NOT NULL,
    operator text NOT NULL,
    call text NOT NULL,
    pause_reason text NOT NULL,
    CHECK ((operator = '') = (state = 'SIGNED_OFF'))
);
CREATE UNIQUE INDEX seat_operator ON seat (operator) WHERE operator <> '';  -- one person, one seat

-- No telephone number: who calls is known to the vault alone, and only if an appeal comes of it.
CREATE TABLE call (
    reference text COLLATE "C" PRIMARY KEY,
    id uuid NOT NULL,
    state text NOT NULL,
    skill text NOT NULL,
    offer_time timestamptz NOT NULL,
    event_time timestamptz NOT NULL,
    queue_time timestamptz,
    answer_time timestamptz,
    end_time timestamptz,
    transfer_time timestamptz,
    transfers integer NOT NULL,
    seat text COLLATE "C" NOT NULL,
    operator text NOT NULL,
    outcome text,
    appeal text NOT NULL,
    CHECK ((end_time IS NOT NULL) = (state IN ('ABANDONED', 'ENDED'))),
    CHECK ((answer_time IS NOT NULL) = (state IN ('ANSWERED', 'ENDED')))
);
CREATE UNIQUE INDEX call_id ON call (id);
CREATE INDEX call_state ON call (state, id);
CREATE INDEX call_seat ON call (seat, id) WHERE seat <> '';
CREATE INDEX call_waiting ON call (offer_time) WHERE state = 'QUEUED';
-- Holds all that the statistics of a window count.
CREATE INDEX call_offer ON call (offer_time) INCLUDE (state, queue_time, answer_time, end_time, transfers);
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(CALL_CENTRE)
