"""Appeals, who brought them (encrypted), what they were told, and what was announced about their orders."""

from alembic import op

revision = "0001"
down_revision = None

APPEALS = """
CREATE SEQUENCE appeal_running_number AS integer MAXVALUE 999999 CYCLE;  -- six digits; numbers also carry the day

-- The vault: without wrapped_key nothing that the citizen brought can be read again. An erased row stays: after a
-- restore of an old backup the list of erased rows is replayed.
CREATE TABLE citizen (
    id uuid PRIMARY KEY,
    phone_hash bytea,
    wrapped_key bytea,
    erase_time timestamptz,
    CHECK ((wrapped_key IS NULL) = (erase_time IS NOT NULL)),
    CHECK (phone_hash IS NULL OR wrapped_key IS NOT NULL)
);
CREATE UNIQUE INDEX citizen_phone_hash ON citizen (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE appeal (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    number text NOT NULL,
    tracking_code text NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    request_type text NOT NULL,
    asker text NOT NULL,
    category text NOT NULL,
    region text COLLATE "C" NOT NULL,
    title text NOT NULL,
    state text NOT NULL,
    create_time timestamptz NOT NULL,
    confidential boolean NOT NULL,
    anonymous boolean NOT NULL,
    emergency boolean NOT NULL,
    transfer_line text,
    transfer_reference text,
    citizen_id uuid NOT NULL REFERENCES citizen (id),
    sealed_contact bytea NOT NULL,
    sealed_text bytea NOT NULL,
    decline_ground text,
    decline_referral text,
    decline_actor text,
    decline_time timestamptz,
    answer_text text,
    answer_entry text,
    answer_actor text,
    answer_time timestamptz,
    draft_proposed jsonb,
    draft_released jsonb,
    draft_operator text,
    draft_reviewer text,
    draft_return_reason text,
    answer_due_time timestamptz,
    answer_overdue boolean NOT NULL DEFAULT false,
    CHECK ((decline_ground IS NOT NULL) = (state = 'DECLINED')),
    CHECK ((answer_text IS NOT NULL) = (state = 'ANSWERED')),
    CHECK ((draft_released IS NOT NULL) = (state IN ('REFERRED', 'CLOSED')))
);

-- Every filter of ListAppeals has an index that continues in the order of the list. What stands behind the id lets
-- other filters be checked without going to the row, so that a rare combination of common values is found fast too.
CREATE UNIQUE INDEX appeal_number ON appeal (number);
CREATE UNIQUE INDEX appeal_tracking_code ON appeal (tracking_code);
CREATE INDEX appeal_state ON appeal (state, id, channel, region);
CREATE INDEX appeal_channel ON appeal (channel, id, state, region);
CREATE INDEX appeal_county ON appeal (region, id, state, channel);
CREATE INDEX appeal_city ON appeal ("left"(region, 4), id, state, channel);
CREATE INDEX appeal_province ON appeal ("left"(region, 2), id, state, channel);
CREATE INDEX appeal_citizen ON appeal (citizen_id, id);
CREATE INDEX appeal_transfer ON appeal (transfer_reference, id) WHERE transfer_reference IS NOT NULL;
CREATE INDEX appeal_decline ON appeal (decline_ground, id, channel, region) WHERE decline_ground IS NOT NULL;

CREATE TABLE citizen_message (
    appeal_id uuid REFERENCES appeal (id),
    number integer,
    channel text NOT NULL,
    occasion text NOT NULL,
    text text NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (appeal_id, number)
);
"""

# What dispatch and sla announced. Their events are ordered each by itself, not against each other, so a row begins
# with whichever comes first, and an appeal's order and dates are joined when they are read.
ORDERS = """
CREATE TABLE work_order (
    id uuid PRIMARY KEY,
    appeal_id uuid,
    lead_unit text NOT NULL DEFAULT '',
    due_date date,
    moved_time timestamptz,
    extension_time timestamptz,
    extension_reason text
);
CREATE UNIQUE INDEX work_order_appeal ON work_order (appeal_id) WHERE appeal_id IS NOT NULL;
"""


def upgrade() -> None:
    """Plain SQL."""
    op.execute(APPEALS)
    op.execute(ORDERS)
