"""Units, work orders, and which units work on which order."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE unit (
          name          text COLLATE "C" PRIMARY KEY,
          display_name  text NOT NULL,
          region        text NOT NULL,
          kind          text NOT NULL,
          principal     text NOT NULL,
          competences   text[] NOT NULL,
          version       integer NOT NULL
        );
        CREATE INDEX unit_by_region ON unit (region, name);
        CREATE INDEX unit_by_competence ON unit USING gin (competences);

        CREATE TABLE work_order (
          id                     uuid PRIMARY KEY,
          number                 text NOT NULL,
          appeal                 uuid NOT NULL UNIQUE,
          title                  text NOT NULL,
          text                   text NOT NULL,
          request_type           text NOT NULL,
          category               text NOT NULL,
          region                 text NOT NULL,
          confidential           boolean NOT NULL,
          create_time            timestamptz NOT NULL,
          directive              jsonb,
          proposed_lead          text NOT NULL,
          proposed_supporting    text[] NOT NULL,
          state                  text NOT NULL,
          lead_unit              text NOT NULL,
          supporting_units       text[] NOT NULL,
          due_date               date,
          due_time               timestamptz,
          due_provisional        boolean NOT NULL,
          extension_cutoff_time  timestamptz,
          first_contact          jsonb,
          result                 jsonb,
          extension              jsonb,
          send_backs             jsonb NOT NULL,
          past_rounds            jsonb NOT NULL,
          round                  integer NOT NULL,
          key_supervision        boolean NOT NULL,
          dispatch_time          timestamptz,
          close_time             timestamptz,
          overdue                boolean NOT NULL,
          waits_for_extension    boolean NOT NULL,
          version                integer NOT NULL,
          CHECK (state NOT IN ('DISPATCHED', 'REPORTED', 'CLOSED') OR lead_unit <> ''),
          CHECK (state NOT IN ('HELD', 'AWAITING_LEAD') OR lead_unit = '')
        );
        -- Lists are newest first; an id is a UUIDv7, so each index ends with it.
        CREATE INDEX work_order_by_number ON work_order (number, id);
        CREATE INDEX work_order_by_state ON work_order (state, id);
        CREATE INDEX work_order_by_region ON work_order (region, id);
        CREATE INDEX work_order_overdue ON work_order (id) WHERE overdue;
        CREATE INDEX work_order_waiting_for_extension ON work_order (id) WHERE waits_for_extension;
        CREATE INDEX work_order_by_due_date ON work_order (due_date, id)
          WHERE state IN ('HELD', 'AWAITING_LEAD', 'DISPATCHED');

        -- Lead and supporting units of an order, so that one index finds both kinds in the order of a page. Written
        -- with the order in one transaction, which is never deleted: no foreign key to check.
        CREATE TABLE work_order_unit (
          unit        text COLLATE "C" NOT NULL,
          work_order  uuid NOT NULL,
          region      text NOT NULL,
          is_open     boolean NOT NULL,
          PRIMARY KEY (unit, work_order)
        );
        CREATE INDEX work_order_unit_open ON work_order_unit (unit, work_order) WHERE is_open;
        """
    )
