"""Counties with a dispatch of their own, their errands, and what waits to cross (Art. 4, 10; ADR 0033-0035)."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE work_order ADD received_time timestamptz;
        CREATE SEQUENCE work_order_number;

        CREATE TABLE county (
          name          text COLLATE "C" PRIMARY KEY,
          unit          text COLLATE "C" NOT NULL UNIQUE,
          display_name  text NOT NULL,
          region        text NOT NULL,
          side          text NOT NULL,
          state         text NOT NULL,
          broker        text NOT NULL,
          city_keys     bytea NOT NULL,
          county_keys   bytea NOT NULL,
          enrol_time    timestamptz NOT NULL,
          version       integer NOT NULL
        );
        -- What is measured of a line, apart from what is decided about it; real time.
        CREATE TABLE county_line (
          county       text COLLATE "C" PRIMARY KEY,
          heard_time   timestamptz,
          view_time    timestamptz,
          waiting_out  bigint NOT NULL DEFAULT 0,
          waiting_in   bigint NOT NULL DEFAULT 0
        );

        CREATE TABLE errand (
          id              uuid PRIMARY KEY,
          county          text COLLATE "C" NOT NULL,
          work_order      uuid NOT NULL,
          appeal          uuid NOT NULL,
          state           text NOT NULL,
          contact         text NOT NULL,
          contact_time    timestamptz,
          sealed_contact  bytea,
          record          jsonb NOT NULL,
          sent            bigint NOT NULL DEFAULT 0,
          version         integer NOT NULL
        );
        CREATE INDEX errand_by_order ON errand (work_order, id);
        CREATE INDEX errand_by_county ON errand (county, id);
        CREATE INDEX errand_by_appeal ON errand (appeal);
        CREATE INDEX errand_contact_wanted ON errand (contact_time) WHERE contact = 'WANTED';
        CREATE INDEX errand_contact_gone ON errand (county) WHERE contact IN ('ERASING', 'ERASED');

        -- Orders that changed and that a county has to do with: what to tell is computed from them.
        CREATE TABLE errand_change (
          position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          work_order  uuid NOT NULL
        );

        CREATE TABLE county_message (
          position        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          event_id        uuid NOT NULL,
          county          text COLLATE "C" NOT NULL,
          errand          uuid NOT NULL,
          sequence        bigint NOT NULL,
          type            text NOT NULL,
          payload         text NOT NULL,
          occurred_time   timestamptz NOT NULL,
          traceparent     text NOT NULL,
          created_time    timestamptz NOT NULL DEFAULT now(),
          published_time  timestamptz
        );
        CREATE INDEX county_message_waiting ON county_message (county, position) WHERE published_time IS NULL;
        CREATE INDEX county_message_published ON county_message (published_time) WHERE published_time IS NOT NULL;
        """
    )
