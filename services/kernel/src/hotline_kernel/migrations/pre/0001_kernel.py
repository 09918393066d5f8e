"""The kernel's tables: outbox, inbox, record and remembered requests. They stand in every service's own database."""

from alembic import op

revision = "0001"
down_revision = None

# Of one aggregate, a sequence is given while its row here is locked until commit: so an event with sequence n + 1
# is never visible before the one with n. Rows here and in inbox_cursor are never dropped.
OUTBOX = """
CREATE TABLE outbox_sequence (
    aggregate text PRIMARY KEY,
    sequence bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY,
    created_time timestamptz NOT NULL DEFAULT now(),
    event_id uuid NOT NULL,
    aggregate text NOT NULL,
    sequence bigint NOT NULL,
    lane smallint NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,
    occurred_time timestamptz NOT NULL,
    traceparent text NOT NULL DEFAULT '',
    published_time timestamptz
) PARTITION BY RANGE (created_time);
COMMENT ON COLUMN outbox.created_time IS 'real time; decides the partition';
COMMENT ON COLUMN outbox.payload IS 'the event in canonical proto3 JSON';
COMMENT ON COLUMN outbox.occurred_time IS 'legal time of the fact';
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
CREATE INDEX outbox_unpublished ON outbox (lane, position) WHERE published_time IS NULL;

CREATE TABLE outbox_lane (
    lane smallint PRIMARY KEY,
    published bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO outbox_lane (lane) SELECT generate_series(0, 15);
"""

INBOX = """
CREATE TABLE inbox_cursor (
    source text,
    aggregate text,
    sequence bigint NOT NULL,
    PRIMARY KEY (source, aggregate)
) WITH (fillfactor = 80);

CREATE TABLE inbox (
    position bigint GENERATED ALWAYS AS IDENTITY,
    received_time timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL,
    event_id uuid,
    aggregate text NOT NULL,
    sequence bigint NOT NULL,
    lane smallint NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    occurred_time timestamptz,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dead', 'dropped')),
    attempts int NOT NULL DEFAULT 0,
    next_attempt_time timestamptz NOT NULL DEFAULT now(),
    error text NOT NULL DEFAULT ''
) PARTITION BY RANGE (received_time);
COMMENT ON COLUMN inbox.aggregate IS 'empty, with sequence 0, where the message could not be read';
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;
CREATE INDEX inbox_open ON inbox (source, lane, next_attempt_time, position) WHERE state = 'open';
CREATE INDEX inbox_dead ON inbox (position) WHERE state = 'dead';

CREATE TABLE inbox_lane (
    source text,
    lane smallint,
    handled bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (source, lane)
) WITH (fillfactor = 50);
"""

RECORD = """
CREATE TABLE audit_entry (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time timestamptz NOT NULL,
    actor text NOT NULL,
    roles text NOT NULL DEFAULT '',
    action text NOT NULL,
    resource text NOT NULL,
    purpose text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    trace_id text NOT NULL DEFAULT '',
    seal bigint
);
CREATE INDEX audit_entry_unsealed ON audit_entry (position) WHERE seal IS NULL;
CREATE INDEX audit_entry_resource ON audit_entry (resource, position);
CREATE INDEX audit_entry_seal ON audit_entry (seal, position);

CREATE TABLE audit_seal (
    seal bigint PRIMARY KEY,
    entries int NOT NULL,
    hash bytea NOT NULL,
    signature bytea NOT NULL,
    public_key bytea NOT NULL,
    seal_time timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_kept_head (
    source text,
    seal bigint,
    entries int NOT NULL,
    hash bytea NOT NULL,
    signature bytea NOT NULL,
    public_key bytea NOT NULL,
    kept_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, seal)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only (Art. 36): % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION allow_sealing_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seal IS NOT NULL OR NEW.seal IS NULL
        OR (NEW.position, NEW.time, NEW.actor, NEW.roles, NEW.action,
             NEW.resource, NEW.purpose, NEW.details, NEW.trace_id)
        IS DISTINCT FROM
           (OLD.position, OLD.time, OLD.actor, OLD.roles, OLD.action,
             OLD.resource, OLD.purpose, OLD.details, OLD.trace_id)
    THEN
        RAISE EXCEPTION 'audit_entry is append-only (Art. 36): UPDATE refused'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION allow_sealing_once();
CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_change BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_truncate BEFORE TRUNCATE ON audit_seal EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_kept_head_change BEFORE UPDATE OR DELETE ON audit_kept_head
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_kept_head_truncate BEFORE TRUNCATE ON audit_kept_head EXECUTE FUNCTION refuse_change();
"""

REQUEST = """
CREATE TABLE request (
    caller text,
    method text,
    request_id uuid,
    body_hash bytea NOT NULL,
    response bytea NOT NULL,
    created_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, method, request_id)
);
CREATE INDEX request_created ON request USING brin (created_time);
"""


def upgrade() -> None:
    """Create everything; daily partitions are made ahead by housekeeping."""
    for ddl in (OUTBOX, INBOX, RECORD, REQUEST):
        op.execute(ddl)
